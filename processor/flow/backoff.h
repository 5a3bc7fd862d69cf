/* backoff.h - waits longer each time, up to a bound. */
#pragma once

#include "base/units.h"

enum { BACKOFF_FIRST_MS = 50, BACKOFF_LONGEST_MS = 2000 };

struct backoff {
    int64_t wait_ms;
    wall_time failed; /* the last time */
};

static inline bool backoff_over(const struct backoff *b, wall_time now)
{
    return wall_time_passed(b->failed, b->wait_ms, now);
}

static inline void backoff_failed(struct backoff *b, wall_time now)
{
    b->wait_ms = b->wait_ms == 0 ? BACKOFF_FIRST_MS : 2 * b->wait_ms;
    if (b->wait_ms > BACKOFF_LONGEST_MS)
        b->wait_ms = BACKOFF_LONGEST_MS;
    b->failed = now;
}

static inline void backoff_reset(struct backoff *b)
{
    *b = (struct backoff){ 0 };
}
