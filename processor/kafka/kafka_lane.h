/* kafka_lane.h - one topic that must get what it is sent: a producer and its backlog.
 *
 * DESIGN
 * ------
 * The client is an idempotent producer, so usually a record is handed to it once and
 * acknowledged once. The copy it sends from is the one in the backlog
 * (kafka_backlog.h); librdkafka makes none.
 *
 *      send ──▶ backlog: pending ──hand over──▶ client ──▶ brokers
 *      take ◀── backlog: done ◀──acknowledged────┘  │
 *                        pending ◀──failed──────────┘  then: recovery
 *
 * Recovery, after a fatal error of the client (librdkafka 2.0.2 has some that are
 * nobody's fault) or a record that it gave up (time over, no right to write, topic gone):
 *
 *   1. hand nothing over any more, and take back what the client has not sent, so
 *      that nothing overtakes what failed
 *   2. wait until the client has said of each of its records what became of it,
 *      at most DRAIN_MS
 *   3. after a pause of RETRY_MS from the failure, end the client and open a new one
 *
 * A lane that keeps on then hands everything pending over again: a record may stand twice.
 * A lane that gives up has its client try for half a session of the consumer group, also
 * if this process stands still meanwhile (message.timeout.ms), and hands nothing over
 * again: all that is pending is done, undelivered. If some of it may be with a broker, it
 * waits `settle_ms` before it says so: till then a reader may not see what the leader has
 * but its replicas have not.
 *
 * Such a lane sends in volleys: what is sent to a partition between two turns, and nothing
 * beside it there until all of it is acknowledged or given up. The client gives each record up
 * by its own age, and goes on with a younger one before we hear of it; records of one volley
 * are of one age. Their number is bounded, so that they are sent within some milliseconds.
 *
 * One thread.
 */
#pragma once

#include "kafka/kafka_backlog.h"
#include "kafka/kafka_client.h"

struct kafka_lane_options {
    const struct kafka_options *kafka; /* like the topic borrowed until the lane is closed */
    const char *topic;
    int32_t queue_records;
    bool gives_up;
    int32_t settle_ms; /* of a lane that gives up */
};

struct kafka_volley {
    int32_t sent;   /* since the last turn */
    bool under_way; /* some of before the last turn is pending */
};

struct kafka_lane {
    struct kafka_client client; /* first: callbacks get its address */
    struct kafka_lane_options options;
    rd_kafka_topic_t *topic; /* owned */
    struct kafka_backlog backlog;
    struct kafka_volley *volleys; /* [volley_count], by partition; owned */
    int32_t volley_count;
    size_t record_bytes_max; /* message.max.bytes */
    int32_t give_up_ms;      /* 0: it keeps on */
    bool failed;             /* recovery is under way */
    int64_t failed_ms;       /* since when */
    bool doubtful;           /* something pending may be with a broker that does not say so */
    int64_t settled_ms;      /* when that is over, once the client was ended */
    int64_t moved_ms;    /* when something was acknowledged, or sent with nothing before it */
    struct reason cause; /* of the last failure, while nothing was acknowledged since */
};

/* REFUSED: the options are wrong. Waits for no broker. The lane must not move. */
enum status kafka_lane_open(struct kafka_lane *lane, const struct kafka_lane_options *options,
                            struct reason *why);

/* Accepts one that is all zero. Waits for nothing: what is pending is dropped. */
void kafka_lane_close(struct kafka_lane *lane);

/* Takes a copy; `partition` may be RD_KAFKA_PARTITION_UA: by the key. REFUSED: larger than
 * message.max.bytes. FULL: at its bound, or a volley to the partition is under way. */
enum status kafka_lane_send(struct kafka_lane *lane, const struct outgoing *record,
                            int32_t partition, struct reason *why);

/* Hears the client, waiting at most `patience_ms` for it, then does what is due. */
void kafka_lane_turn(struct kafka_lane *lane, int patience_ms);

/* Is it known of everything that was sent what became of it? */
bool kafka_lane_is_settled(const struct kafka_lane *lane);

/* What became of records, oldest first, at most `max`; returns how many. */
int32_t kafka_lane_take(struct kafka_lane *lane, struct delivery *ret_deliveries, int32_t max);

/* Of a lane that gives up: nothing that is not acknowledged is sent any more. */
void kafka_lane_give_up(struct kafka_lane *lane);

/* Is nothing acknowledged any more? *why: which topic, since when, and the cause. */
bool kafka_lane_troubled(const struct kafka_lane *lane, struct reason *why);
