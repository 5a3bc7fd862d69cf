/* kafka_source.h - source_port on Kafka.
 *
 * One per worker, used by its thread only. Duties come from the consumer group,
 * records from the partitions that were started, ends from a thread that asks.
 */
#pragma once

#include "flow/ports.h"
#include "kafka/kafka_conf.h"

struct kafka_source;

struct kafka_source_options {
    struct kafka_options kafka;      /* group and instance are needed */
    const char *topics[TOPIC_COUNT]; /* borrowed for the source's life, like all texts */
    int32_t shard_count;             /* partitions of each, see kafka_topics.h */
    int32_t batch_records;           /* most records of one read */
    int32_t probe_interval_ms;       /* how often the ends of the inputs are asked */
    bool from_beginning;             /* where no offset is stored; else from the end */
    bool skip_on_data_loss;          /* go on at the oldest record instead of DATA_LOSS */
    wall_time (*now)(void);
};

/* Joins the group; does not wait for it. NULL: the options are wrong. */
struct kafka_source *kafka_source_open(const struct kafka_source_options *options,
                                       struct reason *why);

/* Leaves the group: call it last, when everything is saved. Bounded by a few
 * seconds. Accepts NULL. */
void kafka_source_close(struct kafka_source *source);

struct source_port kafka_source_port(struct kafka_source *source);
