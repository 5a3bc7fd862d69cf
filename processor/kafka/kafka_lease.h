/* kafka_lease.h - for how long the shards of a group's member are surely its own.
 *
 * DESIGN
 * ------
 * The coordinator gives the shards of a silent member to others when its session is
 * over, and neither the member nor librdkafka can know that moment exactly. But when
 * the coordinator names the member in a description of the group, its session was not
 * over when the question was asked; its heartbeats are some hundredths of a session
 * apart, so
 *
 *      asked                                            the session may end
 *        ├──────────── the lease: 8/10 of a session ─────────┤····┤
 *        ├─ 1/10 ─┤ asked again
 *
 * A thread asks with rd_kafka_list_groups. The admin function that describes groups
 * needs no thread, but librdkafka 2.0.2 ends the process in it when a broker goes. Where
 * the brokers cannot describe groups nobody is asked; then the lease never ends as long
 * as the member believes that it belongs to the group.
 *
 * All functions but the thread's own belong to the member's thread.
 */
#pragma once

#include "kafka/kafka_client.h"

struct kafka_lease;

/* The client is the member's and outlives the lease; its group and whether anybody is asked
 * come from the options, which are borrowed. */
struct kafka_lease *kafka_lease_open(struct kafka_client *client,
                                     const struct kafka_options *options);

/* Accepts NULL. Waits for the question under way: at most a second. */
void kafka_lease_close(struct kafka_lease *lease);

/* The group has given us shards: asks at once. */
void kafka_lease_begin(struct kafka_lease *lease);

/* The group has given us up: what was answered is void, and what is being asked. */
void kafka_lease_end(struct kafka_lease *lease);

/* Milliseconds from now; 0: over or not known. */
int32_t kafka_lease_left_ms(struct kafka_lease *lease);
