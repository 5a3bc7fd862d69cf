/* health.c - see health.h. */
#include "flow/health.h"

#include "base/check.h"

#include <string.h>

static const struct {
    const char *id;
    bool at_first;
    const char *text;
    const char *why;
} facts[HEALTH_FACT_COUNT] = {
#define HEALTH(name, first, says, because) { #name, first, says, because },
#include "flow/health.def"
#undef HEALTH
};

static void health_lock(struct health *h)
{
    CHECK(pthread_mutex_lock(&h->lock) == 0);
}

static void health_unlock(struct health *h)
{
    CHECK(pthread_mutex_unlock(&h->lock) == 0);
}

/* Keeps the words, on one line: a line end would look like a fact of its own. */
static void why_set(char ret_why[HEALTH_WHY_BYTES], const char *why)
{
    CHECK(why != NULL && ret_why != NULL);
    size_t size = 0;
    for (; why[size] != '\0' && size < HEALTH_WHY_BYTES - 1; size++)
        ret_why[size] = (unsigned char)why[size] < ' ' ? ' ' : why[size];
    ret_why[size] = '\0';
}

static void worker_start(struct health_worker *w, wall_time now)
{
    CHECK(now.ms > 0);
    *w = (struct health_worker){ .turned = now };
    for (unsigned f = 0; f < HEALTH_FACT_COUNT; f++) {
        w->well[f] = facts[f].at_first;
        w->since[f] = now;
        why_set(w->why[f], facts[f].why);
    }
}

void health_open(struct health *h, int32_t workers, int64_t stall_after_ms, wall_time now)
{
    CHECK(workers >= 1 && workers <= HEALTH_WORKERS_MAX);
    CHECK(stall_after_ms > 0);
    CHECK(pthread_mutex_init(&h->lock, NULL) == 0);
    h->stall_after_ms = stall_after_ms;
    h->worker_count = workers;
    for (int32_t i = 0; i < workers; i++)
        worker_start(&h->workers[i], now);
}

void health_close(struct health *h)
{
    CHECK(pthread_mutex_destroy(&h->lock) == 0);
}

void health_turned(struct health *h, int32_t worker, wall_time now)
{
    CHECK(worker >= 0 && worker < h->worker_count);
    health_lock(h);
    h->workers[worker].turned = now;
    health_unlock(h);
}

void health_shards(struct health *h, int32_t worker, int32_t owned, int32_t loaded)
{
    CHECK(worker >= 0 && worker < h->worker_count);
    CHECK(loaded >= 0 && loaded <= owned);
    health_lock(h);
    h->workers[worker].shards_owned = owned;
    h->workers[worker].shards_loaded = loaded;
    health_unlock(h);
}

/* `why` NULL: it is well. */
static void fact_set(struct health_worker *w, enum health_fact fact, const char *why,
                     wall_time since)
{
    CHECK(fact < HEALTH_FACT_COUNT);
    const bool was_well = w->well[fact];
    w->well[fact] = why == NULL;
    if (why == NULL)
        return;
    why_set(w->why[fact], why);
    if (was_well)
        w->since[fact] = since;
}

static void fact_set_of(struct health *h, int32_t worker, enum health_fact fact,
                        const char *why, wall_time since)
{
    CHECK(worker == HEALTH_ALL_WORKERS || (worker >= 0 && worker < h->worker_count));
    health_lock(h);
    for (int32_t i = 0; i < h->worker_count; i++) {
        if (worker == HEALTH_ALL_WORKERS || worker == i)
            fact_set(&h->workers[i], fact, why, since);
    }
    health_unlock(h);
}

void health_well(struct health *h, int32_t worker, enum health_fact fact)
{
    fact_set_of(h, worker, fact, NULL, (wall_time){ 0 });
}

void health_unwell(struct health *h, int32_t worker, enum health_fact fact, const char *why,
                   wall_time since)
{
    CHECK(why != NULL);
    fact_set_of(h, worker, fact, why, since);
}

/* ---- asking: the lock is held ---------------------------------------------- */

static bool loops_turn(const struct health *h, wall_time now, struct buffer *b)
{
    CHECK(h->worker_count >= 1 && h->stall_after_ms > 0);
    bool all = true;
    for (int32_t i = 0; i < h->worker_count; i++) {
        const int64_t age_ms = now.ms - h->workers[i].turned.ms;
        if (age_ms <= h->stall_after_ms)
            continue;
        all = false;
        buffer_printf(b, "not live: worker %d has not finished a step for %lld s\n", (int)i,
                      (long long)(age_ms / SECOND_MS));
    }
    return all;
}

static bool shards_loaded(const struct health *h, bool verbose, struct buffer *b)
{
    int32_t owned = 0;
    int32_t loaded = 0;
    for (int32_t i = 0; i < h->worker_count; i++) {
        owned += h->workers[i].shards_owned;
        loaded += h->workers[i].shards_loaded;
    }
    CHECK(loaded <= owned);
    if (owned == 0)
        buffer_printf(b, "not ready: SHARDS: this instance owns none; waiting for the consumer "
                         "group to assign some\n");
    else if (loaded < owned)
        buffer_printf(b, "not ready: SHARDS: %d of %d are loaded\n", (int)loaded, (int)owned);
    else if (verbose)
        buffer_printf(b, "ok: SHARDS: %d are loaded\n", (int)owned);
    return owned > 0 && loaded == owned;
}

/* One line a fact: the reason of the worker that lacks it longest, and how many do. */
static bool fact_well(const struct health *h, enum health_fact fact, wall_time now,
                      bool verbose, struct buffer *b)
{
    CHECK(fact < HEALTH_FACT_COUNT);
    const struct health_worker *first = NULL;
    int32_t unwell = 0;
    for (int32_t i = 0; i < h->worker_count; i++) {
        const struct health_worker *w = &h->workers[i];
        if (w->well[fact])
            continue;
        unwell += 1;
        first = first == NULL || w->since[fact].ms < first->since[fact].ms ? w : first;
    }
    if (first == NULL && verbose)
        buffer_printf(b, "ok: %s: %s\n", facts[fact].id, facts[fact].text);
    if (first == NULL)
        return true;

    const int64_t lasted_ms =
        now.ms > first->since[fact].ms ? now.ms - first->since[fact].ms : 0;
    buffer_printf(b, "not ready: %s: %s (for %lld s", facts[fact].id, first->why[fact],
                  (long long)(lasted_ms / SECOND_MS));
    if (h->worker_count > 1)
        buffer_printf(b, "; %d of %d workers", (int)unwell, (int)h->worker_count);
    buffer_printf(b, ")\n");
    return false;
}

bool health_live(struct health *h, wall_time now, struct buffer *ret_text)
{
    CHECK(ret_text != NULL);
    health_lock(h);
    const bool live = loops_turn(h, now, ret_text);
    health_unlock(h);
    if (live)
        buffer_printf(ret_text, "live\n");
    return live;
}

bool health_ready(struct health *h, wall_time now, bool verbose, struct buffer *ret_text)
{
    CHECK(ret_text != NULL);
    health_lock(h);
    bool ready = loops_turn(h, now, ret_text);
    ready = shards_loaded(h, verbose, ret_text) && ready;
    for (unsigned f = 0; f < HEALTH_FACT_COUNT; f++)
        ready = fact_well(h, (enum health_fact)f, now, verbose, ret_text) && ready;
    health_unlock(h);
    if (ready)
        buffer_printf(ret_text, "ready\n");
    return ready;
}
