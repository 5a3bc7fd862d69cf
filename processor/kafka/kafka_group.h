/* kafka_group.h - which shards are ours, as the consumer group says.
 *
 * A client that belongs to the group and fetches nothing. What the group decides
 * comes out as duties; a revocation is answered to the group only when we say
 * that we let go. Its handle also asks for the ends of topics. One thread, but
 * for asking.
 */
#pragma once

#include "flow/ports.h"
#include "kafka/kafka_client.h"

struct kafka_group;

struct kafka_group_options {
    const struct kafka_options *kafka;
    const char *topics[TOPIC_COUNT];
    int32_t shard_count; /* partitions of each of them */
    int wake_fd;         /* an eventfd, written to when there is something to poll */
};

/* Subscribes; membership comes with polling. NULL: the options are wrong. */
struct kafka_group *kafka_group_open(const struct kafka_group_options *options,
                                     struct reason *why);

/* Leaves the group, so that others take over at once; bounded by some seconds. NULL is fine. */
void kafka_group_close(struct kafka_group *group);

/* Serves the group without waiting. Must be called again and again: it is what
 * keeps us a member. REFUSED, UNAVAILABLE: with *why. */
enum status kafka_group_poll(struct kafka_group *group, struct reason *why);

/* What the group decided since duties were taken last, in order. Valid until the
 * next poll. */
const struct duty *kafka_group_take_duties(struct kafka_group *group, int32_t *ret_count);

/* After DUTY_REVOKED: the group may go on without us. */
void kafka_group_release(struct kafka_group *group);

/* Tells the group how far we are, if it is some time since the last telling. */
void kafka_group_note(struct kafka_group *group, int32_t shard,
                      const int64_t offsets[TOPIC_COUNT]);

/* How long the shards are ours at the least; see source_port.lease_ms. */
int32_t kafka_group_lease_ms(const struct kafka_group *group);

/* For kafka_client_edges. */
struct kafka_client *kafka_group_client(struct kafka_group *group);
