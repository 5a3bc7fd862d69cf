/* shard_vectors_test.c - the ten vectors that every implementation must pass, each told
 * to a whole shard. The calendar's part of the first is in calendar_test.c, too.
 */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* ---- vector 1 ------------------------------------------------------------------------ */

/* A ticket without an answer is overdue exactly after its due time. */
static void assert_overdue_after(struct story *s, const char *opened, const char *due)
{
    const int64_t due_ms = story_utc(due);
    story_ticket_opened(s, "t1", story_utc(opened));
    story_pass_time_to(s, due_ms);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 0);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 0);

    story_pass_time_to(s, due_ms + 1);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
}

/* Fri 17:00 Berlin, 48 business hours. */
static void vector_1_ticket_of_friday_afternoon_is_overdue_after_tuesday_afternoon(void **state)
{
    assert_overdue_after(*state, "2026-05-15T15:00:00Z", "2026-05-19T15:00:00Z");
}

static void vector_1_whit_monday_gives_the_seller_a_day_more(void **state)
{
    assert_overdue_after(*state, "2026-05-22T15:00:00Z", "2026-05-27T15:00:00Z");
}

static void vector_1_clock_of_a_good_friday_ticket_starts_on_tuesday(void **state)
{
    assert_overdue_after(*state, "2026-04-03T10:00:00Z", "2026-04-08T22:00:00Z");
}

/* Both Tuesdays 17:00 Berlin: 23 and 25 hours of Sunday do not count at all. */
static void vector_1_spring_change_keeps_the_local_hour(void **state)
{
    assert_overdue_after(*state, "2026-03-27T16:00:00Z", "2026-03-31T15:00:00Z");
}

static void vector_1_autumn_change_keeps_the_local_hour(void **state)
{
    assert_overdue_after(*state, "2026-10-23T15:00:00Z", "2026-10-27T16:00:00Z");
}

/* ---- vector 2 ------------------------------------------------------------------------ */

static void vector_2_two_late_of_ten_are_too_few_for_an_alert(void **state)
{
    struct story *s = *state;
    story_deliveries(s, 8, 2, STORY_NOON);
    story_tick(s);
    assert_int_equal(story_reading(s, KPI_DELIVERY_LATE, "7d").value.amount, 200000);
    assert_int_equal(s->change_count, 0);
}

static void vector_2_three_late_of_thirty_are_a_warning(void **state)
{
    struct story *s = *state;
    story_deliveries(s, 27, 3, STORY_NOON);
    story_tick(s);
    const struct alert *a = story_alert(s, KPI_DELIVERY_LATE, "7d");
    assert_non_null(a);
    assert_int_equal(a->status, ALERT_FIRING);
    assert_int_equal(a->severity, SEVERITY_WARNING);
    const struct alert_change *c = story_change(s, KPI_DELIVERY_LATE, "7d", 0);
    assert_int_equal(c->type, ALERT_EVENT_FIRING);
    assert_int_equal(c->numerator, 3);
    assert_int_equal(c->denominator, 30);
    assert_int_equal(c->value.amount, 100000);
}

/* ---- vector 3 ------------------------------------------------------------------------ */

/* Three of five tickets are not answered in time, as far as we know. Eleven hours
 * later it turns out that one of them was. */
static void
vector_3_reply_dated_in_time_takes_the_miss_back_and_corrects_the_alert(void **state)
{
    struct story *s = *state;
    const int64_t due = STORY_NOON + 2 * DAY_MS;
    story_watch_only(s, KPI_RESPONSE_ON_TIME, "7d");
    for (int i = 0; i < 5; i++)
        story_ticket_opened(s, story_name(s, "t", i), STORY_NOON);
    story_reply(s, "t0", STORY_NOON + HOUR_MS);
    story_reply(s, "t1", STORY_NOON + HOUR_MS);
    story_pass_time_to(s, due + 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 3);
    assert_int_equal(story_alert_status(s, KPI_RESPONSE_ON_TIME, "7d"), ALERT_FIRING);

    story_live_to(s, due + 11 * HOUR_MS, HOUR_MS);
    story_reply(s, "t2", due - MINUTE_MS);
    story_tick(s);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 2);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 3);
    assert_int_equal(story_alert_status(s, KPI_RESPONSE_ON_TIME, "7d"), ALERT_RESOLVED);

    assert_int_equal(story_change_count(s, KPI_RESPONSE_ON_TIME, "7d"), 2);
    const struct alert_change *c = story_change(s, KPI_RESPONSE_ON_TIME, "7d", -1);
    assert_int_equal(c->type, ALERT_EVENT_CORRECTED);
    assert_int_equal(c->reason, ALERT_REASON_DATA_CORRECTED);
    assert_int_equal(c->previous_value.amount, 400000);
    assert_int_equal(c->value.amount, 600000);
}

/* ---- vector 4 ------------------------------------------------------------------------ */

static void
vector_4_a_day_without_events_empties_the_window_and_resolves_the_alert(void **state)
{
    struct story *s = *state;
    const int64_t keep = story_threshold(s, KPI_DELIVERY_LATE, "24h")->keep_firing_ms;
    story_watch_only(s, KPI_DELIVERY_LATE, "24h");
    story_deliveries(s, 27, 3, STORY_NOON);
    story_tick(s);
    story_live_to(s, STORY_NOON + DAY_MS - 1, 15 * MINUTE_MS);
    assert_int_equal(story_count(s, "24h", FACT_DELIVERY_LATE), 3);
    assert_int_equal(story_alert_status(s, KPI_DELIVERY_LATE, "24h"), ALERT_FIRING);

    story_pass_time_to(s, STORY_NOON + DAY_MS);
    assert_int_equal(story_facts_in(s, "24h"), 0);
    assert_int_equal(story_alert_status(s, KPI_DELIVERY_LATE, "24h"), ALERT_RECOVERING);
    story_live_to(s, STORY_NOON + DAY_MS + keep - 1, 15 * MINUTE_MS);
    assert_int_equal(story_alert_status(s, KPI_DELIVERY_LATE, "24h"), ALERT_RECOVERING);

    story_pass_time_to(s, STORY_NOON + DAY_MS + keep);
    assert_int_equal(story_alert_status(s, KPI_DELIVERY_LATE, "24h"), ALERT_RESOLVED);
    const struct alert_change *c = story_change(s, KPI_DELIVERY_LATE, "24h", -1);
    assert_int_equal(c->type, ALERT_EVENT_RESOLVED);
    assert_int_equal(c->resolved.ms, STORY_NOON + DAY_MS + keep);
    assert_false(c->value.known);
}

/* ---- vector 5 ------------------------------------------------------------------------ */

static enum severity severity_after_cancelling(struct story *s, int from, int to)
{
    for (int i = from; i < to; i++)
        story_cancel(s, story_name(s, "u", i), "NoInventory", STORY_NOON);
    story_tick(s);
    const struct alert *a = story_alert(s, KPI_CANCELLATION, "30d");
    return a == NULL ? SEVERITY_NONE : (enum severity)a->severity;
}

static void vector_5_cancellation_warns_at_one_per_cent_and_is_critical_at_three(void **state)
{
    struct story *s = *state;
    story_watch_only(s, KPI_CANCELLATION, "30d");
    for (int i = 0; i < 10000; i++)
        story_order(s, story_name(s, "u", i), STORY_NOON);
    assert_int_equal(severity_after_cancelling(s, 0, 99), SEVERITY_NONE);
    assert_int_equal(severity_after_cancelling(s, 99, 100), SEVERITY_WARNING);
    assert_int_equal(severity_after_cancelling(s, 100, 299), SEVERITY_WARNING);
    assert_int_equal(severity_after_cancelling(s, 299, 300), SEVERITY_CRITICAL);
    assert_int_equal(story_change(s, KPI_CANCELLATION, "30d", 0)->value.amount, 10000);
    assert_int_equal(story_change(s, KPI_CANCELLATION, "30d", -1)->value.amount, 30000);
}

/* ---- vector 6 ------------------------------------------------------------------------ */

static void vector_6_unknown_topic_opens_a_ticket_of_no_class(void **state)
{
    struct story *s = *state;
    story_ticket_topic(s, "t1", "cs_nagative_rating", STORY_NOON);
    assert_int_equal(story_facts(s, FACT_OPENED), 1);
    assert_int_equal(story_facts_in(s, "30d"), 1);
}

static void vector_6_unknown_storefront_counts_with_global_rules(void **state)
{
    struct story *s = *state;
    s->storefront = "xx";
    story_deliveries(s, 27, 3, STORY_NOON);
    story_ticket_opened(s, "t1", STORY_NOON);
    story_tick(s);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 3);
    assert_int_equal(story_facts(s, FACT_OPENED), 1);
    const struct alert_change *c = story_change(s, KPI_DELIVERY_LATE, "7d", 0);
    assert_string_equal(c->threshold_source, "global");
    s->storefront = "de";
    assert_int_equal(story_facts_in(s, "30d"), 0);
}

/* ---- vectors 7 and 8 ----------------------------------------------------------------- */

enum { LIFE_EVENTS = 4 };

static void tell_life(struct story *s, struct event ret_life[LIFE_EVENTS])
{
    ret_life[0] = story_order_event(s, "u1", STORY_NOON);
    ret_life[1] = story_shipment_event(s, EVENT_SHIPMENT_SENT, "u1", STORY_NOON + 10 * HOUR_MS);
    ret_life[2] =
        story_shipment_event(s, EVENT_CARRIER_ACCEPTED, "u1", STORY_NOON + 20 * HOUR_MS);
    ret_life[3] = story_shipment_event(s, EVENT_DELIVERED, "u1", STORY_NOON + 3 * DAY_MS);
    for (int i = 2; i < LIFE_EVENTS; i++) {
        ret_life[i].shipment.tracking_number = span_of_text("JD01");
        ret_life[i].shipment.carrier_code = span_of_text("DHL");
    }
}

static void assert_one_good_unit(struct story *s)
{
    static const enum fact good[] = { FACT_CREATED, FACT_DISPATCH_GOOD, FACT_TRACKING_GOOD,
                                      FACT_DELIVERY_ON_TIME };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(story_facts(s, good[i]), 1);
    assert_int_equal(story_facts_in(s, "30d"), 4);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);
}

/* Tells the events in the n-th order; after `known` of them all deadlines pass. */
static void assert_order_does_not_matter(struct story *origin, int n, int known)
{
    struct story s;
    story_twin(origin, &s);
    struct event left[LIFE_EVENTS];
    tell_life(&s, left);
    for (int told = 0; told < LIFE_EVENTS; told++) {
        if (told == known)
            story_pass_time_to(&s, STORY_NOON + 6 * DAY_MS);
        const int count = LIFE_EVENTS - told;
        const int pick = n % count;
        n /= count;
        story_tell(&s, &left[pick]);
        for (int i = pick; i + 1 < count; i++)
            left[i] = left[i + 1];
    }
    story_pass_time_to(&s, STORY_NOON + 6 * DAY_MS);
    assert_one_good_unit(&s);
    story_close(&s);
}

static void vector_7_all_interleavings_of_a_unit_give_the_same_counts(void **state)
{
    for (int n = 0; n < 24; n++)
        assert_order_does_not_matter(*state, n, LIFE_EVENTS);
}

/* The same when deadlines have passed and misses were counted in between. */
static void vector_7_interleavings_with_misses_in_between_give_the_same_counts(void **state)
{
    for (int n = 0; n < 24; n++) {
        for (int known = 1; known < LIFE_EVENTS; known++)
            assert_order_does_not_matter(*state, n, known);
    }
}

static void vector_8_every_event_twice_counts_as_once(void **state)
{
    enum { EVENTS = 600 };
    static struct event events[EVENTS];
    struct story *once = *state;
    struct story twice;
    story_twin(once, &twice);
    for (int i = 0; i < EVENTS; i++) {
        events[i] = story_any_event(once, STORY_NOON + i * 10 * MINUTE_MS);
        story_tell(once, &events[i]);
        story_tell(&twice, &events[i]);
        story_tell(&twice, &events[i]);
        story_tick(once);
        story_tick(&twice);
    }
    /* And all of the last day once more, late and in the wrong order. */
    for (int i = EVENTS - 1; i >= EVENTS - 144; i--)
        story_tell(&twice, &events[i]);
    story_pass_time_to(once, STORY_NOON + 6 * DAY_MS);
    story_pass_time_to(&twice, STORY_NOON + 6 * DAY_MS);
    story_assert_same(once, &twice);
    story_assert_same_changes(once, &twice);
    story_close(&twice);
}

/* ---- vector 9 ------------------------------------------------------------------------ */

static void vector_9_second_parcel_late_makes_the_unit_late(void **state)
{
    struct story *s = *state;
    const int64_t by = STORY_NOON + s->promise.deliver_by;
    story_order(s, "u1", STORY_NOON);
    struct event sent = story_shipment_event(s, EVENT_SHIPMENT_SENT, "u1", STORY_NOON + 1);
    sent.shipment.parcel_count = 2;
    story_tell(s, &sent);
    story_parcel(s, EVENT_DELIVERED, "u1", "JD01", by - HOUR_MS);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 0);

    story_parcel(s, EVENT_DELIVERED, "u1", "JD02", by + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 0);
}

/* ---- vector 10 ----------------------------------------------------------------------- */

/* Orders and messages are read to their ends at noon of day 6, shipments are silent. */
static void stop_shipments(struct story *s, int64_t now)
{
    struct shard_clock *clock = &s->shard->clock;
    s->rules->wall_time = true;
    story_scan(s, "other", STORY_NOON);
    story_order(s, "u1", STORY_NOON);
    s->now = (wall_time){ now };
    shard_clock_at_end(clock, TOPIC_ORDERS, s->now);
    shard_clock_at_end(clock, TOPIC_MESSAGES, s->now);
    story_tick(s);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 0);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 0);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);
}

static void vector_10_silent_shipments_count_no_miss_until_they_move(void **state)
{
    struct story *s = *state;
    stop_shipments(s, STORY_NOON + 6 * DAY_MS);
    story_scan(s, "other", STORY_NOON + s->promise.ship_by + s->rules->grace_dispatch_ms);
    story_tick(s);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 0);

    story_scan(s, "other", STORY_NOON + s->promise.ship_by + s->rules->grace_dispatch_ms + 1);
    story_tick(s);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 0);
}

static void vector_10_silent_shipments_count_misses_once_proven_read_to_their_end(void **state)
{
    struct story *s = *state;
    stop_shipments(s, STORY_NOON + 6 * DAY_MS);
    shard_clock_at_end(&s->shard->clock, TOPIC_SHIPMENTS, s->now);
    story_tick(s);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 1);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vector_1_ticket_of_friday_afternoon_is_overdue_after_tuesday_afternoon),
        TEST(vector_1_whit_monday_gives_the_seller_a_day_more),
        TEST(vector_1_clock_of_a_good_friday_ticket_starts_on_tuesday),
        TEST(vector_1_spring_change_keeps_the_local_hour),
        TEST(vector_1_autumn_change_keeps_the_local_hour),
        TEST(vector_2_two_late_of_ten_are_too_few_for_an_alert),
        TEST(vector_2_three_late_of_thirty_are_a_warning),
        TEST(vector_3_reply_dated_in_time_takes_the_miss_back_and_corrects_the_alert),
        TEST(vector_4_a_day_without_events_empties_the_window_and_resolves_the_alert),
        TEST(vector_5_cancellation_warns_at_one_per_cent_and_is_critical_at_three),
        TEST(vector_6_unknown_topic_opens_a_ticket_of_no_class),
        TEST(vector_6_unknown_storefront_counts_with_global_rules),
        TEST(vector_7_all_interleavings_of_a_unit_give_the_same_counts),
        TEST(vector_7_interleavings_with_misses_in_between_give_the_same_counts),
        TEST(vector_8_every_event_twice_counts_as_once),
        TEST(vector_9_second_parcel_late_makes_the_unit_late),
        TEST(vector_10_silent_shipments_count_no_miss_until_they_move),
        TEST(vector_10_silent_shipments_count_misses_once_proven_read_to_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
