/* units_test.c - the sums that every KPI rests on. */
#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void quotients_round_down_also_before_1970(void **state)
{
    (void)state;
    assert_true(floor_div(7, 3) == 2);
    assert_true(floor_div(6, 3) == 2);
    assert_true(floor_div(0, 3) == 0);
    assert_true(floor_div(-1, 3) == -1);
    assert_true(floor_div(-3, 3) == -1);
    assert_true(floor_div(-4, 3) == -2);
}

static void quotient_and_rest_give_the_number_back(void **state)
{
    (void)state;
    for (int64_t value = -1000; value <= 1000; value++) {
        const int64_t rest = value - floor_div(value, 60) * 60;
        assert_true(rest >= 0 && rest < 60);
    }
}

static void never_is_later_than_any_time_and_never_yet_earlier(void **state)
{
    (void)state;
    const event_time now = { 1795392000000 };
    const event_time never = { TIME_NEVER };
    const event_time never_yet = { TIME_NEVER_YET };

    assert_true(event_time_max(now, never).ms == TIME_NEVER);
    assert_true(event_time_min(now, never).ms == now.ms);
    assert_true(event_time_max(now, never_yet).ms == now.ms);
    assert_true(event_time_min(now, never_yet).ms == TIME_NEVER_YET);
}

static void a_day_has_its_milliseconds(void **state)
{
    (void)state;
    assert_true(DAY_MS == 86400000);
    assert_true(HOUR_MS == 3600000);
    assert_true(MINUTE_MS == 60000);
}

static void a_clock_that_was_set_back_makes_nobody_wait(void **state)
{
    (void)state;
    const wall_time since = { 1795392000000 };

    assert_false(wall_time_passed(since, 200, (wall_time){ since.ms + 199 }));
    assert_true(wall_time_passed(since, 200, (wall_time){ since.ms + 200 }));
    assert_true(wall_time_passed(since, 200, (wall_time){ since.ms - HOUR_MS }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotients_round_down_also_before_1970),
        cmocka_unit_test(quotient_and_rest_give_the_number_back),
        cmocka_unit_test(never_is_later_than_any_time_and_never_yet_earlier),
        cmocka_unit_test(a_day_has_its_milliseconds),
        cmocka_unit_test(a_clock_that_was_set_back_makes_nobody_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
