/* pace_test.c - events go as fast as was asked, and no faster. */
#include "app/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { NOW = 5000 };

static event_time at(int64_t ms)
{
    return (event_time){ ms };
}

static void without_limits_every_event_goes_at_once(void **state)
{
    (void)state;
    struct pace p = { 0 };
    assert_int_equal(pace_wait_ms(&p, at(1000), NOW), 0);
    pace_passed(&p);
    assert_int_equal(pace_wait_ms(&p, at(1000 + DAY_MS), NOW), 0);
}

static void
at_recorded_speed_an_event_waits_as_long_as_it_happened_after_the_first(void **state)
{
    (void)state;
    struct pace p = { .speed_milli = 1000 };
    assert_int_equal(pace_wait_ms(&p, at(1000), NOW), 0);
    pace_passed(&p);
    assert_int_equal(pace_wait_ms(&p, at(61000), NOW), 60000);
    assert_int_equal(pace_wait_ms(&p, at(61000), NOW + 59999), 1);
    assert_int_equal(pace_wait_ms(&p, at(61000), NOW + 60000), 0);
}

static void at_ten_times_the_speed_it_waits_a_tenth(void **state)
{
    (void)state;
    struct pace p = { .speed_milli = 10000 };
    (void)pace_wait_ms(&p, at(0), NOW);
    assert_int_equal(pace_wait_ms(&p, at(HOUR_MS), NOW), HOUR_MS / 10);
}

static void an_event_dated_before_the_first_one_does_not_wait(void **state)
{
    (void)state;
    struct pace p = { .speed_milli = 1000 };
    (void)pace_wait_ms(&p, at(HOUR_MS), NOW);
    assert_int_equal(pace_wait_ms(&p, at(0), NOW), 0);
}

static void a_rate_spreads_events_evenly_and_a_pause_is_caught_up(void **state)
{
    (void)state;
    struct pace p = { .rate = 100 };
    (void)pace_wait_ms(&p, at(0), NOW);
    pace_passed(&p);
    assert_int_equal(pace_wait_ms(&p, at(0), NOW), 10);
    pace_passed(&p);
    assert_int_equal(pace_wait_ms(&p, at(0), NOW), 20);
    assert_int_equal(pace_wait_ms(&p, at(0), NOW + 500), 0);
}

static void the_slower_of_both_limits_holds(void **state)
{
    (void)state;
    struct pace p = { .rate = 1, .speed_milli = 1000 };
    (void)pace_wait_ms(&p, at(0), NOW);
    pace_passed(&p);
    assert_int_equal(pace_wait_ms(&p, at(10), NOW), 1000);
    assert_int_equal(pace_wait_ms(&p, at(5000), NOW), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_every_event_goes_at_once),
        cmocka_unit_test(
            at_recorded_speed_an_event_waits_as_long_as_it_happened_after_the_first),
        cmocka_unit_test(at_ten_times_the_speed_it_waits_a_tenth),
        cmocka_unit_test(an_event_dated_before_the_first_one_does_not_wait),
        cmocka_unit_test(a_rate_spreads_events_evenly_and_a_pause_is_caught_up),
        cmocka_unit_test(the_slower_of_both_limits_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
