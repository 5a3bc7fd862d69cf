/* event_check.c - see event_check.h. What is wrong is a sentence; NULL: nothing is. */
#include "codec/event_check.h"

#include "base/check.h"
#include "base/name.h"

_Static_assert(NAME_BYTES_MAX == 64, "the sentences say 64");
_Static_assert(EVENT_CHECK_PARCELS_MAX == 1000 && EVENT_CHECK_HANDLING_DAYS_MAX == 365,
               "the sentences say so");
_Static_assert(TICKET_UNITS_MAX == 16, "a sentence says 16");

#define ID_RULE " must have 1 to 64 bytes"
#define SHORT_RULE " may have at most 64 bytes"
#define TIME_RULE " must be UTC milliseconds from 1970 to 2199"

static bool is_id(struct span text)
{
    return text.size >= 1 && text.size <= NAME_BYTES_MAX;
}

static bool is_short(struct span text)
{
    return text.size <= NAME_BYTES_MAX;
}

static bool is_time(int64_t ms)
{
    return ms >= 0 && ms <= EVENT_CHECK_TIME_MAX_MS;
}

static bool is_time_if_known(struct optional ms)
{
    return !ms.known || is_time(ms.value);
}

/* ---- ids ---------------------------------------------------------------------- */

static const char *wrong_order_id(const struct order_fields *o)
{
    if (!is_id(o->id_order))
        return "id_order" ID_RULE;
    if (!is_id(o->id_order_unit))
        return "id_order_unit" ID_RULE;
    if (!is_short(o->cancel_reason))
        return "cancel_reason" SHORT_RULE;
    return is_short(o->currency) ? NULL : "currency" SHORT_RULE;
}

static const char *wrong_message_id(const struct message_fields *m)
{
    for (int32_t i = 0; i < m->order_units && i < TICKET_UNITS_MAX; i++) {
        if (!is_id(m->ids_order_units[i]))
            return "each of ids_order_units" ID_RULE;
    }
    if (!is_id(m->id_ticket))
        return "id_ticket" ID_RULE;
    if (!is_short(m->open_reason))
        return "open_reason" SHORT_RULE;
    return is_short(m->topic) ? NULL : "topic" SHORT_RULE;
}

static const char *wrong_shipment_id(const struct shipment_fields *s)
{
    if (!is_id(s->id_order))
        return "id_order" ID_RULE;
    if (!is_id(s->id_order_unit))
        return "id_order_unit" ID_RULE;
    if (!is_short(s->tracking_number))
        return "tracking_number" SHORT_RULE;
    return is_short(s->carrier_code) ? NULL : "carrier_code" SHORT_RULE;
}

static const char *wrong_id(const struct event *e)
{
    if (!is_id(e->id_message))
        return "id_message" ID_RULE;
    if (!is_id(e->id_seller))
        return "id_seller" ID_RULE;
    if (!is_id(e->storefront))
        return "storefront" ID_RULE;
    if (e->topic == TOPIC_ORDERS)
        return wrong_order_id(&e->order);
    if (e->topic == TOPIC_MESSAGES)
        return wrong_message_id(&e->message);
    return wrong_shipment_id(&e->shipment);
}

/* ---- values ------------------------------------------------------------------- */

static const char *impossible_order(const struct order_fields *o, event_time at)
{
    if (!is_time(o->ts_created))
        return "ts_created" TIME_RULE;
    if (o->ts_created > at.ms + EVENT_CHECK_CREATED_AHEAD_MS)
        return "ts_created must be at most one day after ts_event";
    if (!is_time_if_known(o->ship_by))
        return "ship_by" TIME_RULE;
    if (!is_time_if_known(o->deliver_from))
        return "deliver_from" TIME_RULE;
    if (!is_time_if_known(o->deliver_by))
        return "deliver_by" TIME_RULE;
    const struct optional days = o->handling_time;
    if (days.known && (days.value < 0 || days.value > EVENT_CHECK_HANDLING_DAYS_MAX))
        return "handling_time must be from 0 to 365 days";
    return o->price >= 0 ? NULL : "price must not be below 0";
}

static const char *impossible(const struct event *e)
{
    if (!is_time(e->ts_event.ms))
        return "ts_event" TIME_RULE;
    if (e->topic == TOPIC_ORDERS)
        return impossible_order(&e->order, e->ts_event);
    if (e->topic == TOPIC_MESSAGES)
        return e->message.order_units <= TICKET_UNITS_MAX
                   ? NULL
                   : "ids_order_units may have at most 16 ids";
    const bool parcels =
        e->shipment.parcel_count >= 1 && e->shipment.parcel_count <= EVENT_CHECK_PARCELS_MAX;
    return parcels ? NULL : "parcel_count must be from 1 to 1000";
}

enum reject event_check_field(const struct event *event, const char **ret_wrong)
{
    CHECK(event->topic < TOPIC_COUNT);
    const char *wrong = wrong_id(event);
    enum reject reject = wrong != NULL ? REJECT_BAD_ID : REJECT_NONE;
    if (reject == REJECT_NONE && event->kind == EVENT_UNKNOWN) {
        reject = REJECT_UNKNOWN_EVENT_NAME;
        wrong = reject_text(reject);
    }
    if (reject == REJECT_NONE) {
        wrong = impossible(event);
        reject = wrong != NULL ? REJECT_IMPOSSIBLE_VALUE : REJECT_NONE;
    }
    if (reject != REJECT_NONE)
        *ret_wrong = wrong;
    return reject;
}

enum reject event_check(const struct event *event)
{
    const char *ignored;
    return event_check_field(event, &ignored);
}
