/* zone_file_test.c - a zone is in force, or we hear of it. */
#include "app/zone_file.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define FOLDER "/usr/share/zoneinfo/"

static struct reason why;

static bool in_force(const char *libc_has, const char *zone)
{
    char path[128];
    (void)snprintf(path, sizeof path, FOLDER "%s", zone);
    assert_int_equal(setenv("TZ", libc_has, 1), 0);
    tzset();
    struct buffer bytes = { 0 };
    struct zone_file zone_file;
    const bool same = zone_file_read(path, &bytes, &zone_file, &why) &&
                      zone_file_in_force(&zone_file, path, zone, &why);
    buffer_free(&bytes);
    return same;
}

static int back_to_utc(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
    return 0;
}

static void a_zone_that_libc_has_loaded_is_in_force(void **state)
{
    (void)state;
    static const char *const zones[] = { "Europe/Berlin",     "Europe/London",
                                         "Europe/Prague",     "America/Sao_Paulo",
                                         "Asia/Shanghai",     "Etc/GMT+5",
                                         "Africa/Casablanca", "UTC" };
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        if (!in_force(zones[i], zones[i]))
            fail_msg("%s: %s", zones[i], why.text);
    }
}

/* What libc does when it cannot load a zone, for want of memory or whatever else. */
static void a_zone_that_libc_has_made_utc_of_is_not_in_force(void **state)
{
    (void)state;
    assert_false(in_force("Europe/Nowhere", "Europe/Berlin"));
    assert_non_null(strstr(why.text, "does not keep to the time zone Europe/Berlin"));
    assert_false(in_force("UTC", "Asia/Shanghai"));
    assert_false(in_force("UTC", "Etc/GMT+5"));
}

static void a_neighbours_zone_is_not_in_force(void **state)
{
    (void)state;
    assert_false(in_force("Europe/London", "Europe/Berlin"));
}

static void a_file_that_is_not_there_is_told(void **state)
{
    (void)state;
    assert_false(in_force("UTC", "Europe/Nowhere"));
    assert_non_null(strstr(why.text, FOLDER "Europe/Nowhere"));
}

static void every_cut_of_the_needed_part_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 16];
    FILE *file = fopen(FOLDER "Europe/Berlin", "r");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    struct zone_file whole;
    assert_true(zone_file_parse(span_of(bytes, size), &whole));
    const size_t needed = (size_t)(whole.kinds - bytes) + (size_t)whole.kind_count * 6;
    for (size_t cut = 0; cut < needed; cut++) {
        struct zone_file file_cut;
        assert_false(zone_file_parse(span_of(bytes, cut), &file_cut));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_that_libc_has_loaded_is_in_force),
        cmocka_unit_test(a_zone_that_libc_has_made_utc_of_is_not_in_force),
        cmocka_unit_test(a_neighbours_zone_is_not_in_force),
        cmocka_unit_test(a_file_that_is_not_there_is_told),
        cmocka_unit_test(every_cut_of_the_needed_part_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, back_to_utc);
}
