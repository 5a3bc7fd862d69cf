/* event.h - one input event, decoded.
 *
 * Strings are borrowed from the record's bytes: they live as long as the batch
 * that was read. Enumerations carry UNKNOWN as first member: a symbol of a
 * newer writer never stops the reader.
 */
#pragma once

#include "base/units.h"

enum topic { TOPIC_ORDERS, TOPIC_MESSAGES, TOPIC_SHIPMENTS, TOPIC_COUNT };

enum event_kind {
    EVENT_UNKNOWN,
    EVENT_ORDER_UNIT_NEW,
    EVENT_ORDER_UNIT_STATUS_CHANGED,
    EVENT_TICKET_OPENED,
    EVENT_TICKET_MESSAGE_NEW,
    EVENT_TICKET_STATUS_CHANGED,
    EVENT_TICKET_NO_RESPONSE_NEEDED,
    EVENT_SHIPMENT_SENT,
    EVENT_CARRIER_ACCEPTED,
    EVENT_IN_TRANSIT,
    EVENT_DELIVERY_ATTEMPTED,
    EVENT_DELIVERED,
    EVENT_DELIVERY_FAILED,
    EVENT_RETURNED_TO_SENDER,
    EVENT_KIND_COUNT
};

enum fulfillment {
    FULFILLMENT_UNKNOWN,
    FULFILLMENT_MERCHANT,
    FULFILLMENT_KAUFLAND,
};

enum order_status {
    ORDER_UNKNOWN,
    ORDER_OPEN,
    ORDER_NEED_TO_BE_SENT,
    ORDER_SENT,
    ORDER_RECEIVED,
    ORDER_CANCELLED,
    ORDER_SENT_AND_AUTOPAID,
    ORDER_RETURNED,
    ORDER_RETURNED_PAID,
};

enum ticket_status {
    TICKET_UNKNOWN,
    TICKET_OPENED,
    TICKET_BUYER_CLOSED,
    TICKET_SELLER_CLOSED,
    TICKET_BOTH_CLOSED,
    TICKET_CUSTOMER_SERVICE_CLOSED_FINAL,
};

enum author_role {
    AUTHOR_UNKNOWN,
    AUTHOR_SELLER,
    AUTHOR_BUYER,
    AUTHOR_SYSTEM,
    AUTHOR_CUSTOMER_SERVICE,
};

/* A number that an event may leave out. */
struct optional {
    bool known;
    int64_t value;
};

enum {
    TICKET_UNITS_MAX = 16, /* order units one message event may name */
    PARCELS_MAX = 32,      /* parcels of one order unit */
};

struct order_fields {
    struct span id_order;
    struct span id_order_unit;
    enum order_status status;
    struct span cancel_reason; /* empty: not given */
    int64_t ts_created;        /* UTC ms */
    struct optional ship_by;   /* UTC ms, like the next two */
    struct optional deliver_from;
    struct optional deliver_by;
    struct optional handling_time; /* working days */
    int64_t price;                 /* cents */
    struct span currency;
};

struct message_fields {
    struct span id_ticket;
    struct span ids_order_units[TICKET_UNITS_MAX];
    int32_t order_units;
    enum ticket_status status;
    struct span open_reason;
    struct span topic; /* empty: not given */
    bool is_seller_responsible;
    enum author_role author_role; /* UNKNOWN also when not given */
    bool interim_notice;
    bool is_auto_reply;
};

struct shipment_fields {
    struct span id_order;
    struct span id_order_unit;
    struct span tracking_number; /* empty: not given, like the next one */
    struct span carrier_code;
    int32_t parcel_count;
};

struct event {
    enum topic topic;
    enum event_kind kind;
    enum fulfillment fulfillment;
    event_time ts_event;
    struct span id_message;
    struct span id_seller;
    struct span storefront;
    union {
        struct order_fields order;
        struct message_fields message;
        struct shipment_fields shipment;
    };
};

/* "orders", "messages", "shipments": names for metrics and stored fields. */
const char *topic_label(enum topic topic);

/* The event_name on the wire: "order_unit_new" ... ; UNKNOWN is "unknown". */
const char *event_kind_name(enum event_kind kind);
