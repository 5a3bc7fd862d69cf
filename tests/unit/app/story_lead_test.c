/* story_lead_test.c - whether a story will be told before it can have happened. */
#include "app/story_lead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const wall_time now = { INT64_C(1780272000000) };

static struct story_lead story_from(int64_t days)
{
    return (struct story_lead){ .market = { .seed = 1,
                                            .start = { now.ms + days * DAY_MS },
                                            .sellers = 60,
                                            .turning = 6,
                                            .units_per_day = 20,
                                            .turn_days = 10 },
                                .until = { TIME_NEVER } };
}

static void assert_about(int64_t ms, int64_t expected_ms)
{
    if (ms < expected_ms - DAY_MS / 2 || ms > expected_ms + DAY_MS / 2)
        fail_msg("%lld is not about %lld", (long long)ms, (long long)expected_ms);
}

static void as_it_happens_it_is_never_ahead(void **state)
{
    (void)state;
    struct story_lead story = story_from(0);
    story.speed_milli = SECOND_MS;
    assert_int_equal(story_lead_ms(&story, now), 0);
    story = story_from(-3);
    story.speed_milli = SECOND_MS;
    assert_int_equal(story_lead_ms(&story, now), -3 * DAY_MS);
}

static void one_without_end_is_ahead_if_it_is_faster_than_the_clock(void **state)
{
    (void)state;
    struct story_lead story = story_from(-300);
    assert_true(story_lead_ms(&story, now) == INT64_MAX);
    story.speed_milli = 2 * SECOND_MS;
    assert_true(story_lead_ms(&story, now) == INT64_MAX);
    story = story_from(-300);
    story.rate = 5000;
    assert_true(story_lead_ms(&story, now) == INT64_MAX);
}

static void one_with_an_end_is_as_far_ahead_as_its_end(void **state)
{
    (void)state;
    struct story_lead story = story_from(-30);
    story.until.ms = now.ms - DAY_MS;
    assert_about(story_lead_ms(&story, now), -DAY_MS);
    story.until.ms = now.ms + 5 * DAY_MS;
    assert_about(story_lead_ms(&story, now), 5 * DAY_MS);
    story.speed_milli = 5 * SECOND_MS; /* 35 days in 7 */
    assert_about(story_lead_ms(&story, now), -2 * DAY_MS);
}

/* 60 sellers make seven thousand events a day. */
static void a_number_of_events_is_an_end(void **state)
{
    (void)state;
    struct story_lead story = story_from(0);
    story.events = 1000;
    assert_true(story_lead_ms(&story, now) > HOUR_MS);
    story = story_from(-30);
    story.events = 1000;
    assert_true(story_lead_ms(&story, now) < -28 * DAY_MS);
    story.events = 1000000;
    assert_true(story_lead_ms(&story, now) > 90 * DAY_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_happens_it_is_never_ahead),
        cmocka_unit_test(one_without_end_is_ahead_if_it_is_faster_than_the_clock),
        cmocka_unit_test(one_with_an_end_is_as_far_ahead_as_its_end),
        cmocka_unit_test(a_number_of_events_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
