/* event.c - names of the closed sets of an event. */
#include "kpi/event.h"

#include "base/check.h"

static const char *const topic_labels[TOPIC_COUNT] = {
    [TOPIC_ORDERS] = "orders",
    [TOPIC_MESSAGES] = "messages",
    [TOPIC_SHIPMENTS] = "shipments",
};

static const char *const kind_names[EVENT_KIND_COUNT] = {
    [EVENT_UNKNOWN] = "unknown",
    [EVENT_ORDER_UNIT_NEW] = "order_unit_new",
    [EVENT_ORDER_UNIT_STATUS_CHANGED] = "order_unit_status_changed",
    [EVENT_TICKET_OPENED] = "ticket_opened",
    [EVENT_TICKET_MESSAGE_NEW] = "ticket_message_new",
    [EVENT_TICKET_STATUS_CHANGED] = "ticket_status_changed",
    [EVENT_TICKET_NO_RESPONSE_NEEDED] = "ticket_no_response_needed",
    [EVENT_SHIPMENT_SENT] = "shipment_sent",
    [EVENT_CARRIER_ACCEPTED] = "carrier_accepted",
    [EVENT_IN_TRANSIT] = "in_transit",
    [EVENT_DELIVERY_ATTEMPTED] = "delivery_attempted",
    [EVENT_DELIVERED] = "delivered",
    [EVENT_DELIVERY_FAILED] = "delivery_failed",
    [EVENT_RETURNED_TO_SENDER] = "returned_to_sender",
};

const char *topic_label(enum topic topic)
{
    CHECK(topic < TOPIC_COUNT);
    return topic_labels[topic];
}

const char *event_kind_name(enum event_kind kind)
{
    CHECK(kind < EVENT_KIND_COUNT);
    return kind_names[kind];
}
