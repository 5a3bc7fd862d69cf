/* fake_sink.h - sink_port and feed_port in memory: the same contracts as Kafka,
 * and faults on demand.
 *
 * Single-threaded and deterministic. One fake_topics is what "Kafka" holds: the
 * alerts topic with its partitions, and the dead letters in one row. Each worker
 * has a fake_sink; what it sends gets into the topic when it is acknowledged
 * or when the worker dies at the wrong moment.
 */
#pragma once

#include "flow/ports.h"

struct fake_topics;
struct fake_sink;

enum { FAKE_SINK_RECORD_BYTES = 8000000 }; /* larger ones are refused, as by kafka_sink */

struct fake_topics *fake_topics_open(int32_t alert_partitions);
void fake_topics_close(struct fake_topics *topics);

/* ---- what is in the topics ---- */

struct fake_letter {
    enum outgoing_kind kind;
    int32_t shard; /* that sent it */
    int64_t offset;
    struct span key;
    struct span value;
    const struct outgoing_header *headers;
    int32_t header_count;
};

/* Alerts of partition `partition`, from the first on; NULL after the last. */
const struct fake_letter *fake_topics_alert(const struct fake_topics *topics, int32_t partition,
                                            int64_t index);
const struct fake_letter *fake_topics_dead_letter(const struct fake_topics *topics,
                                                  int64_t index);

/* The header's value, empty if there is none. */
struct span fake_topics_header(const struct fake_letter *letter, const char *name);

/* A record of somebody else, without headers. */
void fake_topics_add_foreign(struct fake_topics *topics, int32_t partition, struct span key,
                             struct span value);

/* A replica hangs: until it goes on, read_tail shows nothing of what comes from now on, and
 * no alert is acknowledged or known to be given up. */
void fake_topics_hide(struct fake_topics *topics, bool hide);

/* Takes up `count` offsets of an alerts partition without a record. */
void fake_topics_add_gap(struct fake_topics *topics, int32_t partition, int64_t count);

/* Drops what stands before offset `low`, as retention does. */
void fake_topics_truncate(struct fake_topics *topics, int32_t partition, int64_t low);

/* ---- clients ---- */

/* A new client; freed with the topics. At most `queue` records wait for a poll. */
struct fake_sink *fake_sink_open(struct fake_topics *topics, int32_t queue);
struct sink_port fake_sink_port(struct fake_sink *sink);
struct feed_port fake_sink_feed(struct fake_sink *sink);

/* The worker died. Of what it had sent and Kafka had not acknowledged, the first
 * `landed` records are in the topic all the same, the rest is gone. */
void fake_sink_kill(struct fake_sink *sink, int32_t landed);

/* The alerts that it had sent and Kafka had not acknowledged are given up; the first
 * `landed` of them are in the topic all the same, without its being told. */
void fake_sink_give_up(struct fake_sink *sink, int32_t landed);

/* Sent and not acknowledged: how many of them kill may let land. */
int32_t fake_sink_in_flight(const struct fake_sink *sink);

/* ---- faults ---- */

/* An acknowledgement takes so many polls (0: the next poll has it). */
void fake_sink_delay(struct fake_sink *sink, int32_t polls);

/* Records of more bytes of key and value are refused; -1: all are. */
void fake_sink_bound(struct fake_sink *sink, int32_t record_bytes);

/* Brokers are gone: nothing is acknowledged, flush and read_tail are UNAVAILABLE. */
void fake_sink_cut(struct fake_sink *sink, bool cut);

/* How many land when the worker itself gives them up (sink_port.give_up). */
void fake_sink_give_up_lands(struct fake_sink *sink, int32_t landed);

/* The next read_tail stops with UNAVAILABLE after so many records; -1: none does. */
void fake_sink_break_tail(struct fake_sink *sink, int32_t after);
