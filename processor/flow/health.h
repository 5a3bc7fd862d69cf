/* health.h - is the program alive, is it ready, and if not: what is missing?
 *
 * DESIGN
 * ------
 * Workers say facts as they learn them, the HTTP thread asks; one lock keeps
 * them apart, held for a few copies only.
 *
 *      worker 0 ─▶ turned at, shards, facts ┐
 *      worker 1 ─▶ turned at, shards, facts ┼─▶ live:  every loop turned lately
 *      app      ─▶ facts of all workers     ┘   ready: nothing is missing anywhere
 *
 * Live never looks at a dependency: restarting us does not mend Redis. Ready
 * says in words what is missing, one line a fact, however many workers miss it.
 * An instance that owns no shard is not ready: nobody would notice if it never
 * got one. So is a spare with more workers than there are partitions - rightly,
 * it does nothing.
 *
 * Ages are measured with the wall clock. When it jumps ahead, a loop may look
 * stalled until its next turn; that is milliseconds.
 */
#pragma once

#include "base/buffer.h"

#include <pthread.h>

enum { HEALTH_WORKERS_MAX = 64, HEALTH_WHY_BYTES = 512, HEALTH_ALL_WORKERS = -1 };

enum health_fact {
#define HEALTH(id, at_first, text, why) HEALTH_##id,
#include "flow/health.def"
#undef HEALTH
    HEALTH_FACT_COUNT
};

struct health_worker {
    wall_time turned;
    int32_t shards_owned;
    int32_t shards_loaded;
    bool well[HEALTH_FACT_COUNT];
    wall_time since[HEALTH_FACT_COUNT];            /* that it is not well */
    char why[HEALTH_FACT_COUNT][HEALTH_WHY_BYTES]; /* why */
};

struct health {
    pthread_mutex_t lock; /* over the workers */
    int64_t stall_after_ms;
    int32_t worker_count;
    struct health_worker workers[HEALTH_WORKERS_MAX];
};

/* `workers` is 1 to HEALTH_WORKERS_MAX; their loops count as turned at `now`. */
void health_open(struct health *h, int32_t workers, int64_t stall_after_ms, wall_time now);

void health_close(struct health *h);

/* The worker's loop came round. */
void health_turned(struct health *h, int32_t worker, wall_time now);

/* A worker owns `owned` shards, `loaded` of which it works on already. */
void health_shards(struct health *h, int32_t worker, int32_t owned, int32_t loaded);

/* A fact is as it should be; of one worker or of HEALTH_ALL_WORKERS. */
void health_well(struct health *h, int32_t worker, enum health_fact fact);

/* A fact is not as it should be; `why` completes "REDIS: ...": words for people,
 * cut to HEALTH_WHY_BYTES, without secrets. While it stays so the first `since` holds. */
void health_unwell(struct health *h, int32_t worker, enum health_fact fact, const char *why,
                   wall_time since);

/* Did every loop turn in the last stall_after_ms? Adds lines that say so. */
bool health_live(struct health *h, wall_time now, struct buffer *ret_text);

/* Is nothing missing? Adds one line for each thing that is; with `verbose` also
 * for what is well. */
bool health_ready(struct health *h, wall_time now, bool verbose, struct buffer *ret_text);
