/* progress.h - one line that says how far a long job is; on a terminal only. */
#pragma once

#include "base/units.h"

struct progress {
    const char *verb; /* borrowed */
    bool shown;       /* stderr is a terminal */
    int64_t began_ms; /* on a clock that never goes back */
    int64_t drawn_ms;
    int64_t drawn_count;
};

void progress_open(struct progress *p, const char *verb);

/* `total` 0: not known. `at`: the newest event; drawn at most four times a second. */
void progress_show(struct progress *p, int64_t count, int64_t total, event_time at);

/* Clears the line, so that what is printed next stands alone. */
void progress_clear(const struct progress *p);

/* Since progress_open; at least 1. */
int64_t progress_elapsed_ms(const struct progress *p);
