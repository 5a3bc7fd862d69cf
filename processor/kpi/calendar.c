/* calendar.c - sums over a table of local days.
 *
 * DESIGN
 * ------
 * Both questions about business time go through one function, the business time
 * that has passed since the table begins ("position"), and its inverse:
 *
 *      business_ms(a, b) = position(b) - position(a)
 *      due(a, d)         = the earliest t with position(t) >= position(a) + d
 *
 * position() climbs on working days and is flat on the others, so "the earliest"
 * matters: 48 h from Thursday 00:00 is reached at Friday 24:00, where the flat
 * weekend begins, not where it ends.
 *
 * Days outside the table have 24 h and are working days. They are numbered on
 * from the table in both directions, so the functions need no special cases:
 *
 *      ... -2   -1 | 0    1    ...  days-1 | days  days+1 ...
 *                  starts[0]               starts[days]
 *
 * The day of an instant is guessed by division and corrected by a step or two:
 * summer time moves a midnight by an hour, never by a day.
 */
#include "kpi/calendar.h"

#include "base/check.h"

/* More working days than any promise has: two thousand years. */
enum { WORKING_DAYS_CAP = 750000 };

const struct calendar calendar_always = { .days = 0 };

static int64_t table_begin(const struct calendar *c)
{
    CHECK(c->days >= 0);
    return c->days > 0 ? c->starts[0] : 0;
}

static int64_t table_end(const struct calendar *c)
{
    CHECK(c->days >= 0);
    CHECK(c->days == 0 || c->starts[c->days] > c->starts[0]);
    return c->days > 0 ? c->starts[c->days] : 0;
}

static int64_t day_begins(const struct calendar *c, int64_t day)
{
    if (day < 0)
        return table_begin(c) + day * DAY_MS;
    if (day >= c->days)
        return table_end(c) + (day - c->days) * DAY_MS;
    return c->starts[day];
}

static bool day_works(const struct calendar *c, int64_t day)
{
    return day < 0 || day >= c->days || c->elapsed[day + 1] > c->elapsed[day];
}

static int64_t day_inside(const struct calendar *c, event_time at)
{
    CHECK(c->days > 0);
    CHECK(at.ms >= c->starts[0] && at.ms < c->starts[c->days]);

    int64_t day = (at.ms - c->starts[0]) / DAY_MS;
    if (day >= c->days)
        day = c->days - 1;
    while (c->starts[day] > at.ms)
        day--;
    while (c->starts[day + 1] <= at.ms)
        day++;
    return day;
}

static int64_t day_of(const struct calendar *c, event_time at)
{
    CHECK(table_begin(c) <= table_end(c));
    if (at.ms < table_begin(c))
        return floor_div(at.ms - table_begin(c), DAY_MS);
    if (at.ms >= table_end(c))
        return c->days + floor_div(at.ms - table_end(c), DAY_MS);
    return day_inside(c, at);
}

/* Business ms from the beginning of the table; negative before it. */
static int64_t position(const struct calendar *c, event_time at)
{
    if (c->days == 0 || at.ms < c->starts[0])
        return at.ms - table_begin(c);
    if (at.ms >= c->starts[c->days])
        return c->elapsed[c->days] + (at.ms - c->starts[c->days]);

    const int64_t day = day_inside(c, at);
    const int64_t today = day_works(c, day) ? at.ms - c->starts[day] : 0;
    CHECK(today >= 0 && c->elapsed[day] >= 0);
    return c->elapsed[day] + today;
}

/* The first day at whose end `target` business ms have passed. */
static int64_t day_reaching(const struct calendar *c, int64_t target)
{
    CHECK(target > 0 && target <= c->elapsed[c->days]);

    int64_t low = 0;
    int64_t high = c->days - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (c->elapsed[middle + 1] >= target)
            high = middle;
        else
            low = middle + 1;
    }
    CHECK(c->elapsed[low] < target);
    return low;
}

int64_t calendar_business_ms(const struct calendar *c, event_time from, event_time to)
{
    CHECK(from.ms <= to.ms);
    CHECK(c->days >= 0);
    return position(c, to) - position(c, from);
}

event_time calendar_due(const struct calendar *c, event_time from, int64_t business_ms)
{
    CHECK(business_ms >= 0);
    CHECK(c->days >= 0);
    if (business_ms == 0)
        return from;

    const int64_t target = position(c, from) + business_ms;
    if (c->days == 0 || target <= 0)
        return (event_time){ table_begin(c) + target };
    if (target > c->elapsed[c->days])
        return (event_time){ c->starts[c->days] + (target - c->elapsed[c->days]) };

    const int64_t day = day_reaching(c, target);
    return (event_time){ c->starts[day] + (target - c->elapsed[day]) };
}

static int64_t next_working_day(const struct calendar *c, int64_t day)
{
    while (!day_works(c, day))
        day++;
    CHECK(day_works(c, day));
    return day;
}

event_time calendar_end_of_working_day(const struct calendar *c, event_time from,
                                       int64_t working_days)
{
    CHECK(working_days >= 0);
    CHECK(c->days >= 0);

    int64_t left = working_days < WORKING_DAYS_CAP ? working_days : WORKING_DAYS_CAP;
    int64_t day = next_working_day(c, day_of(c, from));
    while (left > 0 && day < c->days) {
        day = next_working_day(c, day + 1);
        left--;
    }
    return (event_time){ day_begins(c, day + left + 1) };
}
