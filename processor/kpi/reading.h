/* reading.h - one KPI of one cell over one window, as it stands now.
 *
 * Comparisons cross-multiply and never round; `value` is for showing: a ratio in
 * ppm, rounded half up (rule 2.9.11). A duration is shown as the upper bound of
 * its bucket and compared by the lower one: what is not certain is not a breach.
 */
#pragma once

#include "kpi/alert_change.h"
#include "kpi/seller.h"

struct reading {
    enum kpi kpi;
    int64_t numerator; /* the counted side: good or bad facts; a gauge's amount; slow replies */
    int64_t denominator; /* decided facts; 1 for gauges; replies */
    int64_t bad;         /* bad facts; replies above the warning limit for durations */
    int64_t least;       /* durations: the p95 is at least that, in ms; this is compared */
    struct kpi_value value;
};

/* `warn_limit` is the limit above which a response counts as bad. */
struct reading reading_take(const struct sellers *ss, const struct cell *cell, enum kpi kpi,
                            int32_t window, int64_t warn_limit);

/* Is the value beyond a limit given in thousandths of the KPI's unit? Never,
 * if there is no value or the limit is THRESHOLD_OFF. */
bool reading_beyond_milli(const struct reading *r, enum comparison op, int64_t limit_milli);

/* The same for a limit in the KPI's unit. */
bool reading_beyond(const struct reading *r, enum comparison op, int64_t limit);

/* The limit at which an alert clears: moved towards perfect by the margin, in
 * thousandths of the KPI's unit (design: hysteresis). */
int64_t reading_clear_limit_milli(enum kpi kpi, enum comparison op, int64_t limit,
                                  int32_t margin_permille);
