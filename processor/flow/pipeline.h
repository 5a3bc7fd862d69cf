/* pipeline.h - one worker: its shards, step by step.
 *
 * DESIGN
 * ------
 * A step does, in this order and without ever waiting for long:
 *
 *      read     records and changes of duty           source
 *      duties   shards that come and go                store, feed, source
 *      take in  decode, order, apply                   decoder, sink (dead letters)
 *      tick     time passes, misses, evaluations       -
 *      save     what is due; answers of earlier ones   store
 *      publish  alert changes whose save was answered  sink
 *
 * The only wait is for the first record, and it is as short as the next save,
 * or changes that wait for room in the sink, demand. Nothing to read is no reason to stop:
 * ticking follows anyway.
 */
#pragma once

#include "flow/health.h"
#include "flow/intake.h"
#include "flow/pacing.h"
#include "flow/publishing.h"
#include "flow/saving.h"

struct pipeline_options {
    const struct ports *ports;
    const struct rules *rules;
    struct metrics *metrics;
    struct health *health; /* NULL: none */
    int32_t worker;        /* number, for health */
    const char *instance;  /* unique for this process; at most 24 bytes count */
    int32_t shard_count;   /* partitions of the input topics */
    const char *topic_names[TOPIC_COUNT];
    int32_t batch_records;
    int batch_wait_ms; /* longest wait for the first record of a step */
    int64_t commit_interval_ms;
    int64_t
        catch_up_interval_ms; /* instead, while behind: what is touched often is written once */
    int64_t alert_interval_ms; /* instead, when an alert change waits */
    int64_t max_skew_ms;
    struct backoff_bounds retry;
    size_t memory_limit; /* of this worker; 0: none */
};

struct pipeline {
    struct pipeline_options options;
    struct tenure_world world;
    struct arena arena;     /* what is known of the shards: grows, and has a bound */
    struct arena fixed;     /* batches and tables, taken at start */
    struct tenure *tenures; /* shard_count */
    struct intake intake;
    struct view_batch views;
    struct saving saving;
    struct publishing publishing;
    struct pacing pacing;
    wall_time measured; /* when gauges were set last */
};

void pipeline_open(struct pipeline *p, const struct pipeline_options *options);

/* Frees memory; saves nothing. */
void pipeline_close(struct pipeline *p);

/* One step. OK, or DATA_LOSS / REFUSED: the program must stop, *why says why. */
enum status pipeline_step(struct pipeline *p, struct reason *why);

/* Drops all working copies without saving: the source is opened anew, and what is
 * assigned then is loaded again. */
void pipeline_abandon(struct pipeline *p);

/* The last step: saves and publishes what there is, in at most patience_ms. */
void pipeline_finish(struct pipeline *p, int64_t patience_ms);
