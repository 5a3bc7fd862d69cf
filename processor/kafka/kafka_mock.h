/* kafka_mock.h - a Kafka inside this process, for the demo: librdkafka's mock cluster.
 *
 * One broker on a free port of 127.0.0.1. It keeps 5 MiB a partition and forgets all
 * when it is closed: nothing for data that matters.
 */
#pragma once

#include "base/reason.h"
#include "base/units.h"

enum { KAFKA_MOCK_PARTITION_BYTES = 5 * 1024 * 1024 };

struct kafka_mock;

/* NULL: it cannot be made, *why says why. */
struct kafka_mock *kafka_mock_open(struct reason *why);

/* Accepts NULL. Close all its clients first. */
void kafka_mock_close(struct kafka_mock *mock);

/* "127.0.0.1:40123"; lives as long as the mock. */
const char *kafka_mock_brokers(const struct kafka_mock *mock);

bool kafka_mock_topic(struct kafka_mock *mock, const char *topic, int32_t partitions,
                      struct reason *why);
