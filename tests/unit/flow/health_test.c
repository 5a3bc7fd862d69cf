/* health_test.c - the program says in words what is missing. */
#include "flow/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { STALL_MS = 10000 };

static struct health health;
static const wall_time start = { 1000000 };
static char words[4096];

static wall_time after(int64_t ms)
{
    return (wall_time){ start.ms + ms };
}

static bool ask(bool (*question)(wall_time, bool, struct buffer *), wall_time now, bool verbose)
{
    struct buffer text = { 0 };
    const bool answer = question(now, verbose, &text);
    buffer_add_u8(&text, '\0');
    snprintf(words, sizeof words, "%s", (const char *)text.at);
    buffer_free(&text);
    return answer;
}

static bool live_question(wall_time now, bool verbose, struct buffer *text)
{
    (void)verbose;
    return health_live(&health, now, text);
}

static bool ready_question(wall_time now, bool verbose, struct buffer *text)
{
    return health_ready(&health, now, verbose, text);
}

static bool live(wall_time now)
{
    return ask(live_question, now, false);
}

static bool ready(wall_time now)
{
    return ask(ready_question, now, false);
}

static int open_two(void **state)
{
    (void)state;
    health_open(&health, 2, STALL_MS, start);
    return 0;
}

static int close_it(void **state)
{
    (void)state;
    health_close(&health);
    return 0;
}

static void make_well(void)
{
    health_well(&health, HEALTH_ALL_WORKERS, HEALTH_SCHEMA);
    for (int32_t w = 0; w < 2; w++) {
        health_well(&health, w, HEALTH_KAFKA);
        health_well(&health, w, HEALTH_REDIS);
        health_shards(&health, w, 3, 3);
    }
}

static void a_new_program_is_live_but_not_ready(void **state)
{
    (void)state;
    assert_true(live(start));
    assert_string_equal(words, "live\n");
    assert_false(ready(start));
    assert_non_null(strstr(words, "not ready: KAFKA: not asked yet"));
    assert_non_null(strstr(words, "not ready: REDIS: not asked yet"));
    assert_non_null(strstr(words, "not ready: SCHEMA: not asked yet"));
    assert_non_null(strstr(words, "not ready: SHARDS: this instance owns none"));
    assert_null(strstr(words, "READING"));
    assert_null(strstr(words, "SENDING"));
}

static void it_is_ready_when_nothing_is_missing(void **state)
{
    (void)state;
    make_well();
    assert_true(ready(start));
    assert_string_equal(words, "ready\n");
}

static void one_worker_without_redis_makes_it_unready_and_says_so(void **state)
{
    (void)state;
    make_well();
    health_unwell(&health, 1, HEALTH_REDIS, "cannot reach Redis at r1:6379: refused", start);
    assert_false(ready(start));
    assert_string_equal(words, "not ready: REDIS: cannot reach Redis at r1:6379: refused "
                               "(for 0 s; 1 of 2 workers)\n");
    assert_true(live(start)); /* restarting us would not mend Redis */

    health_well(&health, 1, HEALTH_REDIS);
    assert_true(ready(start));
}

static void paused_reading_is_said_with_its_reason(void **state)
{
    (void)state;
    make_well();
    health_unwell(&health, HEALTH_ALL_WORKERS, HEALTH_MEMORY, "memory.limit is reached", start);
    assert_false(ready(start));
    assert_string_equal(
        words, "not ready: MEMORY: memory.limit is reached (for 0 s; 2 of 2 workers)\n");
}

/* The words may change while it lasts; since when it lasts does not. */
static void it_says_for_how_long_something_is_missing(void **state)
{
    (void)state;
    make_well();
    health_unwell(&health, 0, HEALTH_REDIS, "no answer", after(1000));
    health_unwell(&health, 1, HEALTH_REDIS, "no answer to the other", after(3000));
    health_unwell(&health, 0, HEALTH_REDIS, "refused", after(8000));
    assert_false(ready(after(9500)));
    assert_string_equal(words, "not ready: REDIS: refused (for 8 s; 2 of 2 workers)\n");

    health_well(&health, 0, HEALTH_REDIS);
    assert_false(ready(after(9500)));
    assert_string_equal(words,
                        "not ready: REDIS: no answer to the other (for 6 s; 1 of 2 workers)\n");
}

static void shards_that_are_still_loading_are_counted(void **state)
{
    (void)state;
    make_well();
    health_shards(&health, 0, 4, 1);
    assert_false(ready(start));
    assert_string_equal(words, "not ready: SHARDS: 4 of 7 are loaded\n");
}

static void a_worker_without_shards_is_no_fault_while_another_has_some(void **state)
{
    (void)state;
    make_well();
    health_shards(&health, 1, 0, 0);
    assert_true(ready(start));
    health_shards(&health, 0, 0, 0);
    assert_false(ready(start));
}

static void a_loop_that_stands_still_is_not_live(void **state)
{
    (void)state;
    make_well();
    health_turned(&health, 0, after(5000));
    assert_true(live(after(STALL_MS)));
    assert_false(live(after(STALL_MS + 1)));
    assert_string_equal(words, "not live: worker 1 has not finished a step for 10 s\n");
    assert_false(ready(after(STALL_MS + 1)));

    health_turned(&health, 1, after(STALL_MS + 1));
    assert_true(live(after(STALL_MS + 1)));
}

static void verbose_also_says_what_is_well(void **state)
{
    (void)state;
    make_well();
    assert_true(ask(ready_question, start, true));
    assert_non_null(strstr(words, "ok: SHARDS: 6 are loaded\n"));
    assert_non_null(strstr(words, "ok: KAFKA: Kafka is reachable\n"));
    assert_non_null(strstr(words, "ok: READING: no record waits for its schema\n"));
    assert_non_null(strstr(words, "\nready\n"));
}

static void a_reason_stays_one_line_and_is_cut(void **state)
{
    (void)state;
    make_well();
    char why[HEALTH_WHY_BYTES + 100];
    memset(why, 'x', sizeof why);
    why[1] = '\n';
    why[sizeof why - 1] = '\0';
    health_unwell(&health, 0, HEALTH_KAFKA, why, start);
    assert_false(ready(start));
    assert_int_equal(strncmp(words, "not ready: KAFKA: x xx", 22), 0);
    assert_ptr_equal(strchr(words, '\n'), words + strlen(words) - 1);
    assert_true(strlen(words) < HEALTH_WHY_BYTES + 64);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_two, close_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_new_program_is_live_but_not_ready),
        PROMISE(it_is_ready_when_nothing_is_missing),
        PROMISE(one_worker_without_redis_makes_it_unready_and_says_so),
        PROMISE(paused_reading_is_said_with_its_reason),
        PROMISE(it_says_for_how_long_something_is_missing),
        PROMISE(shards_that_are_still_loading_are_counted),
        PROMISE(a_worker_without_shards_is_no_fault_while_another_has_some),
        PROMISE(a_loop_that_stands_still_is_not_live),
        PROMISE(verbose_also_says_what_is_well),
        PROMISE(a_reason_stays_one_line_and_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
