/* threshold.h - when a KPI's value is a breach, and over which windows it is asked.
 *
 * Plain values, resolved once from the configuration: for every KPI and window
 * one struct threshold, in one table for "everywhere" and one a storefront.
 * The comparison (<, >, >=) belongs to the KPI and stands in the catalogue.
 *
 *      value OP critical          -> critical, in windows that may be critical
 *      value OP warn              -> warning
 *      beyond the clear threshold -> clear again: the limit, moved by clear_margin
 *                                    of its distance to perfect (hysteresis)
 *
 * "Perfect" is 100 % for a ratio that breaches below its limit, and 0 otherwise.
 */
#pragma once

#include "base/name.h"
#include "kpi/catalogue.h"

enum {
    WINDOWS_MAX = 8,      /* windows a KPI is watched over */
    PANE_LENGTHS_MAX = 4, /* different pane lengths among them */
};

/* A limit that is never crossed: "off" in the configuration. */
#define THRESHOLD_OFF INT64_MIN

struct threshold {
    int64_t warn;            /* ratio: ppm, gauge: count, duration: ms; or THRESHOLD_OFF */
    int64_t critical;        /* like warn */
    int32_t min_denominator; /* least decided facts for an alert to start; 0 for gauges */
    int32_t min_bad;         /* least bad facts for an alert to start; 0 for gauges */
    int64_t for_ms;          /* how long a breach must hold, in stream time */
    int64_t keep_firing_ms;  /* how long it must stay clear before it resolves */
    int32_t clear_margin_permille;
    int32_t evidence_fire_ppm;  /* least breach probability to start; 0: not asked */
    int32_t evidence_clear_ppm; /* clears at or below this probability; 0: not asked */
};

/* Member by member: between them stand bytes that mean nothing. */
static inline bool threshold_equal(const struct threshold *a, const struct threshold *b)
{
    return a->warn == b->warn && a->critical == b->critical &&
           a->min_denominator == b->min_denominator && a->min_bad == b->min_bad &&
           a->for_ms == b->for_ms && a->keep_firing_ms == b->keep_firing_ms &&
           a->clear_margin_permille == b->clear_margin_permille &&
           a->evidence_fire_ppm == b->evidence_fire_ppm &&
           a->evidence_clear_ppm == b->evidence_clear_ppm;
}

/* One rolling window: the facts of the last length_ms in panes of pane_ms. */
struct window_rule {
    struct name name;  /* "7d" */
    int64_t length_ms; /* a multiple of pane_ms */
    int64_t pane_ms;
    bool may_be_critical; /* else its alerts are warnings at most */
};

/* Ascending by length. */
struct window_rules {
    struct window_rule at[WINDOWS_MAX];
    int32_t count;
};

/* Indexed by KPI and by the window's place in window_rules. A gauge has no
 * window: its threshold stands in every column alike, read column 0. */
struct threshold_table {
    struct threshold of[KPI_COUNT][WINDOWS_MAX];
};
