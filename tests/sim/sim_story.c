/* sim_story.c - what sellers, buyers and carriers do.
 *
 * DESIGN
 * ------
 * A seller has a handful of units and tickets at any time; each is the subject of events
 * for some days and is then replaced. Which event comes next is drawn without regard
 * to sense: deliveries before orders, two cancellations, replies of machines. Times are
 * whole minutes, and one in four lies on a landmark or one step beside it: a promise of
 * some unit, 48 h after it, the edge of a pane. There the mistakes are.
 *
 * Some records are no good: bytes that nobody can read, sellers on the wrong partition,
 * events of next month. Others are too old to be refused for certain (that depends on how
 * far the watermark has come) and say nothing that any window still holds.
 */
#include "sim/sim.h"

#include <string.h>

enum {
    LATE_MINUTES = 12 * 60,
    SUBJECT_DAYS = 6,
    ANCIENT_DAYS = 60,
    FUTURE_DAYS = 300,
};

static const char *const sellers[SIM_SELLERS] = { "4711", "4712", "4713", "4715" };

/* ---- times ------------------------------------------------------------------------------ */

/* Where it is sold; it may begin with a local day there. */
static void draw_storefront(struct sim *s, struct sim_subject *u)
{
    u->storefront = sim_once_in(s, 3) ? 1 + (int32_t)sim_draw(s, SIM_STOREFRONTS - 1) : 0;
    const struct oracle_calendar *calendar = s->storefronts[u->storefront].calendar;
    const int64_t midnight = oracle_calendar_midnight(calendar, s->at);
    if (sim_once_in(s, 4) && midnight >= s->at - LATE_MINUTES * MINUTE_MS)
        u->since = midnight;
    u->dispatch_due = oracle_calendar_end_of_day(calendar, u->since, 1);
    u->response_due = oracle_calendar_due(calendar, u->since, s->world.rules->response_sla_ms);
}

/* A subject of the seller, replaced by a new one when its days are over. */
static struct sim_subject *subject(struct sim *s, struct sim_subject *of, int64_t count,
                                   const char *seller)
{
    struct sim_subject *u = &of[sim_draw(s, count)];
    if (u->since != 0 && s->at - u->since < SUBJECT_DAYS * DAY_MS)
        return u;
    s->subjects += 1;
    *u = (struct sim_subject){ .since = s->at };
    (void)snprintf(u->id, sizeof u->id, "%s-%d", seller, s->subjects);
    draw_storefront(s, u);
    u->ship_by = s->at + (1 + sim_draw(s, 2)) * DAY_MS;
    u->deliver_by = s->at + (3 + sim_draw(s, 2)) * DAY_MS;
    return u;
}

static int64_t landmark(struct sim *s, const struct sim_subject *u)
{
    const int64_t panes[] = { MINUTE_MS, 15 * MINUTE_MS, 6 * HOUR_MS };
    const int64_t pane = panes[sim_draw(s, 3)];
    switch (sim_draw(s, 9)) {
    case 0:
        return u->ship_by;
    case 1:
        return u->deliver_by;
    case 2:
        return u->ship_by + 2 * DAY_MS;
    case 3:
        return u->since + 2 * DAY_MS;
    case 4:
        return u->deliver_by + 12 * HOUR_MS;
    case 5:
        return u->dispatch_due;
    case 6:
    case 7:
        return u->response_due;
    default:
        return floor_div(s->at, pane) * pane;
    }
}

/* When an event about the subject happened: now, some hours ago, or at a landmark that
 * lies in these hours. */
static int64_t event_at(struct sim *s, const struct sim_subject *u)
{
    const int64_t steps[] = { -MINUTE_MS, -1, 0, 0, 1, MINUTE_MS };
    const int64_t earliest = s->at - LATE_MINUTES * MINUTE_MS;
    if (sim_once_in(s, 4)) {
        const int64_t at = landmark(s, u) + steps[sim_draw(s, 6)];
        if (at >= earliest && at <= s->at)
            return at;
    }
    return sim_once_in(s, 4) ? s->at - sim_draw(s, LATE_MINUTES) * MINUTE_MS : s->at;
}

/* ---- events ------------------------------------------------------------------------ */

/* A name that no other record has: the prefix and the number of the record to come. */
struct fresh_name {
    char text[LITTLE_NAME_BYTES];
};

static struct fresh_name fresh_name(const struct sim *s, const char *prefix)
{
    struct fresh_name name;
    (void)snprintf(name.text, sizeof name.text, "%s%d", prefix, s->world.entry_count + 1);
    return name;
}

static struct optional maybe(struct sim *s, int64_t value)
{
    return (struct optional){ .known = !sim_once_in(s, 5), .value = value };
}

static struct order_fields draw_order(struct sim *s, const struct sim_subject *u, bool fresh)
{
    const enum order_status statuses[] = {
        ORDER_NEED_TO_BE_SENT, ORDER_SENT,     ORDER_RECEIVED, ORDER_CANCELLED,
        ORDER_CANCELLED,       ORDER_RETURNED, ORDER_OPEN,     ORDER_SENT_AND_AUTOPAID
    };
    const char *const reasons[] = { "NoInventory", "BuyerCancelled", "WrongPrice", "" };
    const enum order_status status = fresh ? ORDER_OPEN : statuses[sim_draw(s, 8)];
    const char *reason = status == ORDER_CANCELLED ? reasons[sim_draw(s, 4)] : "";
    struct order_fields order = {
        .id_order = span_of_text("o"),
        .id_order_unit = span_of_text(u->id),
        .status = status,
        .cancel_reason = span_of_text(reason),
        .ts_created = u->since,
        .price = 1999,
        .currency = span_of_text("EUR"),
    };
    if (!fresh && sim_once_in(s, 2))
        return order;
    /* Promises move; what was told first holds. */
    const int64_t moved = sim_once_in(s, 5) ? 12 * HOUR_MS : 0;
    order.ship_by = maybe(s, u->ship_by + moved);
    order.deliver_from = maybe(s, u->since + DAY_MS + moved);
    order.deliver_by = maybe(s, u->deliver_by + moved);
    order.handling_time =
        (struct optional){ .known = sim_once_in(s, 2), .value = sim_draw(s, 3) };
    return order;
}

static struct message_fields draw_message(struct sim *s, int32_t seller,
                                          const struct sim_subject *t)
{
    const char *const topics[] = { "delivery_delayed", "order_product_defect", "invoice_needed",
                                   "cs_nagative_rating", "" };
    struct message_fields m = {
        .id_ticket = span_of_text(t->id),
        .status = (enum ticket_status)sim_draw(s, TICKET_CUSTOMER_SERVICE_CLOSED_FINAL + 1),
        .open_reason = span_of_text("question"),
        .topic = span_of_text(topics[sim_draw(s, 5)]),
        .is_seller_responsible = !sim_once_in(s, 12),
        .author_role = (enum author_role)sim_draw(s, AUTHOR_CUSTOMER_SERVICE + 1),
        .interim_notice = sim_once_in(s, 6),
        .is_auto_reply = sim_once_in(s, 6),
    };
    for (int64_t n = sim_draw(s, 3); n > 0; n--) {
        const struct sim_subject *u = &s->units[seller][sim_draw(s, SIM_UNITS)];
        if (u->since != 0)
            m.ids_order_units[m.order_units++] = span_of_text(u->id);
    }
    return m;
}

static struct shipment_fields draw_shipment(struct sim *s, const struct sim_subject *u)
{
    const char *const numbers[] = { "T1", "T2", "T1", "" };
    return (struct shipment_fields){
        .id_order = span_of_text("o"),
        .id_order_unit = span_of_text(u->id),
        .tracking_number = span_of_text(numbers[sim_draw(s, 4)]),
        .carrier_code = span_of_text(sim_once_in(s, 4) ? "" : "DHL"),
        .parcel_count = sim_once_in(s, 6) ? 2 : 1,
    };
}

static enum event_kind draw_kind(struct sim *s)
{
    if (sim_once_in(s, 4))
        return EVENT_ORDER_UNIT_NEW;
    if (sim_once_in(s, 8))
        return EVENT_TICKET_OPENED;
    return (enum event_kind)(EVENT_ORDER_UNIT_NEW + sim_draw(s, EVENT_KIND_COUNT - 1));
}

static void tell_event(struct sim *s)
{
    const int32_t seller = (int32_t)sim_draw(s, SIM_SELLERS);
    const enum event_kind kind = draw_kind(s);
    const bool is_order = kind <= EVENT_ORDER_UNIT_STATUS_CHANGED;
    const bool is_message = !is_order && kind <= EVENT_TICKET_NO_RESPONSE_NEEDED;
    const struct sim_subject *u =
        is_message ? subject(s, s->tickets[seller], SIM_TICKETS, sellers[seller])
                   : subject(s, s->units[seller], SIM_UNITS, sellers[seller]);
    const struct fresh_name message = fresh_name(s, "m");
    const int64_t storefront =
        sim_once_in(s, 50) ? sim_draw(s, SIM_STOREFRONTS) : u->storefront;
    /* Half of the tickets are opened when they were thought of: their due time is a landmark.
     */
    const bool punctual = kind == EVENT_TICKET_OPENED && sim_once_in(s, 2) &&
                          u->since >= s->at - LATE_MINUTES * MINUTE_MS;
    struct event event = {
        .kind = kind,
        .fulfillment = sim_once_in(s, 60) ? FULFILLMENT_KAUFLAND : FULFILLMENT_MERCHANT,
        .ts_event = { punctual ? u->since : event_at(s, u) },
        .id_message = span_of_text(message.text),
        .id_seller = span_of_text(sellers[seller]),
        .storefront = span_of_text(s->storefronts[storefront].name),
    };
    if (is_order)
        event.order = draw_order(s, u, kind == EVENT_ORDER_UNIT_NEW);
    else if (is_message)
        event.message = draw_message(s, seller, u);
    else
        event.shipment = draw_shipment(s, u);
    (void)little_world_tell_event(&s->world, &event);
    s->tally.counts[SIM_COUNT_events] += 1;
}

/* The same record once more: sources deliver at least once. */
static void tell_again(struct sim *s)
{
    struct little_world *w = &s->world;
    const int64_t recent = w->entry_count < 60 ? w->entry_count : 60;
    if (recent == 0)
        return;
    const struct little_entry *e = w->entries[w->entry_count - 1 - sim_draw(s, recent)];
    const bool late = e->event.ts_event.ms < s->at - LATE_MINUTES * MINUTE_MS;
    if (!e->poison && !e->misplaced && !e->refused && !late)
        (void)little_world_tell_event(w, &e->event);
}

/* An order of a time that no window holds any more, without a promise: whether it is
 * taken or too late, nothing counts it. */
static void tell_ancient(struct sim *s)
{
    const struct fresh_name id = fresh_name(s, "ancient");
    const int64_t at = s->begin - ANCIENT_DAYS * DAY_MS;
    struct event event = { .kind = EVENT_ORDER_UNIT_NEW,
                           .fulfillment = FULFILLMENT_MERCHANT,
                           .ts_event = { at },
                           .id_message = span_of_text(id.text),
                           .id_seller = span_of_text(sellers[sim_draw(s, SIM_SELLERS)]),
                           .storefront = span_of_text("de"),
                           .order = { .id_order = span_of_text("o"),
                                      .id_order_unit = span_of_text(id.text),
                                      .status = ORDER_OPEN,
                                      .ts_created = at,
                                      .currency = span_of_text("EUR") } };
    (void)little_world_tell_event(&s->world, &event);
}

static void tell_future(struct sim *s)
{
    if (!s->by_wall)
        return;
    const char *seller = sellers[sim_draw(s, SIM_SELLERS)];
    struct little_entry *e =
        little_world_tell(&s->world, EVENT_ORDER_UNIT_NEW, seller, "future",
                          little_world_now().ms + FUTURE_DAYS * DAY_MS);
    e->refused = true;
}

static void tell_rubbish(struct sim *s)
{
    const char *seller = sellers[sim_draw(s, SIM_SELLERS)];
    struct little_world *w = &s->world;
    switch (sim_draw(s, 4)) {
    case 0:
        (void)little_world_poison(w, (enum topic)sim_draw(s, TOPIC_COUNT), seller);
        return;
    case 1:
        w->misplace_on = 1 - little_world_shard(w, seller);
        (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, seller, "lost", s->at);
        w->misplace_on = -1;
        return;
    case 2:
        tell_ancient(s);
        return;
    default:
        tell_future(s);
        return;
    }
}

/* ---- time -------------------------------------------------------------------------- */

static void let_time_pass(struct sim *s)
{
    int64_t minutes = sim_draw(s, s->pace_minutes);
    if (sim_once_in(s, 40))
        minutes += sim_draw(s, 36 * 60); /* a night, a weekend: nothing happens */
    if (s->by_wall) {
        little_world_wait(minutes * MINUTE_MS);
        s->at = floor_div(little_world_now().ms, MINUTE_MS) * MINUTE_MS;
        return;
    }
    s->at += minutes * MINUTE_MS;
}

void sim_tell(struct sim *s)
{
    let_time_pass(s);
    for (int64_t n = sim_draw(s, 5); n > 0; n--) {
        s->world.new_schema = sim_once_in(s, 25);
        tell_event(s);
    }
    s->world.new_schema = false;
    if (sim_once_in(s, 5))
        tell_again(s);
    if (sim_once_in(s, 20))
        tell_rubbish(s);
}

/* When an alert's `for` or `keep_firing_for` ends, by somebody's working copy; 0: none does. */
static int64_t alert_due(struct sim *s)
{
    const int32_t shard = (int32_t)sim_draw(s, LITTLE_SHARDS);
    for (int32_t i = 0; i < s->world.worker_count; i++) {
        const struct little_worker *worker = s->world.workers[i];
        if (!worker->alive || !little_world_works(worker, shard))
            continue;
        const struct deadlines *timers = &worker->pipeline.tenures[shard].state->alerts.timers;
        if (timers->count > 0)
            return timers->heap[sim_draw(s, timers->count)].at;
    }
    return 0;
}

/* A moment ahead at which the watermark stands exactly at a deadline of something, or stream
 * time at one of an alert, or one millisecond beyond it; an hour ahead if there is none. */
static int64_t moment_of_truth(struct sim *s)
{
    const struct rules *rules = s->world.rules;
    for (int tries = 0; tries < 50; tries++) {
        const struct sim_subject *u =
            &s->units[sim_draw(s, SIM_SELLERS)][sim_draw(s, SIM_UNITS)];
        const struct sim_subject *t =
            &s->tickets[sim_draw(s, SIM_SELLERS)][sim_draw(s, SIM_TICKETS)];
        const int64_t deadlines[] = { u->ship_by + rules->grace_dispatch_ms,
                                      u->deliver_by + rules->grace_delivery_ms,
                                      u->deliver_by,
                                      u->dispatch_due + rules->grace_dispatch_ms,
                                      u->since + 2 * DAY_MS + rules->grace_tracking_ms,
                                      t->response_due,
                                      t->response_due,
                                      alert_due(s) - rules->max_delay_ms };
        const int64_t deadline = deadlines[sim_draw(s, 8)] + rules->max_delay_ms;
        const int64_t at = deadline + sim_draw(s, 2);
        if (at > s->at && at < s->at + 5 * DAY_MS)
            return at;
    }
    return s->at + HOUR_MS;
}

/* Something new everywhere, at that moment: whoever holds what the store has forgotten
 * learns it, and everything is read to its end. */
void sim_tell_moment(struct sim *s)
{
    s->world.new_schema = false;
    const int64_t at = moment_of_truth(s);
    if (s->by_wall)
        little_world_wait(at - s->at);
    s->at = s->by_wall ? little_world_now().ms : at;
    const struct fresh_name id = fresh_name(s, "moment");
    for (int32_t i = 0; i < SIM_SELLERS; i++) {
        const char *seller = sellers[i];
        (void)little_world_tell(&s->world, EVENT_ORDER_UNIT_NEW, seller, id.text, s->at);
        (void)little_world_tell(&s->world, EVENT_SHIPMENT_SENT, seller, id.text, s->at);
        (void)little_world_tell(&s->world, EVENT_TICKET_OPENED, seller, id.text, s->at);
    }
}
