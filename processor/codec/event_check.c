/* event_check.c - see event_check.h. */
#include "codec/event_check.h"

#include "base/check.h"
#include "base/name.h"

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

static bool order_ids(const struct order_fields *o)
{
    return is_id(o->id_order) && is_id(o->id_order_unit) && is_short(o->cancel_reason) &&
           is_short(o->currency);
}

static bool message_ids(const struct message_fields *m)
{
    for (int32_t i = 0; i < m->order_units && i < TICKET_UNITS_MAX; i++) {
        if (!is_id(m->ids_order_units[i]))
            return false;
    }
    return is_id(m->id_ticket) && is_short(m->open_reason) && is_short(m->topic);
}

static bool shipment_ids(const struct shipment_fields *s)
{
    return is_id(s->id_order) && is_id(s->id_order_unit) && is_short(s->tracking_number) &&
           is_short(s->carrier_code);
}

static bool has_ids(const struct event *e)
{
    if (!is_id(e->id_message) || !is_id(e->id_seller) || !is_id(e->storefront))
        return false;
    if (e->topic == TOPIC_ORDERS)
        return order_ids(&e->order);
    if (e->topic == TOPIC_MESSAGES)
        return message_ids(&e->message);
    return shipment_ids(&e->shipment);
}

/* ---- values ------------------------------------------------------------------- */

static bool order_possible(const struct order_fields *o, event_time at)
{
    if (!is_time(o->ts_created) || o->ts_created > at.ms + EVENT_CHECK_CREATED_AHEAD_MS)
        return false;
    if (!is_time_if_known(o->ship_by) || !is_time_if_known(o->deliver_from) ||
        !is_time_if_known(o->deliver_by))
        return false;
    const struct optional days = o->handling_time;
    if (days.known && (days.value < 0 || days.value > EVENT_CHECK_HANDLING_DAYS_MAX))
        return false;
    return o->price >= 0;
}

static bool is_possible(const struct event *e)
{
    if (!is_time(e->ts_event.ms))
        return false;
    if (e->topic == TOPIC_ORDERS)
        return order_possible(&e->order, e->ts_event);
    if (e->topic == TOPIC_MESSAGES)
        return e->message.order_units <= TICKET_UNITS_MAX;
    return e->shipment.parcel_count >= 1 && e->shipment.parcel_count <= EVENT_CHECK_PARCELS_MAX;
}

enum reject event_check(const struct event *event)
{
    CHECK(event->topic < TOPIC_COUNT);
    if (!has_ids(event))
        return REJECT_BAD_ID;
    if (event->kind == EVENT_UNKNOWN)
        return REJECT_UNKNOWN_EVENT_NAME;
    return is_possible(event) ? REJECT_NONE : REJECT_IMPOSSIBLE_VALUE;
}
