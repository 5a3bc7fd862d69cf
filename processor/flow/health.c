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

static void fact_set(struct health *h, int32_t worker, enum health_fact fact, const char *why)
{
    CHECK(fact < HEALTH_FACT_COUNT);
    CHECK(worker == HEALTH_ALL_WORKERS || (worker >= 0 && worker < h->worker_count));
    health_lock(h);
    for (int32_t i = 0; i < h->worker_count; i++) {
        if (worker != HEALTH_ALL_WORKERS && worker != i)
            continue;
        h->workers[i].well[fact] = why == NULL;
        if (why != NULL)
            why_set(h->workers[i].why[fact], why);
    }
    health_unlock(h);
}

void health_well(struct health *h, int32_t worker, enum health_fact fact)
{
    fact_set(h, worker, fact, NULL);
}

void health_unwell(struct health *h, int32_t worker, enum health_fact fact, const char *why)
{
    CHECK(why != NULL);
    fact_set(h, worker, fact, why);
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

/* One line a fact: the first worker's reason, and how many lack it. */
static bool fact_well(const struct health *h, enum health_fact fact, bool verbose,
                      struct buffer *b)
{
    CHECK(fact < HEALTH_FACT_COUNT);
    const struct health_worker *first = NULL;
    int32_t unwell = 0;
    for (int32_t i = 0; i < h->worker_count; i++) {
        if (h->workers[i].well[fact])
            continue;
        unwell += 1;
        first = first == NULL ? &h->workers[i] : first;
    }
    if (first == NULL && verbose)
        buffer_printf(b, "ok: %s: %s\n", facts[fact].id, facts[fact].text);
    if (first == NULL)
        return true;

    buffer_printf(b, "not ready: %s: %s", facts[fact].id, first->why[fact]);
    if (h->worker_count > 1)
        buffer_printf(b, " (%d of %d workers)", (int)unwell, (int)h->worker_count);
    buffer_add_u8(b, '\n');
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
        ready = fact_well(h, (enum health_fact)f, verbose, ret_text) && ready;
    health_unlock(h);
    if (ready)
        buffer_printf(ret_text, "ready\n");
    return ready;
}
