/* window_test.c - what a rolling window holds, and when it lets go of it. */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* A unit created at `created`, of which we hear at `heard`; it promises nothing. */
static void create(struct story *s, int64_t created, int64_t heard)
{
    s->promise = (struct story_promise){ STORY_NOT_TOLD, STORY_NOT_TOLD, STORY_NOT_TOLD,
                                         STORY_NOT_TOLD };
    struct event event = story_order_event(s, story_name(s, "u", s->name_count), heard);
    event.order.ts_created = created;
    story_tell(s, &event);
}

static int64_t created(const struct story *s, const char *window)
{
    return story_count(s, window, FACT_CREATED);
}

/* ---- edges ------------------------------------------------------------------------------ */

static void fact_counts_at_once_in_every_window(void **state)
{
    struct story *s = *state;
    create(s, STORY_NOON, STORY_NOON);
    static const char *const windows[] = { "1h", "24h", "7d", "30d" };
    for (int i = 0; i < 4; i++)
        assert_int_equal(created(s, windows[i]), 1);
}

static void assert_leaves(struct story *s, const char *window, int64_t leaves)
{
    story_pass_time_to(s, leaves - 1);
    assert_int_equal(created(s, window), 1);
    story_pass_time_to(s, leaves);
    assert_int_equal(created(s, window), 0);
}

/* The first and the last ms of a pane leave together. */
static void fact_leaves_each_window_with_its_whole_pane(void **state)
{
    struct story *s = *state;
    create(s, STORY_NOON, STORY_NOON);
    assert_leaves(s, "1h", STORY_NOON + HOUR_MS);
    assert_leaves(s, "24h", STORY_NOON + DAY_MS);
    assert_leaves(s, "7d", STORY_NOON + 7 * DAY_MS);
    assert_leaves(s, "30d", STORY_NOON + 30 * DAY_MS);
}

static void last_moment_of_a_pane_leaves_with_it(void **state)
{
    struct story *s = *state;
    const int64_t last = STORY_NOON + MINUTE_MS - 1;
    create(s, last, last);
    assert_leaves(s, "1h", STORY_NOON + HOUR_MS);
    assert_leaves(s, "24h", STORY_NOON + DAY_MS);
    assert_leaves(s, "7d", STORY_NOON + 7 * DAY_MS);
}

static void window_begins_and_ends_on_whole_panes(void **state)
{
    struct story *s = *state;
    story_pass_time_to(s, STORY_NOON + 30 * SECOND_MS);
    const struct windows *ws = &s->shard->windows;
    const int32_t hour = story_window(s, "1h");
    assert_int_equal(windows_start(ws, hour).ms, STORY_NOON - HOUR_MS + MINUTE_MS);
    assert_int_equal(windows_end(ws, hour).ms, STORY_NOON + MINUTE_MS);
    const int32_t week = story_window(s, "7d");
    assert_int_equal(windows_start(ws, week).ms, STORY_NOON - 7 * DAY_MS + 6 * HOUR_MS);
    assert_int_equal(windows_end(ws, week).ms, STORY_NOON + 6 * HOUR_MS);
}

static void windows_of_one_pane_length_share_their_panes(void **state)
{
    struct story *s = *state;
    create(s, STORY_NOON, STORY_NOON);
    assert_int_equal(s->shard->windows.tier_count, 3); /* 1 min, 15 min, 6 h twice */
    assert_int_equal(s->shard->entities.live[ENTITY_PANE], 3);
}

/* ---- late and early facts ------------------------------------------------------------------
 */

static void late_fact_counts_in_its_own_minute(void **state)
{
    struct story *s = *state;
    story_pass_time_to(s, STORY_NOON + 30 * MINUTE_MS);
    create(s, STORY_NOON, STORY_NOON);
    assert_int_equal(created(s, "1h"), 1);
    assert_leaves(s, "1h", STORY_NOON + HOUR_MS);
}

static void late_fact_counts_in_the_windows_that_still_hold_its_time(void **state)
{
    struct story *s = *state;
    story_pass_time_to(s, STORY_NOON + 3 * HOUR_MS);
    create(s, STORY_NOON, STORY_NOON);
    assert_int_equal(created(s, "1h"), 0);
    assert_int_equal(created(s, "24h"), 1);
    story_pass_time_to(s, STORY_NOON + 5 * DAY_MS);
    create(s, STORY_NOON, STORY_NOON);
    assert_int_equal(created(s, "24h"), 0);
    assert_int_equal(created(s, "7d"), 2);
}

/* Rule 2.9.13. */
static void fact_before_every_window_is_not_counted_and_no_error(void **state)
{
    struct story *s = *state;
    create(s, STORY_NOON - 31 * DAY_MS, STORY_NOON);
    assert_int_equal(story_facts_in(s, "30d"), 0);
    assert_int_equal(s->shard->entities.live[ENTITY_UNIT], 1);
    assert_int_equal(s->shard->entities.live[ENTITY_PANE], 0);
}

static void fact_of_the_future_counts_when_its_pane_comes(void **state)
{
    struct story *s = *state;
    create(s, STORY_NOON + 2 * HOUR_MS, STORY_NOON);
    assert_int_equal(created(s, "1h"), 0);
    story_pass_time_to(s, STORY_NOON + 2 * HOUR_MS - 1);
    assert_int_equal(created(s, "1h"), 0);
    story_pass_time_to(s, STORY_NOON + 2 * HOUR_MS);
    assert_int_equal(created(s, "1h"), 1);
    assert_int_equal(created(s, "24h"), 1);
    assert_leaves(s, "1h", STORY_NOON + 3 * HOUR_MS);
}

static void fact_of_the_future_in_the_current_pane_counts_at_once(void **state)
{
    struct story *s = *state;
    create(s, STORY_NOON + MINUTE_MS - 1, STORY_NOON);
    assert_int_equal(created(s, "1h"), 1);
}

/* ---- jumps
 * -------------------------------------------------------------------------------------- */

static void jump_over_years_leaves_nothing_behind(void **state)
{
    struct story *s = *state;
    create(s, STORY_NOON, STORY_NOON);
    create(s, STORY_NOON + 20 * HOUR_MS, STORY_NOON);
    const int64_t later = STORY_NOON + 3 * 365 * DAY_MS;
    story_pass_time_to(s, later);
    assert_int_equal(story_facts_in(s, "30d"), 0);
    assert_int_equal(s->shard->entities.live[ENTITY_PANE], 0);

    create(s, later, later);
    assert_int_equal(created(s, "1h"), 1);
    assert_leaves(s, "30d", later + 30 * DAY_MS);
}

static void jump_within_a_window_keeps_what_it_holds(void **state)
{
    struct story *s = *state;
    create(s, STORY_NOON, STORY_NOON);
    create(s, STORY_NOON + 20 * HOUR_MS, STORY_NOON);
    story_pass_time_to(s, STORY_NOON + 6 * DAY_MS);
    assert_int_equal(created(s, "24h"), 0);
    assert_int_equal(created(s, "7d"), 2);
}

static void time_never_goes_back(void **state)
{
    struct story *s = *state;
    story_pass_time_to(s, STORY_NOON + 2 * HOUR_MS);
    create(s, STORY_NOON, STORY_NOON);
    story_tick(s);
    assert_int_equal(s->shard->clock.stream_time, STORY_NOON + 2 * HOUR_MS);
    assert_int_equal(created(s, "1h"), 0);
}

/* ---- sums
 * -------------------------------------------------------------------------------------------
 */

struct expected {
    int64_t counts[FACT_COUNT];
    int64_t durations;
};

static bool holds(const struct windows *ws, const struct pane *pane, int32_t window)
{
    const int64_t current = ws->tiers[pane->tier].current;
    return ws->tier_of[window] == pane->tier && pane->number <= current &&
           pane->number > current - ws->panes_of[window];
}

/* The slow way: all panes of the cell, or of the seller's cells for a total. */
static struct expected sum_panes(const struct story *s, uint32_t cell, int32_t window)
{
    const struct windows *ws = &s->shard->windows;
    const struct sellers *ss = &s->shard->sellers;
    struct expected sum = { 0 };
    for (uint32_t ref = 1; ref <= ws->panes.used; ref++) {
        const struct pane *pane = pool_at(&ws->panes, ref);
        if (pane->cell == 0 || !holds(ws, pane, window))
            continue;
        if (pane->cell != cell && sellers_total(ss, pane->cell) != cell)
            continue;
        for (int f = 0; f < FACT_COUNT; f++)
            sum.counts[f] += pane->counts[f];
        sum.durations += histogram_total(&ss->histograms, &pane->durations);
    }
    return sum;
}

static void assert_sums_equal_panes(const struct story *s)
{
    const struct sellers *ss = &s->shard->sellers;
    for (uint32_t ref = 1; ref <= ss->cells.used; ref++) {
        const struct cell *cell = sellers_cell(ss, ref);
        for (int32_t w = 0; cell->seller != 0 && w < s->rules->window_count; w++) {
            const struct expected sum = sum_panes(s, ref, w);
            for (int f = 0; f < FACT_COUNT; f++)
                assert_int_equal(cell->sums[w].counts[f], sum.counts[f]);
            assert_int_equal(histogram_total(&ss->histograms, &cell->sums[w].durations),
                             sum.durations);
        }
    }
}

/* Late, double and out of order, in the middle of jumps of hours and days. */
static void sums_equal_the_panes_whatever_happens(void **state)
{
    struct story *s = *state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        s->random = seed;
        int64_t now = STORY_NOON + (int64_t)seed * 400 * DAY_MS;
        for (int i = 0; i < 2000; i++) {
            now += story_random(s, 20 * MINUTE_MS);
            if (story_random(s, 200) == 0)
                now += story_random(s, 5 * DAY_MS);
            const int64_t late = story_random(s, 3) == 0 ? story_random(s, 6 * DAY_MS) : 0;
            const struct event event = story_any_event(s, now - late);
            (void)story_try(s, &event);
            if (story_random(s, 5) == 0)
                story_tick(s);
            if (story_random(s, 50) == 0)
                story_pass_time_to(s, now);
            if (i % 200 == 0)
                assert_sums_equal_panes(s);
        }
        assert_true(s->shard->ledger.corrections > 0);
    }
}

static void total_is_the_sum_over_storefronts(void **state)
{
    struct story *s = *state;
    create(s, STORY_NOON, STORY_NOON);
    s->storefront = "fr";
    create(s, STORY_NOON, STORY_NOON);
    create(s, STORY_NOON, STORY_NOON);
    s->storefront = "*";
    assert_int_equal(created(s, "7d"), 3);
    s->seller = "4712";
    assert_int_equal(created(s, "7d"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fact_counts_at_once_in_every_window),
        TEST(fact_leaves_each_window_with_its_whole_pane),
        TEST(last_moment_of_a_pane_leaves_with_it),
        TEST(window_begins_and_ends_on_whole_panes),
        TEST(windows_of_one_pane_length_share_their_panes),
        TEST(late_fact_counts_in_its_own_minute),
        TEST(late_fact_counts_in_the_windows_that_still_hold_its_time),
        TEST(fact_before_every_window_is_not_counted_and_no_error),
        TEST(fact_of_the_future_counts_when_its_pane_comes),
        TEST(fact_of_the_future_in_the_current_pane_counts_at_once),
        TEST(jump_over_years_leaves_nothing_behind),
        TEST(jump_within_a_window_keeps_what_it_holds),
        TEST(time_never_goes_back),
        TEST(sums_equal_the_panes_whatever_happens),
        TEST(total_is_the_sum_over_storefronts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
