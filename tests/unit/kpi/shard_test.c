/* shard_test.c - what a shard lets in, that order does not matter to it, and that a
 * steady business costs it no memory.
 */
#include "support/story.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* ---- what is refused ------------------------------------------------------------------- */

static void assert_refused(struct story *s, const struct event *event, enum reject expected)
{
    const uint32_t units = s->shard->entities.live[ENTITY_UNIT];
    const struct shard_clock before = s->shard->clock;
    assert_int_equal(shard_apply(s->shard, event, s->now), expected);
    assert_int_equal(s->shard->entities.live[ENTITY_UNIT], units);
    assert_int_equal(s->shard->clock.stream_time, before.stream_time);
    assert_int_equal(s->shard->clock.inputs[event->topic].highest,
                     before.inputs[event->topic].highest);
}

static void event_older_than_what_is_remembered_is_refused(void **state)
{
    struct story *s = *state;
    story_pass_time_to(s, STORY_NOON);
    const int64_t oldest = STORY_NOON - s->rules->max_lateness_ms;
    struct event event = story_order_event(s, "u1", oldest - 1);
    assert_refused(s, &event, REJECT_TOO_LATE);
    event.ts_event.ms = oldest;
    assert_int_equal(story_try(s, &event), REJECT_NONE);
}

static void event_far_ahead_of_our_clock_is_refused(void **state)
{
    struct story *s = *state;
    s->rules->wall_time = true;
    const int64_t furthest = s->now.ms + s->rules->max_future_ms;
    struct event event = story_order_event(s, "u1", furthest + 1);
    assert_refused(s, &event, REJECT_TOO_FAR_AHEAD);
    event.ts_event.ms = furthest;
    assert_int_equal(story_try(s, &event), REJECT_NONE);
}

static void by_events_alone_nothing_is_too_far_ahead(void **state)
{
    struct story *s = *state;
    const struct event event = story_order_event(s, "u1", s->now.ms + 365 * DAY_MS);
    assert_int_equal(story_try(s, &event), REJECT_NONE);
}

static void unit_created_a_day_after_its_event_is_refused(void **state)
{
    struct story *s = *state;
    struct event event = story_order_event(s, "u1", STORY_NOON);
    event.order.ts_created = STORY_NOON + DAY_MS + 1;
    assert_refused(s, &event, REJECT_IMPOSSIBLE_VALUE);
    event.order.ts_created = STORY_NOON + DAY_MS;
    assert_int_equal(story_try(s, &event), REJECT_NONE);
}

/* It would be mistaken for the total. */
static void seller_or_storefront_named_star_is_refused(void **state)
{
    struct story *s = *state;
    s->storefront = "*";
    struct event event = story_order_event(s, "u1", STORY_NOON);
    assert_refused(s, &event, REJECT_BAD_ID);
    s->storefront = "de";
    s->seller = "*";
    event = story_order_event(s, "u1", STORY_NOON);
    assert_refused(s, &event, REJECT_BAD_ID);
}

static void step_ends_where_a_pane_of_the_shortest_length_begins(void **state)
{
    struct story *s = *state;
    assert_false(shard_enters_new_pane(s->shard, (event_time){ STORY_NOON }));
    story_pass_time_to(s, STORY_NOON);
    assert_false(shard_enters_new_pane(s->shard, (event_time){ STORY_NOON + MINUTE_MS - 1 }));
    assert_true(shard_enters_new_pane(s->shard, (event_time){ STORY_NOON + MINUTE_MS }));
    assert_false(shard_enters_new_pane(s->shard, (event_time){ STORY_NOON - HOUR_MS }));
}

/* ---- order of arrival -------------------------------------------------------------------- */

enum { SHUFFLED = 800 };

static void shuffle(struct story *s, struct event *events, int count)
{
    for (int i = count - 1; i > 0; i--) {
        const int64_t j = story_random(s, i + 1);
        const struct event swapped = events[i];
        events[i] = events[j];
        events[j] = swapped;
    }
}

/* Five days of three sellers, in ten orders of arrival: one result. */
static void events_in_any_order_give_the_same_counts(void **state)
{
    struct story *origin = *state;
    static struct event events[SHUFFLED];
    struct story straight;
    story_twin(origin, &straight);
    story_watch_only(origin, KPI_ESCALATION, "1h"); /* alerts do depend on when they look */
    story_threshold(origin, KPI_ESCALATION, "1h")->warn = THRESHOLD_OFF;
    story_threshold(origin, KPI_ESCALATION, "1h")->critical = THRESHOLD_OFF;
    for (int i = 0; i < SHUFFLED; i++) {
        events[i] = story_any_event(origin, STORY_NOON + i * 9 * MINUTE_MS);
        story_tell(&straight, &events[i]);
    }
    const int64_t end = STORY_NOON + 6 * DAY_MS;
    story_pass_time_to(&straight, end);
    for (int round = 0; round < 10; round++) {
        struct story shuffled;
        story_twin(origin, &shuffled);
        shuffle(origin, events, SHUFFLED);
        for (int i = 0; i < SHUFFLED; i++)
            story_tell(&shuffled, &events[i]);
        story_pass_time_to(&shuffled, end);
        story_assert_same(&straight, &shuffled);
        story_close(&shuffled);
    }
    story_close(&straight);
}

/* ---- memory ---------------------------------------------------------------------------------
 */

/* Units that are ordered, scanned and delivered, and a ticket on every fourth, answered. What
 * changed is saved and shown, as the program does. */
struct business {
    struct story *story;
    struct buffer log;
    struct view_batch views;
    int64_t units;
};

static void do_business(struct business *b, int64_t now)
{
    struct story *s = b->story;
    const int64_t n = b->units++;
    story_order(s, story_name(s, "u", n), now);
    if (n >= 200) {
        const char *unit = story_name(s, "u", n - 200);
        story_scan(s, unit, now);
        story_delivered(s, unit, now + (n % 10 == 0 ? 0 : 1));
    }
    if (n % 4 == 0)
        story_ticket_about(s, story_name(s, "t", n), story_name(s, "u", n), now);
    if (n % 4 == 1)
        story_reply(s, story_name(s, "t", n - 1), now);
    story_pass_time_to(s, now + 1);
    buffer_clear(&b->log);
    shard_encode_changes(s->shard, &b->log);
    view_batch_fill(&b->views, &s->shard->alerts, (wall_time){ now });
    story_forget_changes(s);
}

/* No event allocates. What still happens in the third month is that one of the many small
 * tables of the parts is fuller than ever before and doubles: a hundred times in forty
 * thousand events, and together less than one chunk of a pool. */
static void steady_business_takes_no_memory(void **state)
{
    enum { WARM_UP = 12000, STEPS = 10000, TABLES_THAT_DOUBLE = STEPS / 50 };
    struct arena arena = { 0 };
    struct business b = { .story = *state };
    view_batch_open(&b.views, 8, &arena);
    int64_t now = STORY_NOON;
    for (int i = 0; i < WARM_UP; i++, now += 10 * MINUTE_MS)
        do_business(&b, now);

    const struct arena before = b.story->arena;
    const size_t heap = mallinfo2().uordblks;
    for (int i = 0; i < STEPS; i++, now += 10 * MINUTE_MS)
        do_business(&b, now);
    assert_true(b.story->arena.takings - before.takings < TABLES_THAT_DOUBLE);
    assert_true(b.story->arena.taken < before.taken + POOL_CHUNK_BYTES);
    assert_true(mallinfo2().uordblks < heap + POOL_CHUNK_BYTES);
    view_batch_close(&b.views);
    buffer_free(&b.log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(event_older_than_what_is_remembered_is_refused),
        TEST(event_far_ahead_of_our_clock_is_refused),
        TEST(by_events_alone_nothing_is_too_far_ahead),
        TEST(unit_created_a_day_after_its_event_is_refused),
        TEST(seller_or_storefront_named_star_is_refused),
        TEST(step_ends_where_a_pane_of_the_shortest_length_begins),
        TEST(events_in_any_order_give_the_same_counts),
        TEST(steady_business_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
