/* event_json_test.c - a line of JSON is an event, or a sentence that says why not. */
#include "codec_support.h"

#include "codec/event_check.h"
#include "codec/event_json.h"

static struct event_json parser;
static struct event event;
static struct reason why;

static int set_up(void **state)
{
    (void)state;
    event_json_open(&parser);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    event_json_close(&parser);
    return 0;
}

static enum status parse(const char *line, enum topic topic)
{
    why.text[0] = '\0';
    return event_json_parse(&parser, span_of_text(line), topic, &event, &why);
}

#define COMMON(name)                                                                           \
    "\"id_message\":\"m1\",\"event_name\":\"" name "\",\"ts_event\":1767225600000,"            \
    "\"id_seller\":\"4711\",\"storefront\":\"de\""
#define SHIPMENT COMMON("delivered") ",\"id_order\":\"o\",\"id_order_unit\":\"u\""
#define ORDER                                                                                  \
    COMMON("order_unit_new")                                                                   \
    ",\"id_order\":\"o\",\"id_order_unit\":\"u\","                                             \
    "\"ts_created\":1767225600000"
#define TICKET COMMON("ticket_opened") ",\"id_ticket\":\"t\""

static void topic_follows_from_the_event_name(void **state)
{
    (void)state;
    assert_int_equal(parse("{" SHIPMENT "}", TOPIC_COUNT), STATUS_OK);
    assert_int_equal(event.topic, TOPIC_SHIPMENTS);
    assert_int_equal(event.kind, EVENT_DELIVERED);
    assert_int_equal(event.shipment.parcel_count, 1);
    assert_int_equal(event_check(&event), REJECT_NONE);
    assert_int_equal(parse("{" ORDER "}", TOPIC_COUNT), STATUS_OK);
    assert_int_equal(event.topic, TOPIC_ORDERS);
    assert_int_equal(parse("{" TICKET "}", TOPIC_COUNT), STATUS_OK);
    assert_int_equal(event.topic, TOPIC_MESSAGES);
    assert_true(event.message.is_seller_responsible);
}

static void topic_may_be_named_by_the_file_or_by_the_line(void **state)
{
    (void)state;
    assert_int_equal(parse("{" SHIPMENT "}", TOPIC_SHIPMENTS), STATUS_OK);
    assert_int_equal(parse("{\"kafka_topic\":\"shipments\"," SHIPMENT "}", TOPIC_COUNT),
                     STATUS_OK);
    assert_int_equal(event.topic, TOPIC_SHIPMENTS);
    assert_int_equal(parse("{\"kafka_topic\":\"parcels\"," SHIPMENT "}", TOPIC_COUNT),
                     STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "orders, messages, shipments"));
}

static void line_of_another_topic_than_the_files_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("{" ORDER "}", TOPIC_ORDERS), STATUS_OK);
    assert_int_equal(parse("{\"ts_created\":1," SHIPMENT "}", TOPIC_ORDERS), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "'delivered' is none of this topic"));
}

/* The ticket's own field `topic` is what it is about, not where it goes. */
static void topic_of_a_ticket_is_no_kafka_topic(void **state)
{
    (void)state;
    assert_int_equal(parse("{" TICKET ",\"topic\":\"shipments\"}", TOPIC_COUNT), STATUS_OK);
    assert_int_equal(event.topic, TOPIC_MESSAGES);
    assert_true(span_is(event.message.topic, "shipments"));
}

static void optional_fields_are_plain_or_null_or_wrapped(void **state)
{
    (void)state;
    assert_int_equal(
        parse("{" SHIPMENT ",\"carrier_code\":\"DHL\",\"tracking_number\":null}", TOPIC_COUNT),
        STATUS_OK);
    assert_true(span_is(event.shipment.carrier_code, "DHL"));
    assert_int_equal(event.shipment.tracking_number.size, 0);
    assert_int_equal(parse("{" SHIPMENT ",\"carrier_code\":{\"string\":\"UPS\"}}", TOPIC_COUNT),
                     STATUS_OK);
    assert_true(span_is(event.shipment.carrier_code, "UPS"));
    assert_int_equal(parse("{" ORDER
                           ",\"ship_by\":{\"long\":1767300000000},\"handling_time\":2}",
                           TOPIC_COUNT),
                     STATUS_OK);
    assert_true(event.order.ship_by.known && event.order.ship_by.value == 1767300000000);
    assert_true(event.order.handling_time.known && event.order.handling_time.value == 2);
    assert_false(event.order.deliver_by.known);
    assert_int_equal(parse("{" TICKET
                           ",\"author_role\":{\"sellerwatch.v1.AuthorRole\":\"buyer\"}}",
                           TOPIC_COUNT),
                     STATUS_OK);
    assert_int_equal(event.message.author_role, AUTHOR_BUYER);
}

static void lists_and_flags_are_read(void **state)
{
    (void)state;
    assert_int_equal(parse("{" TICKET ",\"ids_order_units\":[\"a\",\"b\"],"
                           "\"is_seller_responsible\":false,\"interim_notice\":true,"
                           "\"status\":\"buyer_closed\"}",
                           TOPIC_COUNT),
                     STATUS_OK);
    assert_int_equal(event.message.order_units, 2);
    assert_true(span_is(event.message.ids_order_units[1], "b"));
    assert_false(event.message.is_seller_responsible);
    assert_true(event.message.interim_notice);
    assert_int_equal(event.message.status, TICKET_BUYER_CLOSED);
}

static void unknown_may_be_said_in_so_many_words(void **state)
{
    (void)state;
    assert_int_equal(parse("{" ORDER ",\"status\":\"UNKNOWN\"}", TOPIC_COUNT), STATUS_OK);
    assert_int_equal(event.order.status, ORDER_UNKNOWN);
}

static void complain(const char *line, const char *expected)
{
    assert_int_equal(parse(line, TOPIC_COUNT), STATUS_MALFORMED);
    if (strstr(why.text, expected) == NULL)
        fail_msg("'%s' does not say '%s'", why.text, expected);
}

static void bad_line_is_refused_with_what_would_be_right(void **state)
{
    (void)state;
    complain("", "not JSON");
    complain("{\"a\":1", "not JSON");
    complain("[1]", "not a JSON object");
    complain("{}", "'event_name' is missing");
    complain("{" COMMON("UNKNOWN") "}", "'UNKNOWN' belongs to no topic");
    complain("{" COMMON("exploded") "}", "'exploded' belongs to no topic");
    complain("{" COMMON("delivered") ",\"id_order\":\"o\"}", "'id_order_unit' is missing");
    complain("{" SHIPMENT ",\"parcel_count\":\"1\"}", "'parcel_count' must be a whole number");
    complain("{" SHIPMENT ",\"parcel_count\":3000000000}",
             "'parcel_count' must be a whole number from -2147483648");
    complain("{" SHIPMENT ",\"parcel_count\":1.5}", "'parcel_count' must be");
    complain("{" SHIPMENT ",\"parcel_count\":null}", "'parcel_count' must be");
    complain("{" SHIPMENT ",\"carrier_code\":7}", "'carrier_code' must be a string");
    complain("{" SHIPMENT ",\"carrier_code\":{\"string\":7}}",
             "'carrier_code' must be a string");
    complain("{" SHIPMENT ",\"carier_code\":\"DHL\"}", "'carier_code' is no field");
    complain("{" TICKET ",\"interim_notice\":1}", "'interim_notice' must be true or false");
    complain("{" TICKET ",\"ids_order_units\":\"u\"}", "must be a list");
    complain("{" TICKET ",\"ids_order_units\":[1]}", "must be a list");
    complain("{" TICKET ",\"ids_order_units\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
             "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}",
             "at most 16");
    complain("{" SHIPMENT ",\"id_order\":\"again\"}", "not JSON");
}

/* Sent as UNKNOWN, a slip of the pen would judge a seller by what nobody wrote. */
static void a_misspelt_word_is_refused_with_the_one_that_was_meant(void **state)
{
    (void)state;
    complain("{" ORDER ",\"status\":\"opne\"}",
             "'status' cannot be 'opne'; did you mean open?");
    complain("{" ORDER ",\"fulfillment_type\":\"fulfilled_by_kaufand\"}",
             "'fulfilled_by_kaufand'; did you mean fulfilled_by_kaufland?");
    complain("{" TICKET ",\"author_role\":{\"sellerwatch.v1.AuthorRole\":\"byuer\"}}",
             "did you mean buyer?");
    complain("{" ORDER ",\"status\":\"teleported\"}", "'status' cannot be 'teleported'");
    complain("{" ORDER ",\"status\":7}", "'status' must be a string");
    complain("{" COMMON("delivred") "}", "belongs to no topic; did you mean delivered?");
    complain("{\"kafka_topic\":\"shipments\"," COMMON("delivred") ",\"id_order\":\"o\"}",
             "none of this topic; did you mean delivered?");
    complain("{" SHIPMENT ",\"carier_code\":\"DHL\"}", "did you mean carrier_code?");
}

static void notes_for_people_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(parse("{" SHIPMENT ",\"_note\":{\"any\":[1]}}", TOPIC_COUNT), STATUS_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(topic_follows_from_the_event_name),
        TEST(topic_may_be_named_by_the_file_or_by_the_line),
        TEST(line_of_another_topic_than_the_files_is_refused),
        TEST(topic_of_a_ticket_is_no_kafka_topic),
        TEST(optional_fields_are_plain_or_null_or_wrapped),
        TEST(lists_and_flags_are_read),
        TEST(unknown_may_be_said_in_so_many_words),
        TEST(bad_line_is_refused_with_what_would_be_right),
        TEST(a_misspelt_word_is_refused_with_the_one_that_was_meant),
        TEST(notes_for_people_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
