/* unit_test.c - what follows from what is known of an order unit.
 *
 * A unit of a story is promised to leave within a day and to arrive between the second
 * and the fourth day, unless the test says otherwise.
 */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { RIVALS = 1000 };

#define SHIP_BY (STORY_NOON + DAY_MS)
#define FROM (STORY_NOON + 2 * DAY_MS)
#define BY (STORY_NOON + 4 * DAY_MS)

static void let_everything_pass(struct story *s)
{
    story_pass_time_to(s, STORY_NOON + 6 * DAY_MS);
}

/* ---- the promise is what the buyer was told first (rule 2.9.1) ----------------------------
 */

static void tell_promise(struct story *s, const char *id_message, int64_t at, int64_t by)
{
    struct event event = story_order_event(s, "u1", at);
    event.id_message = span_of_text(id_message);
    event.order.ts_created = STORY_NOON;
    event.order.deliver_by = (struct optional){ .known = true, .value = by };
    story_tell(s, &event);
}

static void promise_told_first_holds_whenever_it_arrives(void **state)
{
    struct story *s = *state;
    tell_promise(s, "m2", STORY_NOON + 1, BY + 2 * DAY_MS); /* a softer one, heard first */
    tell_promise(s, "m1", STORY_NOON, BY);
    tell_promise(s, "m3", STORY_NOON + 2, BY + 3 * DAY_MS);
    story_delivered(s, "u1", BY + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 0);
}

static void promises_of_one_instant_are_decided_by_the_message_id(void **state)
{
    struct story *s = *state;
    tell_promise(s, "m2", STORY_NOON, BY);
    tell_promise(s, "m1", STORY_NOON, BY + 2 * DAY_MS);
    story_delivered(s, "u1", BY + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 1);
}

/* The first order event says nothing of the delivery; the second does. */
static void promise_comes_from_the_first_event_that_carries_it(void **state)
{
    struct story *s = *state;
    s->promise.deliver_by = STORY_NOT_TOLD;
    story_order(s, "u1", STORY_NOON);
    story_delivered(s, "u1", BY + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 0);
    tell_promise(s, "later", STORY_NOON + HOUR_MS, BY);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 1);
}

static void creation_counts_once_at_the_time_told_first(void **state)
{
    struct story *s = *state;
    struct event event = story_order_event(s, "u1", STORY_NOON + HOUR_MS);
    event.order.ts_created = STORY_NOON + HOUR_MS;
    story_tell(s, &event);
    story_order(s, "u1", STORY_NOON - 2 * HOUR_MS);
    assert_int_equal(story_count(s, "1h", FACT_CREATED), 0);
    assert_int_equal(story_count(s, "24h", FACT_CREATED), 1);
}

static void handling_time_ends_with_the_local_working_day(void **state)
{
    struct story *s = *state;
    s->promise.ship_by = STORY_NOT_TOLD;
    s->promise.handling_days = 1;
    s->rules->grace_dispatch_ms = 0;
    const int64_t due = story_utc("2026-06-02T22:00:00Z"); /* Tue 24:00 Berlin */
    story_order(s, "u1", STORY_NOON);
    story_pass_time_to(s, due);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 0);
    story_pass_time_to(s, due + 1);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 1);
}

/* ---- firsts (rule 2.9.2) --------------------------------------------------------------------
 */

static void later_sending_changes_nothing_and_an_earlier_one_corrects(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_sent(s, "u1", SHIP_BY + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 1);
    story_sent(s, "u1", SHIP_BY + 2 * HOUR_MS);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 1);

    story_sent(s, "u1", SHIP_BY);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 0);
    assert_int_equal(story_facts(s, FACT_DISPATCH_GOOD), 1);
    assert_int_equal(s->shard->ledger.corrections, 1);
}

static void scan_proves_the_sending(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_scan(s, "u1", SHIP_BY);
    assert_int_equal(story_facts(s, FACT_DISPATCH_GOOD), 1);
}

static void status_sent_is_a_sending_and_no_scan(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_status(s, "u1", ORDER_SENT, SHIP_BY);
    assert_int_equal(story_facts(s, FACT_DISPATCH_GOOD), 1);
    assert_int_equal(story_facts(s, FACT_TRACKING_GOOD), 0);
}

static void status_received_is_an_attempt_of_all_parcels_and_proves_the_sending(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_parcel(s, EVENT_DELIVERED, "u1", "JD01", FROM);
    struct event second = story_shipment_event(s, EVENT_IN_TRANSIT, "u1", FROM);
    second.shipment.tracking_number = span_of_text("JD02");
    story_tell(s, &second);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 0);
    story_status(s, "u1", ORDER_RECEIVED, BY);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 1);

    story_order(s, "u2", STORY_NOON);
    story_status(s, "u2", ORDER_RECEIVED, SHIP_BY);
    assert_int_equal(story_facts(s, FACT_DISPATCH_GOOD), 1);
}

static void failed_delivery_is_no_attempt_but_a_scan(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_parcel(s, EVENT_DELIVERY_FAILED, "u1", "JD01", FROM);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 0);
    assert_int_equal(story_facts(s, FACT_TRACKING_GOOD), 1);
}

static void first_attempt_counts_even_if_nobody_was_at_home(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_parcel(s, EVENT_DELIVERY_ATTEMPTED, "u1", "JD01", BY);
    story_parcel(s, EVENT_DELIVERED, "u1", "JD01", BY + DAY_MS);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 0);
}

static void parcels_told_as_two_are_decided_with_the_second(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    struct event sent = story_shipment_event(s, EVENT_SHIPMENT_SENT, "u1", SHIP_BY);
    sent.shipment.parcel_count = 2;
    story_tell(s, &sent);
    story_parcel(s, EVENT_DELIVERED, "u1", "JD01", FROM);
    story_parcel(s, EVENT_DELIVERED, "u1", "JD01", FROM + 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 0);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);
    let_everything_pass(s);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 1);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 1);
    story_parcel(s, EVENT_DELIVERED, "u1", "JD02", BY);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 0);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 1);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);
}

static void unit_without_any_number_is_one_parcel(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    struct event event = story_shipment_event(s, EVENT_DELIVERED, "u1", FROM);
    event.shipment.parcel_count = 3;
    story_tell(s, &event);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 1);
}

/* Forty numbers, in two orders of arrival: the same 32 are kept. */
static void more_than_32_parcels_give_one_result_in_any_order(void **state)
{
    struct story *forth = *state;
    struct story back;
    story_twin(forth, &back);
    for (int i = 0; i < 40; i++) {
        const int64_t at = i == 17 ? BY + 1 : BY - i * MINUTE_MS;
        story_parcel(forth, EVENT_DELIVERED, "u1", story_name(forth, "JD", i), at);
        const int j = 39 - i;
        const int64_t then = j == 17 ? BY + 1 : BY - j * MINUTE_MS;
        story_parcel(&back, EVENT_DELIVERED, "u1", story_name(&back, "JD", j), then);
    }
    story_order(forth, "u1", STORY_NOON);
    story_order(&back, "u1", STORY_NOON);
    assert_int_equal(
        story_facts(forth, FACT_DELIVERY_LATE) + story_facts(forth, FACT_DELIVERY_ON_TIME), 1);
    story_tick(forth);
    story_tick(&back);
    story_assert_same(forth, &back);
    story_close(&back);
}

/* ---- deadlines (rule 2.9.3)
 * ------------------------------------------------------------------ */

static void late_sending_is_a_miss_at_once_counted_at_the_deadline(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_sent(s, "u1", SHIP_BY + 90 * MINUTE_MS);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 1);
    assert_int_equal(story_count(s, "1h", FACT_DISPATCH_BAD), 0); /* 90 minutes ago */
    assert_int_equal(story_count(s, "24h", FACT_DISPATCH_BAD), 1);
}

static void missing_sending_is_a_miss_only_after_grace(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_pass_time_to(s, SHIP_BY + s->rules->grace_dispatch_ms);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 0);
    story_pass_time_to(s, SHIP_BY + s->rules->grace_dispatch_ms + 1);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 1);
    assert_int_equal(story_count(s, "1h", FACT_DISPATCH_BAD), 0); /* still at the deadline */
}

static void missing_delivery_is_overdue_at_once_and_a_miss_after_grace(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_pass_time_to(s, BY);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);
    story_pass_time_to(s, BY + 1);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 0);
    story_pass_time_to(s, BY + s->rules->grace_delivery_ms);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 0);
    story_pass_time_to(s, BY + s->rules->grace_delivery_ms + 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 1);
}

static void delivery_is_judged_on_both_edges_of_its_window(void **state)
{
    struct story *s = *state;
    const int64_t attempts[] = { FROM - 1, FROM, BY, BY + 1 };
    for (int i = 0; i < 4; i++) {
        const char *unit = story_name(s, "u", i);
        story_order(s, unit, STORY_NOON);
        story_delivered(s, unit, attempts[i]);
    }
    assert_int_equal(story_facts(s, FACT_DELIVERY_EARLY), 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 2);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 1);
}

static void without_deliver_from_nothing_is_early(void **state)
{
    struct story *s = *state;
    s->promise.deliver_from = STORY_NOT_TOLD;
    story_order(s, "u1", STORY_NOON);
    story_delivered(s, "u1", STORY_NOON + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_DELIVERY_EARLY), 0);
    assert_int_equal(story_facts(s, FACT_DELIVERY_ON_TIME), 1);
}

static void promise_missing_for_good_decides_nothing(void **state)
{
    struct story *s = *state;
    s->promise = (struct story_promise){ STORY_NOT_TOLD, STORY_NOT_TOLD, STORY_NOT_TOLD,
                                         STORY_NOT_TOLD };
    story_order(s, "u1", STORY_NOON);
    let_everything_pass(s);
    assert_int_equal(story_facts_in(s, "30d"), 1); /* created */
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);
}

/* ---- cancellations (rule 2.9.4)
 * ---------------------------------------------------------------- */

static void cancellation_before_a_deadline_takes_the_miss_away_in_hindsight(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    let_everything_pass(s);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 1);
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 1);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 1);

    story_cancel(s, "u1", "BuyerChangedMind", SHIP_BY);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 1); /* dated at the deadline: stands */
    assert_int_equal(story_facts(s, FACT_DELIVERY_LATE), 0);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);
    story_cancel(s, "u1", "BuyerChangedMind", SHIP_BY - 1);
    assert_int_equal(story_facts(s, FACT_DISPATCH_BAD), 0);
}

static void cancelled_unit_still_counts_as_created(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_cancel(s, "u1", "BuyerChangedMind", STORY_NOON + 1);
    let_everything_pass(s);
    assert_int_equal(story_facts(s, FACT_CREATED), 1);
    assert_int_equal(story_facts_in(s, "30d"), 1);
}

static void cancellation_counts_by_the_reason_given_first(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_cancel(s, "u1", "BuyerChangedMind", STORY_NOON + 2);
    assert_int_equal(story_facts(s, FACT_CANCELLED_BY_SELLER), 0);
    story_cancel(s, "u1", "NoInventory", STORY_NOON + 1);
    assert_int_equal(story_facts(s, FACT_CANCELLED_BY_SELLER), 1);
    story_cancel(s, "u1", "BuyerChangedMind", STORY_NOON);
    assert_int_equal(story_facts(s, FACT_CANCELLED_BY_SELLER), 0);
}

/* ---- fulfilled by Kaufland (rule 2.9.5)
 * ---------------------------------------------------------- */

static void unit_fulfilled_by_kaufland_goes_with_all_its_facts_whenever_it_is_said(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    let_everything_pass(s);
    assert_int_equal(story_facts_in(s, "30d"), 3);
    struct event event = story_shipment_event(s, EVENT_IN_TRANSIT, "u1", STORY_NOON + DAY_MS);
    event.fulfillment = FULFILLMENT_KAUFLAND;
    story_tell(s, &event);
    assert_int_equal(story_facts_in(s, "30d"), 0);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);

    story_delivered(s, "u1", STORY_NOON + 3 * DAY_MS); /* of a merchant: too late */
    assert_int_equal(story_facts_in(s, "30d"), 0);
}

/* ---- tracking (rule 2.9.6)
 * ----------------------------------------------------------------------- */

static void scan_is_good_until_48_hours_after_the_sending(void **state)
{
    struct story *s = *state;
    story_sent(s, "u1", STORY_NOON);
    story_scan(s, "u1", STORY_NOON + 48 * HOUR_MS);
    story_sent(s, "u2", STORY_NOON);
    story_scan(s, "u2", STORY_NOON + 48 * HOUR_MS + 1);
    assert_int_equal(story_facts(s, FACT_TRACKING_GOOD), 1);
    assert_int_equal(story_facts(s, FACT_TRACKING_BAD), 1);
}

static void missing_scan_is_bad_only_after_grace(void **state)
{
    struct story *s = *state;
    const int64_t limit = STORY_NOON + 48 * HOUR_MS;
    story_sent(s, "u1", STORY_NOON);
    story_pass_time_to(s, limit + s->rules->grace_tracking_ms);
    assert_int_equal(story_facts(s, FACT_TRACKING_BAD), 0);
    story_pass_time_to(s, limit + s->rules->grace_tracking_ms + 1);
    assert_int_equal(story_facts(s, FACT_TRACKING_BAD), 1);
    story_scan(s, "u1", limit); /* comes late, was in time */
    assert_int_equal(story_facts(s, FACT_TRACKING_BAD), 0);
    assert_int_equal(story_facts(s, FACT_TRACKING_GOOD), 1);
}

static void scan_in_time_without_number_or_carrier_is_bad(void **state)
{
    struct story *s = *state;
    const struct event bare =
        story_shipment_event(s, EVENT_IN_TRANSIT, "u1", STORY_NOON + HOUR_MS);
    story_sent(s, "u1", STORY_NOON);
    story_tell(s, &bare);
    assert_int_equal(story_facts(s, FACT_TRACKING_GOOD), 0);
    story_scan(s, "u1", STORY_NOON + 48 * HOUR_MS + 1); /* the number comes too late */
    assert_int_equal(story_facts(s, FACT_TRACKING_BAD), 1);
    story_scan(s, "u1", STORY_NOON + 48 * HOUR_MS); /* no: there was one in time */
    assert_int_equal(story_facts(s, FACT_TRACKING_BAD), 0);
    assert_int_equal(story_facts(s, FACT_TRACKING_GOOD), 1);
}

/* ---- whose unit it is (rule 2.9.7)
 * ---------------------------------------------------------------- */

static void unit_belongs_to_the_seller_of_its_first_event_the_others_are_ignored(void **state)
{
    struct story *s = *state;
    s->seller = "4712";
    story_order(s, "u1", STORY_NOON + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_CREATED), 1);

    s->seller = "4711"; /* earlier, but heard later */
    story_order(s, "u1", STORY_NOON);
    assert_int_equal(story_facts(s, FACT_CREATED), 1);
    s->seller = "4712";
    assert_int_equal(story_facts_in(s, "30d"), 0);
    const uint64_t before = s->shard->units.foreign_events;
    story_delivered(s, "u1", FROM);
    assert_int_equal(story_facts_in(s, "30d"), 0);
    assert_int_equal(s->shard->units.foreign_events, before + 1);
    s->seller = "4711";
    assert_int_equal(story_facts_in(s, "30d"), 1);
}

static void unit_belongs_to_the_storefront_of_its_first_event(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON + HOUR_MS);
    s->storefront = "fr";
    story_order(s, "u1", STORY_NOON);
    assert_int_equal(story_facts(s, FACT_CREATED), 1);
    s->storefront = "*";
    assert_int_equal(story_facts(s, FACT_CREATED), 1);
    s->storefront = "de";
    assert_int_equal(story_facts(s, FACT_CREATED), 0);
}

/* Its owner is silent for so long that it would be forgotten, a stranger goes on, and then
 * there is a third: what the stranger says still counts nowhere. */
static void stranger_does_not_inherit_a_unit_when_its_owner_would_be_forgotten(void **state)
{
    struct story *s = *state;
    const int64_t later = STORY_NOON + 30 * DAY_MS;
    story_order(s, "u1", STORY_NOON);
    story_delivered(s, "u1", FROM);
    s->seller = "stranger";
    story_order(s, "u1", STORY_NOON + HOUR_MS);
    story_pass_time_to(s, later);
    story_sent(s, "u1", later);
    story_delivered(s, "u1", later);
    story_pass_time_to(s, later + 10 * DAY_MS);
    s->seller = "third";
    story_order(s, "u1", later + 10 * DAY_MS);
    assert_int_equal(story_facts_in(s, "30d"), 0);
    s->seller = "stranger";
    assert_int_equal(story_facts_in(s, "30d"), 0);
    story_reload(s);
    story_pass_time_to(s, later + 75 * DAY_MS);
    assert_int_equal(s->shard->entities.live[ENTITY_UNIT], 0); /* nobody stays for ever */
}

/* "0" is the unit of a thousand sellers: it belongs to whose event was the first, though older
 * ones are heard of again and again, and goes with all its claims. If an event looked at every
 * pair of rivals, this would take minutes. */
static void placeholder_of_many_sellers_belongs_to_the_first_event(void **state)
{
    struct story *s = *state;
    for (int i = 0; i < RIVALS; i++) {
        s->seller = story_name(s, "seller", i);
        const int64_t at = STORY_NOON + (i % 2 == 0 ? i : -i) * SECOND_MS;
        story_order(s, "0", at);
        story_cancel(s, "0", "out_of_stock", at + HOUR_MS);
        assert_int_equal(story_facts(s, FACT_CREATED), i == 0 || i % 2 != 0);
    }
    s->seller = story_name(s, "seller", RIVALS - 3);
    assert_int_equal(story_facts(s, FACT_CREATED), 0);
    s->seller = story_name(s, "seller", RIVALS - 1);
    assert_int_equal(story_facts(s, FACT_CREATED), 1);
    assert_int_equal(s->shard->entities.live[ENTITY_UNIT], RIVALS);
    story_pass_time_to(s, STORY_NOON + 200 * DAY_MS);
    assert_int_equal(s->shard->entities.live[ENTITY_UNIT], 0);
}

/* ---- forgetting
 * ------------------------------------------------------------------------------------- */

static uint32_t units_known(const struct story *s)
{
    return s->shard->entities.live[ENTITY_UNIT];
}

static void delivered_unit_is_forgotten_when_no_window_holds_its_facts(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_delivered(s, "u1", FROM);
    story_live_to(s, FROM + 30 * DAY_MS, 6 * HOUR_MS);
    assert_int_equal(units_known(s), 1);
    story_pass_time_to(s, FROM + 30 * DAY_MS + 1);
    assert_int_equal(units_known(s), 0);
    assert_int_equal(s->shard->units.abandoned, 0);
}

/* It must find the unit: else its creation would count a second time. */
static void status_returned_three_weeks_after_the_delivery_counts_nothing_twice(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_sent(s, "u1", SHIP_BY);
    story_delivered(s, "u1", FROM);
    const int64_t before = story_facts_in(s, "30d");
    story_live_to(s, FROM + 20 * DAY_MS, 6 * HOUR_MS);
    struct event event = story_order_event(s, "u1", FROM + 20 * DAY_MS);
    event.kind = EVENT_ORDER_UNIT_STATUS_CHANGED;
    event.order.status = ORDER_RETURNED;
    event.order.ts_created = STORY_NOON;
    story_tell(s, &event);
    assert_int_equal(story_facts_in(s, "30d"), before);
    assert_int_equal(story_facts(s, FACT_CREATED), 1);
    assert_int_equal(units_known(s), 1);
}

static void open_unit_is_abandoned_after_90_days_without_an_event(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    story_live_to(s, STORY_NOON + 90 * DAY_MS, DAY_MS);
    assert_int_equal(units_known(s), 1);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 1);
    story_pass_time_to(s, STORY_NOON + 90 * DAY_MS + 1);
    assert_int_equal(units_known(s), 0);
    assert_int_equal(s->shard->units.abandoned, 1);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);
}

/* Ordered a hundred days ahead, and nothing was heard of it since. */
static void late_delivery_is_counted_however_far_ahead_it_was_promised(void **state)
{
    struct story *s = *state;
    s->promise.deliver_by = 100 * DAY_MS;
    story_order(s, "u1", STORY_NOON);
    story_live_to(s, STORY_NOON + 113 * DAY_MS, DAY_MS);
    assert_int_equal(story_count(s, "30d", FACT_DELIVERY_LATE), 1);
    assert_int_equal(units_known(s), 1);
    story_live_to(s, STORY_NOON + 131 * DAY_MS, DAY_MS);
    assert_int_equal(units_known(s), 0);
}

/* It is overdue no more, but its creation counts for a month. */
static void abandoned_unit_that_is_heard_of_again_was_created_once(void **state)
{
    struct story *s = *state;
    s->rules->abandon_after_ms = 20 * DAY_MS;
    story_order(s, "u1", STORY_NOON);
    story_live_to(s, STORY_NOON + 20 * DAY_MS + 1, DAY_MS);
    assert_int_equal(story_gauge(s, KPI_DELIVERY_OVERDUE), 0);
    story_pass_time_to(s, STORY_NOON + 25 * DAY_MS);
    struct event event = story_order_event(s, "u1", STORY_NOON + 25 * DAY_MS);
    event.kind = EVENT_ORDER_UNIT_STATUS_CHANGED;
    event.order.status = ORDER_RETURNED;
    event.order.ts_created = STORY_NOON;
    story_tell(s, &event);
    assert_int_equal(story_count(s, "30d", FACT_CREATED), 1);
}

static void unit_that_counts_nothing_is_remembered_for_the_longest_window(void **state)
{
    struct story *s = *state;
    struct event event = story_order_event(s, "u1", STORY_NOON);
    event.fulfillment = FULFILLMENT_KAUFLAND;
    story_tell(s, &event);
    story_pass_time_to(s, STORY_NOON + rules_longest_window(s->rules));
    assert_int_equal(units_known(s), 1);
    story_pass_time_to(s, STORY_NOON + rules_longest_window(s->rules) + 1);
    assert_int_equal(units_known(s), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(promise_told_first_holds_whenever_it_arrives),
        TEST(promises_of_one_instant_are_decided_by_the_message_id),
        TEST(promise_comes_from_the_first_event_that_carries_it),
        TEST(creation_counts_once_at_the_time_told_first),
        TEST(handling_time_ends_with_the_local_working_day),
        TEST(later_sending_changes_nothing_and_an_earlier_one_corrects),
        TEST(scan_proves_the_sending),
        TEST(status_sent_is_a_sending_and_no_scan),
        TEST(status_received_is_an_attempt_of_all_parcels_and_proves_the_sending),
        TEST(failed_delivery_is_no_attempt_but_a_scan),
        TEST(first_attempt_counts_even_if_nobody_was_at_home),
        TEST(parcels_told_as_two_are_decided_with_the_second),
        TEST(unit_without_any_number_is_one_parcel),
        TEST(more_than_32_parcels_give_one_result_in_any_order),
        TEST(late_sending_is_a_miss_at_once_counted_at_the_deadline),
        TEST(missing_sending_is_a_miss_only_after_grace),
        TEST(missing_delivery_is_overdue_at_once_and_a_miss_after_grace),
        TEST(delivery_is_judged_on_both_edges_of_its_window),
        TEST(without_deliver_from_nothing_is_early),
        TEST(promise_missing_for_good_decides_nothing),
        TEST(cancellation_before_a_deadline_takes_the_miss_away_in_hindsight),
        TEST(cancelled_unit_still_counts_as_created),
        TEST(cancellation_counts_by_the_reason_given_first),
        TEST(unit_fulfilled_by_kaufland_goes_with_all_its_facts_whenever_it_is_said),
        TEST(scan_is_good_until_48_hours_after_the_sending),
        TEST(missing_scan_is_bad_only_after_grace),
        TEST(scan_in_time_without_number_or_carrier_is_bad),
        TEST(unit_belongs_to_the_seller_of_its_first_event_the_others_are_ignored),
        TEST(unit_belongs_to_the_storefront_of_its_first_event),
        TEST(stranger_does_not_inherit_a_unit_when_its_owner_would_be_forgotten),
        TEST(placeholder_of_many_sellers_belongs_to_the_first_event),
        TEST(delivered_unit_is_forgotten_when_no_window_holds_its_facts),
        TEST(status_returned_three_weeks_after_the_delivery_counts_nothing_twice),
        TEST(open_unit_is_abandoned_after_90_days_without_an_event),
        TEST(late_delivery_is_counted_however_far_ahead_it_was_promised),
        TEST(abandoned_unit_that_is_heard_of_again_was_created_once),
        TEST(unit_that_counts_nothing_is_remembered_for_the_longest_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
