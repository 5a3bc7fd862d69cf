/* timezone.h - the tables of local days that business time is counted over.
 *
 * The only place that asks the system's tz database. It has to change the TZ of the
 * whole process while it works, so it runs before threads start, once.
 */
#pragma once

#include "app/settings.h"
#include "kpi/calendar.h"

enum { TIMEZONE_YEAR_FIRST = 2015, TIMEZONE_YEAR_LAST = 2035 };

/* The calendars of the settings, by the same index. */
struct timezone_calendars {
    struct calendar *at; /* [count], owned, with their tables */
    int32_t count;
};

/* Whether the tz database knows the zone; false with a reason. */
bool timezone_exists(const char *zone, struct reason *ret_why);

/* Local days from TIMEZONE_YEAR_FIRST to TIMEZONE_YEAR_LAST of every calendar; false with a
 * reason if a zone is missing. Not while other threads run. */
bool timezone_calendars_open(const struct settings *settings,
                             struct timezone_calendars *ret_calendars, struct reason *ret_why);

/* Accepts a zeroed struct. */
void timezone_calendars_free(struct timezone_calendars *calendars);

/* The calendar of a storefront: its own or the default one. */
const struct calendar *timezone_calendar_of(const struct timezone_calendars *calendars,
                                            const struct settings *settings,
                                            struct span storefront);
