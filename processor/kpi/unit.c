/* unit.c - order units from events and time; see unit.h. */
#include "kpi/unit.h"

#include "base/check.h"
#include "base/hash.h"

void units_open(struct units *us, const struct rules *rules, struct entities *entities,
                struct ledger *ledger)
{
    *us = (struct units){ .rules = rules,
                          .entities = entities,
                          .sellers = ledger->sellers,
                          .ledger = ledger,
                          .watermark = TIME_NEVER_YET };
    us->claims = (struct claims){ .kind = ENTITY_UNIT,
                                  .entities = entities,
                                  .sellers = ledger->sellers,
                                  .objects = &us->units,
                                  .stamps = &us->stamps,
                                  .first = offsetof(struct unit, stamps) +
                                           UNIT_STAMP_FIRST * sizeof(uint32_t) };
    pool_open(&us->units, entities->arena, sizeof(struct unit));
    pool_open(&us->stamps, entities->arena, sizeof(struct stamp));
    pool_open(&us->parcels, entities->arena, sizeof(struct parcel));
    deadlines_open(&us->deadlines, entities->arena);
    us->overdue = (struct overdue_nodes){ .pool = &us->units,
                                          .offset = offsetof(struct unit, overdue),
                                          .kind = OVERDUE_UNITS,
                                          .gauge = KPI_DELIVERY_OVERDUE };
}

void units_close(struct units *us)
{
    pool_close(&us->units);
    pool_close(&us->stamps);
    pool_close(&us->parcels);
    deadlines_close(&us->deadlines);
}

/* ---- making, forgetting -------------------------------------------- */

uint32_t unit_new(struct units *us, struct span id, uint32_t cell)
{
    CHECK(claim_find(&us->claims, id, cell) == 0);
    const uint32_t ref = pool_new(&us->units);
    struct unit *u = units_at(us, ref);
    u->dispatch_due = TIME_NEVER;
    u->sent = TIME_NEVER;
    u->scan = TIME_NEVER;
    u->tracked = TIME_NEVER;
    u->received = TIME_NEVER;
    u->attempt_any = TIME_NEVER;
    u->last_event = TIME_NEVER_YET;
    claim_join(&us->claims, ref, id, cell);
    return ref;
}

static void free_parcels(struct units *us, struct unit *u)
{
    while (u->parcels != 0) {
        const uint32_t next = ((struct parcel *)pool_at(&us->parcels, u->parcels))->next;
        pool_free(&us->parcels, u->parcels);
        u->parcels = next;
    }
}

static void set_open(struct units *us, struct unit *u, bool open)
{
    us->open += (int64_t)open - (int64_t)u->open;
    CHECK(us->open >= 0);
    u->open = open;
}

void unit_free(struct units *us, uint32_t ref)
{
    struct unit *u = units_at(us, ref);
    set_open(us, u, false);
    overdue_remove(&us->overdue, us->sellers, u->claim.cell, ref);
    free_parcels(us, u);
    for (int i = 0; i < UNIT_STAMP_COUNT; i++)
        stamp_point(&us->stamps, &u->stamps[i], 0);
    deadlines_set(&us->deadlines, ref, TIME_NEVER);
    claim_leave(&us->claims, ref);
    pool_free(&us->units, ref);
}

static void forget(struct units *us, uint32_t ref)
{
    claim_bury(&us->claims, ref);
    unit_free(us, ref);
}

/* ---- settling ----------------------------------------------------------------- */

static struct unit_memory memory_of(const struct units *us)
{
    return (struct unit_memory){ .parcels = &us->parcels, .stamps = &us->stamps };
}

/* When a closed unit may be forgotten: its last event is so old that another one
 * is not to be expected, and no window holds its facts any more. A status that
 * comes after that makes it anew, but what it says lies behind all windows. */
static int64_t forget_at(const struct units *us, const struct unit *u)
{
    int64_t newest = u->last_event;
    for (int i = 0; i < UNIT_FACT_COUNT; i++) {
        if (u->counted[i].fact_plus_one != 0 && u->counted[i].at > newest)
            newest = u->counted[i].at;
    }
    const int64_t longest = rules_longest_window(us->rules);
    const int64_t late = us->rules->max_lateness_ms;
    return newest + (longest > late ? longest : late);
}

/* When it goes if nothing happens and nobody else claims its id: when it counts nowhere any
 * more; an open one when it is abandoned, too. */
static int64_t own_end(const void *self, uint32_t ref)
{
    const struct units *us = self;
    const struct unit *u = units_at(us, ref);
    CHECK(u->claim.cell != 0);
    const struct unit_memory memory = memory_of(us);
    const int64_t forget = forget_at(us, u);
    const int64_t abandon = unit_abandoned_at(u, us->rules);
    return unit_closed(u, &memory) || forget > abandon ? forget : abandon;
}

/* When to look at it again if nothing happens: at the next deadline, also when it is
 * abandoned if it is open, and when all these have passed, to forget it. */
static int64_t next_time(const struct units *us, uint32_t ref)
{
    const struct unit *u = units_at(us, ref);
    const struct unit_memory memory = memory_of(us);
    int64_t next = unit_next_look(u, &memory, us->rules, us->watermark);
    if (!unit_closed(u, &memory))
        next = deadline_ahead(unit_abandoned_at(u, us->rules), us->watermark, next);
    if (next != TIME_NEVER)
        return next;
    const bool outlives = u->claim.contested && !u->claim.disowned;
    return outlives ? claim_latest(&us->claims, ref, own_end, us) : own_end(us, ref);
}

/* Counts what follows from the unit now, and says when to look again. */
static void settle_one(struct units *us, uint32_t ref)
{
    struct unit *u = units_at(us, ref);
    const struct unit_memory memory = memory_of(us);
    struct counted wanted[UNIT_FACT_COUNT];
    unit_facts(u, &memory, us->rules, us->watermark, wanted);
    const struct ledger_account account = { .cell = u->claim.cell, .id = &u->claim.id };
    if (ledger_settle(us->ledger, account, u->counted, wanted, UNIT_FACT_COUNT))
        claim_touch(&us->claims, ref);

    if (unit_overdue(u, &memory, us->rules, us->watermark))
        overdue_add(&us->overdue, us->sellers, u->claim.cell, ref,
                    u->promises[PROMISE_DELIVER_BY]);
    else
        overdue_remove(&us->overdue, us->sellers, u->claim.cell, ref);
    set_open(us, u, !unit_closed(u, &memory));
    deadlines_set(&us->deadlines, ref, next_time(us, ref));
}

/* What happens to a disowned claim says how long its owner is remembered. */
static void settle(struct units *us, uint32_t ref)
{
    settle_one(us, ref);
    const struct claim *claim = &units_at(us, ref)->claim;
    CHECK(claim->cell != 0);
    if (claim->disowned)
        settle_one(us, claim_owner(&us->claims, ref));
}

static void settle_claim(void *self, uint32_t ref)
{
    settle_one(self, ref);
}

/* ---- what events tell ------------------------------------------------------------- */

/* The stamp of this event, made when the first field needs it. */
static uint32_t stamp_of(struct units *us, const struct event *event, uint32_t *made)
{
    if (*made == 0)
        *made = stamp_new(&us->stamps, event->ts_event, event->id_message);
    return *made;
}

static bool decides(const struct units *us, const struct unit *u, int slot,
                    const struct event *event)
{
    return stamp_decides(&us->stamps, u->stamps[slot], event->ts_event, event->id_message);
}

static void tell_promises(struct units *us, struct unit *u, const struct event *event,
                          uint32_t *made)
{
    const struct order_fields *order = &event->order;
    const struct optional told[PROMISE_COUNT] = {
        [PROMISE_CREATED] = { .known = true, .value = order->ts_created },
        [PROMISE_SHIP_BY] = order->ship_by,
        [PROMISE_DELIVER_FROM] = order->deliver_from,
        [PROMISE_DELIVER_BY] = order->deliver_by,
        [PROMISE_HANDLING_TIME] = order->handling_time,
    };
    for (int p = 0; p < PROMISE_COUNT; p++) {
        if (!told[p].known || !decides(us, u, p, event))
            continue;
        u->promises[p] = told[p].value;
        stamp_point(&us->stamps, &u->stamps[p], stamp_of(us, event, made));
    }
}

static int64_t dispatch_due(const struct units *us, const struct unit *u)
{
    if (u->stamps[PROMISE_SHIP_BY] != 0)
        return u->promises[PROMISE_SHIP_BY];
    if (u->stamps[PROMISE_HANDLING_TIME] == 0 || u->stamps[PROMISE_CREATED] == 0)
        return TIME_NEVER;
    const struct calendar *calendar = sellers_cell(us->sellers, u->claim.cell)->calendar;
    const event_time created = { u->promises[PROMISE_CREATED] };
    return calendar_end_of_working_day(calendar, created, u->promises[PROMISE_HANDLING_TIME])
        .ms;
}

static void tell_order(struct units *us, struct unit *u, const struct event *event,
                       uint32_t *made)
{
    const struct order_fields *order = &event->order;
    tell_promises(us, u, event, made);
    u->dispatch_due = dispatch_due(us, u);
    if (order->status == ORDER_SENT)
        event_time_lower(&u->sent, event->ts_event);
    if (order->status == ORDER_RECEIVED) {
        event_time_lower(&u->sent, event->ts_event);
        event_time_lower(&u->received, event->ts_event);
    }
    u->returned |= order->status == ORDER_RETURNED || order->status == ORDER_RETURNED_PAID;
    if (order->status == ORDER_CANCELLED && decides(us, u, UNIT_STAMP_CANCEL, event)) {
        u->cancelled_by_seller = rules_cancelled_by_seller(us->rules, order->cancel_reason);
        stamp_point(&us->stamps, &u->stamps[UNIT_STAMP_CANCEL], stamp_of(us, event, made));
    }
}

/* Parcels beyond PARCELS_MAX: those with the smallest numbers are kept, so the
 * choice does not depend on the order of arrival. */
static void drop_last_parcel(struct units *us, struct unit *u)
{
    uint32_t *link = &u->parcels;
    while (((struct parcel *)pool_at(&us->parcels, *link))->next != 0)
        link = &((struct parcel *)pool_at(&us->parcels, *link))->next;
    pool_free(&us->parcels, *link);
    *link = 0;
}

struct parcel *unit_parcel(struct units *us, struct unit *u, uint64_t number)
{
    uint32_t count = 0;
    uint32_t *link = &u->parcels;
    uint32_t *place = NULL;
    for (; *link != 0; count++) {
        struct parcel *p = pool_at(&us->parcels, *link);
        if (p->number == number)
            return p;
        if (place == NULL && p->number > number)
            place = link;
        link = &p->next;
    }
    if (place == NULL)
        place = link;
    if (count == PARCELS_MAX && place == link)
        return NULL;
    const uint32_t ref = pool_new(&us->parcels);
    struct parcel *p = pool_at(&us->parcels, ref);
    *p = (struct parcel){ .next = *place, .number = number, .attempt = TIME_NEVER };
    *place = ref;
    if (count == PARCELS_MAX)
        drop_last_parcel(us, u);
    return p;
}

static bool is_scan(enum event_kind kind)
{
    return kind >= EVENT_CARRIER_ACCEPTED && kind <= EVENT_RETURNED_TO_SENDER;
}

static void tell_shipment(struct units *us, struct unit *u, const struct event *event)
{
    const struct shipment_fields *shipment = &event->shipment;
    const bool attempt =
        event->kind == EVENT_DELIVERY_ATTEMPTED || event->kind == EVENT_DELIVERED;
    const bool scan = is_scan(event->kind);
    if (event->kind == EVENT_SHIPMENT_SENT || scan)
        event_time_lower(&u->sent, event->ts_event);
    if (scan)
        event_time_lower(&u->scan, event->ts_event);
    if (attempt)
        event_time_lower(&u->attempt_any, event->ts_event);
    if (shipment->parcel_count > u->parcel_count)
        u->parcel_count =
            (uint16_t)(shipment->parcel_count < PARCELS_MAX ? shipment->parcel_count
                                                            : PARCELS_MAX);
    if (shipment->tracking_number.size == 0)
        return;
    if (shipment->carrier_code.size > 0)
        event_time_lower(&u->tracked, event->ts_event);
    struct parcel *parcel = unit_parcel(us, u, hash_bytes(shipment->tracking_number));
    if (parcel != NULL && attempt)
        event_time_lower(&parcel->attempt, event->ts_event);
}

void units_apply(struct units *us, const struct event *event)
{
    CHECK(event->topic != TOPIC_MESSAGES);
    const struct span id = event->topic == TOPIC_ORDERS ? event->order.id_order_unit
                                                        : event->shipment.id_order_unit;
    const uint32_t cell = sellers_cell_of(us->sellers, event->id_seller, event->storefront);
    uint32_t ref = claim_find(&us->claims, id, cell);
    const bool is_new = ref == 0;
    if (is_new)
        ref = unit_new(us, id, cell);

    struct unit *u = units_at(us, ref);
    uint32_t made = 0;
    const bool is_first = decides(us, u, UNIT_STAMP_FIRST, event);
    if (is_first)
        stamp_point(&us->stamps, &u->stamps[UNIT_STAMP_FIRST], stamp_of(us, event, &made));
    if (event->topic == TOPIC_ORDERS)
        tell_order(us, u, event, &made);
    else
        tell_shipment(us, u, event);
    u->not_the_sellers |= event->fulfillment == FULFILLMENT_KAUFLAND;
    if (event->ts_event.ms > u->last_event)
        u->last_event = event->ts_event.ms;
    claim_touch(&us->claims, ref);

    if ((is_new && claim_has_rival(&us->claims, ref)) || (u->claim.contested && is_first))
        claim_arbitrate(&us->claims, ref, (struct claim_judgement){ settle_claim, us });
    settle(us, ref);
    us->foreign_events += units_at(us, ref)->claim.disowned;
}

/* ---- time ----------------------------------------------------------------------------- */

/* Time alone changes nothing that a disowned claim means to its owner. */
static void look_again(struct units *us, uint32_t ref)
{
    settle_one(us, ref);
    if (next_time(us, ref) >= us->watermark)
        return;
    const struct unit_memory memory = memory_of(us);
    us->abandoned += !unit_closed(units_at(us, ref), &memory);
    forget(us, ref);
}

void units_advance(struct units *us, event_time watermark)
{
    CHECK(watermark.ms >= us->watermark);
    us->watermark = watermark.ms;
    uint32_t ref;
    while ((ref = deadlines_due(&us->deadlines, watermark.ms)) != 0)
        look_again(us, ref);
}

/* What is overdue is looked at with the first tick, oldest deadline first: that
 * rebuilds the lists behind the gauges, which are not stored. */
void units_loaded(struct units *us)
{
    const struct unit_memory memory = memory_of(us);
    for (uint32_t ref = 1; ref <= us->units.used; ref++) {
        struct unit *u = units_at(us, ref);
        if (u->claim.cell == 0)
            continue;
        set_open(us, u, !unit_closed(u, &memory));
        const bool overdue = unit_overdue(u, &memory, us->rules, us->watermark);
        deadlines_set(&us->deadlines, ref,
                      overdue ? u->promises[PROMISE_DELIVER_BY] : next_time(us, ref));
    }
}

int32_t units_overdue(const struct units *us, uint32_t cell, struct evidence *newest,
                      int32_t count)
{
    uint32_t ref = sellers_cell(us->sellers, cell)->overdue[OVERDUE_UNITS].first;
    for (int listed = 0; ref != 0 && listed < EVIDENCE_MAX; listed++) {
        const struct unit *u = units_at(us, ref);
        const struct evidence one = { .kind = EVIDENCE_ORDER_UNIT,
                                      .wrong = WRONG_STILL_UNDELIVERED,
                                      .id = u->claim.id,
                                      .at = { u->overdue.at } };
        count = evidence_insert(newest, count, &one);
        ref = u->overdue.next;
    }
    return count;
}
