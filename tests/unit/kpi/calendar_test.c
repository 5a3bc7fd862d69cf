/* calendar_test.c - business time, on real days of real zones.
 *
 * The tables come from the built-in calendars and the system's tz database, as in the
 * program; the instants are written in UTC with the local time beside them.
 */
#include "app/settings.h"
#include "app/timezone.h"
#include "base/name.h"
#include "kpi/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

struct world {
    struct settings settings;
    struct timezone_calendars calendars;
};

static struct world world;

static int open_world(void **state)
{
    struct reason why = { "" };
    settings_defaults(&world.settings);
    *state = &world;
    if (timezone_calendars_open(&world.settings, &world.calendars, &why))
        return 0;
    (void)fprintf(stderr, "%s\n", why.text);
    return 1;
}

static int close_world(void **state)
{
    (void)state;
    timezone_calendars_free(&world.calendars);
    settings_free(&world.settings);
    return 0;
}

static const struct calendar *calendar_of(const char *storefront)
{
    return timezone_calendar_of(&world.calendars, &world.settings, span_of_text(storefront));
}

/* "2026-05-15T15:00:00Z" */
static event_time utc(const char *text)
{
    struct tm tm = { 0 };
    assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
    return (event_time){ (int64_t)timegm(&tm) * SECOND_MS };
}

static void assert_due(const char *storefront, const char *from, int64_t hours,
                       const char *expected)
{
    const event_time due = calendar_due(calendar_of(storefront), utc(from), hours * HOUR_MS);
    assert_int_equal(due.ms, utc(expected).ms);
}

/* ---- rule 2.8.1 -------------------------------------------------------------------- */

static void ticket_of_friday_afternoon_is_due_on_tuesday_afternoon(void **state)
{
    (void)state; /* Fri 15 May 2026 17:00 Berlin -> Tue 19 May 17:00 */
    assert_due("de", "2026-05-15T15:00:00Z", 48, "2026-05-19T15:00:00Z");
}

static void whit_monday_gives_the_seller_a_day_more(void **state)
{
    (void)state; /* Fri 22 May 2026 17:00 -> Wed 27 May 17:00 */
    assert_due("de", "2026-05-22T15:00:00Z", 48, "2026-05-27T15:00:00Z");
}

static void clock_of_a_ticket_opened_on_good_friday_starts_on_tuesday(void **state)
{
    (void)state; /* Good Friday 3 Apr 2026 10:30 -> Thu 9 Apr 00:00 */
    assert_due("de", "2026-04-03T08:30:00Z", 48, "2026-04-08T22:00:00Z");

    const struct calendar *de = calendar_of("de");
    const event_time tuesday = utc("2026-04-06T22:00:00Z"); /* Tue 7 Apr 00:00 */
    assert_int_equal(calendar_business_ms(de, utc("2026-04-03T08:30:00Z"), tuesday), 0);
    assert_int_equal(calendar_due(de, utc("2026-04-03T08:30:00Z"), 1).ms, tuesday.ms + 1);
}

/* The clocks go forward on Sunday 29 March 2026, which is no working day. */
static void due_time_keeps_its_hour_over_the_start_of_summer_time(void **state)
{
    (void)state; /* Fri 27 Mar 17:00 CET -> Tue 31 Mar 17:00 CEST */
    assert_due("de", "2026-03-27T16:00:00Z", 48, "2026-03-31T15:00:00Z");
}

static void due_time_keeps_its_hour_over_the_end_of_summer_time(void **state)
{
    (void)state; /* Fri 23 Oct 17:00 CEST -> Tue 27 Oct 17:00 CET */
    assert_due("de", "2026-10-23T15:00:00Z", 48, "2026-10-27T16:00:00Z");
}

/* ---- rule 2.9.9 -------------------------------------------------------------------- */

static void two_days_from_thursday_midnight_end_on_friday_not_on_monday(void **state)
{
    (void)state; /* Thu 7 May 2026 00:00 -> Fri 8 May 24:00 */
    assert_due("de", "2026-05-06T22:00:00Z", 48, "2026-05-08T22:00:00Z");
}

static void nothing_to_wait_for_is_due_at_once_even_on_a_sunday(void **state)
{
    (void)state;
    assert_due("de", "2026-05-10T10:00:00Z", 0, "2026-05-10T10:00:00Z");
}

/* ---- days of 23 and 25 hours ------------------------------------------------------- */

/* A calendar without days off shows the changed days themselves. */
static void days_of_23_and_25_hours_count_as_they_are(void **state)
{
    (void)state;
    struct settings all = { 0 };
    struct timezone_calendars calendars;
    struct reason why = { "" };
    struct settings_calendar c = { .name = (char[]){ "x" },
                                   .timezone = (char[]){ "Europe/Berlin" },
                                   .weekdays = 0x7F };
    all.calendars = &c;
    all.calendar_count = 1;
    assert_true(timezone_calendars_open(&all, &calendars, &why));

    const struct calendar *berlin = &calendars.at[0];
    assert_int_equal(
        calendar_business_ms(berlin, utc("2026-03-28T23:00:00Z"), utc("2026-03-29T22:00:00Z")),
        23 * HOUR_MS);
    assert_int_equal(
        calendar_business_ms(berlin, utc("2026-10-24T22:00:00Z"), utc("2026-10-25T23:00:00Z")),
        25 * HOUR_MS);
    assert_int_equal(calendar_end_of_working_day(berlin, utc("2026-03-29T10:00:00Z"), 0).ms,
                     utc("2026-03-29T22:00:00Z").ms);
    assert_int_equal(calendar_end_of_working_day(berlin, utc("2026-10-25T10:00:00Z"), 0).ms,
                     utc("2026-10-25T23:00:00Z").ms);
    timezone_calendars_free(&calendars);
}

/* ---- durations --------------------------------------------------------------------- */

static void weekend_between_opening_and_reply_is_not_counted(void **state)
{
    (void)state; /* Fri 17:00 to Mon 09:00 Berlin: 7 h + 9 h */
    assert_int_equal(calendar_business_ms(calendar_of("de"), utc("2026-05-15T15:00:00Z"),
                                          utc("2026-05-18T07:00:00Z")),
                     16 * HOUR_MS);
}

static void due_time_is_the_earliest_instant_with_that_much_business_time(void **state)
{
    (void)state;
    const struct calendar *pl = calendar_of("pl");
    const event_time from = utc("2026-01-01T00:00:00Z");
    for (int64_t hours = 1; hours < 24 * 40; hours += 7) {
        for (int64_t start = 0; start < 10; start++) {
            const event_time begin = { from.ms + start * 13 * HOUR_MS };
            const event_time due = calendar_due(pl, begin, hours * HOUR_MS);
            const event_time before = { due.ms - 1 };
            assert_int_equal(calendar_business_ms(pl, begin, due), hours * HOUR_MS);
            assert_int_equal(calendar_business_ms(pl, begin, before), hours * HOUR_MS - 1);
        }
    }
}

/* ---- handling time ----------------------------------------------------------------- */

/* A real order of this shape: created Sun 30 Aug 2026 19:46 Berlin, 12 working days,
 * deadline Wed 16 Sep 24:00. */
static void twelve_working_days_from_a_sunday_end_with_the_sixteenth(void **state)
{
    (void)state;
    const event_time end =
        calendar_end_of_working_day(calendar_of("de"), utc("2026-08-30T17:46:55Z"), 12);
    assert_int_equal(end.ms, utc("2026-09-16T22:00:00Z").ms);
}

static void order_of_a_working_day_with_no_handling_time_is_due_that_evening(void **state)
{
    (void)state;
    const event_time end =
        calendar_end_of_working_day(calendar_of("de"), utc("2026-08-31T08:00:00Z"), 0);
    assert_int_equal(end.ms, utc("2026-08-31T22:00:00Z").ms);
}

static void order_of_a_holiday_gets_one_day_more(void **state)
{
    (void)state; /* Whit Monday 25 May + 1 -> end of Wed 27 May */
    const event_time end =
        calendar_end_of_working_day(calendar_of("de"), utc("2026-05-25T10:00:00Z"), 1);
    assert_int_equal(end.ms, utc("2026-05-27T22:00:00Z").ms);
}

/* ---- edges ------------------------------------------------------------------------- */

static void calendar_always_has_no_pauses(void **state)
{
    (void)state;
    const event_time sunday = utc("2026-05-10T10:00:00Z");
    assert_int_equal(calendar_due(&calendar_always, sunday, 48 * HOUR_MS).ms,
                     sunday.ms + 48 * HOUR_MS);
    assert_int_equal(calendar_end_of_working_day(&calendar_always, sunday, 1).ms,
                     utc("2026-05-12T00:00:00Z").ms);
    assert_int_equal(
        calendar_business_ms(&calendar_always, utc("1969-12-30T05:00:00Z"), sunday),
        sunday.ms - utc("1969-12-30T05:00:00Z").ms);
}

static void days_outside_the_table_are_working_days(void **state)
{
    (void)state;
    const struct calendar *de = calendar_of("de");
    const event_time later = utc("2040-01-01T00:00:00Z"); /* a Sunday */
    assert_int_equal(calendar_due(de, later, 48 * HOUR_MS).ms, later.ms + 48 * HOUR_MS);
    const event_time before = utc("2001-01-06T00:00:00Z"); /* a Saturday */
    assert_int_equal(calendar_due(de, before, HOUR_MS).ms, before.ms + HOUR_MS);

    /* From the last business hour of the table (Mon 31 Dec 2035, 24:00) on. */
    const event_time edge = { de->starts[de->days] - HOUR_MS };
    assert_int_equal(calendar_due(de, edge, 2 * HOUR_MS).ms, edge.ms + 2 * HOUR_MS);
    assert_int_equal(calendar_end_of_working_day(de, edge, 1).ms,
                     de->starts[de->days] + DAY_MS);
    assert_int_equal(calendar_end_of_working_day(de, before, INT64_MAX).ms > edge.ms, true);
}

static void each_storefront_keeps_its_own_holidays(void **state)
{
    (void)state; /* 6 Jan 2026, a Tuesday, is off in Slovakia and not in Czechia */
    const event_time begin = utc("2026-01-05T23:00:00Z");
    const event_time end = utc("2026-01-06T23:00:00Z");
    assert_int_equal(calendar_business_ms(calendar_of("sk"), begin, end), 0);
    assert_int_equal(calendar_business_ms(calendar_of("cz"), begin, end), DAY_MS);
}

static void unknown_storefront_keeps_the_default_calendar(void **state)
{
    (void)state;
    assert_ptr_equal(calendar_of("xx"), calendar_of("de"));
}

/* Ends of days in the table are local midnights whatever the zone does: Samoa left
 * out 30 Dec 2011 (before the table), Sao Paulo had days that began at 01:00. */
static void day_without_midnight_begins_when_its_first_hour_does(void **state)
{
    (void)state;
    struct settings all = { 0 };
    struct timezone_calendars calendars;
    struct reason why = { "" };
    struct settings_calendar c = { .name = (char[]){ "x" },
                                   .timezone = (char[]){ "America/Sao_Paulo" },
                                   .weekdays = 0x7F };
    all.calendars = &c;
    all.calendar_count = 1;
    assert_true(timezone_calendars_open(&all, &calendars, &why));
    /* Sun 4 Nov 2018 began at 01:00 (UTC-2), which is 03:00 UTC. */
    assert_int_equal(
        calendar_end_of_working_day(&calendars.at[0], utc("2018-11-03T12:00:00Z"), 0).ms,
        utc("2018-11-04T03:00:00Z").ms);
    timezone_calendars_free(&calendars);
}

static void building_tables_leaves_the_zone_of_the_process_alone(void **state)
{
    (void)state;
    struct timezone_calendars calendars;
    struct reason why = { "" };
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
    assert_true(timezone_calendars_open(&world.settings, &calendars, &why));
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    timezone_calendars_free(&calendars);
    assert_int_equal(unsetenv("TZ"), 0);
}

static void zone_that_does_not_exist_is_an_error_and_not_utc(void **state)
{
    (void)state;
    struct reason why = { "" };
    assert_false(timezone_exists("Europe/Berln", &why));
    assert_non_null(strstr(why.text, "Europe/Berln"));
    assert_false(timezone_exists("../../etc/passwd", &why));
    assert_false(timezone_exists("Europe", &why)); /* a folder */
    assert_true(timezone_exists("Europe/Berlin", &why));
}

/* As the only calendar's. */
static bool open_zone(char *zone, struct reason *ret_why)
{
    struct settings all = world.settings;
    struct timezone_calendars calendars;
    struct settings_calendar c = { .name = (char[]){ "x" },
                                   .timezone = zone,
                                   .weekdays = 0x7F };
    all.calendars = &c;
    all.calendar_count = 1;
    assert_true(timezone_exists(zone, ret_why));
    const bool opened = timezone_calendars_open(&all, &calendars, ret_why);
    if (opened)
        timezone_calendars_free(&calendars);
    return opened;
}

/* libc makes UTC of it and says nothing; every due time would be two hours off. */
static void zone_that_libc_cannot_load_is_an_error_and_not_utc(void **state)
{
    (void)state;
    struct reason why = { "" };
    char folder[] = "/tmp/sellerwatch-zones-XXXXXX";
    char file[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof file, "%s/Damaged", folder);
    FILE *to = fopen(file, "w");
    assert_non_null(to);
    assert_true(fputs("TZif2, and nothing that makes sense behind it ...", to) >= 0);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(setenv("TZDIR", folder, 1), 0);

    const bool opened = open_zone((char[]){ "Damaged" }, &why);
    assert_int_equal(unsetenv("TZDIR"), 0);
    (void)unlink(file);
    (void)rmdir(folder);
    assert_false(opened);
    assert_non_null(strstr(why.text, "Damaged is damaged"));
}

/* The file is sound, but by it a day would last for longer than two. */
static void zone_with_a_day_that_never_ends_is_an_error(void **state)
{
    (void)state;
    struct reason why = { "" };
    assert_int_equal(setenv("TZDIR", SOURCE_DIR "/tests/fuzz/corpus/timezone_fuzz", 1), 0);
    const bool opened = open_zone((char[]){ "long_day" }, &why);
    assert_int_equal(unsetenv("TZDIR"), 0);
    assert_false(opened);
    assert_non_null(strstr(why.text, "a day of time zone long_day is longer than two"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticket_of_friday_afternoon_is_due_on_tuesday_afternoon),
        cmocka_unit_test(whit_monday_gives_the_seller_a_day_more),
        cmocka_unit_test(clock_of_a_ticket_opened_on_good_friday_starts_on_tuesday),
        cmocka_unit_test(due_time_keeps_its_hour_over_the_start_of_summer_time),
        cmocka_unit_test(due_time_keeps_its_hour_over_the_end_of_summer_time),
        cmocka_unit_test(two_days_from_thursday_midnight_end_on_friday_not_on_monday),
        cmocka_unit_test(nothing_to_wait_for_is_due_at_once_even_on_a_sunday),
        cmocka_unit_test(days_of_23_and_25_hours_count_as_they_are),
        cmocka_unit_test(weekend_between_opening_and_reply_is_not_counted),
        cmocka_unit_test(due_time_is_the_earliest_instant_with_that_much_business_time),
        cmocka_unit_test(twelve_working_days_from_a_sunday_end_with_the_sixteenth),
        cmocka_unit_test(order_of_a_working_day_with_no_handling_time_is_due_that_evening),
        cmocka_unit_test(order_of_a_holiday_gets_one_day_more),
        cmocka_unit_test(calendar_always_has_no_pauses),
        cmocka_unit_test(days_outside_the_table_are_working_days),
        cmocka_unit_test(each_storefront_keeps_its_own_holidays),
        cmocka_unit_test(unknown_storefront_keeps_the_default_calendar),
        cmocka_unit_test(day_without_midnight_begins_when_its_first_hour_does),
        cmocka_unit_test(building_tables_leaves_the_zone_of_the_process_alone),
        cmocka_unit_test(zone_that_does_not_exist_is_an_error_and_not_utc),
        cmocka_unit_test(zone_that_libc_cannot_load_is_an_error_and_not_utc),
        cmocka_unit_test(zone_with_a_day_that_never_ends_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
