/* process_facts_test.c - the process's own numbers are those of this process. */
#include "http/process_facts.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct metrics facts;

static int64_t now_of(enum metric metric)
{
    process_facts_read(&facts);
    return metrics_value(&facts, metric, 0, 0);
}

static void an_opened_file_is_counted(void **state)
{
    (void)state;
    const int64_t before = now_of(METRIC_PROCESS_FDS);
    const int fd = open("/dev/null", O_RDONLY);
    assert_int_equal(now_of(METRIC_PROCESS_FDS), before + 1);
    close(fd);
    assert_int_equal(now_of(METRIC_PROCESS_FDS), before);
    assert_true(now_of(METRIC_PROCESS_MAX_FDS) >= before);
}

static void work_takes_processor_time(void **state)
{
    (void)state;
    const int64_t before = now_of(METRIC_PROCESS_CPU);
    volatile unsigned sum = 0;
    for (unsigned i = 0; i < 5000000; i++)
        sum += i;
    assert_true(sum > 0);
    const int64_t spent_us = now_of(METRIC_PROCESS_CPU) - before;
    assert_in_range(spent_us, 100, 10000000);
}

static void the_start_lies_in_the_last_minutes(void **state)
{
    (void)state;
    const int64_t start_ms = now_of(METRIC_PROCESS_START);
    const int64_t age_ms = (int64_t)time(NULL) * SECOND_MS - start_ms;
    assert_true(age_ms > -3 * SECOND_MS && age_ms < 5 * MINUTE_MS);
}

static void memory_is_some_megabytes(void **state)
{
    (void)state;
    assert_in_range(now_of(METRIC_PROCESS_RESIDENT), 500000, INT64_C(4) << 30);
    assert_int_equal(now_of(METRIC_BUILD_INFO), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opened_file_is_counted),
        cmocka_unit_test(work_takes_processor_time),
        cmocka_unit_test(the_start_lies_in_the_last_minutes),
        cmocka_unit_test(memory_is_some_megabytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
