/* kafka_tail.h - reads one partition from an offset to the end it has now.
 *
 * For reading the alerts topic back after a crash, and for telling whether
 * anything can be read in a stretch of offsets at all: control records of
 * transactions and compaction leave offsets behind which there is no record.
 * One thread.
 */
#pragma once

#include "kafka/kafka_client.h"

struct kafka_tail;

struct kafka_tail_range {
    const char *topic;
    int32_t partition;
    int64_t from; /* negative, or no longer in the topic: from its beginning */
    int patience_ms;
    /* Called for every record in order; false: stop before this one. */
    bool (*each)(void *arg, const rd_kafka_message_t *message);
    void *arg;
};

/* NULL: the options are wrong. Connects with the first read. */
struct kafka_tail *kafka_tail_open(const struct kafka_options *options, struct reason *why);

/* Accepts NULL. */
void kafka_tail_close(struct kafka_tail *tail);

/* Reads until `each` returns false or the end is reached. *ret_end: the offset of the record it
 * returned false for, else the one after the end. UNAVAILABLE: the end was not reached in time.
 */
enum status kafka_tail_read(struct kafka_tail *tail, const struct kafka_tail_range *range,
                            int64_t *ret_end, struct reason *why);

/* How many partitions a topic has. MISSING: there is no such topic. */
enum status kafka_tail_partitions(struct kafka_tail *tail, const char *topic, int patience_ms,
                                  int32_t *ret_count, struct reason *why);
