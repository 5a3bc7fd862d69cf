/* sim_beliefs.c - what must hold after every step, whatever broke.
 *
 * Each belief is computed here from the entities alone, the obvious way, and compared with
 * what the program keeps up to date as it goes: sums of windows, gauges, deadlines.
 */
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum {
    ARENA_BYTES_MOST = 64 * 1024 * 1024,
    WAITING_MOST = 5000,
    CELLS_MOST = 64,
};

/* ---- times and versions ------------------------------------------------------------ */

static void check_times(const struct tenure *t)
{
    const struct shard_clock *clock = &t->state->clock;
    assert_true(clock->watermark <= clock->stream_time);
    assert_true(clock->stream_time >= t->header.stream_time);
    assert_true(clock->watermark >= t->header.watermark);
    assert_true(t->state->alerts.now <= clock->stream_time);
}

/* What was acknowledged is what a save wrote, and the next one follows it. */
static void check_version(const struct tenure *t)
{
    if (t->save.active)
        assert_int_equal(t->save.header.version, t->header.version + 1);
    for (int32_t i = 0; i < PARTS; i++)
        assert_true(t->part_versions[i] <= t->header.version + 1);
}

/* ---- windows ----------------------------------------------------------------------- */

struct cell_sums {
    uint32_t counts[WINDOWS_MAX][FACT_COUNT];
    int64_t durations[WINDOWS_MAX];
};

/* One that no window holds any more is gone; one of the future waits to be held. */
static void add_pane(const struct shard *s, const struct pane *pane, struct cell_sums *sums)
{
    bool held = pane->number > s->windows.tiers[pane->tier].current;
    for (int32_t w = 0; w < s->rules->window_count; w++) {
        const struct tier *tier = &s->windows.tiers[s->windows.tier_of[w]];
        if (&s->windows.tiers[pane->tier] != tier || pane->number > tier->current ||
            pane->number <= tier->current - s->windows.panes_of[w])
            continue;
        held = true;
        for (int f = 0; f < FACT_COUNT; f++)
            sums->counts[w][f] += pane->counts[f];
        sums->durations[w] += histogram_total(&s->sellers.histograms, &pane->durations);
    }
    assert_true(held);
}

/* Calls `each` for every entity of the kind. */
static void each_entity(const struct shard *s, enum entity_kind kind,
                        void (*each)(const struct shard *s, uint32_t ref, void *arg), void *arg)
{
    for (int part = 0; part < PARTS; part++) {
        const struct table *table = &s->entities.tables[kind][part];
        for (uint32_t i = 0; i < table->capacity; i++) {
            if (table->slots[i].ref != 0)
                each(s, table->slots[i].ref, arg);
        }
    }
}

/* Both the pane's own cell and its seller's total. */
static void sum_pane(const struct shard *s, uint32_t ref, void *arg)
{
    struct cell_sums *sums = arg;
    const struct pane *pane = pool_at(&s->windows.panes, ref);
    const uint32_t total = sellers_total(&s->sellers, pane->cell);
    assert_in_range(pane->cell, 1, CELLS_MOST - 1);
    assert_in_range(total, 1, CELLS_MOST - 1);
    add_pane(s, pane, &sums[pane->cell]);
    add_pane(s, pane, &sums[total]);
}

static void check_windows(const struct shard *s)
{
    static struct cell_sums sums[CELLS_MOST];
    memset(sums, 0, sizeof sums);
    assert_in_range(s->sellers.cells.used, 0, CELLS_MOST - 1);
    each_entity(s, ENTITY_PANE, sum_pane, sums);
    for (uint32_t ref = 1; ref <= s->sellers.cells.used; ref++) {
        const struct cell *cell = sellers_cell(&s->sellers, ref);
        for (int32_t w = 0; cell->seller != 0 && w < s->rules->window_count; w++) {
            assert_memory_equal(cell->sums[w].counts, sums[ref].counts[w],
                                sizeof sums[ref].counts[w]);
            assert_int_equal(histogram_total(&s->sellers.histograms, &cell->sums[w].durations),
                             sums[ref].durations[w]);
        }
    }
}

/* ---- deadlines --------------------------------------------------------------------- */

/* The heap is one, everybody's place in it is where it says, and nothing is overdue. */
static void check_heap(const struct deadlines *d, int64_t now)
{
    for (uint32_t i = 0; i < d->count; i++) {
        assert_true(d->heap[i].at >= now);
        assert_int_equal(d->place[d->heap[i].ref], i + 1);
        if (i > 0)
            assert_true(d->heap[(i - 1) / 4].at <= d->heap[i].at);
    }
}

static int64_t deadline_of(const struct deadlines *d, uint32_t ref)
{
    const uint32_t place = ref < d->place_capacity ? d->place[ref] : 0;
    return place == 0 ? TIME_NEVER : d->heap[place - 1].at;
}

/* Whom the gauges count, from the entities. */
struct gauges {
    uint32_t overdue[OVERDUE_KIND_COUNT][CELLS_MOST];
    int64_t open_units;
    int64_t open_tickets;
};

/* The newest event and the newest fact of something; was it heard of lately enough that it
 * may still be there? What is overdue waits until it is abandoned, the rest until its facts
 * have left every window and no late event can reach them. */
static void check_age(const struct shard *s, int64_t newest_event, int64_t newest_fact,
                      bool overdue)
{
    enum { REPEAT_DAYS = 7 };
    const struct rules *rules = s->rules;
    const int64_t open_until = newest_event + rules->abandon_after_ms;
    const int64_t remembered = (newest_fact > newest_event ? newest_fact : newest_event) +
                               rules_longest_window(rules) + REPEAT_DAYS * DAY_MS;
    assert_true(s->clock.watermark <=
                (overdue || open_until > remembered ? open_until : remembered));
}

/* The owner of a contested id stays as long as those that it disowns. */
static bool outlives_itself(const struct claim *claim)
{
    return claim->contested && !claim->disowned;
}

static int64_t newest_of(const struct counted *counted, int count)
{
    int64_t newest = TIME_NEVER_YET;
    for (int i = 0; i < count; i++) {
        if (counted[i].fact_plus_one != 0 && counted[i].at > newest)
            newest = counted[i].at;
    }
    return newest;
}

static void check_unit(const struct shard *s, uint32_t ref, void *arg)
{
    struct gauges *gauges = arg;
    const struct unit *u = units_at(&s->units, ref);
    const struct unit_memory memory = { .parcels = &s->units.parcels,
                                        .stamps = &s->units.stamps };
    struct counted wanted[UNIT_FACT_COUNT];
    unit_facts(u, &memory, s->rules, s->units.watermark, wanted);
    for (int i = 0; i < UNIT_FACT_COUNT; i++) {
        assert_int_equal(u->counted[i].fact_plus_one, wanted[i].fact_plus_one);
        if (wanted[i].fact_plus_one != 0)
            assert_int_equal(u->counted[i].at, wanted[i].at);
    }
    const bool overdue = unit_overdue(u, &memory, s->rules, s->units.watermark);
    assert_int_equal(u->overdue.listed, overdue);
    gauges->overdue[OVERDUE_UNITS][u->claim.cell] += overdue;
    gauges->open_units += !unit_closed(u, &memory);
    if (!outlives_itself(&u->claim))
        check_age(s, u->last_event, newest_of(u->counted, UNIT_FACT_COUNT), overdue);
    const int64_t look = unit_next_look(u, &memory, s->rules, s->units.watermark);
    const int64_t at = deadline_of(&s->units.deadlines, ref);
    assert_true(at != TIME_NEVER && at <= look);
}

static void check_ticket(const struct shard *s, uint32_t ref, void *arg)
{
    struct gauges *gauges = arg;
    const struct ticket *t = tickets_at(&s->tickets, ref);
    const struct ticket_situation situation = {
        .opened = ticket_opened(t, &s->tickets.stamps),
        .watermark = s->tickets.watermark,
        .cell = sellers_cell(&s->sellers, t->claim.cell),
        .rules = s->rules,
    };
    struct ticket_wanted wanted;
    ticket_facts(t, &situation, &wanted);
    for (int i = 0; i < TICKET_FACT_COUNT; i++)
        assert_int_equal(t->counted[i].fact_plus_one, wanted.facts[i].fact_plus_one);
    assert_int_equal(t->duration.is_counted, wanted.duration.is_counted);
    assert_int_equal(t->overdue.listed, wanted.overdue);
    gauges->overdue[OVERDUE_TICKETS][t->claim.cell] += wanted.overdue;
    gauges->open_tickets += !t->not_the_sellers && !t->claim.disowned &&
                            t->reply == TIME_NEVER && t->excused == TIME_NEVER;
    if (!outlives_itself(&t->claim))
        check_age(s, t->last_event, newest_of(t->counted, TICKET_FACT_COUNT), wanted.overdue);
    assert_true(deadline_of(&s->tickets.deadlines, ref) != TIME_NEVER);
}

static void check_gauges(const struct shard *s, const struct gauges *gauges)
{
    assert_int_equal(s->units.open, gauges->open_units);
    assert_int_equal(s->tickets.open, gauges->open_tickets);
    for (uint32_t ref = 1; ref <= s->sellers.cells.used; ref++) {
        const struct cell *cell = sellers_cell(&s->sellers, ref);
        for (int kind = 0; cell->seller != 0 && !cell->is_total && kind < OVERDUE_KIND_COUNT;
             kind++)
            assert_int_equal(cell->overdue[kind].count, gauges->overdue[kind][ref]);
    }
}

static void check_entities(const struct shard *s)
{
    struct gauges gauges = { 0 };
    each_entity(s, ENTITY_UNIT, check_unit, &gauges);
    each_entity(s, ENTITY_TICKET, check_ticket, &gauges);
    check_gauges(s, &gauges);
    check_heap(&s->units.deadlines, s->clock.watermark);
    check_heap(&s->tickets.deadlines, s->clock.watermark);
    /* Timers of alerts may be due before alerts are live: until then nothing is judged. */
    check_heap(&s->alerts.timers, s->alerts.live ? s->clock.stream_time : TIME_NEVER_YET);
}

/* ---- bounds ------------------------------------------------------------------------ */

static void check_bounds(const struct little_worker *worker, const struct shard *s)
{
    assert_true(worker->pipeline.arena.taken < ARENA_BYTES_MOST);
    assert_true(s->outbox.waiting < WAITING_MOST);
    assert_true(s->entities.dirty_count <= s->entities.dirty_capacity);
}

void sim_check_beliefs(const struct little_worker *worker)
{
    for (int32_t i = 0; i < LITTLE_SHARDS; i++) {
        const struct tenure *t = &worker->pipeline.tenures[i];
        if (!tenure_works(t))
            continue;
        check_times(t);
        check_version(t);
        check_bounds(worker, t->state);
        if (t->state->clock.stream_time == TIME_NEVER_YET)
            continue;
        assert_true(t->state->sellers.dirty.count == 0);
        check_windows(t->state);
        check_entities(t->state);
    }
}
