/* reason.h - one human sentence: what, where, and what would be right. */
#pragma once

enum { REASON_BYTES = 512 };

struct reason {
    char text[REASON_BYTES];
};

/* Replaces the sentence; cut to fit, never an error. `why` may be NULL. */
void reason_set(struct reason *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
