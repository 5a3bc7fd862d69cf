/* kafka_cluster.h - an in-process Kafka stand-in for tests: librdkafka's mock cluster.
 *
 * Good for client wiring: groups, fetching, producing, injected errors. Not a
 * proof of durability, and it shows aborted transactions as well.
 */
#pragma once

#include "kafka/kafka_conf.h"

struct kafka_cluster;
struct rd_kafka_mock_cluster_s;

/* Aborts the test if it cannot be made. */
struct kafka_cluster *kafka_cluster_open(int broker_count);

/* NULL is harmless. Close all clients first. */
void kafka_cluster_close(struct kafka_cluster *cluster);

const char *kafka_cluster_brokers(const struct kafka_cluster *cluster);

/* Options that lead to it: group "test", no instance id. */
struct kafka_options kafka_cluster_options(const struct kafka_cluster *cluster);

void kafka_cluster_topic(struct kafka_cluster *cluster, const char *topic, int partition_count);

/* orders, messages, shipments, alerts, deadletter with as many partitions each. */
void kafka_cluster_topics(struct kafka_cluster *cluster, int partition_count);

/* Appends a record and waits until it is acknowledged; returns its offset.
 * `key` may be NULL. */
int64_t kafka_cluster_append(struct kafka_cluster *cluster, const char *topic,
                             int32_t partition, const char *key, const char *value);

/* Appends `count` records with the values "<prefix>0", "<prefix>1", ...; returns the
 * offset of the first. */
int64_t kafka_cluster_fill(struct kafka_cluster *cluster, const char *topic, int32_t partition,
                           const char *prefix, int count);

/* All brokers stop answering, or answer again. */
void kafka_cluster_down(struct kafka_cluster *cluster);
void kafka_cluster_up(struct kafka_cluster *cluster);

/* For tests that inject errors (rdkafka_mock.h). */
struct rd_kafka_mock_cluster_s *kafka_cluster_mock(struct kafka_cluster *cluster);
