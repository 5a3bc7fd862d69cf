/* oracle_calendar.c - business time, one local day after the other.
 *
 * It asks no time zone database and reads no list of holidays: summer time follows from the
 * rule of the European Union (last Sunday of March to last Sunday of October, 01:00 UTC), the
 * feasts that move from Easter. So it also judges what the program takes from elsewhere.
 */
#include "sim/oracle.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

enum { MARCH = 3, OCTOBER = 10, SUNDAY = 6, DAYS_A_WEEK = 7, THURSDAY_1970 = 3 };

/* ---- dates ------------------------------------------------------------------------- */

struct date {
    int year;
    int month;
    int day;
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_length(int year, int month)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return lengths[month - 1] + (month == 2 && is_leap(year));
}

/* Days are numbered from 1970-01-01. */
static struct date date_of(int64_t number)
{
    struct date d = { .year = 1970, .month = 1 };
    while (number >= 365 + is_leap(d.year))
        number -= 365 + is_leap(d.year++);
    while (number >= month_length(d.year, d.month))
        number -= month_length(d.year, d.month++);
    d.day = (int)number + 1;
    return d;
}

static int64_t number_of(struct date d)
{
    int64_t number = d.day - 1;
    for (int year = 1970; year < d.year; year++)
        number += 365 + is_leap(year);
    for (int month = 1; month < d.month; month++)
        number += month_length(d.year, month);
    return number;
}

/* Monday is 0. */
static int weekday(int64_t number)
{
    return (int)((number + THURSDAY_1970) % DAYS_A_WEEK);
}

/* By the rule of Meeus, Jones and Butcher. */
static int64_t easter(int year)
{
    const int a = year % 19;
    const int b = year / 100;
    const int c = year % 100;
    const int d = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    const int e = (32 + 2 * (b % 4) + 2 * (c / 4) - d - c % 4) % 7;
    const int f = d + e - 7 * ((a + 11 * d + 22 * e) / 451) + 114;
    return number_of((struct date){ .year = year, .month = f / 31, .day = f % 31 + 1 });
}

/* ---- local days -------------------------------------------------------------------- */

static int64_t last_sunday(int year, int month)
{
    int64_t number = number_of((struct date){ year, month, month_length(year, month) });
    while (weekday(number) != SUNDAY)
        number -= 1;
    return number;
}

static bool is_summer(int64_t utc)
{
    const int year = date_of(utc / DAY_MS).year;
    return utc >= last_sunday(year, MARCH) * DAY_MS + HOUR_MS &&
           utc < last_sunday(year, OCTOBER) * DAY_MS + HOUR_MS;
}

static int64_t begin(const struct oracle_calendar *c, int64_t day)
{
    const int64_t in_winter = day * DAY_MS - c->winter_hours * HOUR_MS;
    return c->summer_time && is_summer(in_winter - HOUR_MS) ? in_winter - HOUR_MS : in_winter;
}

static int64_t day_of(const struct oracle_calendar *c, int64_t at)
{
    int64_t day = at / DAY_MS - 1;
    while (begin(c, day + 1) <= at)
        day += 1;
    return day;
}

bool oracle_calendar_is_holiday(const struct oracle_calendar *c, int64_t day)
{
    const struct date d = date_of(day);
    for (int i = 0; i < ORACLE_HOLIDAYS_MOST && c->fixed[i] != 0; i++) {
        if (c->fixed[i] == d.month * 100 + d.day)
            return true;
    }
    for (int i = 0; i < ORACLE_HOLIDAYS_MOST && c->after_easter[i] != 0; i++) {
        if (easter(d.year) + c->after_easter[i] == day)
            return true;
    }
    return false;
}

static bool works(const struct oracle_calendar *c, int64_t day)
{
    return (c->working_days >> weekday(day) & 1) != 0 && !oracle_calendar_is_holiday(c, day);
}

/* ---- business time ----------------------------------------------------------------- */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t oracle_calendar_midnight(const struct oracle_calendar *c, int64_t at)
{
    return begin(c, day_of(c, at));
}

int64_t oracle_calendar_elapsed(const struct oracle_calendar *c, int64_t from, int64_t to)
{
    int64_t sum = 0;
    for (int64_t day = day_of(c, from); begin(c, day) < to; day++) {
        if (works(c, day))
            sum += oracle_earlier(to, begin(c, day + 1)) - later(from, begin(c, day));
    }
    return sum;
}

int64_t oracle_calendar_due(const struct oracle_calendar *c, int64_t from, int64_t business_ms)
{
    int64_t left = business_ms;
    for (int64_t day = day_of(c, from);; day++) {
        if (!works(c, day))
            continue;
        const int64_t opens = later(from, begin(c, day));
        const int64_t closes = begin(c, day + 1);
        if (opens + left <= closes)
            return opens + left;
        left -= closes - opens;
    }
}

int64_t oracle_calendar_end_of_day(const struct oracle_calendar *c, int64_t from,
                                   int64_t working_days)
{
    int64_t day = day_of(c, from);
    for (int64_t left = working_days; left > 0 || !works(c, day); day++)
        left -= works(c, day);
    return begin(c, day + 1);
}
