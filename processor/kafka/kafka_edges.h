/* kafka_edges.h - where the inputs of a shard begin and end now, and what it means for an
 * offset to lie outside.
 */
#pragma once

#include "kafka/kafka_client.h"
#include "kpi/event.h"

struct kafka_edges {
    int32_t partition;
    int64_t low[TOPIC_COUNT];
    int64_t end[TOPIC_COUNT];
};

/* Asks the brokers, and waits for them for some seconds at most. */
enum status kafka_edges_ask(struct kafka_client *client, const char *const topics[TOPIC_COUNT],
                            int32_t partition, struct kafka_edges *ret_edges,
                            struct reason *why);

/* The sentence for an offset that is not in the topic, with both offsets in it. */
void kafka_edges_describe_loss(const struct kafka_edges *edges, const char *name,
                               enum topic topic, int64_t offset, struct reason *ret_why);
