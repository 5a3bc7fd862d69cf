/* kafka_conf.h - from our options to a librdkafka configuration.
 *
 * Those who only fill the options need nothing of librdkafka: its types appear
 * here by name only. Any property of librdkafka may be passed through; ours
 * come first, the user's win, except for those that would break what the
 * program promises: they are refused with a sentence that says what to do.
 */
#pragma once

#include "base/reason.h"
#include "base/units.h"

struct rd_kafka_conf_s;
struct rd_kafka_s;

/* Name and value as librdkafka documents them. Values may be secrets: they are
 * never logged and never part of a sentence. */
struct kafka_property {
    const char *name;
    const char *value;
};

/* Everything is borrowed for the call that takes it. */
struct kafka_options {
    const char *brokers;     /* host:port, several separated by commas */
    const char *group;       /* consumers only */
    const char *instance_id; /* static membership; NULL or empty: dynamic */
    const char *client_id;   /* NULL: sellerwatch */
    bool from_beginning;     /* where to read from when no offset is stored */
    const struct kafka_property *properties;
    int32_t property_count;
    size_t queue_bytes; /* bound of what one consumer reads ahead; 0: the default below */
};

enum {
    KAFKA_CONF_QUEUE_BYTES = 32 * 1024 * 1024,
    KAFKA_CONF_FETCH_WAIT_MS = 100,
    KAFKA_CONF_QUEUE_BACKOFF_MS = 20,
};

/* For administration and questions: no group, no delivery. NULL with *why.
 * The caller owns the result: rd_kafka_new takes it over, or rd_kafka_conf_destroy. */
struct rd_kafka_conf_s *kafka_conf_common(const struct kafka_options *o, struct reason *why);

/* Member of the group: range assignor, own offsets, no end-of-partition events. */
struct rd_kafka_conf_s *kafka_conf_consumer(const struct kafka_options *o, struct reason *why);

/* Idempotent, partitioned like Kafka's Java client does. */
struct rd_kafka_conf_s *kafka_conf_producer(const struct kafka_options *o, struct reason *why);

/* Makes a client of a configuration and takes that over, also on failure. NULL with *why. */
struct rd_kafka_s *kafka_conf_open_consumer(struct rd_kafka_conf_s *conf, struct reason *why);
struct rd_kafka_s *kafka_conf_open_producer(struct rd_kafka_conf_s *conf, struct reason *why);
