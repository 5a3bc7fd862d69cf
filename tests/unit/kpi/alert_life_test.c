/* alert_life_test.c - every way an alert can take from state to state.
 *
 * The alert of most tests watches late deliveries over 24 hours: a warning above 7 %,
 * critical above 10 %; it clears at 6.3 % and 9 %, and six hours later it is over.
 */
#include "support/story.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define LATE KPI_DELIVERY_LATE
#define DAY "24h"

static int setup(void **state)
{
    story_setup(state);
    struct story *s = *state;
    story_watch_only(s, LATE, DAY);
    s->rules->windows[story_window(s, DAY)].may_be_critical = true;
    return 0;
}

static void deliver(struct story *s, int good, int late)
{
    const int64_t now = s->shard->clock.stream_time;
    story_deliveries(s, good, late, now == TIME_NEVER_YET ? STORY_NOON : now);
    story_tick(s);
}

static enum alert_status status(const struct story *s)
{
    return story_alert_status(s, LATE, DAY);
}

static enum severity severity(const struct story *s)
{
    return (enum severity)story_alert(s, LATE, DAY)->severity;
}

static const struct alert_change *newest(const struct story *s)
{
    return story_change(s, LATE, DAY, -1);
}

static void assert_newest(const struct story *s, enum alert_event_type type,
                          enum alert_reason reason, uint32_t sequence)
{
    assert_int_equal(newest(s)->type, type);
    assert_int_equal(newest(s)->reason, reason);
    assert_int_equal(newest(s)->sequence, sequence);
    assert_int_equal(newest(s)->status, status(s));
}

/* ---- starting -------------------------------------------------------------------------- */

static void breach_fires_at_once_and_says_all_about_it(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    assert_int_equal(status(s), ALERT_FIRING);
    assert_newest(s, ALERT_EVENT_FIRING, ALERT_REASON_THRESHOLD, 1);
    const struct alert_change *c = newest(s);
    assert_int_equal(c->previous_status, ALERT_OK);
    assert_int_equal(c->severity, SEVERITY_WARNING);
    assert_int_equal(c->comparison, OP_GT);
    assert_int_equal(c->threshold, 70000);
    assert_int_equal(c->clear_threshold_milli, 63000000);
    assert_int_equal(c->started.ms, s->shard->clock.stream_time);
    assert_int_equal(c->fired.ms, c->started.ms);
    assert_int_equal(c->resolved.ms, TIME_NEVER_YET);
    assert_int_equal(c->window_start.ms, STORY_NOON - DAY_MS + 15 * MINUTE_MS);
    assert_int_equal(c->window_end.ms, s->shard->clock.stream_time);
    assert_int_equal(c->evidence_total, 3);
    assert_int_equal(c->evidence_count, 3);
    assert_int_equal(c->evidence[0].kind, EVIDENCE_ORDER_UNIT);
    assert_int_equal(c->evidence[0].wrong, FACT_DELIVERY_LATE);
    assert_true(c->interval_low < 0.1 && c->interval_high > 0.1);
    assert_true(c->breach_probability > 0.5 && c->breach_probability < 1);
}

static void breach_must_hold_for_a_while_if_the_rule_says_so(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, DAY)->for_ms = HOUR_MS;
    deliver(s, 27, 3);
    assert_int_equal(status(s), ALERT_PENDING);
    assert_newest(s, ALERT_EVENT_PENDING, ALERT_REASON_THRESHOLD, 1);
    const int64_t since = s->shard->clock.stream_time;

    story_live_to(s, since + HOUR_MS - 1, 10 * MINUTE_MS);
    assert_int_equal(status(s), ALERT_PENDING);
    story_pass_time_to(s, since + HOUR_MS);
    assert_int_equal(status(s), ALERT_FIRING);
    assert_newest(s, ALERT_EVENT_FIRING, ALERT_REASON_THRESHOLD, 2);
    assert_int_equal(newest(s)->started.ms, since);
    assert_int_equal(newest(s)->fired.ms, since + HOUR_MS);
}

static void breach_gone_before_its_time_never_fires(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, DAY)->for_ms = HOUR_MS;
    deliver(s, 27, 3);
    deliver(s, 70, 0);
    assert_int_equal(status(s), ALERT_OK);
    assert_newest(s, ALERT_EVENT_RESOLVED, ALERT_REASON_RECOVERED, 2);
    assert_int_equal(newest(s)->fired.ms, TIME_NEVER_YET);
    story_live_to(s, s->shard->clock.stream_time + 2 * HOUR_MS, 10 * MINUTE_MS);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
}

static void too_few_facts_or_too_few_bad_ones_start_nothing(void **state)
{
    struct story *s = *state;
    deliver(s, 6, 3); /* 9 decided */
    assert_null(story_alert(s, LATE, DAY));
    deliver(s, 1, 0);
    assert_int_equal(status(s), ALERT_FIRING);
}

static void window_that_may_only_warn_never_is_critical(void **state)
{
    struct story *s = *state;
    s->rules->windows[story_window(s, DAY)].may_be_critical = false;
    deliver(s, 0, 30);
    assert_int_equal(severity(s), SEVERITY_WARNING);
    assert_int_equal(newest(s)->threshold, 70000);
}

static void rule_may_ask_for_a_breach_probability(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, DAY)->evidence_fire_ppm = 990000;
    deliver(s, 27, 3); /* above 7 % with a probability of 0.8 or so */
    assert_null(story_alert(s, LATE, DAY));
    deliver(s, 0, 10);
    assert_int_equal(status(s), ALERT_FIRING);
    assert_true(newest(s)->breach_probability > 0.99);
}

/* ---- while it fires ------------------------------------------------------------------------
 */

static void worse_is_critical_and_better_is_a_warning_again_by_hysteresis(void **state)
{
    struct story *s = *state;
    deliver(s, 92, 8);
    assert_int_equal(severity(s), SEVERITY_WARNING);
    deliver(s, 8, 4); /* 12 of 112 */
    assert_int_equal(severity(s), SEVERITY_CRITICAL);
    assert_newest(s, ALERT_EVENT_UPDATED, ALERT_REASON_THRESHOLD, 2);
    assert_int_equal(newest(s)->threshold, 100000);

    deliver(s, 20, 0); /* 12 of 132: 9.09 %, not yet clear of critical */
    assert_int_equal(severity(s), SEVERITY_CRITICAL);
    deliver(s, 2, 0); /* 12 of 134: 8.96 % */
    assert_int_equal(severity(s), SEVERITY_WARNING);
    assert_newest(s, ALERT_EVENT_UPDATED, ALERT_REASON_THRESHOLD, 3);
    assert_int_equal(newest(s)->worst_severity, SEVERITY_CRITICAL);
    assert_int_equal(newest(s)->severity, SEVERITY_WARNING);
}

static void between_the_limit_and_the_clear_limit_it_goes_on_firing(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    deliver(s, 17, 0); /* 3 of 47: 6.38 % */
    assert_int_equal(status(s), ALERT_FIRING);
    assert_int_equal(story_change_count(s, LATE, DAY), 1);
    deliver(s, 1, 0); /* 3 of 48: 6.25 % */
    assert_int_equal(status(s), ALERT_RECOVERING);
    assert_newest(s, ALERT_EVENT_RECOVERING, ALERT_REASON_RECOVERED, 2);
    assert_int_equal(newest(s)->previous_value.amount, 100000);
    assert_int_equal(newest(s)->value.amount, 62500);
}

/* 63 of 1000 is the clear limit itself: comparisons never round. */
static void exactly_at_the_clear_limit_it_is_clear(void **state)
{
    struct story *s = *state;
    deliver(s, 700, 63);
    assert_int_equal(status(s), ALERT_FIRING);
    deliver(s, 236, 0); /* 63 of 999 */
    assert_int_equal(status(s), ALERT_FIRING);
    deliver(s, 1, 0);
    assert_int_equal(status(s), ALERT_RECOVERING);
}

/* 27 good ones leave the window, 3 late ones stay: 100 % of three. */
static void too_few_facts_never_toggle_a_firing_alert(void **state)
{
    struct story *s = *state;
    story_deliveries(s, 27, 0, STORY_NOON);
    story_deliveries(s, 0, 3, STORY_NOON + 6 * HOUR_MS);
    story_tick(s);
    assert_int_equal(status(s), ALERT_FIRING);
    story_live_to(s, STORY_NOON + 30 * HOUR_MS - 1, 15 * MINUTE_MS);
    assert_int_equal(story_reading(s, LATE, DAY).denominator, 3);
    assert_int_equal(status(s), ALERT_FIRING);
    assert_int_equal(severity(s), SEVERITY_WARNING); /* nor is it promoted by them */
    assert_int_equal(story_change_count(s, LATE, DAY), 1);
}

/* ---- recovering
 * ------------------------------------------------------------------------------ */

static void recovery_that_lasts_resolves(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    deliver(s, 70, 0);
    const int64_t since = s->shard->clock.stream_time;
    story_live_to(s, since + 6 * HOUR_MS - 1, 15 * MINUTE_MS);
    assert_int_equal(status(s), ALERT_RECOVERING);
    story_pass_time_to(s, since + 6 * HOUR_MS);
    assert_int_equal(status(s), ALERT_RESOLVED);
    assert_newest(s, ALERT_EVENT_RESOLVED, ALERT_REASON_RECOVERED, 3);
    assert_int_equal(newest(s)->previous_status, ALERT_RECOVERING);
    assert_int_equal(newest(s)->resolved.ms, since + 6 * HOUR_MS);
}

static void recovery_that_is_interrupted_fires_again_in_the_same_episode(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    const event_time started = newest(s)->started;
    deliver(s, 70, 0);
    story_pass_time_to(s, STORY_NOON + 5 * HOUR_MS);
    deliver(s, 0, 10);
    assert_int_equal(status(s), ALERT_FIRING);
    assert_newest(s, ALERT_EVENT_FIRING, ALERT_REASON_THRESHOLD, 3);
    assert_int_equal(newest(s)->previous_status, ALERT_RECOVERING);
    assert_int_equal(newest(s)->started.ms, started.ms);
    assert_int_equal(newest(s)->fired.ms, started.ms);

    deliver(s, 200, 0); /* the six hours begin anew */
    const int64_t since = s->shard->clock.stream_time;
    story_live_to(s, since + 6 * HOUR_MS - 1, 15 * MINUTE_MS);
    assert_int_equal(status(s), ALERT_RECOVERING);
    story_pass_time_to(s, since + 6 * HOUR_MS);
    assert_int_equal(status(s), ALERT_RESOLVED);
}

static void recovering_alert_is_not_woken_between_the_two_limits(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    deliver(s, 18, 0);
    assert_int_equal(status(s), ALERT_RECOVERING);
    deliver(s, 10, 1); /* 4 of 59: 6.78 % */
    assert_int_equal(status(s), ALERT_RECOVERING);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
}

/* All that led there has left the window; of the next three parcels two are late. */
static void too_few_facts_never_wake_a_recovering_alert(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, DAY)->keep_firing_ms = 48 * HOUR_MS;
    deliver(s, 27, 3);
    story_live_to(s, STORY_NOON + 25 * HOUR_MS, HOUR_MS);
    assert_int_equal(status(s), ALERT_RECOVERING);
    deliver(s, 1, 2);
    assert_int_equal(status(s), ALERT_RECOVERING);
    deliver(s, 6, 1); /* 3 of 10: enough to start an alert */
    assert_int_equal(status(s), ALERT_FIRING);
    assert_newest(s, ALERT_EVENT_FIRING, ALERT_REASON_THRESHOLD, 3);
}

/* Two of the next three parcels are late: nothing that wakes it, and nothing to call a
 * recovery, until they have left the window and it has been empty for six hours. */
static void few_late_ones_stop_the_clock_of_a_recovery(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    story_live_to(s, STORY_NOON + 25 * HOUR_MS, HOUR_MS);
    assert_int_equal(status(s), ALERT_RECOVERING);
    deliver(s, 1, 2);
    const int64_t gone = s->shard->clock.stream_time + DAY_MS;
    story_live_to(s, gone - HOUR_MS, HOUR_MS);
    assert_int_equal(story_reading(s, LATE, DAY).bad, 2);
    assert_int_equal(status(s), ALERT_RECOVERING);

    story_reload(s); /* a restart forgets nothing of it */
    story_live_to(s, gone, 15 * MINUTE_MS);
    assert_int_equal(story_reading(s, LATE, DAY).denominator, 0);
    story_live_to(s, gone + 6 * HOUR_MS - 15 * MINUTE_MS, 15 * MINUTE_MS);
    assert_int_equal(status(s), ALERT_RECOVERING);
    story_live_to(s, gone + 6 * HOUR_MS, 15 * MINUTE_MS);
    assert_int_equal(status(s), ALERT_RESOLVED);
    assert_newest(s, ALERT_EVENT_RESOLVED, ALERT_REASON_RECOVERED, 3);
    assert_int_equal(newest(s)->denominator, 0);
}

/* 6.78 % wakes nobody, but it is above the 6.3 % at which the alert clears. */
static void between_the_two_limits_the_clock_of_a_recovery_stands(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    deliver(s, 18, 0);
    story_live_to(s, STORY_NOON + 5 * HOUR_MS, 15 * MINUTE_MS);
    deliver(s, 10, 1);
    story_live_to(s, STORY_NOON + 15 * HOUR_MS, 15 * MINUTE_MS);
    assert_int_equal(status(s), ALERT_RECOVERING);

    deliver(s, 10, 0); /* 4 of 69: 5.8 % */
    const int64_t clear = s->shard->clock.stream_time;
    story_live_to(s, clear + 6 * HOUR_MS - 1, 15 * MINUTE_MS);
    assert_int_equal(status(s), ALERT_RECOVERING);
    story_pass_time_to(s, clear + 6 * HOUR_MS);
    assert_int_equal(status(s), ALERT_RESOLVED);
    assert_newest(s, ALERT_EVENT_RESOLVED, ALERT_REASON_RECOVERED, 3);
}

static void without_patience_a_clear_alert_resolves_at_once(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, DAY)->keep_firing_ms = 0;
    deliver(s, 27, 3);
    deliver(s, 70, 0);
    assert_int_equal(status(s), ALERT_RESOLVED);
    assert_newest(s, ALERT_EVENT_RESOLVED, ALERT_REASON_RECOVERED, 2);
}

/* Fires, resolves and fires again within a millisecond. */
static void episodes_never_have_one_id(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, DAY)->keep_firing_ms = 0;
    int64_t last = TIME_NEVER_YET;
    deliver(s, 0, 10);
    const int64_t now = s->shard->clock.stream_time;
    for (int late = 10; late < 500; late *= 3) {
        assert_newest(s, ALERT_EVENT_FIRING, ALERT_REASON_THRESHOLD, 1);
        assert_true(newest(s)->started.ms > last);
        last = newest(s)->started.ms;
        story_deliveries(s, 20 * late, 0, now - 1);
        story_tick(s);
        assert_newest(s, ALERT_EVENT_RESOLVED, ALERT_REASON_RECOVERED, 2);
        story_deliveries(s, 0, 2 * late, now - 1);
        story_tick(s);
    }
    assert_int_equal(s->shard->clock.stream_time, now);
}

/* ---- corrections
 * ------------------------------------------------------------------------------- */

/* Four units were late, as far as was known; `heard` of them were not. */
static void correct(struct story *s, int heard)
{
    for (int i = 0; i < heard; i++)
        story_delivered(s, story_name(s, "u", i), STORY_NOON - HOUR_MS);
    story_tick(s);
}

static void four_late_of_thirty(struct story *s)
{
    s->promise.deliver_from = STORY_NOT_TOLD;
    for (int i = 0; i < 4; i++) {
        const char *unit = story_name(s, "u", i);
        story_order(s, unit, STORY_NOON - s->promise.deliver_by);
        story_delivered(s, unit, STORY_NOON + 1);
    }
    deliver(s, 26, 0);
    assert_int_equal(status(s), ALERT_FIRING);
}

static void correction_that_leaves_a_breach_resolves_nothing(void **state)
{
    struct story *s = *state;
    four_late_of_thirty(s);
    correct(s, 1);
    assert_int_equal(status(s), ALERT_FIRING);
    assert_int_equal(story_reading(s, LATE, DAY).bad, 3);
}

static void correction_that_takes_the_breach_away_resolves_at_once(void **state)
{
    struct story *s = *state;
    four_late_of_thirty(s);
    correct(s, 2);
    assert_int_equal(status(s), ALERT_RESOLVED);
    assert_newest(s, ALERT_EVENT_CORRECTED, ALERT_REASON_DATA_CORRECTED, 2);
    assert_int_equal(newest(s)->previous_status, ALERT_FIRING);
    assert_int_equal(newest(s)->previous_value.amount, 133333);
    assert_int_equal(newest(s)->value.amount, 66667);
    assert_int_equal(newest(s)->evidence_total, 2);
}

static void correction_while_recovering_resolves_at_once(void **state)
{
    struct story *s = *state;
    four_late_of_thirty(s);
    deliver(s, 70, 0);
    assert_int_equal(status(s), ALERT_RECOVERING);
    correct(s, 1);
    assert_int_equal(status(s), ALERT_RESOLVED);
    assert_newest(s, ALERT_EVENT_CORRECTED, ALERT_REASON_DATA_CORRECTED, 3);
}

/* A late delivery of three days ago turns out to have been in time. That is news for 7d, but
 * no part of what happens to an alert over 24h. */
static void correction_outside_its_window_does_not_end_an_alert(void **state)
{
    struct story *s = *state;
    const int64_t then = STORY_NOON - 3 * DAY_MS;
    story_order(s, "old", then - s->promise.deliver_by);
    story_delivered(s, "old", then + 1);
    four_late_of_thirty(s);
    deliver(s, 70, 0);
    assert_int_equal(status(s), ALERT_RECOVERING);

    const int64_t late_before = story_count(s, "7d", FACT_DELIVERY_LATE);
    story_delivered(s, "old", then - HOUR_MS);
    story_tick(s);
    assert_int_equal(story_count(s, "7d", FACT_DELIVERY_LATE), late_before - 1);
    assert_int_equal(status(s), ALERT_RECOVERING);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
}

/* The buyer was promised an hour less than we knew: as late as before. */
static void bad_fact_that_only_moves_corrects_nothing(void **state)
{
    struct story *s = *state;
    four_late_of_thirty(s);
    deliver(s, 70, 0);
    story_order(s, "u0", STORY_NOON - s->promise.deliver_by - HOUR_MS);
    story_tick(s);
    assert_int_equal(story_count(s, DAY, FACT_DELIVERY_LATE), 4);
    assert_int_equal(status(s), ALERT_RECOVERING);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
}

/* ---- rules that change (rule 2.9.15)
 * -------------------------------------------------------------- */

static void looser_rule_ends_the_breach_in_the_same_episode_and_says_why(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    const event_time started = newest(s)->started;
    story_threshold(s, LATE, DAY)->warn = 200000;
    story_threshold(s, LATE, DAY)->critical = 300000;
    story_reload(s);
    story_tick(s);
    assert_int_equal(status(s), ALERT_RECOVERING);
    assert_newest(s, ALERT_EVENT_RECOVERING, ALERT_REASON_RULE_CHANGED, 2);
    assert_int_equal(newest(s)->started.ms, started.ms);
    assert_int_equal(newest(s)->threshold, 200000);
}

static void stricter_rule_makes_it_critical_and_says_why(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    const struct alert_change before = *newest(s);
    story_threshold(s, LATE, DAY)->critical = 90000;
    story_reload(s);
    story_tick(s);
    assert_int_equal(severity(s), SEVERITY_CRITICAL);
    assert_newest(s, ALERT_EVENT_UPDATED, ALERT_REASON_RULE_CHANGED, 2);
    assert_string_not_equal(newest(s)->rule_version, before.rule_version);
}

static void same_rule_after_a_restart_changes_nothing(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    story_reload(s);
    story_tick(s);
    assert_int_equal(story_change_count(s, LATE, DAY), 1);
    assert_int_equal(status(s), ALERT_FIRING);
}

static void reload_and_look(struct story *s)
{
    story_reload(s);
    story_tick(s);
    story_reload(s);
    story_tick(s);
}

/* It fires as before, but by another rule: whoever reads the feed must see the new limits. */
static void changed_rule_is_told_once_even_if_the_alert_stays_as_it_is(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    story_threshold(s, LATE, DAY)->warn = 90000;
    reload_and_look(s);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
    assert_newest(s, ALERT_EVENT_UPDATED, ALERT_REASON_RULE_CHANGED, 2);
    assert_int_equal(newest(s)->previous_status, ALERT_FIRING);
    assert_int_equal(newest(s)->threshold, 90000);

    story_threshold(s, LATE, DAY)->keep_firing_ms += HOUR_MS;
    reload_and_look(s);
    assert_int_equal(story_change_count(s, LATE, DAY), 3);
    assert_newest(s, ALERT_EVENT_UPDATED, ALERT_REASON_RULE_CHANGED, 3);
}

static void changed_rule_is_told_of_a_recovering_and_of_a_pending_alert(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    deliver(s, 70, 0);
    story_threshold(s, LATE, DAY)->keep_firing_ms += HOUR_MS;
    reload_and_look(s);
    assert_int_equal(status(s), ALERT_RECOVERING);
    assert_newest(s, ALERT_EVENT_UPDATED, ALERT_REASON_RULE_CHANGED, 3);

    s->seller = "other";
    story_threshold(s, LATE, DAY)->for_ms = HOUR_MS;
    deliver(s, 27, 3);
    story_threshold(s, LATE, DAY)->for_ms = 2 * HOUR_MS;
    reload_and_look(s);
    assert_int_equal(status(s), ALERT_PENDING);
    assert_newest(s, ALERT_EVENT_UPDATED, ALERT_REASON_RULE_CHANGED, 2);
}

static void whether_a_window_may_be_critical_is_part_of_the_rule(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    s->rules->windows[story_window(s, DAY)].may_be_critical = false;
    reload_and_look(s);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
    assert_newest(s, ALERT_EVENT_UPDATED, ALERT_REASON_RULE_CHANGED, 2);
}

static void rule_switched_off_ends_its_alert_and_says_why(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    story_threshold(s, LATE, DAY)->warn = THRESHOLD_OFF;
    story_threshold(s, LATE, DAY)->critical = THRESHOLD_OFF;
    reload_and_look(s);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
    assert_newest(s, ALERT_EVENT_RESOLVED, ALERT_REASON_RULE_CHANGED, 2);
    assert_int_equal(newest(s)->previous_status, ALERT_FIRING);
    assert_true(newest(s)->threshold == THRESHOLD_OFF);
    assert_true(isnan(newest(s)->breach_probability));
}

/* The configuration names another window in its place, and watches nothing over it. */
static void drop_day(struct story *s)
{
    *story_threshold(s, LATE, DAY) =
        (struct threshold){ .warn = THRESHOLD_OFF, .critical = THRESHOLD_OFF };
    s->rules->windows[story_window(s, DAY)].name = name_of(span_of_text("25h"));
}

static void restore_day(struct story *s)
{
    s->rules->windows[story_window(s, "25h")].name = name_of(span_of_text(DAY));
    *story_threshold(s, LATE, DAY) = (struct threshold){ .warn = 70000, .critical = 100000 };
}

static void reload_without_day(struct story *s)
{
    story_reload_with(s, drop_day);
    story_tick(s);
    story_reload(s);
    story_tick(s);
}

static void alert_of_a_window_that_is_gone_ends_once_and_says_why(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    const int64_t started = newest(s)->started.ms;
    reload_without_day(s);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
    const struct alert_change *end = newest(s);
    assert_int_equal(end->type, ALERT_EVENT_RESOLVED);
    assert_int_equal(end->reason, ALERT_REASON_RULE_CHANGED);
    assert_int_equal(end->sequence, 2);
    assert_int_equal(end->started.ms, started);
    assert_int_equal(end->status, ALERT_RESOLVED);
    assert_int_equal(end->previous_status, ALERT_FIRING);
    assert_int_equal(end->previous_value.amount, 100000);
    assert_true(end->threshold == THRESHOLD_OFF);
    assert_false(end->value.known);
    assert_int_equal(s->shard->alerts.firing[LATE], 0);

    story_pass_time_to(s, started + 1);
    reload_and_look(s);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
    assert_int_equal(s->shard->alerts.pool.live, 0);
}

/* Its window comes back before time has moved: its id is still its own. */
static void window_that_comes_back_begins_a_new_episode(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    const int64_t started = newest(s)->started.ms;
    reload_without_day(s);
    story_reload_with(s, restore_day);
    story_tick(s);
    assert_int_equal(story_change_count(s, LATE, DAY), 3);
    assert_int_equal(newest(s)->type, ALERT_EVENT_FIRING);
    assert_true(newest(s)->started.ms > started);
}

static void pending_alert_of_a_window_that_is_gone_never_fires(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, DAY)->for_ms = HOUR_MS;
    deliver(s, 27, 3);
    reload_without_day(s);
    assert_int_equal(story_change_count(s, LATE, DAY), 2);
    assert_int_equal(newest(s)->type, ALERT_EVENT_RESOLVED);
    assert_int_equal(newest(s)->reason, ALERT_REASON_RULE_CHANGED);
    assert_int_equal(newest(s)->status, ALERT_OK);
    assert_int_equal(newest(s)->fired.ms, TIME_NEVER_YET);
}

/* ---- restarts
 * ------------------------------------------------------------------------------------ */

static void restart_in_the_middle_does_not_stop_the_clocks_of_an_alert(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, DAY)->for_ms = HOUR_MS;
    deliver(s, 27, 3);
    const int64_t since = s->shard->clock.stream_time;
    story_reload(s);
    story_pass_time_to(s, since + HOUR_MS - 1);
    assert_int_equal(status(s), ALERT_PENDING);
    story_pass_time_to(s, since + HOUR_MS);
    assert_int_equal(status(s), ALERT_FIRING);
    deliver(s, 70, 0);
    story_reload(s);
    story_pass_time_to(s, since + 7 * HOUR_MS - 1);
    assert_int_equal(status(s), ALERT_RECOVERING);
    story_pass_time_to(s, since + 7 * HOUR_MS);
    assert_int_equal(status(s), ALERT_RESOLVED);
}

static void resolved_alert_is_forgotten_when_its_flapping_cannot_be_seen_any_more(void **state)
{
    struct story *s = *state;
    story_threshold(s, LATE, DAY)->keep_firing_ms = 0;
    deliver(s, 27, 3);
    deliver(s, 70, 0);
    const int64_t over = s->shard->clock.stream_time + ALERT_FLAP_STATES * 15 * MINUTE_MS;
    story_pass_time_to(s, over);
    assert_int_equal(s->shard->entities.live[ENTITY_ALERT], 1);
    story_pass_time_to(s, over + 1);
    assert_int_equal(s->shard->entities.live[ENTITY_ALERT], 0);
}

/* ---- all storefronts together (rule 2.9.10)
 * --------------------------------------------------------- */

static void total_is_alerted_only_with_facts_in_two_storefronts(void **state)
{
    struct story *s = *state;
    deliver(s, 27, 3);
    s->storefront = "*";
    assert_int_equal(story_reading(s, LATE, DAY).bad, 3);
    assert_int_equal(status(s), ALERT_OK);
    s->storefront = "fr";
    deliver(s, 1, 0);
    assert_int_equal(status(s), ALERT_OK);
    s->storefront = "*";
    assert_int_equal(status(s), ALERT_FIRING);
    assert_int_equal(newest(s)->denominator, 31);
    assert_int_equal(newest(s)->evidence_count, 3);
}

static void assert_part(const struct contributor *c, const char *storefront, int64_t bad,
                        int64_t total, int64_t excess_millionths)
{
    assert_true(span_equal(name_span(&c->storefront), span_of_text(storefront)));
    assert_int_equal(c->bad, bad);
    assert_int_equal(c->total, total);
    assert_int_equal(c->excess_millionths, excess_millionths);
}

/* 9 late of 60 where 10 % are allowed: 3 too many, of which fr alone has 5. */
static void alert_over_all_storefronts_says_which_of_them_the_gap_is_made_of(void **state)
{
    struct story *s = *state;
    deliver(s, 19, 1);
    s->storefront = "xx";
    deliver(s, 19, 1);
    s->storefront = "fr";
    deliver(s, 13, 7);
    assert_int_equal(newest(s)->contributor_count, 0);
    s->storefront = "*";
    const struct alert_change *c = newest(s);
    assert_int_equal(c->threshold, 100000);
    assert_int_equal(c->contributor_count, 3);
    assert_part(&c->contributors[0], "fr", 7, 20, 5000000);
    assert_part(&c->contributors[1], "de", 1, 20, -1000000);
    assert_part(&c->contributors[2], "xx", 1, 20, -1000000);
}

static void total_is_judged_by_the_global_thresholds(void **state)
{
    struct story *s = *state;
    struct threshold_table *own = story_own_thresholds(s, "de");
    own->of[LATE][story_window(s, DAY)].warn = 500000;
    own->of[LATE][story_window(s, DAY)].critical = 600000;
    deliver(s, 17, 3);
    assert_int_equal(status(s), ALERT_OK);
    s->storefront = "fr";
    deliver(s, 1, 0);
    s->storefront = "*";
    assert_int_equal(status(s), ALERT_FIRING);
    assert_string_equal(newest(s)->threshold_source, "global");
}

static void storefronts_own_threshold_is_used_and_named(void **state)
{
    struct story *s = *state;
    struct threshold_table *own = story_own_thresholds(s, "de");
    own->of[LATE][story_window(s, DAY)].warn = 50000;
    deliver(s, 47, 3); /* 6 % */
    assert_int_equal(status(s), ALERT_FIRING);
    assert_string_equal(newest(s)->threshold_source, "storefront:de");
    assert_int_equal(newest(s)->threshold, 50000);
}

/* ---- gauges
 * ------------------------------------------------------------------------------------------ */

static void overdue_tickets_alert_now_with_the_newest_deadline_first(void **state)
{
    struct story *s = *state;
    const enum kpi kpi = KPI_RESPONSE_OVERDUE;
    s->thresholds->of[kpi][GAUGE_WINDOW] =
        (struct threshold){ .warn = 1, .critical = 5, .clear_margin_permille = 100 };
    for (int i = 0; i < 5; i++)
        story_ticket_opened(s, story_name(s, "t", i), STORY_NOON + i);
    story_pass_time_to(s, STORY_NOON + 2 * DAY_MS + 2);
    const struct alert_change *c = story_change(s, kpi, "now", -1);
    assert_int_equal(c->type, ALERT_EVENT_FIRING);
    assert_int_equal(c->severity, SEVERITY_WARNING);
    assert_int_equal(c->evidence_total, 2);
    assert_true(span_equal(name_span(&c->evidence[0].id), span_of_text("t1")));
    assert_int_equal(c->evidence[0].kind, EVIDENCE_TICKET);
    assert_string_equal(evidence_detail(c->evidence[0].wrong),
                        "not answered, and past its due time");

    story_pass_time_to(s, STORY_NOON + 2 * DAY_MS + 5);
    assert_int_equal(story_change(s, kpi, "now", -1)->severity, SEVERITY_CRITICAL);
    for (int i = 0; i < 5; i++)
        story_reply(s, story_name(s, "t", i), STORY_NOON + 2 * DAY_MS + 5);
    story_tick(s);
    assert_int_equal(story_alert_status(s, kpi, "now"), ALERT_RESOLVED);
    assert_int_equal(story_change(s, kpi, "now", -1)->value.amount, 0);
}

/* ---- the first start (rule 2.9.16)
 * --------------------------------------------------------------------- */

static void at_the_first_start_alerts_are_held_back_until_caught_up_once(void **state)
{
    struct story *s = *state;
    s->rules->wall_time = true;
    s->rules->hold_first_alerts = true;
    story_restart(s);
    struct shard_clock *clock = &s->shard->clock;
    deliver(s, 27, 3);
    shard_clock_at_end(clock, TOPIC_ORDERS, s->now);
    shard_clock_at_end(clock, TOPIC_MESSAGES, s->now);
    story_tick(s);
    assert_int_equal(s->change_count, 0);
    assert_null(story_alert(s, LATE, DAY));

    shard_clock_at_end(clock, TOPIC_SHIPMENTS, s->now);
    story_tick(s);
    assert_int_equal(status(s), ALERT_FIRING);
    assert_int_equal(s->change_count, 1);
}

static void what_was_over_before_the_first_catching_up_is_never_told(void **state)
{
    struct story *s = *state;
    s->rules->wall_time = true;
    s->rules->hold_first_alerts = true;
    story_restart(s);
    deliver(s, 27, 3);
    deliver(s, 70, 0);
    for (int t = 0; t < TOPIC_COUNT; t++)
        shard_clock_at_end(&s->shard->clock, (enum topic)t, s->now);
    story_tick(s);
    assert_int_equal(s->change_count, 0);
}

static void alerts_may_be_told_from_the_beginning_if_the_setting_says_so(void **state)
{
    struct story *s = *state;
    s->rules->wall_time = true;
    s->rules->hold_first_alerts = false;
    story_restart(s);
    deliver(s, 27, 3);
    assert_int_equal(status(s), ALERT_FIRING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(breach_fires_at_once_and_says_all_about_it),
        TEST(breach_must_hold_for_a_while_if_the_rule_says_so),
        TEST(breach_gone_before_its_time_never_fires),
        TEST(too_few_facts_or_too_few_bad_ones_start_nothing),
        TEST(window_that_may_only_warn_never_is_critical),
        TEST(rule_may_ask_for_a_breach_probability),
        TEST(worse_is_critical_and_better_is_a_warning_again_by_hysteresis),
        TEST(between_the_limit_and_the_clear_limit_it_goes_on_firing),
        TEST(exactly_at_the_clear_limit_it_is_clear),
        TEST(too_few_facts_never_toggle_a_firing_alert),
        TEST(recovery_that_lasts_resolves),
        TEST(recovery_that_is_interrupted_fires_again_in_the_same_episode),
        TEST(recovering_alert_is_not_woken_between_the_two_limits),
        TEST(too_few_facts_never_wake_a_recovering_alert),
        TEST(few_late_ones_stop_the_clock_of_a_recovery),
        TEST(between_the_two_limits_the_clock_of_a_recovery_stands),
        TEST(without_patience_a_clear_alert_resolves_at_once),
        TEST(episodes_never_have_one_id),
        TEST(correction_that_leaves_a_breach_resolves_nothing),
        TEST(correction_that_takes_the_breach_away_resolves_at_once),
        TEST(correction_while_recovering_resolves_at_once),
        TEST(correction_outside_its_window_does_not_end_an_alert),
        TEST(bad_fact_that_only_moves_corrects_nothing),
        TEST(looser_rule_ends_the_breach_in_the_same_episode_and_says_why),
        TEST(stricter_rule_makes_it_critical_and_says_why),
        TEST(same_rule_after_a_restart_changes_nothing),
        TEST(changed_rule_is_told_once_even_if_the_alert_stays_as_it_is),
        TEST(changed_rule_is_told_of_a_recovering_and_of_a_pending_alert),
        TEST(whether_a_window_may_be_critical_is_part_of_the_rule),
        TEST(rule_switched_off_ends_its_alert_and_says_why),
        TEST(alert_of_a_window_that_is_gone_ends_once_and_says_why),
        TEST(window_that_comes_back_begins_a_new_episode),
        TEST(pending_alert_of_a_window_that_is_gone_never_fires),
        TEST(restart_in_the_middle_does_not_stop_the_clocks_of_an_alert),
        TEST(resolved_alert_is_forgotten_when_its_flapping_cannot_be_seen_any_more),
        TEST(total_is_alerted_only_with_facts_in_two_storefronts),
        TEST(alert_over_all_storefronts_says_which_of_them_the_gap_is_made_of),
        TEST(total_is_judged_by_the_global_thresholds),
        TEST(storefronts_own_threshold_is_used_and_named),
        TEST(overdue_tickets_alert_now_with_the_newest_deadline_first),
        TEST(at_the_first_start_alerts_are_held_back_until_caught_up_once),
        TEST(what_was_over_before_the_first_catching_up_is_never_told),
        TEST(alerts_may_be_told_from_the_beginning_if_the_setting_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
