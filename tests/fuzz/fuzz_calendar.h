/* fuzz_calendar.h - what holds for the table of days of every calendar. */
#pragma once

#include "base/check.h"
#include "kpi/calendar.h"

enum { FUZZ_WORKING_DAYS_MOST = 64 };

/* Local days in order, business time no more than time. */
static inline void fuzz_calendar_table(const struct calendar *c)
{
    for (int32_t i = 0; i < c->days; i++) {
        const int64_t length = c->starts[i + 1] - c->starts[i];
        const int64_t business = c->elapsed[i + 1] - c->elapsed[i];
        CHECK(length >= 0 && length <= 3 * DAY_MS);
        CHECK(business == 0 || business == length);
    }
}

/* Sums and their inverse agree, on `from` and so much business time. */
static inline void fuzz_calendar_sums(const struct calendar *c, event_time from, int64_t ms)
{
    const event_time due = calendar_due(c, from, ms);
    CHECK(due.ms >= from.ms + ms);
    CHECK(calendar_business_ms(c, from, due) == ms);
    const event_time before = { due.ms - 1 };
    CHECK(ms == 0 || calendar_business_ms(c, from, before) < ms);

    const event_time middle = { from.ms + (due.ms - from.ms) / 3 };
    CHECK(calendar_business_ms(c, from, middle) + calendar_business_ms(c, middle, due) == ms);

    const int64_t days = ms % FUZZ_WORKING_DAYS_MOST;
    const event_time end = calendar_end_of_working_day(c, from, days);
    CHECK(end.ms > from.ms && calendar_end_of_working_day(c, from, days + 1).ms > end.ms);
}
