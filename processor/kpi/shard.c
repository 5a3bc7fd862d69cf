/* shard.c - see shard.h. */
#include "kpi/shard.h"

#include "base/check.h"

/* ---- opening ------------------------------------------------------------------------- */

static void open_alerts(struct shard *s)
{
    s->alerts = (struct alerts){ .rules = s->rules,
                                 .entities = &s->entities,
                                 .sellers = &s->sellers,
                                 .windows = &s->windows,
                                 .evidences = &s->evidences,
                                 .units = &s->units,
                                 .tickets = &s->tickets,
                                 .outbox = &s->outbox,
                                 .live = !s->rules->wall_time || !s->rules->hold_first_alerts,
                                 .now = TIME_NEVER_YET };
    pool_open(&s->alerts.pool, s->arena, sizeof(struct alert));
    deadlines_open(&s->alerts.timers, s->arena);
}

void shard_open(struct shard *s, const struct rules *rules, struct arena *arena)
{
    CHECK(rules->window_count > 0 && rules->thresholds != NULL);
    *s = (struct shard){ .rules = rules, .arena = arena };
    entities_open(&s->entities, arena);
    sellers_open(&s->sellers, rules, arena);
    windows_open(&s->windows, rules, &s->entities, &s->sellers);
    evidences_open(&s->evidences, &s->entities, &s->sellers);
    s->ledger = (struct ledger){ .windows = &s->windows,
                                 .evidences = &s->evidences,
                                 .sellers = &s->sellers };
    units_open(&s->units, rules, &s->entities, &s->ledger);
    tickets_open(&s->tickets, rules, &s->entities, &s->ledger);
    outbox_open(&s->outbox, &s->entities);
    open_alerts(s);
    shard_clock_open(&s->clock);
}

void shard_close(struct shard *s)
{
    alerts_close(&s->alerts);
    outbox_close(&s->outbox);
    tickets_close(&s->tickets);
    units_close(&s->units);
    evidences_close(&s->evidences);
    windows_close(&s->windows);
    sellers_close(&s->sellers);
    entities_close(&s->entities);
}

/* ---- events ------------------------------------------------------------------------------ */

static enum reject admit(const struct shard *s, const struct event *event, wall_time now)
{
    CHECK(name_fits(event->id_seller) && name_fits(event->storefront));
    if (sellers_is_star(event->id_seller) || sellers_is_star(event->storefront))
        return REJECT_BAD_ID;
    if (s->rules->wall_time && event->ts_event.ms > now.ms + s->rules->max_future_ms)
        return REJECT_TOO_FAR_AHEAD;
    if (s->clock.watermark != TIME_NEVER_YET &&
        event->ts_event.ms < s->clock.watermark - s->rules->max_lateness_ms)
        return REJECT_TOO_LATE;
    if (event->topic == TOPIC_ORDERS &&
        event->order.ts_created > event->ts_event.ms + WINDOW_FUTURE_MS)
        return REJECT_IMPOSSIBLE_VALUE;
    return REJECT_NONE;
}

bool shard_enters_new_pane(const struct shard *s, event_time at)
{
    if (s->clock.stream_time == TIME_NEVER_YET)
        return false;
    const int64_t pane = s->windows.tiers[0].pane_ms;
    return floor_div(at.ms, pane) > floor_div(s->clock.stream_time, pane);
}

enum reject shard_apply(struct shard *s, const struct event *event, wall_time now)
{
    const enum reject reject = admit(s, event, now);
    if (reject != REJECT_NONE)
        return reject;
    shard_clock_saw(&s->clock, event->topic, event->ts_event);
    windows_advance(&s->windows, (event_time){ s->clock.stream_time });
    if (event->topic == TOPIC_MESSAGES)
        tickets_apply(&s->tickets, event);
    else
        units_apply(&s->units, event);
    return REJECT_NONE;
}

/* ---- time -------------------------------------------------------------------------------- */

void shard_tick(struct shard *s, wall_time now)
{
    shard_clock_advance(&s->clock, s->rules);
    if (s->clock.stream_time == TIME_NEVER_YET)
        return;
    const event_time stream_time = { s->clock.stream_time };
    windows_advance(&s->windows, stream_time);
    if (s->clock.watermark != TIME_NEVER_YET) {
        const event_time watermark = { s->clock.watermark };
        units_advance(&s->units, watermark);
        tickets_advance(&s->tickets, watermark);
    }
    evidences_expire(&s->evidences, stream_time);
    if (!s->alerts.live && shard_clock_caught_up(&s->clock))
        alerts_go_live(&s->alerts);
    alerts_evaluate(&s->alerts, stream_time, now);
}

/* ---- images -------------------------------------------------------------------------- */

bool shard_changed(const struct shard *s)
{
    return s->entities.dirty_count > 0 || s->entities.tombstones.size > 0;
}

static struct entity *entity_of(const struct shard *s, enum entity_kind kind, uint32_t ref)
{
    const struct pool *const pools[ENTITY_KIND_COUNT] = {
        [ENTITY_UNIT] = &s->units.units,   [ENTITY_TICKET] = &s->tickets.tickets,
        [ENTITY_PANE] = &s->windows.panes, [ENTITY_EVIDENCE] = &s->evidences.lists,
        [ENTITY_ALERT] = &s->alerts.pool,  [ENTITY_CHANGE] = &s->outbox.pool,
    };
    CHECK(kind > ENTITY_NONE && kind < ENTITY_KIND_COUNT);
    return pool_at(pools[kind], ref); /* every kind's struct begins with its entity */
}

static void encode(const struct shard *s, enum entity_kind kind, uint32_t ref,
                   struct buffer *out)
{
    switch (kind) {
    case ENTITY_UNIT:
        unit_encode(&s->units, ref, out);
        return;
    case ENTITY_TICKET:
        ticket_encode(&s->tickets, ref, out);
        return;
    case ENTITY_PANE:
        pane_encode(&s->windows, ref, out);
        return;
    case ENTITY_EVIDENCE:
        evidence_encode(&s->evidences, ref, out);
        return;
    case ENTITY_ALERT:
        alert_encode(&s->alerts, ref, out);
        return;
    case ENTITY_CHANGE:
        outbox_encode(&s->outbox, ref, out);
        return;
    case ENTITY_NONE:
    case ENTITY_KIND_COUNT:
        break;
    }
    CHECK(kind != ENTITY_NONE && kind < ENTITY_KIND_COUNT);
}

void shard_encode_changes(struct shard *s, struct buffer *out)
{
    struct entities *es = &s->entities;
    buffer_add(out, buffer_span(&es->tombstones));
    buffer_clear(&es->tombstones);
    for (uint32_t i = 0; i < es->dirty_count; i++) {
        const enum entity_kind kind = (enum entity_kind)es->dirty[i].kind;
        struct entity *entity = entity_of(s, kind, es->dirty[i].ref);
        if (!entity->dirty)
            continue; /* removed meanwhile */
        entity->dirty = false;
        encode(s, kind, es->dirty[i].ref, out);
    }
    es->dirty_count = 0;
}

void shard_encode_part(const struct shard *s, uint32_t part, struct buffer *out)
{
    CHECK(part < PARTS);
    for (unsigned kind = ENTITY_NONE + 1; kind < ENTITY_KIND_COUNT; kind++) {
        const struct table *table = &s->entities.tables[kind][part];
        for (uint32_t i = 0; i < table->capacity; i++) {
            if (table->slots[i].ref != 0)
                encode(s, (enum entity_kind)kind, table->slots[i].ref, out);
        }
    }
}

static bool decode(struct shard *s, uint8_t kind, struct span image)
{
    struct reader in = reader_of(image);
    switch (kind) {
    case ENTITY_UNIT:
        return unit_decode(&s->units, &in);
    case ENTITY_TICKET:
        return ticket_decode(&s->tickets, &in);
    case ENTITY_PANE:
        return pane_decode(&s->windows, &in);
    case ENTITY_EVIDENCE:
        return evidence_decode(&s->evidences, &in);
    case ENTITY_ALERT:
        return alert_decode(&s->alerts, &in);
    case ENTITY_CHANGE:
        return outbox_decode(&s->outbox, &in);
    default:
        return false;
    }
}

bool shard_decode(struct shard *s, struct span images)
{
    struct reader in = reader_of(images);
    while (!reader_at_end(&in)) {
        const uint8_t kind = reader_u8(&in);
        const struct span image = reader_string(&in);
        if (in.broken || !decode(s, kind, image))
            return false;
    }
    return true;
}

/* What was just read from the store is what it holds. */
static void forget_changes(struct shard *s)
{
    struct entities *es = &s->entities;
    for (uint32_t i = 0; i < es->dirty_count; i++)
        entity_of(s, (enum entity_kind)es->dirty[i].kind, es->dirty[i].ref)->dirty = false;
    es->dirty_count = 0;
    buffer_clear(&es->tombstones);
}

void shard_loaded(struct shard *s)
{
    forget_changes(s);
    const event_time stream_time = { s->clock.stream_time };
    windows_loaded(&s->windows, stream_time);
    s->units.watermark = s->clock.watermark;
    s->tickets.watermark = s->clock.watermark;
    units_loaded(&s->units);
    tickets_loaded(&s->tickets);
    s->alerts.now = stream_time.ms;
    alerts_loaded(&s->alerts);
    outbox_loaded(&s->outbox);
    view_rewrite_all(&s->alerts);
}
