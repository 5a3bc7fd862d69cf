/* kafka_topics.h - are the topics as the program needs them? And making them on demand. */
#pragma once

#include "base/status.h"
#include "kafka/kafka_conf.h"
#include "kpi/event.h"

struct kafka_topic_names {
    const char *inputs[TOPIC_COUNT];
    const char *alerts;
    const char *deadletter;
};

enum { KAFKA_TOPICS_PATIENCE_MS = 5000, KAFKA_TOPICS_CONFIG_MAX = 8 };

/* The three inputs exist with the same number of partitions, alerts and dead
 * letters exist. OK: *ret_shard_count is that number. UNAVAILABLE: no broker
 * answered in time; MISSING: the sentence names every topic that is not there;
 * REFUSED: they do not fit, or we have no right to see them. */
enum status kafka_topics_check(const struct kafka_options *options,
                               const struct kafka_topic_names *names, int32_t *ret_shard_count,
                               struct reason *why);

struct kafka_topic {
    const char *name;
    int32_t partitions;
    int32_t replication; /* -1: as the broker has it */
    struct kafka_property config[KAFKA_TOPICS_CONFIG_MAX];
    int32_t config_count;
};

/* Creates what is not there and waits until the brokers know it; a topic that exists
 * stays as it is and is no error. */
enum status kafka_topics_create(const struct kafka_options *options,
                                const struct kafka_topic *topics, int32_t topic_count,
                                struct reason *why);
