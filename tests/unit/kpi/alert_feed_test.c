/* alert_feed_test.c - what the feed hears: flapping is a flag, a storm is one record,
 * and nothing that was heard of ends unheard.
 */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define LATE KPI_DELIVERY_LATE
#define HOUR "1h"

/* Late deliveries of an hour: a warning above a half, no patience, no hysteresis. */
static int setup(void **state)
{
    story_setup(state);
    struct story *s = *state;
    story_watch_only(s, LATE, HOUR);
    *story_threshold(s, LATE, HOUR) = (struct threshold){
        .warn = 500000, .critical = THRESHOLD_OFF, .min_denominator = 1, .min_bad = 1
    };
    return 0;
}

static const struct alert_change *newest(const struct story *s)
{
    return story_change(s, LATE, HOUR, -1);
}

static bool is_flapping(const struct story *s)
{
    return (newest(s)->flags & ALERT_FLAG_FLAPPING) != 0;
}

/* ---- flapping ------------------------------------------------------------------------- */

/* Fires and resolves in turn, once a minute: the majority changes each time. */
static void flap(struct story *s, int minutes)
{
    for (int i = 0; i < minutes; i++) {
        const bool late = i % 2 == 0;
        const int64_t at = s->shard->clock.stream_time + MINUTE_MS;
        story_deliveries(s, late ? 0 : 1, late ? 1 : 0, at);
        story_pass_time_to(s, at + 1);
    }
}

static void flapping_is_a_flag_and_no_resolve_is_swallowed(void **state)
{
    struct story *s = *state;
    story_pass_time_to(s, STORY_NOON);
    flap(s, 6);
    assert_false(is_flapping(s));
    flap(s, 14);
    assert_true(is_flapping(s));
    assert_int_equal(story_change_count(s, LATE, HOUR), 20);
    for (int32_t i = 0; i < 20; i++) {
        const enum alert_event_type expected =
            i % 2 == 0 ? ALERT_EVENT_FIRING : ALERT_EVENT_RESOLVED;
        assert_int_equal(story_change(s, LATE, HOUR, i)->type, expected);
    }
}

static void alert_that_holds_for_a_while_flaps_no_more(void **state)
{
    struct story *s = *state;
    story_pass_time_to(s, STORY_NOON);
    flap(s, 21); /* it fires now */
    assert_true(is_flapping(s));
    story_pass_time_to(s, s->shard->clock.stream_time + ALERT_FLAP_STATES * MINUTE_MS);
    story_deliveries(s, 2, 0, s->shard->clock.stream_time);
    story_tick(s);
    assert_int_equal(newest(s)->type, ALERT_EVENT_RESOLVED);
    assert_false(is_flapping(s));
}

static void flapping_survives_a_restart(void **state)
{
    struct story *s = *state;
    story_pass_time_to(s, STORY_NOON);
    flap(s, 10);
    story_reload(s);
    flap(s, 10);
    assert_true(is_flapping(s));
}

/* ---- storms ---------------------------------------------------------------------------------
 */

static void turn_bad(struct story *s, const char *seller)
{
    s->seller = seller;
    story_deliveries(s, 0, 3, STORY_NOON);
    story_tick(s);
}

static void turn_good(struct story *s, const char *seller)
{
    s->seller = seller;
    story_deliveries(s, 3, 0, STORY_NOON);
    story_tick(s);
}

static int32_t heard_of(struct story *s, const char *seller)
{
    s->seller = seller;
    return story_change_count(s, LATE, HOUR);
}

static const struct alert_change *storm(struct story *s, int32_t n)
{
    int32_t left = n;
    for (int32_t i = 0; i < s->change_count; i++) {
        if (s->changes[i].type == ALERT_EVENT_STORM && left-- == 0)
            return &s->changes[i];
    }
    return NULL;
}

/* Limit 3: the fourth seller is still told, the fifth and sixth are not. */
static void begin_storm(struct story *s)
{
    static const char *const sellers[] = { "a", "b", "c", "d", "e", "f" };
    s->rules->storm_limit = 3;
    for (int i = 0; i < 6; i++)
        turn_bad(s, sellers[i]);
}

static void storm_is_one_record_and_states_go_on(void **state)
{
    struct story *s = *state;
    begin_storm(s);
    assert_non_null(storm(s, 0));
    assert_null(storm(s, 1));
    assert_int_equal(storm(s, 0)->numerator, 4);
    assert_int_equal(storm(s, 0)->kpi, LATE);
    assert_int_equal(storm(s, 0)->reason, ALERT_REASON_STORM);
    assert_true(storm(s, 0)->threshold == THRESHOLD_OFF);
    assert_int_equal(storm(s, 0)->status, ALERT_FIRING);
    assert_true(span_equal(name_span(&storm(s, 0)->seller), span_of_text("*")));
    assert_int_equal(heard_of(s, "d"), 1);
    assert_int_equal(heard_of(s, "e"), 0);
    assert_int_equal(story_alert_status(s, LATE, HOUR), ALERT_FIRING);
    assert_int_equal(heard_of(s, "f"), 0);
    assert_int_equal(story_alert_status(s, LATE, HOUR), ALERT_FIRING);
}

static void what_fires_when_a_storm_ends_is_told_then(void **state)
{
    struct story *s = *state;
    begin_storm(s);
    turn_good(s, "a");
    turn_good(s, "b");
    turn_good(s, "e"); /* never heard of: nothing to resolve */
    assert_null(storm(s, 1));
    turn_good(s, "c"); /* two fire: below nine tenths of the limit */
    assert_non_null(storm(s, 1));
    assert_int_equal(storm(s, 1)->status, ALERT_RESOLVED);
    assert_int_equal(storm(s, 1)->started.ms, storm(s, 0)->started.ms);
    assert_int_equal(storm(s, 1)->sequence, 2);

    assert_int_equal(heard_of(s, "a"), 2);
    assert_int_equal(heard_of(s, "c"), 2);
    assert_int_equal(heard_of(s, "e"), 0);
    assert_int_equal(heard_of(s, "f"), 1);
    assert_int_equal(newest(s)->type, ALERT_EVENT_FIRING);
    assert_int_equal(newest(s)->reason, ALERT_REASON_STORM);
    assert_int_equal(newest(s)->sequence, 1);
    assert_int_equal(newest(s)->flags, ALERT_FLAG_THROTTLED);
    turn_good(s, "f");
    assert_int_equal(newest(s)->flags, 0);
    assert_int_equal(newest(s)->type, ALERT_EVENT_RESOLVED);
    assert_int_equal(newest(s)->sequence, 2);
}

/* The window empties, the storm ends with the alerts that are over first; those that
 * recover then, and were never told, are told, and so is their end. */
static void what_recovers_when_a_storm_ends_is_told_then(void **state)
{
    struct story *s = *state;
    s->settings.thresholds.of[LATE][story_window(s, HOUR)].keep_firing_ms = 6 * HOUR_MS;
    begin_storm(s);
    s->seller = "f"; /* is bad an hour longer than the others */
    story_deliveries(s, 0, 3, STORY_NOON + HOUR_MS);
    story_pass_time_to(s, STORY_NOON + HOUR_MS + 2 * MINUTE_MS);
    story_pass_time_to(s, STORY_NOON + 2 * HOUR_MS + 5 * MINUTE_MS);
    assert_int_equal(heard_of(s, "f"), 0);
    story_pass_time_to(s, STORY_NOON + 7 * HOUR_MS + 30 * MINUTE_MS);
    assert_non_null(storm(s, 1));
    story_pass_time_to(s, STORY_NOON + 9 * HOUR_MS);
    assert_int_equal(heard_of(s, "f"), 2);
    assert_int_equal(story_change(s, LATE, HOUR, 0)->type, ALERT_EVENT_RECOVERING);
    assert_int_equal(story_change(s, LATE, HOUR, 1)->type, ALERT_EVENT_RESOLVED);
}

static void storm_goes_on_after_a_restart(void **state)
{
    struct story *s = *state;
    begin_storm(s);
    story_reload(s);
    story_tick(s);
    turn_bad(s, "g");
    assert_int_equal(heard_of(s, "g"), 0);
    assert_null(storm(s, 1));
    turn_good(s, "a");
    turn_good(s, "b");
    turn_good(s, "c");
    turn_good(s, "d");
    assert_null(storm(s, 1));
    turn_good(s, "e");
    assert_non_null(storm(s, 1));
    assert_int_equal(heard_of(s, "f"), 1);
    assert_int_equal(heard_of(s, "g"), 1);
}

static void rename_hour(struct story *s)
{
    s->rules->windows[0].name = name_of(span_of_text("2h"));
}

static void storm_outlives_the_window_that_its_image_names(void **state)
{
    struct story *s = *state;
    begin_storm(s);
    story_reload_with(s, rename_hour);
    assert_true(s->shard->alerts.storm[LATE]);
}

/* The store lost what fired, the feed still tells of the storm: the first alert that fires
 * again ends it, and is told once. */
static void alert_that_ends_an_adopted_storm_is_told_once(void **state)
{
    struct story *s = *state;
    begin_storm(s);
    const struct alert_change adopted = *storm(s, 0);
    story_restart(s);
    story_forget_changes(s);
    story_pass_time_to(s, STORY_NOON);
    assert_true(alerts_adopt(&s->shard->alerts, &adopted));
    turn_bad(s, "x");
    assert_int_equal(heard_of(s, "x"), 1);
    assert_non_null(storm(s, 0));
}

/* ---- evidence
 * -------------------------------------------------------------------------------- */

static void evidence_is_the_twenty_newest_and_says_how_many_in_all(void **state)
{
    struct story *s = *state;
    story_deliveries(s, 0, 25, STORY_NOON);
    story_deliveries(s, 0, 5, STORY_NOON + MINUTE_MS);
    story_tick(s);
    turn_good(s, "4711");
    story_deliveries(s, 30, 0, STORY_NOON + MINUTE_MS);
    story_tick(s);
    const struct alert_change *c = newest(s);
    assert_int_equal(c->evidence_total, 30);
    assert_int_equal(c->evidence_count, EVIDENCE_MAX);
    for (int i = 0; i < 5; i++)
        assert_int_equal(c->evidence[i].at.ms, STORY_NOON + MINUTE_MS);
    for (int i = 6; i < EVIDENCE_MAX; i++) {
        assert_int_equal(c->evidence[i].at.ms, STORY_NOON);
        assert_true(
            span_compare(name_span(&c->evidence[i - 1].id), name_span(&c->evidence[i].id)) < 0);
    }
}

static void evidence_outside_the_window_is_not_shown(void **state)
{
    struct story *s = *state;
    story_deliveries(s, 0, 3, STORY_NOON);
    story_deliveries(s, 0, 2, STORY_NOON + 2 * HOUR_MS);
    story_tick(s);
    story_deliveries(s, 2, 0, STORY_NOON + 2 * HOUR_MS);
    story_tick(s);
    assert_int_equal(newest(s)->type, ALERT_EVENT_RESOLVED);
    assert_int_equal(newest(s)->evidence_total, 2);
    assert_int_equal(newest(s)->evidence_count, 2);
}

/* ---- adoption
 * ----------------------------------------------------------------------------------- */

/* The store lost what was published: the alert becomes what the topic says, and goes on
 * with the next number. */
static void published_change_that_the_state_does_not_know_is_adopted(void **state)
{
    struct story *s = *state;
    turn_bad(s, "a");
    const struct alert_change published = *newest(s);
    const uint64_t rule = story_alert(s, LATE, HOUR)->rule_version;
    story_restart(s);
    story_forget_changes(s);
    assert_true(alerts_adopt(&s->shard->alerts, &published));
    assert_false(alerts_adopt(&s->shard->alerts, &published));
    assert_int_equal(story_alert_status(s, LATE, HOUR), ALERT_FIRING);
    assert_int_equal(story_alert(s, LATE, HOUR)->rule_version, rule);

    story_pass_time_to(s, STORY_NOON + 2 * HOUR_MS);
    assert_int_equal(newest(s)->type, ALERT_EVENT_RESOLVED);
    assert_int_equal(newest(s)->started.ms, published.started.ms);
    assert_int_equal(newest(s)->sequence, published.sequence + 1);
}

/* Redis lost the alert, and nobody watches that window any more. */
static void adopted_alert_of_a_window_that_is_gone_ends_too(void **state)
{
    struct story *s = *state;
    turn_bad(s, "a");
    const struct alert_change published = *newest(s);
    rename_hour(s);
    story_restart(s);
    story_forget_changes(s);
    assert_true(alerts_adopt(&s->shard->alerts, &published));
    story_pass_time_to(s, published.evaluated.ms - 1);
    assert_int_equal(s->change_count, 0); /* we have not come to where it stood */
    story_pass_time_to(s, published.evaluated.ms);
    assert_int_equal(s->change_count, 1);
    assert_int_equal(s->changes[0].type, ALERT_EVENT_RESOLVED);
    assert_int_equal(s->changes[0].reason, ALERT_REASON_RULE_CHANGED);
    assert_int_equal(s->changes[0].sequence, published.sequence + 1);
}

/* The feed knows how an alert ended, and the events that ended it are gone. When stream time
 * has come to where the feed saw the end, the counts decide, also if it comes there in one leap
 * behind which the alert would be forgotten. */
static void adopted_end_that_the_counts_deny_fires_again(void **state)
{
    struct story *s = *state;
    turn_bad(s, "a");
    const struct alert_change began = *newest(s);
    story_pass_time_to(s, STORY_NOON + 10 * MINUTE_MS);
    turn_good(s, "a");
    const struct alert_change ended = *newest(s);
    assert_int_equal(ended.type, ALERT_EVENT_RESOLVED);

    story_restart(s);
    story_forget_changes(s);
    turn_bad(s, "a");
    assert_int_equal(newest(s)->started.ms, began.started.ms);
    assert_true(alerts_adopt(&s->shard->alerts, &ended));
    story_tick(s);
    assert_int_equal(story_alert_status(s, LATE, HOUR), ALERT_RESOLVED);
    story_pass_time_to(s, STORY_NOON + 50 * MINUTE_MS);
    assert_int_equal(story_alert_status(s, LATE, HOUR), ALERT_FIRING);
    assert_true(newest(s)->started.ms > began.started.ms);
}

/* Redis lost everything, and the first catching up goes on: the counts of half of the events
 * are no reason to wake an end that was adopted. */
static void adopted_end_is_not_judged_before_it_is_caught_up(void **state)
{
    struct story *s = *state;
    turn_bad(s, "a");
    story_pass_time_to(s, STORY_NOON + 10 * MINUTE_MS);
    turn_good(s, "a");
    const struct alert_change ended = *newest(s);

    s->rules->wall_time = true;
    s->rules->hold_first_alerts = true;
    s->now = (wall_time){ STORY_NOON + 40 * MINUTE_MS };
    story_restart(s);
    story_forget_changes(s);
    assert_true(alerts_adopt(&s->shard->alerts, &ended));
    s->seller = "a";
    story_deliveries(s, 0, 3, s->now.ms);
    story_tick(s); /* its timer is due */
    assert_int_equal(story_alert_status(s, LATE, HOUR), ALERT_RESOLVED);
    assert_int_equal(s->change_count, 0);

    for (int t = 0; t < TOPIC_COUNT; t++)
        shard_clock_at_end(&s->shard->clock, (enum topic)t, s->now);
    story_tick(s);
    assert_int_equal(story_alert_status(s, LATE, HOUR), ALERT_FIRING);
    assert_int_equal(s->change_count, 1);
}

static void older_change_than_the_state_knows_is_not_adopted(void **state)
{
    struct story *s = *state;
    turn_bad(s, "a");
    const struct alert_change fired = *newest(s);
    turn_good(s, "a");
    assert_false(alerts_adopt(&s->shard->alerts, &fired));
    assert_int_equal(story_alert_status(s, LATE, HOUR), ALERT_RESOLVED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(flapping_is_a_flag_and_no_resolve_is_swallowed),
        TEST(alert_that_holds_for_a_while_flaps_no_more),
        TEST(flapping_survives_a_restart),
        TEST(storm_is_one_record_and_states_go_on),
        TEST(what_fires_when_a_storm_ends_is_told_then),
        TEST(what_recovers_when_a_storm_ends_is_told_then),
        TEST(storm_goes_on_after_a_restart),
        TEST(storm_outlives_the_window_that_its_image_names),
        TEST(alert_that_ends_an_adopted_storm_is_told_once),
        TEST(evidence_is_the_twenty_newest_and_says_how_many_in_all),
        TEST(evidence_outside_the_window_is_not_shown),
        TEST(published_change_that_the_state_does_not_know_is_adopted),
        TEST(adopted_alert_of_a_window_that_is_gone_ends_too),
        TEST(adopted_end_that_the_counts_deny_fires_again),
        TEST(adopted_end_is_not_judged_before_it_is_caught_up),
        TEST(older_change_than_the_state_knows_is_not_adopted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
