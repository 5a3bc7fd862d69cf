/* worker.h - one thread with its own adapters and its own pipeline. */
#pragma once

#include "app/adapters.h"
#include "app/domain_rules.h"
#include "codec/alert_codec.h"
#include "codec/schemas.h"
#include "flow/pipeline.h"
#include "kafka/kafka_feed.h"
#include "kafka/kafka_sink.h"
#include "kafka/kafka_source.h"
#include "redis/redis_store.h"

#include <pthread.h>
#include <stdatomic.h>

/* What all workers share; constant while they run, or with a lock of its own. */
struct worker_shared {
    const struct settings *settings;
    const struct rules *rules;
    struct health *health;
    struct registry_client *registry;   /* NULL: schemas come from files */
    const struct schemas_local *locals; /* NULL: they come from the registry */
    int32_t local_count;
    pthread_mutex_t *avro_lock;
    int32_t alert_schema_id;
    int32_t shard_count;
    char instance[25]; /* unique for this process */
    _Atomic bool stop;
};

struct worker {
    const struct worker_shared *shared;
    int32_t number;
    struct metrics metrics;
    struct adapters_kafka kafka;
    char redis_host[256];
    struct kafka_source *source;
    struct kafka_sink *sink;
    struct kafka_feed *feed;
    struct redis_store *store;
    struct schemas *schemas;
    struct alert_codec *codec;
    struct ports ports;
    struct pipeline pipeline;
    bool pipeline_open;
    wall_time reopened; /* when the source was opened anew last; 0: never */
    pthread_t thread;
    bool started;
    _Atomic bool ended;
    enum status status; /* once ended */
    struct reason why;
};

/* Opens all adapters; false with *why. worker_close takes half-open ones. */
bool worker_open(struct worker *w, const struct worker_shared *shared, int32_t number,
                 struct reason *why);

void worker_start(struct worker *w);

/* Waits for the thread, which ends when shared->stop is set. */
void worker_join(struct worker *w);

void worker_close(struct worker *w);
