/* timezone.c - when does each local day begin?
 *
 * DESIGN
 * ------
 * libc answers "what date is it there at this instant" (localtime_r). From that the
 * first instant of each local day follows: usually 24 h after the one before, which
 * a single question confirms; where it is not, because the clocks changed, a binary
 * search finds it:
 *
 *      ... 24 h ... 24 h ... 23 h ... 24 h ...
 *                   guess is right  |guess is an hour late: search
 *
 * This holds also where midnight does not exist (clocks go from 24:00 to 01:00: the
 * day begins at 01:00), comes twice (the first counts) or where a whole day was left
 * out (it has no length).
 *
 * A zone that libc does not know, or cannot load, silently becomes UTC, so the zone's
 * file is looked at first, and libc is held against it (zone_file.h).
 */
#include "app/timezone.h"

#include "app/zone_file.h"
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    ZONE_BYTES_MAX = 64,
    PATH_BYTES = 512,
    WEEKDAY_OF_1970 = 3, /* 1970-01-01 was a Thursday; Monday is 0 */
    DAYS_PER_WEEK = 7,
    SEARCH_BEHIND_S = 60 * 60 * 50, /* no local day is longer than 50 hours */
};

static const char default_folder[] = "/usr/share/zoneinfo";

/* ---- does it exist ----------------------------------------------------------------- */

static bool zone_name_is_good(const char *zone)
{
    const size_t size = strlen(zone);
    return size > 0 && size <= ZONE_BYTES_MAX && zone[0] != '/' && strstr(zone, "..") == NULL &&
           strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
               size;
}

/* Other files lie beside the zones (leapseconds, for one); of these libc would make UTC. */
static bool is_zone_file(const char *path)
{
    static const char magic[] = { 'T', 'Z', 'i', 'f' };
    char begin[sizeof magic] = { 0 };
    struct stat found;
    if (stat(path, &found) != 0 || !S_ISREG(found.st_mode))
        return false;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    const size_t size = fread(begin, 1, sizeof begin, file);
    (void)fclose(file);
    return size == sizeof begin && memcmp(begin, magic, sizeof magic) == 0;
}

static const char *zone_folder(void)
{
    const char *folder = getenv("TZDIR");
    return folder == NULL || folder[0] == '\0' ? default_folder : folder;
}

static void zone_path(const char *zone, char ret_path[PATH_BYTES])
{
    (void)snprintf(ret_path, PATH_BYTES, "%s/%s", zone_folder(), zone);
}

bool timezone_exists(const char *zone, struct reason *ret_why)
{
    char path[PATH_BYTES];
    struct stat found;
    const char *folder = zone_folder();
    if (!zone_name_is_good(zone)) {
        reason_set(ret_why, "\"%s\" is no IANA time zone; write such as Europe/Berlin", zone);
        return false;
    }
    zone_path(zone, path);
    if (is_zone_file(path))
        return true;
    if (stat(folder, &found) != 0)
        reason_set(ret_why, "there is no time zone database in %s; install tzdata", folder);
    else
        reason_set(ret_why,
                   "there is no time zone %s; write an IANA name such as "
                   "Europe/Berlin",
                   zone);
    return false;
}

/* ---- which day is it --------------------------------------------------------------- */

static int64_t days_before_year(int64_t year)
{
    const int64_t y = year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

/* Days since 1970-01-01 of the local date at that instant. */
static int64_t local_day(int64_t utc_s, struct tm *ret_local)
{
    const time_t at = (time_t)utc_s;
    CHECK(localtime_r(&at, ret_local) != NULL);
    return days_before_year(ret_local->tm_year + INT64_C(1900)) + ret_local->tm_yday;
}

static bool day_begins_at(int64_t utc_s, int64_t day)
{
    struct tm local;
    return local_day(utc_s, &local) == day && local.tm_hour == 0 && local.tm_min == 0 &&
           local.tm_sec == 0;
}

/* The first instant in [low, high] whose local date is `day` or later; false: there is none. */
static bool day_search(int64_t low, int64_t high, int64_t day, int64_t *ret_at)
{
    struct tm local;
    if (local_day(high, &local) < day)
        return false;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (local_day(middle, &local) >= day)
            high = middle;
        else
            low = middle + 1;
    }
    *ret_at = low;
    return true;
}

/* ---- the table --------------------------------------------------------------------- */

static bool works(const struct settings_calendar *c, int64_t day)
{
    const int32_t weekday = (int32_t)((day + WEEKDAY_OF_1970) % DAYS_PER_WEEK);
    if ((c->weekdays & (1u << weekday)) == 0)
        return false;
    for (int32_t i = 0; i < c->holiday_count; i++) {
        if (c->holidays[i] == day)
            return false;
    }
    return true;
}

/* False: a day is longer than any on Earth. */
static bool fill_starts(int64_t *starts, int64_t first, int32_t days)
{
    enum { DAY_S = 86400 };
    int64_t at;
    if (!day_search(first * DAY_S - SEARCH_BEHIND_S, first * DAY_S + SEARCH_BEHIND_S, first,
                    &at))
        return false;
    starts[0] = at * SECOND_MS;
    for (int32_t i = 1; i <= days; i++) {
        if (day_begins_at(at + DAY_S, first + i))
            at += DAY_S;
        else if (!day_search(at, at + SEARCH_BEHIND_S, first + i, &at))
            return false;
        starts[i] = at * SECOND_MS;
    }
    return true;
}

static void fill_elapsed(const struct settings_calendar *c, const int64_t *starts,
                         int64_t *elapsed, int64_t first, int32_t days)
{
    elapsed[0] = 0;
    for (int32_t i = 0; i < days; i++) {
        const int64_t length = starts[i + 1] - starts[i];
        CHECK(length >= 0);
        elapsed[i + 1] = elapsed[i] + (works(c, first + i) ? length : 0);
    }
}

/* Makes it the zone of the process, and makes sure that it is. */
static bool put_in_force(const char *zone, const char *path, struct reason *ret_why)
{
    struct buffer bytes = { 0 };
    struct zone_file file;
    bool in_force = zone_file_read(path, &bytes, &file, ret_why);
    if (in_force) {
        CHECK(setenv("TZ", zone, 1) == 0);
        tzset();
        in_force = zone_file_in_force(&file, path, zone, ret_why);
    }
    buffer_free(&bytes);
    return in_force;
}

static bool build(const struct settings_calendar *c, struct calendar *ret_calendar,
                  struct reason *ret_why)
{
    char path[PATH_BYTES];
    zone_path(c->timezone, path);
    if (!put_in_force(c->timezone, path, ret_why))
        return false;

    const int64_t first = days_before_year(TIMEZONE_YEAR_FIRST);
    const int32_t days = (int32_t)(days_before_year(TIMEZONE_YEAR_LAST + 1) - first);
    int64_t *starts = calloc((size_t)days + 1, sizeof *starts);
    int64_t *elapsed = calloc((size_t)days + 1, sizeof *elapsed);
    CHECK(starts != NULL && elapsed != NULL);
    *ret_calendar = (struct calendar){ .days = days, .starts = starts, .elapsed = elapsed };
    if (!fill_starts(starts, first, days)) {
        reason_set(ret_why, "%s is damaged: by it, a day of time zone %s is longer than two",
                   path, c->timezone);
        return false;
    }
    fill_elapsed(c, starts, elapsed, first, days);
    return true;
}

/* ---- all calendars ----------------------------------------------------------------- */

static char *keep_zone(void)
{
    const char *zone = getenv("TZ");
    if (zone == NULL)
        return NULL;
    char *kept = strdup(zone);
    CHECK(kept != NULL);
    return kept;
}

static void restore_zone(char *kept)
{
    CHECK((kept != NULL ? setenv("TZ", kept, 1) : unsetenv("TZ")) == 0);
    tzset();
    free(kept);
}

bool timezone_calendars_open(const struct settings *settings,
                             struct timezone_calendars *ret_calendars, struct reason *ret_why)
{
    for (int32_t i = 0; i < settings->calendar_count; i++) {
        const char *zone = settings->calendars[i].timezone;
        if (zone[0] != '\0' && !timezone_exists(zone, ret_why))
            return false;
    }
    struct timezone_calendars calendars = { .count = settings->calendar_count };
    calendars.at = calloc((size_t)calendars.count + 1, sizeof *calendars.at);
    CHECK(calendars.at != NULL);

    char *kept = keep_zone();
    bool well = true;
    for (int32_t i = 0; well && i < calendars.count; i++) {
        const struct settings_calendar *c = &settings->calendars[i];
        calendars.at[i] = calendar_always;
        if (c->timezone[0] != '\0')
            well = build(c, &calendars.at[i], ret_why);
    }
    restore_zone(kept);
    if (well)
        *ret_calendars = calendars;
    else
        timezone_calendars_free(&calendars);
    return well;
}

static void free_table(const int64_t *table)
{
    union {
        const int64_t *read;
        void *own;
    } same = { .read = table };
    free(same.own);
}

void timezone_calendars_free(struct timezone_calendars *calendars)
{
    for (int32_t i = 0; i < calendars->count; i++) {
        free_table(calendars->at[i].starts);
        free_table(calendars->at[i].elapsed);
    }
    free(calendars->at);
    *calendars = (struct timezone_calendars){ 0 };
}

const struct calendar *timezone_calendar_of(const struct timezone_calendars *calendars,
                                            const struct settings *settings,
                                            struct span storefront)
{
    const struct settings_storefront *own = settings_storefront(settings, storefront);
    const int32_t index = own != NULL ? own->calendar : settings->default_calendar_index;
    CHECK(index >= 0 && index < calendars->count);
    return &calendars->at[index];
}
