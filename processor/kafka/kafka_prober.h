/* kafka_prober.h - asks, again and again, where the inputs end.
 *
 * "Read to its end" needs a proof with a date: the end as the broker said it,
 * and when it was asked. Asking waits for brokers, so it has a thread of its own;
 * the worker's thread only looks at the newest answers. All functions but open
 * and close may be called from one other thread.
 */
#pragma once

#include "flow/ports.h"
#include "kafka/kafka_client.h"

struct kafka_prober;

struct kafka_prober_options {
    struct kafka_client *client;       /* to ask with; outlives the prober */
    const struct kafka_options *kafka; /* for a client of its own, copied as it is */
    const char *topics[TOPIC_COUNT];   /* live as long as the prober */
    int32_t shard_count;
    int32_t interval_ms;
    wall_time (*now)(void);
};

/* Starts the thread. */
struct kafka_prober *kafka_prober_open(const struct kafka_prober_options *options);

/* Accepts NULL. Waits for the question under way: at most some seconds. */
void kafka_prober_close(struct kafka_prober *prober);

/* Asks for this shard's inputs from now on, at once for the first time; or no
 * longer. Old answers are forgotten. */
void kafka_prober_watch(struct kafka_prober *prober, int32_t shard, bool watched);

/* The newest answer. */
struct log_end kafka_prober_end(struct kafka_prober *prober, int32_t shard, enum topic topic);

/* An input whose end has moved back since it was asked before: its topic was made anew, or its
 * leader lost what it had appended last. Each time is told once; false: there is none. */
bool kafka_prober_moved_back(struct kafka_prober *prober, int32_t *ret_shard,
                             enum topic *ret_topic);

/* Tells how far an input was read, and learns whether offsets without any record
 * follow: then the offset after them, else the position itself. */
int64_t kafka_prober_position(struct kafka_prober *prober, int32_t shard, enum topic topic,
                              int64_t position);

/* How the last round went: UNAVAILABLE, with *why, if no broker answered at all.
 * Also asked while no shard is watched. */
enum status kafka_prober_status(struct kafka_prober *prober, struct reason *why);

/* Did any input that was asked for have no answer in the last round? *why: which. */
bool kafka_prober_incomplete(struct kafka_prober *prober, struct reason *why);
