/* view_test.c - what people and other programs see of a seller. */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LATE KPI_DELIVERY_LATE

static void assert_shown(struct story *s, const char *line, bool expected)
{
    char *views = story_views(s);
    if ((strstr(views, line) != NULL) != expected)
        fail_msg("\"%s\" %s shown", line, expected ? "is not" : "is");
    free(views);
}

static void assert_shows(struct story *s, const char *line)
{
    assert_shown(s, line, true);
}

/* ---- lines ------------------------------------------------------------------------------ */

static void line_says_bad_total_value_threshold_and_state(void **state)
{
    struct story *s = *state;
    story_deliveries(s, 27, 3, STORY_NOON);
    story_tick(s);
    assert_shows(s, "4711|de delivery_late:7d 3 30 100000 70000 warning\n");
    assert_shows(s, "4711|de delivery_early:7d 0 30 0 100000 ok\n");
    assert_shows(s, "4711|* delivery_late:7d 3 30 100000 70000 ok\n");
    assert_shows(s, "4711|de window_end 1780315200001\n");
}

static void states_are_named_as_the_alert_stands(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, "24h")->for_ms = HOUR_MS;
    story_deliveries(s, 5, 4, STORY_NOON);
    story_tick(s);
    assert_shows(s, "delivery_late:30d 4 9 444444 70000 not_enough_data\n");
    story_deliveries(s, 1, 0, STORY_NOON);
    story_tick(s);
    assert_shows(s, "4711|de delivery_late:30d 4 10 400000 70000 critical\n");
    assert_shows(s, "4711|de delivery_late:24h 4 10 400000 70000 pending\n");
    story_deliveries(s, 90, 0, STORY_NOON);
    story_tick(s);
    assert_shows(s, "4711|de delivery_late:30d 4 100 40000 70000 recovering\n");
}

static void empty_window_with_an_alert_has_no_value(void **state)
{
    struct story *s = *state;
    story_watch_only(s, LATE, "1h");
    story_deliveries(s, 27, 3, STORY_NOON);
    story_tick(s);
    story_pass_time_to(s, STORY_NOON + HOUR_MS);
    assert_shows(s, "4711|de delivery_late:1h 0 0 - 70000 recovering\n");
    assert_shows(s, "4711|de delivery_late:7d 3 30 100000 - ok\n"); /* off */
    assert_shown(s, "delivery_early:1h", false);
}

static void gauges_are_shown_as_now(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_pass_time_to(s, STORY_NOON + 2 * DAY_MS);
    assert_shown(s, "response_overdue:now", false);
    story_pass_time_to(s, STORY_NOON + 2 * DAY_MS + 1);
    assert_shows(s, "4711|de response_overdue:now 1 1 1 1 ");
}

static void response_times_have_their_median(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", STORY_NOON);
    story_tick(s);
    assert_shows(s, "4711|de response_time:7d 0 1 0 129600000 not_enough_data\n");
    assert_shows(s, "4711|de response_time_p50:7d 0 1 0 - ok\n");
}

/* ---- when it is refreshed ------------------------------------------------------------------
 */

static int32_t refreshed(struct story *s, int32_t capacity, int64_t now)
{
    struct arena arena = { 0 };
    struct view_batch batch;
    view_batch_open(&batch, capacity, &arena);
    view_batch_fill(&batch, &s->shard->alerts, (wall_time){ now });
    const int32_t count = batch.view_count;
    view_batch_close(&batch);
    return count;
}

static void refresh_is_at_most_once_an_interval(void **state)
{
    struct story *s = *state;
    const int64_t interval = s->rules->view_interval_ms;
    story_order(s, "u1", STORY_NOON);
    story_tick(s);
    assert_int_equal(refreshed(s, 10, STORY_NOON), 2); /* de and * */
    story_order(s, "u2", STORY_NOON);
    story_tick(s);
    assert_int_equal(refreshed(s, 10, STORY_NOON + interval - 1), 0);
    assert_int_equal(refreshed(s, 10, STORY_NOON + interval), 2);
    assert_int_equal(refreshed(s, 10, STORY_NOON + 5 * interval), 0); /* nothing new */
}

static void changed_alert_is_shown_at_once(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_tick(s);
    assert_int_equal(refreshed(s, 10, STORY_NOON), 2);
    story_deliveries(s, 27, 3, STORY_NOON);
    story_tick(s);
    assert_int_equal(refreshed(s, 10, STORY_NOON + 1), 1); /* de; the total has no alert */
}

static void what_does_not_fit_a_batch_comes_with_the_next(void **state)
{
    struct story *s = *state;
    for (int i = 0; i < 5; i++) {
        s->seller = story_name(s, "s", i);
        story_order(s, story_name(s, "u", i), STORY_NOON);
    }
    story_tick(s);
    assert_int_equal(refreshed(s, 4, STORY_NOON), 4);
    assert_int_equal(refreshed(s, 4, STORY_NOON), 4);
    assert_int_equal(refreshed(s, 4, STORY_NOON), 2);
    assert_int_equal(refreshed(s, 4, STORY_NOON), 0);
}

/* ---- ranks
 * ------------------------------------------------------------------------------------ */

static bool find_rank(struct story *s, const char *member, struct saved_rank *ret_rank)
{
    struct arena arena = { 0 };
    struct view_batch batch;
    bool found = false;
    view_batch_open(&batch, 10, &arena);
    s->now.ms += DAY_MS;
    view_batch_fill(&batch, &s->shard->alerts, s->now);
    for (int32_t i = 0; i < batch.rank_count; i++) {
        if (!span_equal(batch.ranks[i].kpi_window, span_of_text("delivery_late:7d")) ||
            !span_equal(batch.ranks[i].member, span_of_text(member)))
            continue;
        *ret_rank = batch.ranks[i];
        found = true;
    }
    view_batch_close(&batch);
    return found;
}

static void worse_seller_ranks_by_the_distance_to_the_limit(void **state)
{
    struct story *s = *state;
    struct saved_rank rank;
    story_deliveries(s, 9, 0, STORY_NOON);
    story_tick(s);
    assert_false(find_rank(s, "4711|de", &rank)); /* too few to be judged */
    story_deliveries(s, 18, 3, STORY_NOON);
    story_tick(s);
    assert_true(find_rank(s, "4711|de", &rank));
    assert_false(rank.gone);
    assert_int_equal(rank.score, 30000);
    story_deliveries(s, 70, 0, STORY_NOON);
    story_tick(s);
    assert_true(find_rank(s, "4711|de", &rank));
    assert_int_equal(rank.score, -40000);
    story_pass_time_to(s, STORY_NOON + 8 * DAY_MS);
    assert_true(find_rank(s, "4711|de", &rank));
    assert_true(rank.gone);
    assert_false(find_rank(s, "4711|de", &rank)); /* once */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(line_says_bad_total_value_threshold_and_state),
        TEST(states_are_named_as_the_alert_stands),
        TEST(empty_window_with_an_alert_has_no_value),
        TEST(gauges_are_shown_as_now),
        TEST(response_times_have_their_median),
        TEST(refresh_is_at_most_once_an_interval),
        TEST(changed_alert_is_shown_at_once),
        TEST(what_does_not_fit_a_batch_comes_with_the_next),
        TEST(worse_seller_ranks_by_the_distance_to_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
