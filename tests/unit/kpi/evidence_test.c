/* evidence_test.c - slow responses are shown as evidence, and corrected, by the limit that
 * counts them.
 *
 * Over 7 days what takes more than 10 hours of business time is slow, over 30 days more than
 * 36 hours.
 */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define TIME KPI_RESPONSE_TIME

static void limit(struct threshold *t, int64_t warn)
{
    *t = (struct threshold){ .warn = warn,
                             .critical = THRESHOLD_OFF,
                             .min_denominator = 1,
                             .min_bad = 1,
                             .keep_firing_ms = HOUR_MS };
}

static int setup(void **state)
{
    story_setup(state);
    struct story *s = *state;
    story_watch_only(s, TIME, "7d");
    limit(story_threshold(s, TIME, "7d"), 10 * HOUR_MS);
    limit(story_threshold(s, TIME, "30d"), 36 * HOUR_MS);
    return 0;
}

/* `count` tickets of the time, each answered after `ms`, a second after one another. */
static void answer(struct story *s, int count, int64_t opened, int64_t ms)
{
    for (int i = 0; i < count; i++) {
        const char *ticket = story_name(s, "t", s->name_count);
        story_ticket_opened(s, ticket, opened + i * SECOND_MS);
        story_reply(s, ticket, opened + i * SECOND_MS + ms);
    }
    story_tick(s);
}

/* What an alert of the subject over the window would show. */
static int32_t show(const struct story *s, const char *window,
                    struct evidence ret_newest[EVIDENCE_MAX])
{
    const struct shard *shard = s->shard;
    const int32_t w = story_window(s, window);
    const uint32_t cell =
        sellers_find(&shard->sellers, span_of_text(s->seller), span_of_text(s->storefront));
    const struct threshold *t =
        cell_threshold(sellers_cell(&shard->sellers, cell), s->rules, TIME, w);
    const struct evidence_ask ask = { .facts = catalogue_row(TIME)->bad,
                                      .from = windows_start(&shard->windows, w),
                                      .warn_limit = t->warn };
    return evidences_collect(&shard->evidences, cell, ask, ret_newest);
}

static void assert_shows(const struct story *s, const char *window, int64_t bad)
{
    struct evidence newest[EVIDENCE_MAX];
    assert_int_equal(story_reading(s, TIME, window).bad, bad);
    assert_int_equal(show(s, window, newest), bad < EVIDENCE_MAX ? bad : EVIDENCE_MAX);
}

static void each_window_shows_what_its_own_limit_counts(void **state)
{
    struct story *s = *state;
    answer(s, 10, STORY_NOON, HOUR_MS);
    answer(s, 5, STORY_NOON, 20 * HOUR_MS);
    answer(s, 3, STORY_NOON, 40 * HOUR_MS);
    assert_shows(s, "7d", 8);
    assert_shows(s, "30d", 3);
    const struct alert_change *week = story_change(s, TIME, "7d", -1);
    assert_int_equal(week->evidence_count, week->evidence_total);
    const struct alert_change *month = story_change(s, TIME, "30d", -1);
    assert_int_equal(month->evidence_total, 3);
    assert_int_equal(month->evidence_count, 3);
    for (int32_t i = 0; i < month->evidence_count; i++)
        assert_int_equal(month->evidence[i].wrong, FACT_SLOW_RESPONSE);
}

/* More of them than a list keeps of one limit are newer, and slow by the other only. */
static void many_that_are_a_little_slow_hide_none_that_are_slower(void **state)
{
    struct story *s = *state;
    answer(s, 12, STORY_NOON, 40 * HOUR_MS);
    answer(s, 3 * EVIDENCE_KEPT, STORY_NOON + 2 * DAY_MS, 20 * HOUR_MS);
    assert_shows(s, "7d", 12 + 3 * EVIDENCE_KEPT);
    assert_shows(s, "30d", 12);
    story_reload(s);
    assert_shows(s, "7d", 12 + 3 * EVIDENCE_KEPT);
    assert_shows(s, "30d", 12);
}

/* The storefront has agreed to three days; over all of them the limits stay. */
static void all_storefronts_together_show_by_the_limit_for_all(void **state)
{
    struct story *s = *state;
    struct threshold_table *own = story_own_thresholds(s, s->storefront);
    for (int32_t w = 0; w < s->rules->window_count; w++)
        limit(&own->of[TIME][w], 72 * HOUR_MS);
    answer(s, 4, STORY_NOON, 20 * HOUR_MS);
    answer(s, 2, STORY_NOON, 40 * HOUR_MS);
    assert_shows(s, "7d", 0);
    s->storefront = "*";
    assert_shows(s, "7d", 6);
    assert_shows(s, "30d", 2);
}

/* The bucket of 10 h reaches beyond it: what stands there is not certainly slow. */
static void what_is_in_the_bucket_of_the_limit_is_neither_counted_nor_shown(void **state)
{
    struct story *s = *state;
    answer(s, 4, STORY_NOON, 10 * HOUR_MS + 1);
    assert_shows(s, "7d", 0);
}

static void earlier_reply_that_comes_late_takes_the_evidence_back(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", STORY_NOON + 40 * HOUR_MS);
    assert_shows(s, "30d", 1);
    story_reply(s, "t1", STORY_NOON + 20 * HOUR_MS);
    assert_shows(s, "30d", 0);
    assert_shows(s, "7d", 1);
    story_reply(s, "t1", STORY_NOON + HOUR_MS);
    assert_shows(s, "7d", 0);
}

static void response_that_was_not_so_slow_corrects_the_windows_that_counted_it(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", STORY_NOON + 40 * HOUR_MS);
    story_tick(s);
    assert_int_equal(story_alert_status(s, TIME, "30d"), ALERT_FIRING);
    story_reply(s, "t1", STORY_NOON + 20 * HOUR_MS);
    story_tick(s);
    assert_int_equal(story_alert_status(s, TIME, "7d"), ALERT_FIRING);
    assert_int_equal(story_alert_status(s, TIME, "30d"), ALERT_RESOLVED);
    assert_int_equal(story_change(s, TIME, "30d", -1)->type, ALERT_EVENT_CORRECTED);
}

/* 35 hours are between the limit and the one at which it clears; 20 were never bad. */
static void response_that_was_not_bad_corrects_nothing(void **state)
{
    struct story *s = *state;
    story_threshold(s, TIME, "30d")->clear_margin_permille = 100;
    answer(s, 1, STORY_NOON, 40 * HOUR_MS);
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", STORY_NOON + 20 * HOUR_MS);
    answer(s, 30, STORY_NOON, 35 * HOUR_MS);
    assert_int_equal(story_alert_status(s, TIME, "30d"), ALERT_FIRING);
    story_reply(s, "t1", STORY_NOON + HOUR_MS);
    story_tick(s);
    assert_int_equal(story_alert_status(s, TIME, "30d"), ALERT_FIRING);
}

/* Layout 1 knew only that they passed the limit of the longest window. */
static void list_of_layout_1_is_read(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t0", STORY_NOON);
    struct buffer image = { 0 };
    const uint32_t cell =
        sellers_find(&s->shard->sellers, span_of_text(s->seller), span_of_text(s->storefront));
    buffer_add_u8(&image, 1);
    sellers_add_key(&s->shard->sellers, cell, &image);
    buffer_add_u8(&image, FACT_SLOW_RESPONSE);
    buffer_add_u8(&image, 1);
    buffer_add_signed(&image, STORY_NOON);
    buffer_add_string(&image, span_of_text("t1"));
    struct reader in = reader_of(buffer_span(&image));
    assert_true(evidence_decode(&s->shard->evidences, &in));
    struct evidence newest[EVIDENCE_MAX];
    assert_int_equal(show(s, "30d", newest), 1);
    assert_true(span_equal(name_span(&newest[0].id), span_of_text("t1")));
    buffer_free(&image);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_window_shows_what_its_own_limit_counts),
        TEST(many_that_are_a_little_slow_hide_none_that_are_slower),
        TEST(all_storefronts_together_show_by_the_limit_for_all),
        TEST(what_is_in_the_bucket_of_the_limit_is_neither_counted_nor_shown),
        TEST(earlier_reply_that_comes_late_takes_the_evidence_back),
        TEST(response_that_was_not_so_slow_corrects_the_windows_that_counted_it),
        TEST(response_that_was_not_bad_corrects_nothing),
        TEST(list_of_layout_1_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
