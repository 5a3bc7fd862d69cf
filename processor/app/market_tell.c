/* market_tell.c - see market_tell.h.
 *
 * Sources deliver at least once and up to 12 h late. Most events arrive within
 * seconds; one in fifty comes twice, one in a hundred late.
 */
#include "app/market_tell.h"

#include "base/check.h"
#include "base/name.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    DELAY_MEAN_MS = 1500,
    LATE_PPM = 10000,
    LATE_SECONDS_MAX = 12 * 60 * 60,
    TWICE_PPM = 20000,
};

/* "PigeonPost" is no carrier that anybody has heard of. */
static const char *const carriers[] = { "DHL", "DPD", "GLS", "Hermes", "PigeonPost" };

enum { CARRIERS = sizeof carriers / sizeof carriers[0] };

/* ---- who lives ------------------------------------------------------------------------ */

void market_tell_plan_unit(struct market *m, struct happening act)
{
    market_unit_at(m, act.ref)->uses += 1;
    market_heap_push(&m->plan, act);
}

void market_tell_plan_ticket(struct market *m, struct happening act)
{
    market_ticket_at(m, act.ref)->uses += 1;
    market_heap_push(&m->plan, act);
}

void market_tell_drop_unit(struct market *m, uint32_t ref)
{
    struct market_unit *unit = market_unit_at(m, ref);
    CHECK(unit->uses > 0);
    unit->uses -= 1;
    if (unit->uses == 0)
        pool_free(&m->units, ref);
}

void market_tell_drop_ticket(struct market *m, uint32_t ref)
{
    struct market_ticket *ticket = market_ticket_at(m, ref);
    CHECK(ticket->uses > 0);
    ticket->uses -= 1;
    if (ticket->uses > 0)
        return;
    market_tell_drop_unit(m, ticket->unit);
    pool_free(&m->tickets, ref);
}

/* ---- telling -------------------------------------------------------------------------- */

static bool is_ticket_kind(enum event_kind kind)
{
    return kind >= EVENT_TICKET_OPENED && kind <= EVENT_TICKET_NO_RESPONSE_NEEDED;
}

static bool is_order_kind(enum event_kind kind)
{
    return kind == EVENT_ORDER_UNIT_NEW || kind == EVENT_ORDER_UNIT_STATUS_CHANGED;
}

static void send(struct market *m, const struct market_telling *telling)
{
    const uint32_t ref = pool_new(&m->tellings);
    struct market_telling *copy = pool_at(&m->tellings, ref);
    *copy = *telling;
    if (is_ticket_kind(telling->kind))
        market_ticket_at(m, telling->ref)->uses += 1;
    else
        market_unit_at(m, telling->ref)->uses += 1;
    int64_t delay = market_dice_pause(&m->dice, DELAY_MEAN_MS);
    if (market_dice_chance(&m->dice, LATE_PPM))
        delay = SECOND_MS * market_dice_below(&m->dice, LATE_SECONDS_MAX);
    market_heap_push(&m->plan, (struct happening){
                                   .at = m->now + delay, .what = MARKET_ACT_TELL, .ref = ref });
}

void market_tell(struct market *m, const struct market_telling *telling)
{
    CHECK(telling->at <= m->now);
    struct market_telling numbered = *telling;
    m->last_message += 1;
    numbered.number = m->last_message;
    send(m, &numbered);
    if (market_dice_chance(&m->dice, TWICE_PPM))
        send(m, &numbered);
}

void market_tell_done(struct market *m, uint32_t ref)
{
    const struct market_telling *telling = pool_at(&m->tellings, ref);
    if (is_ticket_kind(telling->kind))
        market_tell_drop_ticket(m, telling->ref);
    else
        market_tell_drop_unit(m, telling->ref);
    pool_free(&m->tellings, ref);
}

/* ---- the event ------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static struct span say(struct market *m,
                                                             const char *format, ...)
{
    CHECK(m->text_count < MARKET_TEXTS);
    char *text = m->texts[m->text_count++];
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(text, MARKET_TEXT_BYTES, format, args);
    va_end(args);
    CHECK(size > 0 && size < MARKET_TEXT_BYTES);
    return span_of(text, (size_t)size);
}

static struct span unit_id(struct market *m, uint64_t number)
{
    return say(m, "unit-%08" PRIu64, number);
}

static struct span order_id(struct market *m, const struct market_unit *unit)
{
    return say(m, "order-%08" PRIu64, unit->first);
}

static struct span optional_text(const char *text)
{
    return text == NULL ? span_of("", 0) : span_of_text(text);
}

static struct optional told_if(bool told, int64_t ms)
{
    return (struct optional){ .known = told, .value = told ? ms : 0 };
}

static void tell_order(struct market *m, const struct market_telling *t, struct event *e)
{
    const struct market_unit *unit = market_unit_at(m, t->ref);
    e->topic = TOPIC_ORDERS;
    e->order = (struct order_fields){
        .id_order = order_id(m, unit),
        .id_order_unit = unit_id(m, unit->number),
        .status = t->status.order,
        .cancel_reason = optional_text(t->reason),
        .ts_created = unit->created,
        .ship_by = told_if(unit->ship_by_told, unit->ship_by),
        .deliver_from = told_if(unit->deliver_from_told, unit->deliver_from),
        .deliver_by = told_if(true, unit->deliver_by),
        .handling_time = told_if(true, MARKET_HANDLING_DAYS),
        .price = unit->price_cents,
        .currency = span_of_text("EUR"),
    };
}

static void tell_message(struct market *m, const struct market_telling *t, struct event *e)
{
    const struct market_ticket *ticket = market_ticket_at(m, t->ref);
    const struct market_unit *unit = market_unit_at(m, ticket->unit);
    e->topic = TOPIC_MESSAGES;
    e->message = (struct message_fields){
        .id_ticket = say(m, "001%09" PRIu64, ticket->number),
        .status = t->status.ticket,
        .open_reason = span_of_text(ticket->reason),
        .topic = optional_text(ticket->topic),
        .is_seller_responsible = !t->is_not_responsible,
        .author_role = t->author,
        .interim_notice = t->is_interim,
        .is_auto_reply = t->is_auto_reply,
    };
    struct message_fields *f = &e->message;
    f->ids_order_units[f->order_units++] = unit_id(m, unit->number);
    for (uint32_t i = 0; ticket->whole_order && i < unit->order_size; i++) {
        if (unit->first + i != unit->number)
            f->ids_order_units[f->order_units++] = unit_id(m, unit->first + i);
    }
}

static void tell_shipment(struct market *m, const struct market_telling *t, struct event *e)
{
    const struct market_unit *unit = market_unit_at(m, t->ref);
    e->topic = TOPIC_SHIPMENTS;
    e->shipment = (struct shipment_fields){
        .id_order = order_id(m, unit),
        .id_order_unit = unit_id(m, unit->number),
        .parcel_count = (int32_t)unit->parcels,
    };
    if (!unit->tracked)
        return;
    e->shipment.tracking_number = say(m, "JJ%08" PRIu64 "%u", unit->number, t->parcel + 1);
    e->shipment.carrier_code = span_of_text(carriers[unit->carrier % CARRIERS]);
}

static const struct market_unit *unit_of(const struct market *m, const struct market_telling *t)
{
    if (is_ticket_kind(t->kind))
        return market_unit_at(m, market_ticket_at(m, t->ref)->unit);
    return market_unit_at(m, t->ref);
}

void market_tell_event(struct market *m, uint32_t ref, struct event *ret_event)
{
    const struct market_telling *t = pool_at(&m->tellings, ref);
    const struct market_unit *unit = unit_of(m, t);
    m->text_count = 0;
    *ret_event = (struct event){
        .kind = t->kind,
        .fulfillment = unit->by_marketplace ? FULFILLMENT_KAUFLAND : FULFILLMENT_MERCHANT,
        .ts_event = { t->at },
        .id_message = say(m, "m%" PRIu64 "-%010" PRIu64, m->options.seed, t->number),
        .id_seller = span_of_text(m->sellers[unit->seller].id),
        .storefront = span_of_text(unit->storefront),
    };
    if (is_ticket_kind(t->kind))
        tell_message(m, t, ret_event);
    else if (is_order_kind(t->kind))
        tell_order(m, t, ret_event);
    else
        tell_shipment(m, t, ret_event);
}
