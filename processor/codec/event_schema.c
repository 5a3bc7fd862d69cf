/* event_schema.c - event_fields.def as slots, and the texts that are compiled in. */
#include "codec/event_schema.h"

#include "base/check.h"
#include "schemas_embedded.h"

#include <string.h>

static const struct slot_symbol fulfillments[] = {
    { "UNKNOWN", FULFILLMENT_UNKNOWN },
    { "fulfilled_by_merchant", FULFILLMENT_MERCHANT },
    { "fulfilled_by_kaufland", FULFILLMENT_KAUFLAND },
    { NULL, 0 },
};

static const struct slot_symbol order_kinds[] = {
    { "UNKNOWN", EVENT_UNKNOWN },
    { "order_unit_new", EVENT_ORDER_UNIT_NEW },
    { "order_unit_status_changed", EVENT_ORDER_UNIT_STATUS_CHANGED },
    { NULL, 0 },
};

static const struct slot_symbol order_statuses[] = {
    { "UNKNOWN", ORDER_UNKNOWN },
    { "open", ORDER_OPEN },
    { "need_to_be_sent", ORDER_NEED_TO_BE_SENT },
    { "sent", ORDER_SENT },
    { "received", ORDER_RECEIVED },
    { "cancelled", ORDER_CANCELLED },
    { "sent_and_autopaid", ORDER_SENT_AND_AUTOPAID },
    { "returned", ORDER_RETURNED },
    { "returned_paid", ORDER_RETURNED_PAID },
    { NULL, 0 },
};

static const struct slot_symbol message_kinds[] = {
    { "UNKNOWN", EVENT_UNKNOWN },
    { "ticket_opened", EVENT_TICKET_OPENED },
    { "ticket_message_new", EVENT_TICKET_MESSAGE_NEW },
    { "ticket_status_changed", EVENT_TICKET_STATUS_CHANGED },
    { "ticket_no_response_needed", EVENT_TICKET_NO_RESPONSE_NEEDED },
    { NULL, 0 },
};

static const struct slot_symbol ticket_statuses[] = {
    { "UNKNOWN", TICKET_UNKNOWN },
    { "opened", TICKET_OPENED },
    { "buyer_closed", TICKET_BUYER_CLOSED },
    { "seller_closed", TICKET_SELLER_CLOSED },
    { "both_closed", TICKET_BOTH_CLOSED },
    { "customer_service_closed_final", TICKET_CUSTOMER_SERVICE_CLOSED_FINAL },
    { NULL, 0 },
};

static const struct slot_symbol author_roles[] = {
    { "UNKNOWN", AUTHOR_UNKNOWN },
    { "seller", AUTHOR_SELLER },
    { "buyer", AUTHOR_BUYER },
    { "system", AUTHOR_SYSTEM },
    { "customer_service", AUTHOR_CUSTOMER_SERVICE },
    { NULL, 0 },
};

static const struct slot_symbol shipment_kinds[] = {
    { "UNKNOWN", EVENT_UNKNOWN },
    { "shipment_sent", EVENT_SHIPMENT_SENT },
    { "carrier_accepted", EVENT_CARRIER_ACCEPTED },
    { "in_transit", EVENT_IN_TRANSIT },
    { "delivery_attempted", EVENT_DELIVERY_ATTEMPTED },
    { "delivered", EVENT_DELIVERED },
    { "delivery_failed", EVENT_DELIVERY_FAILED },
    { "returned_to_sender", EVENT_RETURNED_TO_SENDER },
    { NULL, 0 },
};

/* Enum members are written as 32 bits, an event_time as its one number. */
_Static_assert(sizeof(enum event_kind) == sizeof(uint32_t), "enums have 32 bits");
_Static_assert(sizeof(event_time) == sizeof(int64_t), "an event_time is a number");

/* The one list that an event has. */
#define SLOT(name, slot_kind, member, names)                                                   \
    { .field = (name),                                                                         \
      .kind = SLOT_##slot_kind,                                                                \
      .offset = offsetof(struct event, member),                                                \
      .symbols = (names),                                                                      \
      .count_offset = offsetof(struct event, message.order_units),                             \
      .capacity = TICKET_UNITS_MAX },

static const struct slot order_slots[] = {
#define FIELD SLOT
#define ORDER SLOT
#define MESSAGE(name, kind, member, names)
#define SHIPMENT(name, kind, member, names)
#include "codec/event_fields.def"
#undef ORDER
#undef MESSAGE
#undef SHIPMENT
};

static const struct slot message_slots[] = {
#define ORDER(name, kind, member, names)
#define MESSAGE SLOT
#define SHIPMENT(name, kind, member, names)
#include "codec/event_fields.def"
#undef ORDER
#undef MESSAGE
#undef SHIPMENT
};

static const struct slot shipment_slots[] = {
#define ORDER(name, kind, member, names)
#define MESSAGE(name, kind, member, names)
#define SHIPMENT SLOT
#include "codec/event_fields.def"
#undef ORDER
#undef MESSAGE
#undef SHIPMENT
#undef FIELD
};

#define COUNT_OF(list) ((int32_t)(sizeof(list) / sizeof((list)[0])))

/* The struct up to the end of the topic's own fields: the rest need not be written. */
#define SIZE_WITH(part) (offsetof(struct event, part) + sizeof(((struct event *)0)->part))

const char *event_schema_text(enum topic topic)
{
    CHECK(topic < TOPIC_COUNT);
    if (topic == TOPIC_ORDERS)
        return embedded_order_event_avsc;
    if (topic == TOPIC_MESSAGES)
        return embedded_message_event_avsc;
    return embedded_shipment_event_avsc;
}

struct reader_schema *event_schema_open(enum topic topic)
{
    const char *text = event_schema_text(topic);
    struct reader_schema *schema;
    if (topic == TOPIC_ORDERS)
        schema = reader_schema_open(text, order_slots, COUNT_OF(order_slots), SIZE_WITH(order));
    else if (topic == TOPIC_MESSAGES)
        schema = reader_schema_open(text, message_slots, COUNT_OF(message_slots),
                                    SIZE_WITH(message));
    else
        schema = reader_schema_open(text, shipment_slots, COUNT_OF(shipment_slots),
                                    SIZE_WITH(shipment));
    const enum topic number = topic;
    memcpy(schema->blank + offsetof(struct event, topic), &number, sizeof number);
    return schema;
}
