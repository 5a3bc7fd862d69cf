/* event_encode_test.c - what we write is what avro-c would have written, and reads back. */
#include "codec_support.h"

#include "codec/event_codec.h"
#include "codec/event_encode.h"
#include "codec/event_schema.h"
#include "codec/framing.h"

#include <avro.h>

static struct span text(const char *t)
{
    return span_of_text(t);
}

static struct event full_order(void)
{
    return (struct event){
        .topic = TOPIC_ORDERS,
        .kind = EVENT_ORDER_UNIT_STATUS_CHANGED,
        .fulfillment = FULFILLMENT_KAUFLAND,
        .ts_event = { 1767225600123 },
        .id_message = text("m-1"),
        .id_seller = text("4711"),
        .storefront = text("de"),
        .order = { .id_order = text("o-1"),
                   .id_order_unit = text("u-1"),
                   .status = ORDER_CANCELLED,
                   .cancel_reason = text("out_of_stock"),
                   .ts_created = 1767220000000,
                   .ship_by = { true, 1767300000000 },
                   .deliver_from = { true, 1767400000000 },
                   .deliver_by = { true, 1767500000000 },
                   .handling_time = { true, 2 },
                   .price = 1999,
                   .currency = text("EUR") },
    };
}

static struct event full_message(void)
{
    struct event e = full_order();
    e.topic = TOPIC_MESSAGES;
    e.kind = EVENT_TICKET_MESSAGE_NEW;
    e.message = (struct message_fields){
        .id_ticket = text("t-1"),
        .ids_order_units = { text("u-1"), text("u-2") },
        .order_units = 2,
        .status = TICKET_BOTH_CLOSED,
        .open_reason = text("product_not_delivered"),
        .topic = text("delayed"),
        .is_seller_responsible = true,
        .author_role = AUTHOR_CUSTOMER_SERVICE,
        .is_auto_reply = true,
    };
    return e;
}

static struct event full_shipment(void)
{
    struct event e = full_order();
    e.topic = TOPIC_SHIPMENTS;
    e.kind = EVENT_RETURNED_TO_SENDER;
    e.shipment = (struct shipment_fields){
        .id_order = text("o-1"),
        .id_order_unit = text("u-1"),
        .tracking_number = text("00340434161094027318"),
        .carrier_code = text("DHL"),
        .parcel_count = 3,
    };
    return e;
}

/* Only ids and times: every optional field is left out. */
static struct event bare(enum topic topic, enum event_kind kind)
{
    struct event e = { .topic = topic,
                       .kind = kind,
                       .ts_event = { 1 },
                       .id_message = text("m"),
                       .id_seller = text("s"),
                       .storefront = text("de") };
    if (topic == TOPIC_ORDERS)
        e.order = (struct order_fields){ .id_order = text("o"), .id_order_unit = text("u") };
    if (topic == TOPIC_MESSAGES)
        e.message = (struct message_fields){ .id_ticket = text("t") };
    if (topic == TOPIC_SHIPMENTS)
        e.shipment = (struct shipment_fields){ .id_order = text("o"),
                                               .id_order_unit = text("u"),
                                               .parcel_count = 1 };
    return e;
}

/* Reads the body as the .avsc by avro-c and writes it again: the same bytes. */
static void avro_c_agrees(enum topic topic, struct span body)
{
    static char bytes[4096];
    const char *json = event_schema_text(topic);
    avro_schema_t schema;
    assert_int_equal(avro_schema_from_json_length(json, strlen(json), &schema), 0);
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    avro_value_t value;
    avro_generic_value_new(iface, &value);
    avro_reader_t reader = avro_reader_memory((const char *)body.at, (int64_t)body.size);
    assert_int_equal(avro_value_read(reader, &value), 0);
    avro_writer_t writer = avro_writer_memory(bytes, sizeof bytes);
    assert_int_equal(avro_value_write(writer, &value), 0);
    assert_int_equal(avro_writer_tell(writer), (int64_t)body.size);
    assert_memory_equal(bytes, body.at, body.size);
    avro_writer_free(writer);
    avro_reader_free(reader);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
}

static void assert_same_common(const struct event *a, const struct event *b)
{
    assert_int_equal(a->topic, b->topic);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->fulfillment, b->fulfillment);
    assert_true(a->ts_event.ms == b->ts_event.ms);
    assert_true(span_equal(a->id_message, b->id_message));
    assert_true(span_equal(a->id_seller, b->id_seller));
    assert_true(span_equal(a->storefront, b->storefront));
}

static void assert_same_optional(struct optional a, struct optional b)
{
    assert_int_equal(a.known, b.known);
    assert_true(!a.known || a.value == b.value);
}

static void assert_same_order(const struct order_fields *a, const struct order_fields *b)
{
    assert_true(span_equal(a->id_order, b->id_order));
    assert_true(span_equal(a->id_order_unit, b->id_order_unit));
    assert_int_equal(a->status, b->status);
    assert_true(span_equal(a->cancel_reason, b->cancel_reason));
    assert_true(a->ts_created == b->ts_created && a->price == b->price);
    assert_same_optional(a->ship_by, b->ship_by);
    assert_same_optional(a->deliver_from, b->deliver_from);
    assert_same_optional(a->deliver_by, b->deliver_by);
    assert_same_optional(a->handling_time, b->handling_time);
    assert_true(span_equal(a->currency, b->currency));
}

static void assert_same_message(const struct message_fields *a, const struct message_fields *b)
{
    assert_true(span_equal(a->id_ticket, b->id_ticket));
    assert_int_equal(a->order_units, b->order_units);
    for (int32_t i = 0; i < a->order_units; i++)
        assert_true(span_equal(a->ids_order_units[i], b->ids_order_units[i]));
    assert_int_equal(a->status, b->status);
    assert_true(span_equal(a->open_reason, b->open_reason));
    assert_true(span_equal(a->topic, b->topic));
    assert_int_equal(a->is_seller_responsible, b->is_seller_responsible);
    assert_int_equal(a->author_role, b->author_role);
    assert_int_equal(a->interim_notice, b->interim_notice);
    assert_int_equal(a->is_auto_reply, b->is_auto_reply);
}

static void assert_same_shipment(const struct shipment_fields *a,
                                 const struct shipment_fields *b)
{
    assert_true(span_equal(a->id_order, b->id_order));
    assert_true(span_equal(a->id_order_unit, b->id_order_unit));
    assert_true(span_equal(a->tracking_number, b->tracking_number));
    assert_true(span_equal(a->carrier_code, b->carrier_code));
    assert_int_equal(a->parcel_count, b->parcel_count);
}

static void round_trip(const struct event *event)
{
    struct reader_schema *reader = event_schema_open(event->topic);
    struct schema_program *program = NULL;
    assert_int_equal(schema_program_compile(text(event_schema_text(event->topic)), reader, NULL,
                                            &program, NULL),
                     STATUS_OK);
    struct buffer b = { 0 };
    struct framed framed;
    struct event back;
    event_encode(reader, 17, event, &b);
    assert_int_equal(framing_split(buffer_span(&b), &framed), REJECT_NONE);
    assert_int_equal(framed.schema_id, 17);
    avro_c_agrees(event->topic, framed.body);
    assert_int_equal(event_codec_decode(program, framed.body, event->id_seller, &back),
                     REJECT_NONE);
    assert_same_common(event, &back);
    if (event->topic == TOPIC_ORDERS)
        assert_same_order(&event->order, &back.order);
    else if (event->topic == TOPIC_MESSAGES)
        assert_same_message(&event->message, &back.message);
    else
        assert_same_shipment(&event->shipment, &back.shipment);
    buffer_free(&b);
    schema_program_free(program);
    reader_schema_close(reader);
}

static void full_events_come_back_as_they_were(void **state)
{
    (void)state;
    const struct event o = full_order();
    const struct event m = full_message();
    const struct event s = full_shipment();
    round_trip(&o);
    round_trip(&m);
    round_trip(&s);
}

static void every_event_name_comes_back_without_optional_fields(void **state)
{
    (void)state;
    for (unsigned kind = EVENT_UNKNOWN + 1; kind < EVENT_KIND_COUNT; kind++) {
        enum topic topic = TOPIC_SHIPMENTS;
        if (kind <= EVENT_ORDER_UNIT_STATUS_CHANGED)
            topic = TOPIC_ORDERS;
        else if (kind <= EVENT_TICKET_NO_RESPONSE_NEEDED)
            topic = TOPIC_MESSAGES;
        const struct event e = bare(topic, (enum event_kind)kind);
        round_trip(&e);
    }
}

/* Names on the wire are those that the program uses elsewhere. */
static void event_names_on_the_wire_are_those_of_the_domain(void **state)
{
    (void)state;
    int32_t seen = 0;
    for (unsigned t = 0; t < TOPIC_COUNT; t++) {
        struct reader_schema *reader = event_schema_open((enum topic)t);
        for (int32_t i = 0; i < reader->field_count; i++) {
            const struct reader_field *field = &reader->fields[i];
            if (strcmp(field->name, "event_name") != 0)
                continue;
            for (int32_t j = 1; j < field->symbol_count; j++, seen++)
                assert_string_equal(field->symbols[j],
                                    event_kind_name((enum event_kind)field->values[j]));
        }
        reader_schema_close(reader);
    }
    assert_int_equal(seen, EVENT_KIND_COUNT - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_events_come_back_as_they_were),
        cmocka_unit_test(every_event_name_comes_back_without_optional_fields),
        cmocka_unit_test(event_names_on_the_wire_are_those_of_the_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
