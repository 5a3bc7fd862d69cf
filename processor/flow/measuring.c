/* measuring.c - see measuring.h. */
#include "flow/measuring.h"

#include "base/check.h"

/* Sums over the worker's shards. */
struct sums {
    int64_t entities[ENTITY_KIND_COUNT];
    int64_t firing[KPI_COUNT];
    int64_t lag[TOPIC_COUNT];
    int64_t proof_age[TOPIC_COUNT];
    int64_t open_units;
    int64_t open_tickets;
    int64_t sellers;
    int64_t waiting;
    int64_t stream_lag;
    int64_t watermark_lag;
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void add_inputs(struct sums *sums, const struct measuring *m, const struct tenure *t,
                       wall_time now)
{
    for (int i = 0; i < TOPIC_COUNT; i++) {
        const struct log_end end = m->source->log_end(m->source->self, t->shard, (enum topic)i);
        const int64_t next = t->inputs[i].next;
        if (!end.known)
            continue;
        if (next != OFFSET_NONE && end.end > next)
            sums->lag[i] += end.end - next;
        sums->proof_age[i] = later(sums->proof_age[i], now.ms - end.asked.ms);
    }
}

static void add_shard(struct sums *sums, const struct shard *s, wall_time now)
{
    for (int k = 0; k < ENTITY_KIND_COUNT; k++)
        sums->entities[k] += s->entities.live[k];
    for (int k = 0; k < KPI_COUNT; k++)
        sums->firing[k] += s->alerts.firing[k];
    sums->open_units += s->units.open;
    sums->open_tickets += s->tickets.open;
    sums->sellers += s->sellers.cells.live - s->sellers.sellers.live;
    sums->waiting += s->outbox.waiting;
    if (s->clock.stream_time != TIME_NEVER_YET)
        sums->stream_lag = later(sums->stream_lag, now.ms - s->clock.stream_time);
    if (s->clock.watermark != TIME_NEVER_YET)
        sums->watermark_lag = later(sums->watermark_lag, now.ms - s->clock.watermark);
}

static void set_sums(struct metrics *m, const struct sums *sums)
{
    for (unsigned k = 0; k < ENTITY_KIND_COUNT; k++)
        metrics_set_of(m, METRIC_ENTITIES, k, sums->entities[k]);
    for (unsigned k = 0; k < KPI_COUNT; k++)
        metrics_set_of(m, METRIC_ALERTS_FIRING, k, sums->firing[k]);
    for (unsigned i = 0; i < TOPIC_COUNT; i++) {
        metrics_set_of(m, METRIC_CONSUMER_LAG, i, sums->lag[i]);
        metrics_set_of(m, METRIC_INPUT_END_PROOF_AGE, i, sums->proof_age[i]);
    }
    metrics_set(m, METRIC_SELLERS, sums->sellers);
    metrics_set(m, METRIC_PUBLISH_PENDING, sums->waiting);
    metrics_set(m, METRIC_STREAM_TIME_LAG, sums->stream_lag);
    metrics_set(m, METRIC_WATERMARK_LAG, sums->watermark_lag);
    metrics_set(m, METRIC_OPEN_UNITS, sums->open_units);
    metrics_set(m, METRIC_OPEN_TICKETS, sums->open_tickets);
}

/* ---- counters ----------------------------------------------------------------------- */

/* What `now` has that was not counted yet; the shard's own count begins at 0 with each load. */
static void count(struct metrics *m, enum metric metric, uint64_t now, uint64_t *counted)
{
    CHECK(now >= *counted);
    metrics_add(m, metric, (int64_t)(now - *counted));
    *counted = now;
}

void measuring_count(struct metrics *m, struct tenure *t)
{
    CHECK(tenure_works(t));
    const struct shard *s = t->state;
    struct tenure_counts *counted = &t->counted;
    count(m, METRIC_FOREIGN_CLAIMS, s->units.foreign_events + s->tickets.foreign_events,
          &counted->foreign);
    count(m, METRIC_ABANDONED, s->units.abandoned + s->tickets.abandoned, &counted->abandoned);
    count(m, METRIC_LATE_CORRECTIONS, s->ledger.corrections, &counted->corrections);
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        for (unsigned type = 0; type < ALERT_EVENT_TYPE_COUNT; type++) {
            const uint64_t now = s->alerts.changes[k][type];
            const uint64_t more = now - counted->changes[k][type];
            metrics_add_of2(m, METRIC_ALERT_CHANGES, type, k, (int64_t)more);
            counted->changes[k][type] = now;
        }
    }
}

/* ---- all of it ---------------------------------------------------------------------- */

struct measured_shards measuring_set(const struct measuring *m, wall_time now)
{
    struct sums sums = { 0 };
    struct measured_shards shards = { 0 };
    for (int32_t i = 0; i < m->shard_count; i++) {
        struct tenure *t = &m->tenures[i];
        shards.owned += t->active;
        if (!tenure_works(t))
            continue;
        shards.loaded += 1;
        add_inputs(&sums, m, t, now);
        add_shard(&sums, t->state, now);
        measuring_count(m->metrics, t);
    }
    CHECK(shards.loaded <= shards.owned);
    set_sums(m->metrics, &sums);
    metrics_set(m->metrics, METRIC_SHARDS_OWNED, shards.owned);
    metrics_set(m->metrics, METRIC_MEMORY, (int64_t)m->memory);
    metrics_set(m->metrics, METRIC_MEMORY_LIMIT, (int64_t)m->memory_limit);
    return shards;
}
