/* units.h - the three measures that must never be mixed up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When something happened, as the event says: UTC milliseconds since 1970.
 * Drives every KPI. */
typedef struct {
    int64_t ms;
} event_time;

/* What our own clock says: UTC milliseconds since 1970. Drives retries, logs
 * and health. It becomes event time in one place only: shard_clock.c. */
typedef struct {
    int64_t ms;
} wall_time;

/* Bytes that somebody else owns. */
struct span {
    const uint8_t *at;
    size_t size;
};

/* "Never", in both directions: earlier and later than any real time. */
#define TIME_NEVER_YET INT64_MIN
#define TIME_NEVER INT64_MAX

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static inline event_time event_time_max(event_time a, event_time b)
{
    return a.ms > b.ms ? a : b;
}

static inline event_time event_time_min(event_time a, event_time b)
{
    return a.ms < b.ms ? a : b;
}

/* Have `ms` passed since then? Also true if the clock was set back meanwhile: how long it
 * is nobody knows, and nothing may wait until the clock has come round again. */
static inline bool wall_time_passed(wall_time since, int64_t ms, wall_time now)
{
    return now.ms < since.ms || now.ms - since.ms >= ms;
}

/* Lets *known be the earlier of itself and `at`. */
static inline void event_time_lower(int64_t *known, event_time at)
{
    if (at.ms < *known)
        *known = at.ms;
}

static inline struct span span_of(const void *at, size_t size)
{
    return (struct span){ .at = at, .size = size };
}

/* Quotient rounded down, also below zero; `by` is positive. */
static inline int64_t floor_div(int64_t value, int64_t by)
{
    const int64_t quotient = value / by;
    return value % by < 0 ? quotient - 1 : quotient;
}
