/* event_check.h - is a decoded event possible? */
#pragma once

#include "kpi/event.h"
#include "kpi/reject.h"

enum {
    EVENT_CHECK_PARCELS_MAX = 1000,
    EVENT_CHECK_HANDLING_DAYS_MAX = 365,
};

/* No time is later than the begin of the year 2200, UTC. */
#define EVENT_CHECK_TIME_MAX_MS INT64_C(7258118400000)

/* An order may be created this much after its event: clocks of shops differ. */
#define EVENT_CHECK_CREATED_AHEAD_MS DAY_MS

/* REJECT_NONE, BAD_ID, UNKNOWN_EVENT_NAME or IMPOSSIBLE_VALUE: the first that holds, in
 * that order. Texts that are no id (carrier, topic, reasons, tracking number) may be
 * empty, not longer than an id. */
enum reject event_check(const struct event *event);

/* The same; unless NONE, *ret_wrong is a sentence that names the field and what would be
 * right. */
enum reject event_check_field(const struct event *event, const char **ret_wrong);
