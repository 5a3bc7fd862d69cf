/* ticket.c - tickets from events and time; see ticket.h. */
#include "kpi/ticket.h"

#include "base/check.h"

#define REPEAT_WITHIN_MS (7 * DAY_MS)

void tickets_open(struct tickets *ts, const struct rules *rules, struct entities *entities,
                  struct ledger *ledger)
{
    *ts = (struct tickets){ .rules = rules,
                            .entities = entities,
                            .sellers = ledger->sellers,
                            .ledger = ledger,
                            .watermark = TIME_NEVER_YET };
    ts->claims = (struct claims){ .kind = ENTITY_TICKET,
                                  .entities = entities,
                                  .sellers = ledger->sellers,
                                  .objects = &ts->tickets,
                                  .stamps = &ts->stamps,
                                  .first = offsetof(struct ticket, stamps) +
                                           TICKET_STAMP_FIRST * sizeof(uint32_t) };
    pool_open(&ts->tickets, entities->arena, sizeof(struct ticket));
    pool_open(&ts->stamps, entities->arena, sizeof(struct stamp));
    contacts_open(&ts->contacts, entities->arena, &ts->tickets);
    deadlines_open(&ts->deadlines, entities->arena);
    ts->overdue = (struct overdue_nodes){ .pool = &ts->tickets,
                                          .offset = offsetof(struct ticket, overdue),
                                          .kind = OVERDUE_TICKETS,
                                          .gauge = KPI_RESPONSE_OVERDUE };
}

void tickets_close(struct tickets *ts)
{
    pool_close(&ts->tickets);
    pool_close(&ts->stamps);
    contacts_close(&ts->contacts);
    deadlines_close(&ts->deadlines);
}

/* ---- making, forgetting -------------------------------------------- */

uint32_t ticket_new(struct tickets *ts, struct span id, uint32_t cell)
{
    CHECK(claim_find(&ts->claims, id, cell) == 0);
    const uint32_t ref = pool_new(&ts->tickets);
    struct ticket *t = tickets_at(ts, ref);
    t->due = TIME_NEVER;
    t->reply = TIME_NEVER;
    t->excused = TIME_NEVER;
    t->escalated = TIME_NEVER;
    t->last_event = TIME_NEVER_YET;
    claim_join(&ts->claims, ref, id, cell);
    return ref;
}

static void set_open(struct tickets *ts, struct ticket *t, bool open)
{
    ts->open += (int64_t)open - (int64_t)t->open;
    CHECK(ts->open >= 0);
    t->open = open;
}

int64_t ticket_opened(const struct ticket *t, const struct pool *stamps)
{
    if (t->stamps[TICKET_STAMP_OPENED] == 0)
        return TIME_NEVER;
    return ((const struct stamp *)pool_at(stamps, t->stamps[TICKET_STAMP_OPENED]))->at.ms;
}

static struct opening opening_of(const struct tickets *ts, uint32_t ref)
{
    return (struct opening){ .at = ticket_opened(tickets_at(ts, ref), &ts->stamps),
                             .ticket = ref };
}

void ticket_free(struct tickets *ts, uint32_t ref)
{
    struct ticket *t = tickets_at(ts, ref);
    set_open(ts, t, false);
    overdue_remove(&ts->overdue, ts->sellers, t->claim.cell, ref);
    for (uint8_t i = 0; i < t->unit_count; i++)
        contacts_remove(&ts->contacts, t->units[i], opening_of(ts, ref));
    for (int i = 0; i < TICKET_STAMP_COUNT; i++)
        stamp_point(&ts->stamps, &t->stamps[i], 0);
    deadlines_set(&ts->deadlines, ref, TIME_NEVER);
    claim_leave(&ts->claims, ref);
    pool_free(&ts->tickets, ref);
}

static void forget(struct tickets *ts, uint32_t ref)
{
    claim_bury(&ts->claims, ref);
    ticket_free(ts, ref);
}

/* ---- settling ------------------------------------------------------------------ */

static bool closed(const struct ticket *t)
{
    return t->not_the_sellers || t->claim.disowned || t->reply != TIME_NEVER ||
           t->excused != TIME_NEVER;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The last that may be a repeat of it is opened seven days later, and counts that long. */
static int64_t repeats_over(const struct rules *rules, int64_t opened)
{
    return opened + REPEAT_WITHIN_MS +
           later(rules_longest_window(rules), rules->max_lateness_ms);
}

static int64_t forget_at(const struct tickets *ts, const struct ticket *t)
{
    const int64_t late = t->last_event + ts->rules->max_lateness_ms;
    const int64_t opened = ticket_opened(t, &ts->stamps);
    if (opened == TIME_NEVER)
        return late;
    int64_t newest = opened;
    for (int i = 0; i < TICKET_FACT_COUNT; i++) {
        if (t->counted[i].fact_plus_one != 0)
            newest = later(newest, t->counted[i].at);
    }
    if (t->duration.is_counted)
        newest = later(newest, t->duration.at);
    const int64_t window_left = newest + rules_longest_window(ts->rules);
    return later(late, later(window_left, repeats_over(ts->rules, opened)));
}

/* The next deadline whose passing may decide the response; TIME_NEVER: none. A
 * ticket that was closed after its due time still owes the answer it did not get. */
static int64_t next_look(const struct tickets *ts, const struct ticket *t)
{
    int64_t next = TIME_NEVER;
    if (t->due == TIME_NEVER || t->reply != TIME_NEVER || t->excused < t->due ||
        t->not_the_sellers || t->claim.disowned)
        return next;
    next = deadline_ahead(t->due, ts->watermark, next);
    return deadline_ahead(t->due + ts->rules->grace_response_ms, ts->watermark, next);
}

/* When it goes if nothing happens and nobody else claims its id: when it counts nowhere any
 * more; an open one when it is abandoned, too, and nobody can be a repeat of it. */
static int64_t own_end(const void *self, uint32_t ref)
{
    const struct tickets *ts = self;
    const struct ticket *t = tickets_at(ts, ref);
    CHECK(t->claim.cell != 0);
    if (closed(t))
        return forget_at(ts, t);
    const int64_t abandon = ticket_abandoned_at(t, ts->rules);
    const int64_t opened = ticket_opened(t, &ts->stamps);
    return opened == TIME_NEVER ? abandon : later(abandon, repeats_over(ts->rules, opened));
}

/* When to look at it again if nothing happens: at the next deadline, when it is abandoned, and
 * when nobody can ask for it any more, to forget it. */
static int64_t next_time(const struct tickets *ts, uint32_t ref)
{
    const struct ticket *t = tickets_at(ts, ref);
    int64_t next = next_look(ts, t);
    if (!closed(t))
        next = deadline_ahead(ticket_abandoned_at(t, ts->rules), ts->watermark, next);
    if (next != TIME_NEVER)
        return next;
    const bool outlives = t->claim.contested && !t->claim.disowned;
    return outlives ? claim_latest(&ts->claims, ref, own_end, ts) : own_end(ts, ref);
}

static void want(const struct tickets *ts, const struct ticket *t,
                 struct ticket_wanted *ret_wanted)
{
    const struct ticket_situation situation = { .opened = ticket_opened(t, &ts->stamps),
                                                .watermark = ts->watermark,
                                                .cell =
                                                    sellers_cell(ts->sellers, t->claim.cell),
                                                .rules = ts->rules };
    ticket_facts(t, &situation, ret_wanted);
}

static void settle_one(struct tickets *ts, uint32_t ref)
{
    struct ticket *t = tickets_at(ts, ref);
    struct ticket_wanted wanted;
    want(ts, t, &wanted);
    const struct ledger_account account = { .cell = t->claim.cell, .id = &t->claim.id };
    const bool facts_moved =
        ledger_settle(ts->ledger, account, t->counted, wanted.facts, TICKET_FACT_COUNT);
    if (ledger_settle_duration(ts->ledger, account, &t->duration, &wanted.duration) ||
        facts_moved)
        claim_touch(&ts->claims, ref);

    if (wanted.overdue)
        overdue_add(&ts->overdue, ts->sellers, t->claim.cell, ref, t->due);
    else
        overdue_remove(&ts->overdue, ts->sellers, t->claim.cell, ref);
    set_open(ts, t, !closed(t));
    deadlines_set(&ts->deadlines, ref, next_time(ts, ref));
}

/* What happens to a disowned claim says how long its owner is remembered. */
static void settle(struct tickets *ts, uint32_t ref)
{
    settle_one(ts, ref);
    const struct claim *claim = &tickets_at(ts, ref)->claim;
    CHECK(claim->cell != 0);
    if (claim->disowned)
        settle_one(ts, claim_owner(&ts->claims, ref));
}

/* ---- repeats ---------------------------------------------------------------------- */

/* Was another ticket on one of its order units opened in the seven days before? Among
 * tickets of one instant the greater id is the repeat (rule 2.9.8). */
static bool is_repeat(const struct tickets *ts, uint32_t ref)
{
    const struct ticket *t = tickets_at(ts, ref);
    const struct opening opening = opening_of(ts, ref);
    for (uint8_t u = 0; u < t->unit_count; u++) {
        struct opening before;
        if (contacts_before(&ts->contacts, t->units[u], opening, &before) &&
            opening.at - before.at <= REPEAT_WITHIN_MS)
            return true;
    }
    return false;
}

/* 0: nobody. */
static void recheck(struct tickets *ts, uint32_t ref)
{
    if (ref == 0)
        return;
    struct ticket *t = tickets_at(ts, ref);
    const bool repeat = ticket_opened(t, &ts->stamps) != TIME_NEVER && is_repeat(ts, ref);
    if (repeat == t->is_repeat)
        return;
    t->is_repeat = repeat;
    claim_touch(&ts->claims, ref);
    settle(ts, ref);
}

static bool takes_part(const struct tickets *ts, const struct ticket *t)
{
    return !t->not_the_sellers && !t->claim.disowned &&
           ticket_opened(t, &ts->stamps) != TIME_NEVER;
}

/* Takes the ticket out from among those that share its order units: its opening is about to
 * move. Returns for each unit the one that stood behind it, to be looked at again. */
static void leave_units(struct tickets *ts, uint32_t ref, uint32_t ret_behind[TICKET_UNITS_MAX])
{
    const struct ticket *t = tickets_at(ts, ref);
    for (uint8_t u = 0; u < t->unit_count; u++)
        ret_behind[u] = contacts_remove(&ts->contacts, t->units[u], opening_of(ts, ref));
}

/* Puts the ticket where it belongs among those that share its order units, and looks
 * again at those whose predecessor changed. */
static void share_units(struct tickets *ts, uint32_t ref)
{
    const struct ticket *t = tickets_at(ts, ref);
    const bool there = takes_part(ts, t);
    for (uint8_t u = 0; u < t->unit_count; u++) {
        const struct opening opening = opening_of(ts, ref);
        const uint32_t behind_before = contacts_remove(&ts->contacts, t->units[u], opening);
        if (there)
            recheck(ts, contacts_put(&ts->contacts, t->units[u], opening));
        recheck(ts, behind_before);
    }
    recheck(ts, ref);
}

static void settle_claim(void *self, uint32_t ref)
{
    share_units(self, ref);
    settle_one(self, ref);
}

/* ---- what events tell --------------------------------------------------------------- */

static bool is_reply(const struct rules *rules, const struct message_fields *m)
{
    return m->author_role == AUTHOR_SELLER && !m->is_auto_reply &&
           (!m->interim_notice || rules->interim_counts);
}

static bool excuses(const struct event *event)
{
    const struct message_fields *m = &event->message;
    return !m->is_seller_responsible || event->kind == EVENT_TICKET_NO_RESPONSE_NEEDED ||
           m->status == TICKET_BUYER_CLOSED || m->status == TICKET_BOTH_CLOSED ||
           m->status == TICKET_CUSTOMER_SERVICE_CLOSED_FINAL;
}

static bool decides(const struct tickets *ts, const struct ticket *t, int slot,
                    const struct event *event)
{
    return stamp_decides(&ts->stamps, t->stamps[slot], event->ts_event, event->id_message);
}

static void tell_opening(struct tickets *ts, struct ticket *t, const struct event *event,
                         uint32_t stamp)
{
    stamp_point(&ts->stamps, &t->stamps[TICKET_STAMP_OPENED], stamp);
    const enum fact class = rules_topic_class(ts->rules, event->message.topic);
    t->class_plus_one = (uint8_t)(class == FACT_COUNT ? 0 : class + 1);
    const struct calendar *calendar = sellers_cell(ts->sellers, t->claim.cell)->calendar;
    t->due = calendar_due(calendar, event->ts_event, ts->rules->response_sla_ms).ms;
}

bool ticket_unit_less(struct hash128 a, struct hash128 b)
{
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/* Beyond TICKET_UNITS_MAX the smallest hashes are kept, so the choice does not
 * depend on the order of arrival. True if the set changed. */
static bool add_unit(struct tickets *ts, uint32_t ref, struct hash128 unit)
{
    struct ticket *t = tickets_at(ts, ref);
    uint8_t at = 0;
    while (at < t->unit_count && ticket_unit_less(t->units[at], unit))
        at++;
    if (at < t->unit_count && t->units[at].low == unit.low && t->units[at].high == unit.high)
        return false;
    if (at == TICKET_UNITS_MAX)
        return false;
    if (t->unit_count == TICKET_UNITS_MAX) {
        t->unit_count -= 1;
        recheck(ts,
                contacts_remove(&ts->contacts, t->units[t->unit_count], opening_of(ts, ref)));
    }
    for (uint8_t i = t->unit_count; i > at; i--)
        t->units[i] = t->units[i - 1];
    t->units[at] = unit;
    t->unit_count += 1;
    return true;
}

static bool tell_units(struct tickets *ts, uint32_t ref, const struct event *event)
{
    const struct cell *cell = sellers_cell(ts->sellers, tickets_at(ts, ref)->claim.cell);
    const uint64_t seller = sellers_seller(ts->sellers, cell->seller)->hash;
    bool changed = false;
    for (int32_t i = 0; i < event->message.order_units; i++) {
        struct hash128 unit = hash_bytes_128(event->message.ids_order_units[i]);
        unit.low = hash_mix(unit.low, seller);
        changed |= add_unit(ts, ref, unit);
    }
    return changed;
}

static void tell(struct tickets *ts, struct ticket *t, const struct event *event)
{
    const struct message_fields *m = &event->message;
    const bool message = event->kind == EVENT_TICKET_MESSAGE_NEW;
    if (message && is_reply(ts->rules, m))
        event_time_lower(&t->reply, event->ts_event);
    if (excuses(event))
        event_time_lower(&t->excused, event->ts_event);
    if ((message && m->author_role == AUTHOR_CUSTOMER_SERVICE) ||
        m->status == TICKET_CUSTOMER_SERVICE_CLOSED_FINAL)
        event_time_lower(&t->escalated, event->ts_event);
    t->not_the_sellers |= event->fulfillment == FULFILLMENT_KAUFLAND;
    if (event->ts_event.ms > t->last_event)
        t->last_event = event->ts_event.ms;
}

void tickets_apply(struct tickets *ts, const struct event *event)
{
    CHECK(event->topic == TOPIC_MESSAGES);
    const uint32_t cell = sellers_cell_of(ts->sellers, event->id_seller, event->storefront);
    uint32_t ref = claim_find(&ts->claims, event->message.id_ticket, cell);
    const bool is_new = ref == 0;
    if (is_new)
        ref = ticket_new(ts, event->message.id_ticket, cell);

    struct ticket *t = tickets_at(ts, ref);
    const bool was_part = takes_part(ts, t);
    const bool is_first = decides(ts, t, TICKET_STAMP_FIRST, event);
    const bool opens =
        event->kind == EVENT_TICKET_OPENED && decides(ts, t, TICKET_STAMP_OPENED, event);
    uint32_t left_behind[TICKET_UNITS_MAX] = { 0 };
    if (opens)
        leave_units(ts, ref, left_behind);
    const uint32_t stamp =
        is_first || opens ? stamp_new(&ts->stamps, event->ts_event, event->id_message) : 0;
    if (is_first)
        stamp_point(&ts->stamps, &t->stamps[TICKET_STAMP_FIRST], stamp);
    if (opens)
        tell_opening(ts, t, event, stamp);
    tell(ts, t, event);
    const bool units_changed = tell_units(ts, ref, event);
    claim_touch(&ts->claims, ref);

    if ((is_new && claim_has_rival(&ts->claims, ref)) || (t->claim.contested && is_first))
        claim_arbitrate(&ts->claims, ref, (struct claim_judgement){ settle_claim, ts });
    if (opens || units_changed || was_part != takes_part(ts, t))
        share_units(ts, ref);
    for (int u = 0; u < TICKET_UNITS_MAX; u++)
        recheck(ts, left_behind[u]);
    settle(ts, ref);
    ts->foreign_events += t->claim.disowned;
}

/* ---- time ------------------------------------------------------------------------------ */

/* Time alone changes nothing that a disowned claim means to its owner. */
static void look_again(struct tickets *ts, uint32_t ref)
{
    settle_one(ts, ref);
    if (next_time(ts, ref) >= ts->watermark)
        return;
    ts->abandoned += !closed(tickets_at(ts, ref));
    forget(ts, ref);
}

void tickets_advance(struct tickets *ts, event_time watermark)
{
    CHECK(watermark.ms >= ts->watermark);
    ts->watermark = watermark.ms;
    uint32_t ref;
    while ((ref = deadlines_due(&ts->deadlines, watermark.ms)) != 0)
        look_again(ts, ref);
}

/* What is overdue is looked at with the first tick, oldest due time first: that
 * rebuilds the lists behind the gauges, which are not stored, without searching
 * them for each one's place. */
void tickets_loaded(struct tickets *ts)
{
    for (uint32_t ref = 1; ref <= ts->tickets.used; ref++) {
        struct ticket *t = tickets_at(ts, ref);
        if (t->claim.cell == 0)
            continue;
        set_open(ts, t, !closed(t));
        for (uint8_t u = 0; u < t->unit_count && takes_part(ts, t); u++)
            contacts_put(&ts->contacts, t->units[u], opening_of(ts, ref));
        struct ticket_wanted wanted;
        want(ts, t, &wanted);
        deadlines_set(&ts->deadlines, ref, wanted.overdue ? t->due : next_time(ts, ref));
    }
}

int32_t tickets_overdue(const struct tickets *ts, uint32_t cell, struct evidence *newest,
                        int32_t count)
{
    uint32_t ref = sellers_cell(ts->sellers, cell)->overdue[OVERDUE_TICKETS].first;
    for (int listed = 0; ref != 0 && listed < EVIDENCE_MAX; listed++) {
        const struct ticket *t = tickets_at(ts, ref);
        const struct evidence one = { .kind = EVIDENCE_TICKET,
                                      .wrong = WRONG_STILL_UNANSWERED,
                                      .id = t->claim.id,
                                      .at = { t->overdue.at } };
        count = evidence_insert(newest, count, &one);
        ref = t->overdue.next;
    }
    return count;
}
