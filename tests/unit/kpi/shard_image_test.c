/* shard_image_test.c - whoever takes a shard over from its images knows what its owner
 * knew, and goes on as the owner would have gone on.
 */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { BUSY_EVENTS = 3000, STEP_EVENTS = 10 };

/* Three weeks of three sellers, with doubles and late events. */
static void be_busy(struct story *s, int events)
{
    int64_t now = s->shard->clock.stream_time;
    if (now == TIME_NEVER_YET)
        now = STORY_NOON;
    for (int i = 0; i < events; i++) {
        now += story_random(s, 20 * MINUTE_MS);
        const int64_t late = story_random(s, 4) == 0 ? story_random(s, 3 * DAY_MS) : 0;
        const struct event event = story_any_event(s, now - late);
        (void)story_try(s, &event);
        if (i % STEP_EVENTS == 0)
            story_pass_time_to(s, now);
    }
    story_pass_time_to(s, now);
}

/* Alerts of few facts, so that there are many. */
static int setup(void **state)
{
    story_setup(state);
    struct story *s = *state;
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        for (int32_t w = 0; w < WINDOWS_MAX; w++) {
            struct threshold *t = &s->thresholds->of[k][w];
            t->min_denominator = t->min_denominator > 3 ? 3 : t->min_denominator;
            t->min_bad = t->min_bad > 1 ? 1 : t->min_bad;
            t->for_ms = k % 2 == 0 ? 20 * MINUTE_MS : 0;
        }
    }
    return 0;
}

/* The gauges of a loaded shard come back with its first step. */
static void assert_same_after_a_step(struct story *origin, struct story *twin)
{
    story_forget_changes(origin);
    story_tick(origin);
    story_tick(twin);
    story_assert_same(origin, twin);
    story_assert_same_changes(origin, twin);
}

static void assert_goes_on_alike(struct story *origin, struct story *twin)
{
    assert_same_after_a_step(origin, twin);
    twin->random = origin->random;
    twin->name_count = origin->name_count;
    story_forget_changes(origin);
    story_forget_changes(twin);
    be_busy(origin, BUSY_EVENTS / 2);
    be_busy(twin, BUSY_EVENTS / 2);
    assert_true(origin->change_count > 100);
    story_assert_same_changes(origin, twin);
    story_assert_same(origin, twin);
}

/* ---- parts ----------------------------------------------------------------------------- */

static void takeover_from_all_parts_goes_on_as_the_owner_would(void **state)
{
    struct story *origin = *state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct story twin;
        origin->random = seed;
        be_busy(origin, BUSY_EVENTS);
        story_twin(origin, &twin);
        assert_goes_on_alike(origin, &twin);
        story_close(&twin);
    }
}

static void encode_all(const struct story *s, struct buffer *out)
{
    buffer_clear(out);
    for (uint32_t part = 0; part < PARTS; part++)
        shard_encode_part(s->shard, part, out);
}

static void every_entity_stands_in_exactly_one_part(void **state)
{
    struct story *s = *state;
    be_busy(s, BUSY_EVENTS);
    struct buffer images = { 0 };
    encode_all(s, &images);
    uint32_t found[ENTITY_KIND_COUNT] = { 0 };
    struct reader in = reader_of(buffer_span(&images));
    while (!reader_at_end(&in)) {
        const uint8_t kind = reader_u8(&in);
        (void)reader_string(&in);
        assert_false(in.broken);
        assert_true(kind < ENTITY_KIND_COUNT);
        found[kind] += 1;
    }
    for (unsigned kind = 0; kind < ENTITY_KIND_COUNT; kind++)
        assert_int_equal(found[kind], s->shard->entities.live[kind]);
    assert_true(found[ENTITY_UNIT] > 0 && found[ENTITY_TICKET] > 0 && found[ENTITY_PANE] > 0 &&
                found[ENTITY_EVIDENCE] > 0 && found[ENTITY_ALERT] > 0);
    buffer_free(&images);
}

static void loaded_shard_has_nothing_to_save(void **state)
{
    struct story *s = *state;
    be_busy(s, BUSY_EVENTS);
    struct story twin;
    story_twin(s, &twin);
    assert_false(shard_changed(twin.shard));
    story_close(&twin);
}

/* A save whose reply was lost is repeated. */
static void same_images_twice_change_nothing(void **state)
{
    struct story *s = *state;
    be_busy(s, BUSY_EVENTS);
    struct buffer images = { 0 };
    for (int i = 0; i < 2; i++) {
        for (uint32_t part = 0; part < PARTS; part++)
            shard_encode_part(s->shard, part, &images);
    }
    struct story twin;
    story_twin_from(s, buffer_span(&images), &twin);
    assert_same_after_a_step(s, &twin);
    story_close(&twin);
    buffer_free(&images);
}

/* ---- the log
 * ---------------------------------------------------------------------------------- */

static void replay_of_the_log_gives_the_state_of_the_parts(void **state)
{
    struct story *s = *state;
    struct buffer log = { 0 };
    for (int save = 0; save < 200; save++) {
        be_busy(s, BUSY_EVENTS / 200);
        shard_encode_changes(s->shard, &log);
        assert_false(shard_changed(s->shard));
    }
    struct story twin;
    story_twin_from(s, buffer_span(&log), &twin);
    assert_goes_on_alike(s, &twin);
    story_close(&twin);
    buffer_free(&log);
}

/* As the store has it: parts of different ages, and the log since the oldest. */
static void parts_of_different_ages_and_the_log_give_the_newest_state(void **state)
{
    struct story *s = *state;
    struct buffer parts = { 0 };
    struct buffer log = { 0 };
    be_busy(s, BUSY_EVENTS);
    shard_encode_changes(s->shard, &log);
    buffer_clear(&log);
    for (uint32_t part = 0; part < PARTS; part++) {
        shard_encode_part(s->shard, part, &parts);
        be_busy(s, STEP_EVENTS);
        shard_encode_changes(s->shard, &log);
    }
    buffer_add(&parts, buffer_span(&log));
    struct story twin;
    story_twin_from(s, buffer_span(&parts), &twin);
    assert_goes_on_alike(s, &twin);
    story_close(&twin);
    buffer_free(&parts);
    buffer_free(&log);
}

static void what_was_forgotten_leaves_a_tombstone(void **state)
{
    struct story *s = *state;
    struct buffer log = { 0 };
    be_busy(s, BUSY_EVENTS);
    shard_encode_changes(s->shard, &log);
    const int64_t now = s->shard->clock.stream_time;
    for (int month = 1; month <= 5; month++)
        story_live_to(s, now + month * 30 * DAY_MS, 6 * HOUR_MS);
    for (unsigned kind = ENTITY_NONE + 1; kind < ENTITY_KIND_COUNT; kind++)
        assert_int_equal(s->shard->entities.live[kind], 0);
    shard_encode_changes(s->shard, &log);

    struct story twin;
    story_twin_from(s, buffer_span(&log), &twin);
    for (unsigned kind = ENTITY_NONE + 1; kind < ENTITY_KIND_COUNT; kind++)
        assert_int_equal(twin.shard->entities.live[kind], 0);
    char *views = story_views(&twin);
    assert_string_equal(views, "");
    free(views);
    story_close(&twin);
    buffer_free(&log);
}

static void step_without_news_has_nothing_to_save(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_tick(s);
    struct buffer log = { 0 };
    assert_true(shard_changed(s->shard));
    shard_encode_changes(s->shard, &log);
    assert_false(shard_changed(s->shard));
    story_pass_time_to(s, STORY_NOON + 10 * SECOND_MS);
    assert_false(shard_changed(s->shard));
    const size_t size = log.size;
    shard_encode_changes(s->shard, &log);
    assert_int_equal(log.size, size);
    buffer_free(&log);
}

/* ---- what waits to be published
 * ------------------------------------------------------------------ */

static void changes_that_wait_are_published_by_the_next_owner_word_by_word(void **state)
{
    struct story *s = *state;
    s->post = false;
    be_busy(s, BUSY_EVENTS);
    assert_true(s->shard->outbox.waiting > 50);
    struct story twin;
    story_twin(s, &twin);
    assert_int_equal(twin.shard->outbox.waiting, s->shard->outbox.waiting);
    s->post = true;
    twin.post = true;
    story_tick(s);
    story_tick(&twin);
    assert_int_equal(s->shard->outbox.waiting, 0);
    for (int32_t i = 0; i < s->change_count; i++)
        assert_int_equal(s->changes[i].shard_sequence, twin.changes[i].shard_sequence);
    story_assert_same_changes(s, &twin);
    story_close(&twin);
}

/* ---- gauges
 * ----------------------------------------------------------------------------------------- */

static void gauges_come_back_with_the_first_step(void **state)
{
    struct story *s = *state;
    for (int i = 0; i < 4; i++) {
        story_order(s, story_name(s, "u", i), STORY_NOON + i);
        story_ticket_opened(s, story_name(s, "t", i), STORY_NOON + i);
    }
    story_pass_time_to(s, STORY_NOON + 5 * DAY_MS);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 4);
    story_reload(s);
    story_tick(s);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 4);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 4);
    story_reply(s, "t0", STORY_NOON + 5 * DAY_MS);
    story_delivered(s, "u0", STORY_NOON + 5 * DAY_MS);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 3);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 3);
}

/* ---- damage
 * -------------------------------------------------------------------------------------------
 */

static void load_damaged(const struct story *origin, struct span images)
{
    struct arena arena = { 0 };
    struct shard *shard = calloc(1, sizeof *shard);
    assert_non_null(shard);
    shard_open(shard, origin->rules, &arena);
    (void)shard_decode(shard, images);
    shard_close(shard);
    free(shard);
    assert_int_equal(arena.taken, 0);
}

static void images_cut_short_are_refused(void **state)
{
    struct story *s = *state;
    be_busy(s, 200);
    struct buffer images = { 0 };
    encode_all(s, &images);
    struct arena arena = { 0 };
    struct shard *shard = calloc(1, sizeof *shard);
    assert_non_null(shard);
    shard_open(shard, s->rules, &arena);
    assert_false(shard_decode(shard, span_of(images.at, images.size - 1)));
    shard_close(shard);
    free(shard);
    buffer_free(&images);
}

/* Any byte may be anything: an answer, never a crash. */
static void damaged_images_are_an_answer(void **state)
{
    struct story *s = *state;
    s->post = false;
    be_busy(s, 300);
    struct buffer images = { 0 };
    encode_all(s, &images);
    for (int i = 0; i < 300; i++) {
        const size_t at = (size_t)story_random(s, (int64_t)images.size);
        const uint8_t before = images.at[at];
        images.at[at] = (uint8_t)story_random(s, 256);
        load_damaged(s, buffer_span(&images));
        images.at[at] = before;
    }
    buffer_free(&images);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takeover_from_all_parts_goes_on_as_the_owner_would),
        TEST(every_entity_stands_in_exactly_one_part),
        TEST(loaded_shard_has_nothing_to_save),
        TEST(same_images_twice_change_nothing),
        TEST(replay_of_the_log_gives_the_state_of_the_parts),
        TEST(parts_of_different_ages_and_the_log_give_the_newest_state),
        TEST(what_was_forgotten_leaves_a_tombstone),
        TEST(step_without_news_has_nothing_to_save),
        TEST(changes_that_wait_are_published_by_the_next_owner_word_by_word),
        TEST(gauges_come_back_with_the_first_step),
        TEST(images_cut_short_are_refused),
        TEST(damaged_images_are_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
