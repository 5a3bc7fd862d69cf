/* statistics_test.c - how sure a rate is. */
#include "kpi/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* As the KPI's value is rounded and then told. */
static double value_told(int64_t part, int64_t whole)
{
    return (double)((2 * part * 1000000 + whole) / (2 * whole)) / 1e6;
}

/* By the formula of Wilson's paper, worked out by hand for 31 of 250. */
static void interval_is_wilsons(void **state)
{
    (void)state;
    const struct interval i = statistics_wilson(31, 250);
    assert_true(fabs(i.low - 0.088748) < 2e-6);
    assert_true(fabs(i.high - 0.170632) < 2e-6);
}

static void none_bad_begins_at_nothing_and_all_bad_ends_at_one(void **state)
{
    (void)state;
    for (int64_t whole = 1; whole <= 3000; whole++) {
        assert_true(fpclassify(statistics_wilson(0, whole).low) == FP_ZERO);
        assert_true(fpclassify(statistics_wilson(whole, whole).high - 1) == FP_ZERO);
    }
}

/* 1 of 3000000 is told as 0: rounding must not put a value beside its own interval. */
static void the_value_that_is_told_lies_in_its_interval(void **state)
{
    (void)state;
    static const int64_t wholes[] = { 1, 2, 3, 7, 250, 999, 3000000, 4000000000 };
    for (size_t w = 0; w < sizeof wholes / sizeof wholes[0]; w++) {
        const int64_t whole = wholes[w];
        const int64_t step = whole / 1000 + 1;
        for (int64_t part = 0; part <= whole; part = part < 5 ? part + 1 : part + step) {
            const struct interval i = statistics_wilson(part, whole);
            const double value = value_told(part, whole);
            assert_true(i.low >= 0 && i.low <= value && value <= i.high && i.high <= 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interval_is_wilsons),
        cmocka_unit_test(none_bad_begins_at_nothing_and_all_bad_ends_at_one),
        cmocka_unit_test(the_value_that_is_told_lies_in_its_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
