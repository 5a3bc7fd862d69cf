/* kafka_lease.h - for how long the shards of a group's member are surely its own.
 *
 * DESIGN
 * ------
 * The coordinator gives the shards of a silent member to others when its session is
 * over, and neither the member nor librdkafka can know that moment exactly. But when
 * the coordinator names the member in a description of the group, its session was not
 * over when the question was asked; its heartbeats are some tens of a session apart, so
 *
 *      asked                                            the session may end
 *        ├──────────── the lease: 8/10 of a session ─────────┤····┤
 *        ├─ 1/10 ─┤ asked again
 *
 * It is asked with librdkafka's admin functions, which wait for nothing: questions go
 * out and answers are taken when the worker polls. Where the brokers cannot describe
 * groups (librdkafka 2.0.2 hangs if they cannot) it is not asked; then the lease never
 * ends as long as the member believes that it belongs to the group.
 *
 * One thread, that of the group's member.
 */
#pragma once

#include "kafka/kafka_client.h"

struct kafka_lease {
    struct kafka_client *client; /* the member's */
    const char *group;
    rd_kafka_queue_t *answers; /* owned; NULL: not open */
    int32_t session_ms;
    bool asking;
    bool asks;        /* kafka_options.lease */
    bool silent;      /* no good answer since the last good one; said once */
    int64_t asked_ms; /* the question under way, or the last one */
    int64_t until_ms; /* like asked_ms of kafka_client_clock_ms; 0: not known */
    char *member;     /* owned; who we were when that was asked */
};

void kafka_lease_open(struct kafka_lease *lease, struct kafka_client *client,
                      const struct kafka_options *options);

/* Before its client. Accepts one that never opened. */
void kafka_lease_close(struct kafka_lease *lease);

/* Takes an answer that has come, and asks if it is time. */
void kafka_lease_turn(struct kafka_lease *lease);

/* The group has given us up: what was answered is void, and what is being asked. */
void kafka_lease_end(struct kafka_lease *lease);

/* Milliseconds from now; 0: over or not known. */
int32_t kafka_lease_left_ms(const struct kafka_lease *lease);
