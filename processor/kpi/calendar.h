/* calendar.h - business time.
 *
 * A calendar is a table of local days: when each begins (UTC ms) and whether
 * it is a working day. Business time runs 00:00-24:00 local on working days
 * and not at all otherwise; a day of 23 or 25 hours counts as it is. The table
 * is built once at start (app/timezone.c asks the system's tz database); here
 * are only sums over it.
 *
 *      day:        [0]     [1]     [2]     [3]
 *      begins:     Fri 0h  Sat 0h  Sun 0h  Mon 0h      starts[], UTC ms
 *      business ms 0       24 h    24 h    24 h        elapsed[] before the day
 *
 * elapsed[] makes both questions a look-up: how much business time lies between
 * two instants (a difference), and when has so much passed (a binary search).
 */
#pragma once

#include "base/units.h"

struct calendar {
    int32_t days;           /* local days in the table; 0: the calendar `always` */
    const int64_t *starts;  /* [days + 1] UTC ms at which local day i begins; ascending */
    const int64_t *elapsed; /* [days + 1] business ms from starts[0] to starts[i] */
};

/* A calendar without pauses: business time is elapsed time, days are UTC days. */
extern const struct calendar calendar_always;

/* Business milliseconds between two instants, `from` <= `to`. Instants outside
 * the table count as if every day out there were a working day. */
int64_t calendar_business_ms(const struct calendar *c, event_time from, event_time to);

/* The earliest instant at which `business_ms` (>= 0) have elapsed since `from`
 * (design 2.9.9): 48 h from Thursday 00:00 is Friday 24:00, not Monday. With
 * 0 ms: `from` itself. */
event_time calendar_due(const struct calendar *c, event_time from, int64_t business_ms);

/* End (24:00) of the working day that lies `working_days` working days after
 * the day of `from`; a day off is first moved to the next working day, as
 * Kaufland counts ("an order received on a holiday gets one day more"). */
event_time calendar_end_of_working_day(const struct calendar *c, event_time from,
                                       int64_t working_days);
