/* window.c - see window.h. */
#include "kpi/window.h"

#include "base/check.h"
#include "base/hash.h"

enum { PANE_LAYOUT = 1 };

/* ---- tiers ---------------------------------------------------------------- */

static int32_t tier_with(struct windows *ws, int64_t pane_ms)
{
    for (int32_t t = 0; t < ws->tier_count; t++) {
        if (ws->tiers[t].pane_ms == pane_ms)
            return t;
    }
    CHECK(ws->tier_count < TIERS_MAX);
    ws->tiers[ws->tier_count] = (struct tier){ .pane_ms = pane_ms, .current = TIME_NEVER_YET };
    return ws->tier_count++;
}

void windows_open(struct windows *ws, const struct rules *rules, struct entities *entities,
                  struct sellers *sellers)
{
    *ws = (struct windows){
        .rules = rules, .arena = entities->arena, .entities = entities, .sellers = sellers
    };
    pool_open(&ws->panes, ws->arena, sizeof(struct pane));
    for (int32_t w = 0; w < rules->window_count; w++) {
        const struct window_rule *rule = &rules->windows[w];
        CHECK(rule->pane_ms > 0 && rule->length_ms % rule->pane_ms == 0);
        const int32_t t = tier_with(ws, rule->pane_ms);
        ws->tier_of[w] = t;
        ws->panes_of[w] = rule->length_ms / rule->pane_ms;
        if (ws->panes_of[w] > ws->tiers[t].longest)
            ws->tiers[t].longest = ws->panes_of[w];
    }
    for (int32_t t = 0; t < ws->tier_count; t++) {
        struct tier *tier = &ws->tiers[t];
        tier->ring = tier->longest + WINDOW_FUTURE_MS / tier->pane_ms + 2;
        tier->heads = arena_take(ws->arena, (size_t)tier->ring * sizeof *tier->heads);
    }
}

void windows_close(struct windows *ws)
{
    for (int32_t t = 0; t < ws->tier_count; t++)
        arena_give_back(ws->arena, ws->tiers[t].heads,
                        (size_t)ws->tiers[t].ring * sizeof *ws->tiers[t].heads);
    pool_close(&ws->panes);
}

/* How many panes ahead of stream time's a tier can hold. */
static int64_t future_panes(const struct tier *tier)
{
    CHECK(tier->pane_ms > 0);
    return WINDOW_FUTURE_MS / tier->pane_ms + 1;
}

static uint32_t *head_of(struct tier *tier, int64_t number)
{
    int64_t slot = number % tier->ring;
    if (slot < 0)
        slot += tier->ring;
    return &tier->heads[slot];
}

static struct pane *pane_at(const struct windows *ws, uint32_t ref)
{
    return pool_at(&ws->panes, ref);
}

/* ---- panes ---------------------------------------------------------------- */

static uint64_t pane_hash(const struct cell *cell, int64_t pane_ms, int64_t number)
{
    return hash_mix(hash_mix(cell->hash, (uint64_t)pane_ms), (uint64_t)number);
}

static uint32_t find_pane(const struct windows *ws, uint32_t cell, int32_t tier, int64_t number)
{
    const uint64_t hash =
        pane_hash(sellers_cell(ws->sellers, cell), ws->tiers[tier].pane_ms, number);
    const struct table *table = entities_table(ws->entities, ENTITY_PANE, hash);
    struct table_walk walk = table_walk(table, hash);
    uint32_t ref;
    while ((ref = table_next(table, &walk)) != 0) {
        const struct pane *pane = pane_at(ws, ref);
        if (pane->cell == cell && pane->tier == tier && pane->number == number)
            return ref;
    }
    return 0;
}

static uint32_t new_pane(struct windows *ws, uint32_t cell_ref, int32_t tier, int64_t number)
{
    struct cell *cell = sellers_cell(ws->sellers, cell_ref);
    const uint32_t ref = pool_new(&ws->panes);
    struct pane *pane = pane_at(ws, ref);
    pane->cell = cell_ref;
    pane->tier = (uint8_t)tier;
    pane->number = number;
    sellers_join(ws->sellers, cell_ref);
    entities_add(ws->entities, ENTITY_PANE, ref, &pane->entity,
                 pane_hash(cell, ws->tiers[tier].pane_ms, number));
    return ref;
}

static void link_pane(struct windows *ws, uint32_t ref)
{
    struct pane *pane = pane_at(ws, ref);
    uint32_t *head = head_of(&ws->tiers[pane->tier], pane->number);
    CHECK(*head == 0 || pane_at(ws, *head)->number == pane->number);
    pane->next = *head;
    if (*head != 0)
        pane_at(ws, *head)->previous = ref;
    *head = ref;
}

static void pane_key(const struct windows *ws, const struct pane *pane, struct buffer *out)
{
    sellers_add_key(ws->sellers, pane->cell, out);
    buffer_add_varint(out, (uint64_t)ws->tiers[pane->tier].pane_ms);
    buffer_add_signed(out, pane->number);
}

/* Without its tombstone and without taking it off a list. */
static void free_pane(struct windows *ws, uint32_t ref)
{
    struct pane *pane = pane_at(ws, ref);
    struct cell *cell = sellers_cell(ws->sellers, pane->cell);
    if (cell->newest_pane[pane->tier] == ref)
        cell->newest_pane[pane->tier] = 0;
    sellers_leave(ws->sellers, pane->cell);
    histogram_clear(&ws->sellers->histograms, &pane->durations);
    entities_remove(ws->entities, ENTITY_PANE, ref, &pane->entity);
    pool_free(&ws->panes, ref);
}

static void bury_pane(struct windows *ws, uint32_t ref)
{
    struct buffer *out = &ws->entities->tombstones;
    const size_t begin = image_begin(out, ENTITY_PANE);
    buffer_add_u8(out, LAYOUT_TOMBSTONE);
    pane_key(ws, pane_at(ws, ref), out);
    image_end(out, begin);
    free_pane(ws, ref);
}

/* ---- counting -------------------------------------------------------------- */

static bool window_holds(const struct windows *ws, int32_t window, int64_t number)
{
    const int64_t current = ws->tiers[ws->tier_of[window]].current;
    return number <= current && number > current - ws->panes_of[window];
}

/* The pane for a fact; 0 if the tier cannot hold that time, or if there is none
 * and none is to be made. */
static uint32_t pane_for(struct windows *ws, uint32_t cell_ref, int32_t t, event_time at,
                         bool make)
{
    struct tier *tier = &ws->tiers[t];
    CHECK(tier->current != TIME_NEVER_YET);
    const int64_t number = floor_div(at.ms, tier->pane_ms);
    if (number <= tier->current - tier->longest)
        return 0;
    if (number > tier->current + future_panes(tier))
        return 0; /* no event is admitted that says so; only a stored image may */

    struct cell *cell = sellers_cell(ws->sellers, cell_ref);
    uint32_t ref = cell->newest_pane[t];
    if (ref != 0 && pane_at(ws, ref)->number == number)
        return ref;
    ref = find_pane(ws, cell_ref, t, number);
    if (ref == 0 && make) {
        ref = new_pane(ws, cell_ref, t, number);
        link_pane(ws, ref);
    }
    if (ref != 0)
        cell->newest_pane[t] = ref;
    return ref;
}

static void add_to_sums(struct windows *ws, uint32_t cell, int32_t window, enum fact fact,
                        int32_t times)
{
    uint32_t *own = &sellers_cell(ws->sellers, cell)->sums[window].counts[fact];
    const uint32_t total_ref = sellers_total(ws->sellers, cell);
    uint32_t *total = &sellers_cell(ws->sellers, total_ref)->sums[window].counts[fact];
    CHECK(times > 0 || (*own >= (uint32_t)-times && *total >= (uint32_t)-times));
    *own = (uint32_t)((int64_t)*own + times);
    *total = (uint32_t)((int64_t)*total + times);
}

static void mark(struct windows *ws, uint32_t cell, uint32_t kpis)
{
    sellers_mark(ws->sellers, cell, kpis);
    sellers_mark(ws->sellers, sellers_total(ws->sellers, cell), kpis);
}

uint32_t windows_add(struct windows *ws, uint32_t cell, enum fact fact, event_time at,
                     int32_t sign)
{
    CHECK(fact < FACT_COUNT && (sign == 1 || sign == -1));
    uint32_t changed = 0;
    for (int32_t t = 0; t < ws->tier_count; t++) {
        const uint32_t ref = pane_for(ws, cell, t, at, sign > 0);
        if (ref == 0)
            continue;
        struct pane *pane = pane_at(ws, ref);
        if (sign < 0 && pane->counts[fact] == 0)
            continue; /* counted before the windows were configured differently */
        pane->counts[fact] = (uint32_t)((int64_t)pane->counts[fact] + sign);
        entities_touch(ws->entities, ENTITY_PANE, ref, &pane->entity);
        for (int32_t w = 0; w < ws->rules->window_count; w++) {
            if (ws->tier_of[w] != t || !window_holds(ws, w, pane->number))
                continue;
            add_to_sums(ws, cell, w, fact, sign);
            changed |= UINT32_C(1) << w;
        }
    }
    mark(ws, cell, ws->sellers->kpis_of_fact[fact]);
    return changed;
}

static struct histogram *sum_durations(struct windows *ws, uint32_t cell, int32_t window)
{
    return &sellers_cell(ws->sellers, cell)->sums[window].durations;
}

uint32_t windows_add_duration(struct windows *ws, uint32_t cell, event_time at, int64_t ms,
                              int32_t sign)
{
    CHECK(sign == 1 || sign == -1);
    struct histograms *hs = &ws->sellers->histograms;
    const uint16_t bucket = histogram_bucket(ms);
    const uint32_t total = sellers_total(ws->sellers, cell);
    uint32_t changed = 0;
    for (int32_t t = 0; t < ws->tier_count; t++) {
        const uint32_t ref = pane_for(ws, cell, t, at, sign > 0);
        if (ref == 0)
            continue;
        struct pane *pane = pane_at(ws, ref);
        if (sign < 0 && !histogram_has(hs, &pane->durations, bucket))
            continue; /* counted before the windows were configured differently */
        histogram_add(hs, &pane->durations, bucket, sign);
        entities_touch(ws->entities, ENTITY_PANE, ref, &pane->entity);
        for (int32_t w = 0; w < ws->rules->window_count; w++) {
            if (ws->tier_of[w] != t || !window_holds(ws, w, pane->number))
                continue;
            histogram_add(hs, sum_durations(ws, cell, w), bucket, sign);
            histogram_add(hs, sum_durations(ws, total, w), bucket, sign);
            changed |= UINT32_C(1) << w;
        }
    }
    mark(ws, cell, UINT32_C(1) << KPI_RESPONSE_TIME);
    return changed;
}

/* ---- time ------------------------------------------------------------------- */

/* A whole pane enters (1) or leaves (-1) a window. */
static void move_pane(struct windows *ws, const struct pane *pane, int32_t window, int32_t sign)
{
    uint32_t kpis = 0;
    for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
        if (pane->counts[fact] == 0)
            continue;
        add_to_sums(ws, pane->cell, window, (enum fact)fact,
                    sign * (int32_t)pane->counts[fact]);
        kpis |= ws->sellers->kpis_of_fact[fact];
    }
    if (pane->durations.used > 0) {
        struct histograms *hs = &ws->sellers->histograms;
        const uint32_t total = sellers_total(ws->sellers, pane->cell);
        histogram_merge(hs, sum_durations(ws, pane->cell, window), &pane->durations, sign);
        histogram_merge(hs, sum_durations(ws, total, window), &pane->durations, sign);
        kpis |= UINT32_C(1) << KPI_RESPONSE_TIME;
    }
    mark(ws, pane->cell, kpis);
}

static void move_number(struct windows *ws, int32_t t, int64_t number, int32_t window,
                        int32_t sign)
{
    uint32_t ref = *head_of(&ws->tiers[t], number);
    for (; ref != 0; ref = pane_at(ws, ref)->next) {
        if (pane_at(ws, ref)->number == number)
            move_pane(ws, pane_at(ws, ref), window, sign);
    }
}

static void bury_number(struct windows *ws, int32_t t, int64_t number)
{
    uint32_t *head = head_of(&ws->tiers[t], number);
    if (*head == 0 || pane_at(ws, *head)->number != number)
        return;
    uint32_t ref = *head;
    *head = 0;
    while (ref != 0) {
        const uint32_t next = pane_at(ws, ref)->next;
        bury_pane(ws, ref);
        ref = next;
    }
}

/* Stream time enters the pane after the current one. */
static void advance_one(struct windows *ws, int32_t t)
{
    struct tier *tier = &ws->tiers[t];
    tier->current += 1;
    for (int32_t w = 0; w < ws->rules->window_count; w++) {
        if (ws->tier_of[w] != t)
            continue;
        move_number(ws, t, tier->current, w, 1);
        move_number(ws, t, tier->current - ws->panes_of[w], w, -1);
    }
    bury_number(ws, t, tier->current - tier->longest);
}

static void advance_tier(struct windows *ws, int32_t t, event_time stream_time)
{
    struct tier *tier = &ws->tiers[t];
    const int64_t target = floor_div(stream_time.ms, tier->pane_ms);
    if (tier->current == TIME_NEVER_YET)
        tier->current = target;

    /* After one round of the ring, and the longest window, nothing is left. */
    const int64_t enough = tier->current + tier->ring + tier->longest;
    while (tier->current < target && tier->current < enough)
        advance_one(ws, t);
    if (tier->current < target)
        tier->current = target;
}

void windows_advance(struct windows *ws, event_time stream_time)
{
    CHECK(stream_time.ms != TIME_NEVER_YET);
    for (int32_t t = 0; t < ws->tier_count; t++)
        advance_tier(ws, t, stream_time);
}

event_time windows_start(const struct windows *ws, int32_t window)
{
    CHECK(window >= 0 && window < ws->rules->window_count);
    const struct tier *tier = &ws->tiers[ws->tier_of[window]];
    return (event_time){ (tier->current - ws->panes_of[window] + 1) * tier->pane_ms };
}

event_time windows_end(const struct windows *ws, int32_t window)
{
    CHECK(window >= 0 && window < ws->rules->window_count);
    const struct tier *tier = &ws->tiers[ws->tier_of[window]];
    return (event_time){ (tier->current + 1) * tier->pane_ms };
}

/* ---- images ------------------------------------------------------------------ */

void pane_encode(const struct windows *ws, uint32_t ref, struct buffer *out)
{
    const struct pane *pane = pane_at(ws, ref);
    const size_t begin = image_begin(out, ENTITY_PANE);
    buffer_add_u8(out, PANE_LAYOUT);
    pane_key(ws, pane, out);

    uint32_t present = 0;
    for (unsigned fact = 0; fact < FACT_COUNT; fact++)
        present |= (uint32_t)(pane->counts[fact] != 0) << fact;
    buffer_add_varint(out, present);
    for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
        if (pane->counts[fact] != 0)
            buffer_add_varint(out, pane->counts[fact]);
    }
    histogram_encode(&ws->sellers->histograms, &pane->durations, out);
    image_end(out, begin);
}

static void decode_counts(struct windows *ws, struct pane *pane, struct reader *in)
{
    const uint64_t present = image_number(in, (UINT64_C(1) << FACT_COUNT) - 1);
    for (unsigned fact = 0; fact < FACT_COUNT; fact++)
        pane->counts[fact] =
            (present >> fact & 1) != 0 ? (uint32_t)image_number(in, INT32_MAX) : 0;
    histogram_clear(&ws->sellers->histograms, &pane->durations);
    histogram_decode(&ws->sellers->histograms, &pane->durations, in);
}

static int32_t find_tier(const struct windows *ws, uint64_t pane_ms)
{
    for (int32_t t = 0; t < ws->tier_count; t++) {
        if ((uint64_t)ws->tiers[t].pane_ms == pane_ms)
            return t;
    }
    return -1;
}

bool pane_decode(struct windows *ws, struct reader *in)
{
    const uint8_t layout = reader_u8(in);
    const struct cell_key key = sellers_read_key(in);
    const int32_t tier = find_tier(ws, reader_varint(in));
    const int64_t number = reader_signed(in);
    if (in->broken || layout > PANE_LAYOUT || !sellers_key_counts(key))
        return false;
    if (tier < 0)
        return true; /* of windows that are no longer configured */

    const bool gone = layout == LAYOUT_TOMBSTONE;
    const uint32_t known = sellers_find(ws->sellers, key.seller, key.storefront);
    uint32_t ref = known == 0 ? 0 : find_pane(ws, known, tier, number);
    if (gone) {
        if (ref != 0)
            free_pane(ws, ref);
        return reader_at_end(in);
    }
    if (ref == 0)
        ref = new_pane(ws, sellers_cell_of(ws->sellers, key.seller, key.storefront), tier,
                       number);
    decode_counts(ws, pane_at(ws, ref), in);
    return !in->broken && reader_at_end(in);
}

/* Would the sums hold all of the pane? Ours always do. */
static bool sums_have_room(const struct windows *ws, const struct pane *pane, int32_t window)
{
    const uint32_t total_ref = sellers_total(ws->sellers, pane->cell);
    const struct window_sums *total = &sellers_cell(ws->sellers, total_ref)->sums[window];
    for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
        if ((uint64_t)total->counts[fact] + pane->counts[fact] > INT32_MAX)
            return false;
    }
    const struct histograms *hs = &ws->sellers->histograms;
    return histogram_total(hs, &total->durations) + histogram_total(hs, &pane->durations) <=
           INT32_MAX;
}

static bool is_small(const struct windows *ws, const struct pane *pane)
{
    for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
        if (pane->counts[fact] > WINDOW_FUTURE_FACTS_MAX)
            return false;
    }
    return histogram_total(&ws->sellers->histograms, &pane->durations) <=
           WINDOW_FUTURE_FACTS_MAX;
}

/* Can the tier hold it at this stream time? */
static bool is_loadable(const struct windows *ws, const struct pane *pane)
{
    const struct tier *tier = &ws->tiers[pane->tier];
    if (pane->number <= tier->current - tier->longest ||
        pane->number > tier->current + future_panes(tier))
        return false;
    if (pane->number > tier->current)
        return is_small(ws, pane);
    for (int32_t w = 0; w < ws->rules->window_count; w++) {
        if (ws->tier_of[w] == pane->tier && window_holds(ws, w, pane->number) &&
            !sums_have_room(ws, pane, w))
            return false;
    }
    return true;
}

static void load_pane(struct windows *ws, uint32_t ref, bool time_is_known)
{
    const struct pane *pane = pane_at(ws, ref);
    if (!time_is_known || !is_loadable(ws, pane)) {
        bury_pane(ws, ref);
        return;
    }
    link_pane(ws, ref);
    for (int32_t w = 0; w < ws->rules->window_count; w++) {
        if (ws->tier_of[w] == pane->tier && window_holds(ws, w, pane->number))
            move_pane(ws, pane, w, 1);
    }
}

void windows_loaded(struct windows *ws, event_time stream_time)
{
    const bool time_is_known = stream_time.ms != TIME_NEVER_YET;
    if (time_is_known)
        windows_advance(ws, stream_time);
    for (uint32_t ref = 1; ref <= ws->panes.used; ref++) {
        if (pane_at(ws, ref)->cell != 0)
            load_pane(ws, ref, time_is_known);
    }
}
