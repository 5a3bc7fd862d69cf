/* alert_pairs.h - what an installation adds to each alert record: its links and labels. */
#pragma once

#include <stdint.h>

/* Bounds of either list, so that a record keeps its own: see alert_codec.c. */
enum {
    ALERT_PAIRS_MAX = 10,
    ALERT_PAIR_NAME_BYTES_MAX = 64,
    ALERT_PAIR_VALUE_BYTES_MAX = 1000
};

struct alert_pair {
    const char *name; /* NUL-terminated, borrowed, within the bounds; so is the next */
    const char *value;
};

struct alert_pairs {
    struct alert_pair at[ALERT_PAIRS_MAX];
    int32_t count;
};
