/* alert_unit.h - a KPI's number as people read it: ratio 0 to 1, count, seconds.
 *
 * Inside, numbers are whole: ppm, counts, milliseconds. Exact both ways: a double
 * holds every such number that a shard can count to.
 */
#pragma once

#include "kpi/alert_change.h"

enum { ALERT_UNIT_TIME_BYTES = 32 };

/* NaN where a threshold is THRESHOLD_OFF; so is the next. */
double alert_unit_show(enum kpi kpi, int64_t amount);

/* The clear threshold, which is in thousandths of the KPI's unit. */
double alert_unit_show_milli(enum kpi kpi, int64_t milli);

/* Back again; false: no number that we would have shown. */
bool alert_unit_read(enum kpi kpi, double shown, int64_t *ret_amount);
bool alert_unit_read_milli(enum kpi kpi, double shown, int64_t *ret_milli);

/* How many bad facts a contributor has beyond what is allowed; back again, as above. */
double alert_unit_excess(const struct contributor *c);
bool alert_unit_read_excess(double shown, int64_t *ret_millionths);

/* The KPI if that contributor did as well as the others together; NaN: there are none. */
double alert_unit_like_the_others(const struct alert_change *a, const struct contributor *c);

/* "2026-11-23T09:15:02.123Z"; times are UTC ms. */
void alert_unit_time(int64_t ms, char ret_text[ALERT_UNIT_TIME_BYTES]);
