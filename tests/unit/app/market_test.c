/* The invented marketplace: the same seed gives the same events, every kind of event comes,
 * all of them are possible, and the sellers that turn bad do so when and as the truth says. */
#include "app/market.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "base/name.h"
#include "codec/event_check.h"
#include "codec/event_encode.h"
#include "codec/event_schema.h"
#include "kpi/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS = 60000, SELLERS = 24, PLENTY = 400000 };

static const struct market_options usual = {
    .seed = 7,
    .start = { INT64_C(1780272000000) }, /* 2026-06-01 */
    .sellers = SELLERS,
    .turning = 6,
    .units_per_day = 30,
    .turn_days = 10,
};

struct run {
    uint64_t hash;
    int64_t kinds[EVENT_KIND_COUNT];
};

/* Every byte that would be sent, in order, with its time of arrival. */
static struct run run_market(const struct market_options *options, int32_t events)
{
    struct run run = { 0 };
    struct reader_schema *schemas[TOPIC_COUNT];
    struct buffer bytes = { 0 };
    struct event event;
    struct market *market = market_open(options);
    for (unsigned t = 0; t < TOPIC_COUNT; t++)
        schemas[t] = event_schema_open((enum topic)t);
    for (int32_t i = 0; i < events; i++) {
        const event_time arrival = market_next(market, &event);
        buffer_clear(&bytes);
        event_encode(schemas[event.topic], 1, &event, &bytes);
        run.hash = hash_mix(run.hash ^ hash_bytes(buffer_span(&bytes)), (uint64_t)arrival.ms);
        run.kinds[event.kind] += 1;
    }
    for (unsigned t = 0; t < TOPIC_COUNT; t++)
        reader_schema_close(schemas[t]);
    buffer_free(&bytes);
    market_close(market);
    return run;
}

static void the_same_seed_gives_the_same_events(void **state)
{
    (void)state;
    const struct run first = run_market(&usual, EVENTS);
    const struct run second = run_market(&usual, EVENTS);
    assert_true(first.hash == second.hash);
}

static void another_seed_gives_other_events(void **state)
{
    (void)state;
    struct market_options other = usual;
    other.seed = 8;
    assert_true(run_market(&usual, 1000).hash != run_market(&other, 1000).hash);
}

static void every_kind_of_event_occurs(void **state)
{
    (void)state;
    const struct run run = run_market(&usual, EVENTS);
    for (unsigned k = EVENT_UNKNOWN + 1; k < EVENT_KIND_COUNT; k++) {
        if (run.kinds[k] == 0)
            fail_msg("no %s in %d events", event_kind_name((enum event_kind)k), EVENTS);
    }
    assert_int_equal(run.kinds[EVENT_UNKNOWN], 0);
}

static void every_event_is_possible_and_arrives_in_order_after_it_happened(void **state)
{
    (void)state;
    struct market *market = market_open(&usual);
    struct event event;
    int64_t last = usual.start.ms;
    for (int32_t i = 0; i < EVENTS; i++) {
        const event_time arrival = market_next(market, &event);
        assert_int_equal(event_check(&event), REJECT_NONE);
        assert_true(arrival.ms >= last);
        assert_true(event.ts_event.ms <= arrival.ms);
        assert_true(event.ts_event.ms >= usual.start.ms);
        last = arrival.ms;
    }
    market_close(market);
}

/* A unit or ticket must stay with its seller, or its events land in another partition. */
static void a_unit_never_changes_its_seller(void **state)
{
    (void)state;
    struct market *market = market_open(&usual);
    struct event event;
    int32_t *owner = calloc(EVENTS, sizeof *owner);
    for (int32_t i = 0; i < EVENTS; i++) {
        market_next(market, &event);
        if (event.topic == TOPIC_MESSAGES)
            continue;
        char text[NAME_BYTES_MAX + 1] = "";
        const struct span id = event.topic == TOPIC_ORDERS ? event.order.id_order_unit
                                                           : event.shipment.id_order_unit;
        memcpy(text, id.at, id.size);
        const long unit = strtol(text + strlen("unit-"), NULL, 10);
        memset(text, 0, sizeof text);
        memcpy(text, event.id_seller.at, event.id_seller.size);
        const int32_t seller = (int32_t)strtol(text + strlen("seller-"), NULL, 10);
        assert_in_range(unit, 1, EVENTS - 1);
        assert_in_range(seller, 1, SELLERS);
        assert_true(owner[unit] == 0 || owner[unit] == seller);
        owner[unit] = seller;
    }
    free(owner);
    market_close(market);
}

static void some_events_come_twice_some_late_and_some_say_what_nobody_knows(void **state)
{
    (void)state;
    struct market *market = market_open(&usual);
    struct event event;
    struct span misspelt = span_of_text("cs_nagative_rating");
    int32_t late = 0, unknown_topics = 0, by_marketplace = 0, several_parcels = 0, twice = 0;
    uint8_t *seen = calloc(PLENTY, 1);
    for (int32_t i = 0; i < EVENTS; i++) {
        const event_time arrival = market_next(market, &event);
        char id[NAME_BYTES_MAX + 1] = "";
        memcpy(id, event.id_message.at, event.id_message.size);
        const long number = strtol(strchr(id, '-') + 1, NULL, 10);
        assert_in_range(number, 1, PLENTY - 1);
        twice += seen[number]++ > 0;
        assert_true(arrival.ms - event.ts_event.ms <= 12 * HOUR_MS);
        late += arrival.ms - event.ts_event.ms > HOUR_MS;
        by_marketplace += event.fulfillment == FULFILLMENT_KAUFLAND;
        several_parcels += event.topic == TOPIC_SHIPMENTS && event.shipment.parcel_count > 1;
        unknown_topics +=
            event.topic == TOPIC_MESSAGES && span_equal(event.message.topic, misspelt);
    }
    assert_in_range(twice, EVENTS / 100, EVENTS / 25);
    assert_in_range(late, EVENTS / 500, EVENTS / 50);
    assert_true(unknown_topics > 0 && by_marketplace > 0 && several_parcels > 0);
    free(seen);
    market_close(market);
}

/* ---- truth ---------------------------------------------------------------------------- */

static void each_planted_seller_turns_at_its_time_and_names_a_kpi_of_the_catalogue(void **state)
{
    (void)state;
    struct market *market = market_open(&usual);
    const struct market_seller *sellers = market_sellers_of(market);
    int32_t turning = 0;
    for (int32_t i = 0; i < SELLERS; i++) {
        if (sellers[i].fault == MARKET_FAULT_COUNT) {
            assert_true(sellers[i].turns.ms == TIME_NEVER);
            continue;
        }
        turning += 1;
        assert_true(sellers[i].turns.ms >= usual.start.ms + 10 * DAY_MS);
        const char *kpi = market_sellers_fault_kpi(sellers[i].fault);
        assert_true(catalogue_find(span_of_text(kpi)) != KPI_COUNT);
    }
    assert_int_equal(turning, usual.turning);
    market_close(market);
}

static bool is_same(struct market_manner a, struct market_manner b)
{
    return a.handling_ms == b.handling_ms && a.transit_ms == b.transit_ms &&
           a.silent_ppm == b.silent_ppm && a.cancelled_ppm == b.cancelled_ppm &&
           a.untracked_ppm == b.untracked_ppm && a.complaints_ppm == b.complaints_ppm;
}

static void a_planted_seller_behaves_worse_from_its_turn_on_and_not_before(void **state)
{
    (void)state;
    struct market *market = market_open(&usual);
    const struct market_seller *sellers = market_sellers_of(market);
    for (int32_t i = 0; i < SELLERS; i++) {
        if (sellers[i].fault == MARKET_FAULT_COUNT)
            continue;
        const int64_t turn = sellers[i].turns.ms;
        const struct market_manner first = market_sellers_manner(&sellers[i], usual.start.ms);
        const struct market_manner before = market_sellers_manner(&sellers[i], turn - 1);
        const struct market_manner after = market_sellers_manner(&sellers[i], turn);
        assert_true(is_same(first, before));
        assert_false(is_same(before, after));
        assert_true(after.handling_ms >= before.handling_ms);
        assert_true(after.cancelled_ppm >= before.cancelled_ppm);
    }
    market_close(market);
}

static void the_truth_names_every_seller_and_the_faults_of_the_planted_ones(void **state)
{
    (void)state;
    struct market *market = market_open(&usual);
    struct buffer json = { 0 };
    int32_t sellers = 0, faults = 0;
    market_truth(market, &json);
    buffer_add_u8(&json, 0);
    const char *text = (const char *)json.at;
    for (const char *at = text; (at = strstr(at, "\"id_seller\"")) != NULL; at++)
        sellers += 1;
    for (const char *at = text; (at = strstr(at, "\"turns_bad_at\"")) != NULL; at++)
        faults += 1;
    assert_int_equal(sellers, SELLERS);
    assert_int_equal(faults, usual.turning);
    buffer_free(&json);
    market_close(market);
}

/* What must come true in the events themselves: before its turn a seller who will cancel
 * one unit in eight cancels hardly any. */
static void a_seller_that_turns_to_cancelling_cancels_after_its_turn(void **state)
{
    (void)state;
    struct market_options options = usual;
    options.sellers = 4;
    options.turning = 4; /* the fourth fault is the empty stock */
    struct market *market = market_open(&options);
    const struct market_seller *who = &market_sellers_of(market)[MARKET_FAULT_STOCK];
    struct span no_inventory = span_of_text("NoInventory");
    struct event event;
    int32_t before = 0, after = 0;
    for (int32_t i = 0; i < EVENTS; i++) {
        market_next(market, &event);
        if (!span_equal(event.id_seller, span_of_text(who->id)) ||
            event.topic != TOPIC_ORDERS || !span_equal(event.order.cancel_reason, no_inventory))
            continue;
        before += event.ts_event.ms < who->turns.ms;
        after += event.ts_event.ms >= who->turns.ms;
    }
    assert_in_range(before, 0, 4);
    assert_true(after > 20);
    market_close(market);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_events),
        cmocka_unit_test(another_seed_gives_other_events),
        cmocka_unit_test(every_kind_of_event_occurs),
        cmocka_unit_test(every_event_is_possible_and_arrives_in_order_after_it_happened),
        cmocka_unit_test(a_unit_never_changes_its_seller),
        cmocka_unit_test(some_events_come_twice_some_late_and_some_say_what_nobody_knows),
        cmocka_unit_test(
            each_planted_seller_turns_at_its_time_and_names_a_kpi_of_the_catalogue),
        cmocka_unit_test(a_planted_seller_behaves_worse_from_its_turn_on_and_not_before),
        cmocka_unit_test(the_truth_names_every_seller_and_the_faults_of_the_planted_ones),
        cmocka_unit_test(a_seller_that_turns_to_cancelling_cancels_after_its_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
