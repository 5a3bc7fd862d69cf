/* kafka_writer.h - writes records fast, for the tools that make input.
 *
 * It counts what was delivered and what was given up after message.timeout.ms; it
 * does not send again by itself, as kafka_sink does. One thread.
 */
#pragma once

#include "base/reason.h"
#include "base/status.h"
#include "kafka/kafka_conf.h"

struct kafka_writer;

struct kafka_writer_record {
    const char *topic;
    int32_t partition;    /* -1: by the key, as Kafka's Java client does it */
    struct span key;      /* at NULL: none */
    struct span value;    /* at NULL: a tombstone */
    int64_t timestamp_ms; /* UTC; 0: now */
};

struct kafka_writer_counts {
    int64_t sent;
    int64_t delivered;
    int64_t failed;
};

/* NULL: the options are wrong, *why says which. Waits for no broker. */
struct kafka_writer *kafka_writer_open(const struct kafka_options *options, struct reason *why);

/* Accepts NULL. Waits for nothing: flush first what must arrive. */
void kafka_writer_close(struct kafka_writer *writer);

/* Takes over a copy. FULL: poll and try again. REFUSED: the topic or partition does
 * not exist, or the record is too large. */
enum status kafka_writer_send(struct kafka_writer *writer,
                              const struct kafka_writer_record *record, struct reason *why);

/* Lets acknowledgements in for so long. */
void kafka_writer_poll(struct kafka_writer *writer, int wait_ms);

/* Waits until nothing is under way. UNAVAILABLE: patience was over before; REFUSED:
 * some records were given up, *why says how many and why the last one. */
enum status kafka_writer_flush(struct kafka_writer *writer, int patience_ms,
                               struct reason *why);

struct kafka_writer_counts kafka_writer_counts(const struct kafka_writer *writer);
