/* event_json_write_test.c - what is written as JSON is read back as the same event. */
#include "codec_support.h"

#include "codec/event_encode.h"
#include "codec/event_json.h"
#include "codec/event_json_write.h"
#include "codec/event_schema.h"

/* Writes the event, reads it back, and compares what would be sent of both. */
static void assert_comes_back(const struct event *event)
{
    struct event_json parser;
    struct event again;
    struct reason why = { "" };
    struct buffer line = { 0 }, sent = { 0 }, sent_again = { 0 };
    event_json_open(&parser);
    const struct reader_schema *schema = parser.schemas[event->topic];
    event_json_write(schema, event, &line);
    if (event_json_parse(&parser, buffer_span(&line), TOPIC_COUNT, &again, &why) != STATUS_OK)
        fail_msg("%s in %.*s", why.text, (int)line.size, (const char *)line.at);
    event_encode(schema, 1, event, &sent);
    event_encode(schema, 1, &again, &sent_again);
    assert_int_equal(sent.size, sent_again.size);
    assert_memory_equal(sent.at, sent_again.at, sent.size);
    event_json_close(&parser);
    buffer_free(&line);
    buffer_free(&sent);
    buffer_free(&sent_again);
}

static struct event some_event(enum topic topic, enum event_kind kind)
{
    return (struct event){ .topic = topic,
                           .kind = kind,
                           .fulfillment = FULFILLMENT_MERCHANT,
                           .ts_event = { INT64_C(1767225600123) },
                           .id_message = span_of_text("m1"),
                           .id_seller = span_of_text("4711"),
                           .storefront = span_of_text("de") };
}

static void an_order_comes_back_with_what_is_known_and_what_is_not(void **state)
{
    (void)state;
    struct event event = some_event(TOPIC_ORDERS, EVENT_ORDER_UNIT_NEW);
    event.order = (struct order_fields){ .id_order = span_of_text("o"),
                                         .id_order_unit = span_of_text("u"),
                                         .status = ORDER_OPEN,
                                         .ts_created = 17,
                                         .ship_by = { true, INT64_C(1767225600999) },
                                         .handling_time = { true, 2 },
                                         .price = 1999,
                                         .currency = span_of_text("EUR") };
    assert_comes_back(&event);
    event.order.cancel_reason = span_of_text("NoInventory");
    event.order.ship_by.known = false;
    assert_comes_back(&event);
}

static void a_ticket_comes_back_with_all_its_units(void **state)
{
    (void)state;
    struct event event = some_event(TOPIC_MESSAGES, EVENT_TICKET_OPENED);
    event.message = (struct message_fields){ .id_ticket = span_of_text("001"),
                                             .order_units = 2,
                                             .status = TICKET_OPENED,
                                             .open_reason = span_of_text("contact_other"),
                                             .is_seller_responsible = true };
    event.message.ids_order_units[0] = span_of_text("u1");
    event.message.ids_order_units[1] = span_of_text("u2");
    assert_comes_back(&event);
    event.message.author_role = AUTHOR_CUSTOMER_SERVICE;
    event.message.topic = span_of_text("delivery_delayed");
    event.message.interim_notice = true;
    assert_comes_back(&event);
}

static void
a_text_with_quotes_and_control_characters_stays_one_line_and_comes_back(void **state)
{
    (void)state;
    struct event event = some_event(TOPIC_SHIPMENTS, EVENT_DELIVERED);
    struct buffer line = { 0 };
    event.shipment =
        (struct shipment_fields){ .id_order = span_of_text("a\"b\\c\n\x01 \xc3\xa4"),
                                  .id_order_unit = span_of_text("u"),
                                  .parcel_count = 3 };
    assert_comes_back(&event);
    struct reader_schema *schema = event_schema_open(TOPIC_SHIPMENTS);
    event_json_write(schema, &event, &line);
    assert_ptr_equal(memchr(line.at, '\n', line.size), line.at + line.size - 1);
    reader_schema_close(schema);
    buffer_free(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_comes_back_with_what_is_known_and_what_is_not),
        cmocka_unit_test(a_ticket_comes_back_with_all_its_units),
        cmocka_unit_test(
            a_text_with_quotes_and_control_characters_stays_one_line_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
