/* event_check_test.c - what cannot be true is found, what is odd but true is not. */
#include "codec/event_check.h"

#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const char LONG[] = "12345678901234567890123456789012345678901234567890123456789012345";

static struct span text(const char *t)
{
    return span_of_text(t);
}

static struct event order(void)
{
    return (struct event){
        .topic = TOPIC_ORDERS,
        .kind = EVENT_ORDER_UNIT_NEW,
        .fulfillment = FULFILLMENT_MERCHANT,
        .ts_event = { 1767225600000 },
        .id_message = text("m"),
        .id_seller = text("s"),
        .storefront = text("de"),
        .order = { .id_order = text("o"),
                   .id_order_unit = text("u"),
                   .ts_created = 1767225600000 },
    };
}

static struct event message(void)
{
    struct event e = order();
    e.topic = TOPIC_MESSAGES;
    e.kind = EVENT_TICKET_OPENED;
    e.message = (struct message_fields){ .id_ticket = text("t") };
    return e;
}

static struct event shipment(void)
{
    struct event e = order();
    e.topic = TOPIC_SHIPMENTS;
    e.kind = EVENT_DELIVERED;
    e.shipment = (struct shipment_fields){ .id_order = text("o"),
                                           .id_order_unit = text("u"),
                                           .parcel_count = 1 };
    return e;
}

static void plain_events_are_possible(void **state)
{
    (void)state;
    const struct event o = order();
    const struct event m = message();
    const struct event s = shipment();
    assert_int_equal(event_check(&o), REJECT_NONE);
    assert_int_equal(event_check(&m), REJECT_NONE);
    assert_int_equal(event_check(&s), REJECT_NONE);
}

/* Each id in turn: missing and of 65 bytes is bad, of 64 bytes is good. */
static void check_id(struct event *e, struct span *id)
{
    const struct span good = *id;
    *id = (struct span){ 0 };
    assert_int_equal(event_check(e), REJECT_BAD_ID);
    *id = text(LONG);
    assert_int_equal(event_check(e), REJECT_BAD_ID);
    *id = span_of(LONG, NAME_BYTES_MAX);
    assert_int_equal(event_check(e), REJECT_NONE);
    *id = good;
}

static void ids_have_1_to_64_bytes(void **state)
{
    (void)state;
    struct event o = order();
    struct event m = message();
    struct event s = shipment();
    check_id(&o, &o.id_message);
    check_id(&o, &o.id_seller);
    check_id(&o, &o.storefront);
    check_id(&o, &o.order.id_order);
    check_id(&o, &o.order.id_order_unit);
    check_id(&m, &m.message.id_ticket);
    m.message.order_units = 2;
    m.message.ids_order_units[0] = text("u1");
    m.message.ids_order_units[1] = text("u2");
    check_id(&m, &m.message.ids_order_units[1]);
    check_id(&s, &s.shipment.id_order);
    check_id(&s, &s.shipment.id_order_unit);
}

/* Words that are no ids may be missing, and are as long as an id at most. */
static void check_word(struct event *e, struct span *word)
{
    *word = (struct span){ 0 };
    assert_int_equal(event_check(e), REJECT_NONE);
    *word = text(LONG);
    assert_int_equal(event_check(e), REJECT_BAD_ID);
    *word = span_of(LONG, NAME_BYTES_MAX);
    assert_int_equal(event_check(e), REJECT_NONE);
}

static void words_of_open_sets_have_0_to_64_bytes(void **state)
{
    (void)state;
    struct event o = order();
    struct event m = message();
    struct event s = shipment();
    check_word(&o, &o.order.cancel_reason);
    check_word(&o, &o.order.currency);
    check_word(&m, &m.message.topic);
    check_word(&m, &m.message.open_reason);
    check_word(&s, &s.shipment.tracking_number);
    check_word(&s, &s.shipment.carrier_code);
}

static void unknown_storefront_and_topic_pass_through(void **state)
{
    (void)state;
    struct event m = message();
    m.storefront = text("xx");
    m.message.topic = text("cs_nagative_rating");
    assert_int_equal(event_check(&m), REJECT_NONE);
}

static void unknown_event_name_is_said_to_be_so(void **state)
{
    (void)state;
    struct event o = order();
    o.kind = EVENT_UNKNOWN;
    assert_int_equal(event_check(&o), REJECT_UNKNOWN_EVENT_NAME);
}

static void check_time(struct event *e, int64_t *ms)
{
    const int64_t good = *ms;
    *ms = -1;
    assert_int_equal(event_check(e), REJECT_IMPOSSIBLE_VALUE);
    *ms = EVENT_CHECK_TIME_MAX_MS + 1;
    assert_int_equal(event_check(e), REJECT_IMPOSSIBLE_VALUE);
    *ms = INT64_MIN;
    assert_int_equal(event_check(e), REJECT_IMPOSSIBLE_VALUE);
    *ms = INT64_MAX;
    assert_int_equal(event_check(e), REJECT_IMPOSSIBLE_VALUE);
    *ms = good;
    assert_int_equal(event_check(e), REJECT_NONE);
}

static void times_are_between_1970_and_2200(void **state)
{
    (void)state;
    struct event o = order();
    struct event s = shipment();
    check_time(&s, &s.ts_event.ms);
    check_time(&o, &o.order.ts_created);
    struct optional *const promises[] = { &o.order.ship_by, &o.order.deliver_from,
                                          &o.order.deliver_by };
    for (int i = 0; i < 3; i++) {
        promises[i]->known = true;
        check_time(&o, &promises[i]->value);
        *promises[i] = (struct optional){ .known = false, .value = -1 };
        assert_int_equal(event_check(&o), REJECT_NONE); /* not given: no matter */
    }
    s.ts_event.ms = EVENT_CHECK_TIME_MAX_MS;
    assert_int_equal(event_check(&s), REJECT_NONE);
}

static void order_is_created_at_most_a_day_after_its_event(void **state)
{
    (void)state;
    struct event o = order();
    o.order.ts_created = o.ts_event.ms + DAY_MS;
    assert_int_equal(event_check(&o), REJECT_NONE);
    o.order.ts_created += 1;
    assert_int_equal(event_check(&o), REJECT_IMPOSSIBLE_VALUE);
}

static void parcels_are_1_to_1000(void **state)
{
    (void)state;
    struct event s = shipment();
    static const int32_t counts[] = { -1, 0, 1, 1000, 1001, INT32_MIN };
    static const bool possible[] = { false, false, true, true, false, false };
    for (int i = 0; i < 6; i++) {
        s.shipment.parcel_count = counts[i];
        assert_int_equal(event_check(&s), possible[i] ? REJECT_NONE : REJECT_IMPOSSIBLE_VALUE);
    }
}

static void handling_time_is_0_to_365_days_and_price_not_negative(void **state)
{
    (void)state;
    struct event o = order();
    static const int64_t days[] = { -1, 0, 365, 366 };
    static const bool possible[] = { false, true, true, false };
    for (int i = 0; i < 4; i++) {
        o.order.handling_time = (struct optional){ .known = true, .value = days[i] };
        assert_int_equal(event_check(&o), possible[i] ? REJECT_NONE : REJECT_IMPOSSIBLE_VALUE);
    }
    o = order();
    o.order.price = -1;
    assert_int_equal(event_check(&o), REJECT_IMPOSSIBLE_VALUE);
}

static void ticket_names_at_most_16_order_units(void **state)
{
    (void)state;
    struct event m = message();
    for (int i = 0; i < TICKET_UNITS_MAX; i++)
        m.message.ids_order_units[i] = text("u");
    m.message.order_units = TICKET_UNITS_MAX;
    assert_int_equal(event_check(&m), REJECT_NONE);
    m.message.order_units = TICKET_UNITS_MAX + 1;
    assert_int_equal(event_check(&m), REJECT_IMPOSSIBLE_VALUE);
}

static void assert_wrong(const struct event *e, const char *expected)
{
    const char *wrong = NULL;
    assert_int_not_equal(event_check_field(e, &wrong), REJECT_NONE);
    assert_string_equal(wrong, expected);
}

static void what_is_wrong_is_named_with_what_would_be_right(void **state)
{
    (void)state;
    struct event e = order();
    const char *wrong = NULL;
    assert_int_equal(event_check_field(&e, &wrong), REJECT_NONE);
    assert_null(wrong);
    e.order.handling_time = (struct optional){ true, 366 };
    assert_wrong(&e, "handling_time must be from 0 to 365 days");
    e.order.deliver_by = (struct optional){ true, -1 };
    assert_wrong(&e, "deliver_by must be UTC milliseconds from 1970 to 2199");
    e.kind = EVENT_UNKNOWN;
    assert_wrong(&e, "its event_name is not one of this topic");
    e.order.id_order_unit = text("");
    assert_wrong(&e, "id_order_unit must have 1 to 64 bytes");
    e = message();
    e.message.order_units = 1;
    assert_wrong(&e, "each of ids_order_units must have 1 to 64 bytes");
    e = shipment();
    e.shipment.parcel_count = 0;
    assert_wrong(&e, "parcel_count must be from 1 to 1000");
    e.shipment.carrier_code = text(LONG);
    assert_wrong(&e, "carrier_code may have at most 64 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_events_are_possible),
        cmocka_unit_test(ids_have_1_to_64_bytes),
        cmocka_unit_test(words_of_open_sets_have_0_to_64_bytes),
        cmocka_unit_test(unknown_storefront_and_topic_pass_through),
        cmocka_unit_test(unknown_event_name_is_said_to_be_so),
        cmocka_unit_test(times_are_between_1970_and_2200),
        cmocka_unit_test(order_is_created_at_most_a_day_after_its_event),
        cmocka_unit_test(parcels_are_1_to_1000),
        cmocka_unit_test(handling_time_is_0_to_365_days_and_price_not_negative),
        cmocka_unit_test(ticket_names_at_most_16_order_units),
        cmocka_unit_test(what_is_wrong_is_named_with_what_would_be_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
