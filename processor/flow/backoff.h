/* backoff.h - waits longer each time, up to a bound: the settings retry.first and
 * retry.longest. */
#pragma once

#include "base/units.h"

struct backoff_bounds {
    int64_t first_ms;
    int64_t longest_ms;
};

struct backoff {
    int64_t wait_ms;
    wall_time failed; /* the last time */
};

static inline bool backoff_over(const struct backoff *b, wall_time now)
{
    return wall_time_passed(b->failed, b->wait_ms, now);
}

static inline void backoff_failed(struct backoff *b, struct backoff_bounds bounds,
                                  wall_time now)
{
    b->wait_ms = b->wait_ms == 0 ? bounds.first_ms : 2 * b->wait_ms;
    if (b->wait_ms > bounds.longest_ms)
        b->wait_ms = bounds.longest_ms;
    b->failed = now;
}

static inline void backoff_reset(struct backoff *b)
{
    *b = (struct backoff){ 0 };
}
