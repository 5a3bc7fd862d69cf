/* sim_life.c - one life: opening, steps, healing, judgement; and its trace. */
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"

#include <inttypes.h>

#include <string.h>

/* ---- drawing ----------------------------------------------------------------------- */

int64_t sim_draw(struct sim *s, int64_t below)
{
    return little_world_random(&s->world, below);
}

bool sim_once_in(struct sim *s, int64_t times)
{
    return sim_draw(s, times) == 0;
}

/* ---- the trace --------------------------------------------------------------------- */

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
static uint64_t hash_line(uint64_t hash, const char *line)
{
    for (const char *at = line; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    return hash * UINT64_C(0x100000001b3);
}

static void hear(void *arg, const char *line)
{
    struct sim *s = arg;
    s->trace_hash = hash_line(s->trace_hash, line);
    if (s->reader.trace != NULL)
        fprintf(s->reader.trace, "%13" PRId64 " %s\n", little_world_now().ms - s->begin, line);
}

/* ---- opening ----------------------------------------------------------------------- */

/* Alerts of many KPIs and windows, from few facts on, so that a short life sees many. */
static void watch(struct little_world *w)
{
    static const enum kpi kpis[] = { KPI_CANCELLATION,   KPI_DISPATCH_LATE,
                                     KPI_DELIVERY_LATE,  KPI_DELIVERY_EARLY,
                                     KPI_TRACKING_VALID, KPI_RESPONSE_ON_TIME,
                                     KPI_REPEAT_CONTACT, KPI_ESCALATION };
    for (size_t i = 0; i < sizeof kpis / sizeof kpis[0]; i++) {
        little_world_watch(w, kpis[i], "24h");
        little_world_watch(w, kpis[i], "7d");
    }
    little_world_watch(w, KPI_DELIVERY_OVERDUE, NULL);
    little_world_watch(w, KPI_RESPONSE_OVERDUE, NULL);
}

/* What may change from one configuration to the next. */
static void draw_limits(struct sim *s)
{
    const int64_t holds[] = { 0, 0, HOUR_MS, 6 * HOUR_MS };
    const int32_t margins[] = { 0, 100, 500 };
    s->for_ms = holds[sim_draw(s, 4)];
    s->keep_firing_ms = holds[sim_draw(s, 4)];
    s->clear_margin_permille = margins[sim_draw(s, 3)];
    s->min_facts = sim_once_in(s, 2) ? 1 : 4;
    s->min_bad = sim_once_in(s, 2) ? 1 : 2;
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        for (int32_t i = 0; i < WINDOWS_MAX; i++) {
            struct threshold *t = &s->world.settings.thresholds.of[k][i];
            t->for_ms = s->for_ms;
            t->keep_firing_ms = s->keep_firing_ms;
            t->clear_margin_permille = s->clear_margin_permille;
            if (catalogue_row((enum kpi)k)->kind != KPI_RATIO)
                continue;
            t->min_denominator = s->min_facts;
            t->min_bad = s->min_bad;
        }
    }
}

/* What holds for a whole life. */
static void draw_rules(struct sim *s)
{
    struct rules *rules = s->world.rules;
    draw_limits(s);
    for (int32_t i = 0; i < rules->window_count; i++)
        s->world.settings.thresholds.of[KPI_RESPONSE_TIME][i].warn = SIM_SLOW_RESPONSE_MS;
    rules->wall_time = s->by_wall;
    if (sim_once_in(s, 2))
        rules->abandon_after_ms = SIM_ABANDON_MS;
    rules->hold_first_alerts = sim_once_in(s, 2);
    rules->max_delay_ms = sim_once_in(s, 2) ? 0 : MINUTE_MS;
    rules->storm_limit = sim_once_in(s, 3) ? 2 : SIM_CALM_STORM_LIMIT;
    rules->view_batch = sim_once_in(s, 3) ? 1 : 16;
    fake_log_skip_losses(s->world.log, sim_once_in(s, 2));
    s->world.settle_ms = sim_once_in(s, 3) ? SIM_SETTLE_MS : 0;
    const size_t logs[] = { SAVING_LOG_LEAST_BYTES, 64 * 1024, 16 * 1024, 1 };
    s->world.log_least_bytes = logs[sim_draw(s, 4)];
}

/* What the sink has room for, in a third of the lives: less than a batch sets aside. */
enum { SMALL_QUEUE = 3 };

/* Days on which business time is more than weekdays, on the edge of every pane. */
static void draw_begin(struct sim *s)
{
    /* From 2026-06-01: March (summer time, Easter), May (Ascension, Whitsun), June, October
     * (winter time, national days), December (Christmas, New Year). */
    static const int64_t days[] = { -70, -22, 0, 142, 203 };
    s->begin = LITTLE_NOON + days[sim_draw(s, 5)] * DAY_MS + sim_draw(s, 28) * 6 * HOUR_MS;
    s->at = s->begin;
    little_world_set_clock((wall_time){ s->begin });
}

static void open_life(struct sim *s, uint64_t seed, struct sim_reader reader)
{
    *s = (struct sim){ .seed = seed, .reader = reader };
    s->trace_hash = UINT64_C(0xcbf29ce484222325);
    little_world_open(&s->world);
    s->world.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    s->world.listen = hear;
    s->world.listen_arg = s;
    draw_begin(s);
    s->by_wall = sim_once_in(s, 2);
    const int64_t paces[] = { 30, 30, 120, 480 };
    s->pace_minutes = paces[sim_draw(s, 4)];
    s->world.max_skew_ms = sim_once_in(s, 2) ? 2 * HOUR_MS : 30 * DAY_MS;
    if (seed % 3 == 0)
        s->world.sink_queue = SMALL_QUEUE;
    watch(&s->world);
    draw_rules(s);
    sim_open_storefronts(s);
    little_world_note(&s->world, "life    %" PRIu64 " of %" PRId64 ", time by %s", seed,
                      s->begin, s->by_wall ? "the clock" : "events");
    (void)little_world_start(&s->world);
}

/* ---- steps ------------------------------------------------------------------------- */

/* It stopped because records are gone that it had not read, and says so with both offsets;
 * a human looks, and decides to go on without them. */
static void decide_loss(struct sim *s, struct little_worker *worker)
{
    char topic[LITTLE_NAME_BYTES];
    int shard = 0;
    long long next = 0;
    long long begin = 0;
    const int read = sscanf(worker->why.text,
                            "topic %23[^,], partition %d: the next record to read has "
                            "offset %lld, but the topic begins at %lld",
                            topic, &shard, &next, &begin);
    assert_int_equal(read, 4);
    assert_true(next < begin);
    s->tally.counts[SIM_COUNT_losses] += 1;
    little_world_note(&s->world, "%-7s stops: %s", worker->instance, worker->why.text);
    little_world_kill(worker, 0);
    fake_log_skip_losses(s->world.log, true);
    (void)little_world_start(&s->world);
}

static void step_worker(struct sim *s, int32_t number)
{
    struct little_worker *worker = s->world.workers[number];
    if (s->asleep[number] > 0) {
        s->asleep[number] -= 1;
        return;
    }
    s->tally.counts[SIM_COUNT_steps] += 1;
    if (little_world_step(worker) == LITTLE_DIED) {
        s->tally.counts[SIM_COUNT_deaths] += 1;
        (void)little_world_start(&s->world);
        return;
    }
    if (worker->status == STATUS_DATA_LOSS) {
        decide_loss(s, worker);
        return;
    }
    if (worker->status != STATUS_OK)
        fail_msg("%s stops: %s", worker->instance, worker->why.text);
    if (!s->reader.only_hash)
        sim_check_beliefs(worker);
}

/* Somebody pauses now and then, while the others go on. */
static void step_all(struct sim *s, bool pauses)
{
    for (int32_t i = 0; i < s->world.worker_count; i++) {
        if (s->world.workers[i]->alive && !(pauses && sim_once_in(s, 8)))
            step_worker(s, i);
    }
    sim_watch(s);
}

/* Does an alert change or a view of the worker still wait for a save or for the topic? */
static bool anything_waits(const struct little_worker *worker)
{
    for (int32_t i = 0; i < LITTLE_SHARDS; i++) {
        if (!little_world_works(worker, i))
            continue;
        const struct shard *state = worker->pipeline.tenures[i].state;
        if (state->outbox.waiting > 0 || state->sellers.views.count > 0)
            return true;
    }
    return false;
}

static bool anything_is_untold(const struct sim *s)
{
    bool untold = false;
    for (int32_t i = 0; i < s->world.worker_count; i++)
        untold |= anything_waits(s->world.workers[i]);
    return untold;
}

/* And some more until everything is told: a small queue takes its time, and so does a save
 * that has room for one view when a window has just passed an edge. */
static void run_healed(struct sim *s, int steps)
{
    enum { PATIENCE = 100 };
    for (int n = 0; n < steps || (n < PATIENCE * steps && anything_is_untold(s)); n++)
        step_all(s, false);
}

/* ---- another configuration -------------------------------------------------------------- */

/* Nobody watches the window of a day any more; another one stands in its place. */
static void drop_day(struct sim *s)
{
    struct rules *rules = s->world.rules;
    for (int32_t i = 0; i < rules->window_count; i++) {
        struct window_rule *window = &rules->windows[i];
        if (!span_equal(name_span(&window->name), span_of_text("24h")))
            continue;
        window->name = name_of(span_of_text("1d"));
        for (unsigned k = 0; k < KPI_COUNT; k++) {
            if (k == KPI_RESPONSE_TIME)
                continue; /* its limit says which facts are bad */
            s->world.settings.thresholds.of[k][i].warn = THRESHOLD_OFF;
            s->world.settings.thresholds.of[k][i].critical = THRESHOLD_OFF;
        }
    }
}

static void end_worker(struct sim *s, struct little_worker *worker)
{
    if (sim_once_in(s, 2)) {
        little_world_stop(worker);
        return;
    }
    const int32_t in_flight = fake_sink_in_flight(worker->sink);
    little_world_kill(worker, (int32_t)sim_draw(s, in_flight + 1));
}

/* Everybody ends, the configuration changes, and somebody starts with it. */
static void change_rules(struct sim *s)
{
    struct little_world *w = &s->world;
    little_world_note(w, "%s", "the configuration changes");
    for (int32_t i = 0; i < w->worker_count; i++) {
        if (w->workers[i]->alive)
            end_worker(s, w->workers[i]);
    }
    draw_limits(s);
    if (sim_once_in(s, 2))
        drop_day(s);
    (void)little_world_start(w);
}

/* ---- a life ------------------------------------------------------------------------ */

/* By the working copies of the end: those of the processes that died are gone. */
static int64_t abandoned(const struct little_worker *worker)
{
    int64_t sum = 0;
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++) {
        if (!little_world_works(worker, shard))
            continue;
        const struct shard *state = worker->pipeline.tenures[shard].state;
        sum += (int64_t)(state->units.abandoned + state->tickets.abandoned);
    }
    return sum;
}

static void count(struct sim *s)
{
    const struct little_world *w = &s->world;
    int64_t *counts = s->tally.counts;
    counts[SIM_COUNT_saves] = fake_store_save_count(w->store);
    counts[SIM_COUNT_alert_changes] = little_world_feed(w);
    for (int32_t i = 0; i < w->entry_count; i++)
        counts[SIM_COUNT_lost] += little_world_is_lost(w, w->entries[i]);
    for (int32_t i = 0; i < w->worker_count; i++) {
        counts[SIM_COUNT_fenced] += metrics_value(&w->workers[i]->metrics, METRIC_FENCED, 0, 0);
        counts[SIM_COUNT_abandoned] += abandoned(w->workers[i]);
    }
}

void sim_live(uint64_t seed, struct sim_reader reader, uint64_t *ret_hash,
              struct sim_tally *ret_tally)
{
    static struct sim life; /* large, and pointed to by what listens */
    struct sim *s = &life;
    open_life(s, seed, reader);
    for (int n = 0; n < SIM_STEPS; n++) {
        sim_tell(s);
        sim_inject(s);
        step_all(s, true);
    }
    sim_heal(s);
    run_healed(s, SIM_HEAL_STEPS);
    for (int n = 0; n < SIM_MOMENTS; n++) {
        if (sim_once_in(s, 8))
            change_rules(s);
        sim_tell_moment(s);
        run_healed(s, SIM_MOMENT_STEPS);
        if (!s->reader.only_hash)
            sim_judge(s);
    }
    count(s);
    little_world_close(&s->world);
    *ret_hash = s->trace_hash;
    *ret_tally = s->tally;
}
