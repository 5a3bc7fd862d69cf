/* shard_clock_test.c - when something has happened, and when something has not. */
#include "kpi/shard_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define DELAY MINUTE_MS
#define NOON INT64_C(1780315200000)

static const struct rules by_wall = { .wall_time = true, .max_delay_ms = DELAY };
static const struct rules by_events = { .wall_time = false, .max_delay_ms = DELAY };

static struct shard_clock open_clock(void)
{
    struct shard_clock c;
    shard_clock_open(&c);
    return c;
}

static void saw_all(struct shard_clock *c, int64_t orders, int64_t messages, int64_t shipments)
{
    shard_clock_saw(c, TOPIC_ORDERS, (event_time){ orders });
    shard_clock_saw(c, TOPIC_MESSAGES, (event_time){ messages });
    shard_clock_saw(c, TOPIC_SHIPMENTS, (event_time){ shipments });
}

static void prove_all(struct shard_clock *c, int64_t asked)
{
    for (int t = 0; t < TOPIC_COUNT; t++)
        shard_clock_at_end(c, (enum topic)t, (wall_time){ asked });
}

static void stream_time_is_the_highest_event_and_the_watermark_the_slowest_input(void **state)
{
    (void)state;
    struct shard_clock c = open_clock();
    saw_all(&c, NOON + 2 * HOUR_MS, NOON, NOON + HOUR_MS);
    shard_clock_advance(&c, &by_wall);
    assert_int_equal(c.stream_time, NOON + 2 * HOUR_MS);
    assert_int_equal(c.watermark, NOON - DELAY);
}

static void input_never_heard_of_holds_the_watermark_back(void **state)
{
    (void)state;
    struct shard_clock c = open_clock();
    shard_clock_saw(&c, TOPIC_ORDERS, (event_time){ NOON });
    shard_clock_saw(&c, TOPIC_MESSAGES, (event_time){ NOON });
    shard_clock_advance(&c, &by_wall);
    assert_int_equal(c.stream_time, NOON);
    assert_int_equal(c.watermark, TIME_NEVER_YET);
}

static void neither_time_goes_back(void **state)
{
    (void)state;
    struct shard_clock c = open_clock();
    saw_all(&c, NOON, NOON, NOON);
    shard_clock_advance(&c, &by_wall);
    saw_all(&c, NOON - HOUR_MS, NOON - HOUR_MS, NOON - HOUR_MS);
    prove_all(&c, NOON - 2 * HOUR_MS); /* our clock was set back */
    shard_clock_advance(&c, &by_wall);
    assert_int_equal(c.stream_time, NOON);
    assert_int_equal(c.watermark, NOON - DELAY);
}

/* "At the end" is a proof dated when the broker was asked, not now. */
static void input_at_its_end_is_known_up_to_the_question(void **state)
{
    (void)state;
    struct shard_clock c = open_clock();
    saw_all(&c, NOON + 2 * HOUR_MS, NOON + 2 * HOUR_MS, NOON);
    shard_clock_at_end(&c, TOPIC_SHIPMENTS, (wall_time){ NOON + HOUR_MS });
    shard_clock_advance(&c, &by_wall);
    assert_int_equal(c.watermark, NOON + HOUR_MS - DELAY);
    shard_clock_advance(&c, &by_wall); /* no new answer: no time passes */
    assert_int_equal(c.watermark, NOON + HOUR_MS - DELAY);
    shard_clock_not_at_end(&c, TOPIC_SHIPMENTS); /* the proof stands */
    shard_clock_advance(&c, &by_wall);
    assert_int_equal(c.watermark, NOON + HOUR_MS - DELAY);
}

static void stream_time_follows_our_clock_only_when_all_are_at_their_ends(void **state)
{
    (void)state;
    struct shard_clock c = open_clock();
    saw_all(&c, NOON, NOON, NOON);
    shard_clock_at_end(&c, TOPIC_ORDERS, (wall_time){ NOON + HOUR_MS });
    shard_clock_at_end(&c, TOPIC_MESSAGES, (wall_time){ NOON + HOUR_MS });
    shard_clock_advance(&c, &by_wall);
    assert_false(shard_clock_caught_up(&c));
    assert_int_equal(c.stream_time, NOON);

    shard_clock_at_end(&c, TOPIC_SHIPMENTS, (wall_time){ NOON + HOUR_MS - 1 });
    shard_clock_advance(&c, &by_wall);
    assert_true(shard_clock_caught_up(&c));
    assert_int_equal(c.stream_time, NOON + HOUR_MS - 1);
    assert_int_equal(c.watermark, NOON + HOUR_MS - 1 - DELAY);
}

static void by_events_alone_our_clock_is_never_used(void **state)
{
    (void)state;
    struct shard_clock c = open_clock();
    saw_all(&c, NOON, NOON - HOUR_MS, NOON - 2 * HOUR_MS);
    prove_all(&c, NOON + DAY_MS);
    shard_clock_advance(&c, &by_events);
    assert_int_equal(c.stream_time, NOON);
    assert_int_equal(c.watermark, NOON - DELAY); /* all at their ends */
}

static void by_events_alone_an_input_at_its_end_is_left_out(void **state)
{
    (void)state;
    struct shard_clock c = open_clock();
    saw_all(&c, NOON, NOON - HOUR_MS, NOON - 2 * HOUR_MS);
    shard_clock_at_end(&c, TOPIC_SHIPMENTS, (wall_time){ 0 });
    shard_clock_advance(&c, &by_events);
    assert_int_equal(c.watermark, NOON - HOUR_MS - DELAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_time_is_the_highest_event_and_the_watermark_the_slowest_input),
        cmocka_unit_test(input_never_heard_of_holds_the_watermark_back),
        cmocka_unit_test(neither_time_goes_back),
        cmocka_unit_test(input_at_its_end_is_known_up_to_the_question),
        cmocka_unit_test(stream_time_follows_our_clock_only_when_all_are_at_their_ends),
        cmocka_unit_test(by_events_alone_our_clock_is_never_used),
        cmocka_unit_test(by_events_alone_an_input_at_its_end_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
