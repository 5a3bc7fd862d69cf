/* kafka_reader.h - reads a whole topic without belonging to a group, for people who look.
 *
 * One thread. The order holds within a partition, not between them.
 */
#pragma once

#include "base/reason.h"
#include "base/status.h"
#include "base/units.h"
#include "kafka/kafka_conf.h"

#include <stdatomic.h>

enum { KAFKA_READER_HEADERS_MAX = 32 };

struct kafka_reader;

struct kafka_reader_options {
    struct kafka_options kafka;
    const char *topic;
    bool from_end;   /* else from the beginning */
    bool follow;     /* else it stops at the ends that the topic had when it was opened */
    int patience_ms; /* for the brokers to say which partitions and ends there are */
    const atomic_bool *stop;     /* ends that waiting within a second; NULL: nothing does */
    void (*waiting)(void *self); /* called once, if no broker answers soon; NULL: nobody asks */
    void *self;
};

struct kafka_reader_header {
    const char *name;
    struct span value;
};

/* Borrowed until the next read. */
struct kafka_reader_record {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;                      /* -1: none */
    struct span key;                           /* at NULL: none */
    struct span value;                         /* at NULL: a tombstone */
    const struct kafka_reader_header *headers; /* the first KAFKA_READER_HEADERS_MAX */
    int32_t header_count;
};

/* OK: *ret_reader is to be closed. MISSING: there is no such topic. UNAVAILABLE: no
 * broker answered, or we were asked to stop. REFUSED: the options are wrong or we may not read
 * it. */
enum status kafka_reader_open(const struct kafka_reader_options *options,
                              struct kafka_reader **ret_reader, struct reason *why);

/* Accepts NULL. */
void kafka_reader_close(struct kafka_reader *reader);

/* OK: a record. PENDING: none came in time. Otherwise *why says what is wrong;
 * UNAVAILABLE passes by itself, so ask again. */
enum status kafka_reader_read(struct kafka_reader *reader, int patience_ms,
                              struct kafka_reader_record *ret_record, struct reason *why);

/* Everything up to the ends at opening was read. Never while following. */
bool kafka_reader_finished(const struct kafka_reader *reader);
