/* kafka_edges.c - see kafka_edges.h. */
#include "kafka/kafka_edges.h"

#include "base/check.h"

enum { PATIENCE_MS = 3000 };

enum status kafka_edges_ask(struct kafka_client *client, const char *const topics[TOPIC_COUNT],
                            int32_t partition, struct kafka_edges *ret_edges,
                            struct reason *why)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(TOPIC_COUNT);
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        (void)rd_kafka_topic_partition_list_add(list, topics[topic], partition);
    enum status status = kafka_client_edges(client, KAFKA_EDGE_LOW, list, PATIENCE_MS, why);
    ret_edges->partition = partition;
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        ret_edges->low[topic] = list->elems[topic].offset;
    if (status == STATUS_OK)
        status = kafka_client_edges(client, KAFKA_EDGE_END, list, PATIENCE_MS, why);
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        ret_edges->end[topic] = list->elems[topic].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

void kafka_edges_describe_loss(const struct kafka_edges *edges, const char *name,
                               enum topic topic, int64_t offset, struct reason *ret_why)
{
    const int64_t low = edges->low[topic];
    const int64_t end = edges->end[topic];
    CHECK(offset < low || offset > end);
    if (offset < low)
        reason_set(ret_why,
                   "topic %s, partition %d: the next record to read has offset %lld, but the "
                   "topic now begins at %lld: %lld records are gone unread (retention too "
                   "short?); kafka.on_data_loss: skip goes on without them",
                   name, (int)edges->partition, (long long)offset, (long long)low,
                   (long long)(low - offset));
    else
        reason_set(ret_why,
                   "topic %s, partition %d: the next record to read has offset %lld, but the "
                   "topic ends at %lld (was it deleted and made anew?); kafka.on_data_loss: "
                   "skip reads it from its beginning, %lld",
                   name, (int)edges->partition, (long long)offset, (long long)end,
                   (long long)low);
}
