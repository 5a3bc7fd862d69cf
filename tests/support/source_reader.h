/* source_reader.h - a worker as far as a source_port knows one: reads, follows its
 * duties, notes what came. For tests of any source.
 */
#pragma once

#include "flow/ports.h"

enum {
    SOURCE_READER_SHARDS = 8,
    SOURCE_READER_SEEN = 4096,
    SOURCE_READER_VALUE_BYTES = 32,
    SOURCE_READER_ABSENT = -1
};

struct source_seen {
    int32_t shard;
    enum topic topic;
    int64_t offset;
    char value[SOURCE_READER_VALUE_BYTES]; /* its beginning, as text */
    int64_t key_size; /* SOURCE_READER_ABSENT: there was none; like the next */
    int64_t value_size;
    uint64_t value_hash;
};

struct source_reader {
    struct source_port port;
    bool owned[SOURCE_READER_SHARDS];
    bool revoked; /* a DUTY_REVOKED waits for its release */
    bool lost;    /* a DUTY_LOST came */
    struct source_seen seen[SOURCE_READER_SEEN];
    int count;
    enum status status; /* of the last read */
    struct reason why;
};

wall_time source_reader_now(void);

/* One read, of at most some tens of milliseconds. */
void source_reader_step(struct source_reader *reader);

void source_reader_steps(struct source_reader *reader, int ms);

/* Reads until `condition`; the test fails if it does not come in time. */
#define SOURCE_READER_UNTIL(reader, condition)                                                 \
    do {                                                                                       \
        const int64_t until_ms = source_reader_now().ms + 20000;                               \
        while (!(condition)) {                                                                 \
            assert_true(source_reader_now().ms < until_ms);                                    \
            source_reader_step(reader);                                                        \
        }                                                                                      \
    } while (0)

enum status source_reader_start(struct source_reader *reader, int32_t shard,
                                const int64_t offsets[TOPIC_COUNT]);

int64_t source_reader_position(struct source_reader *reader, int32_t shard, enum topic topic);

struct log_end source_reader_end(struct source_reader *reader, int32_t shard, enum topic topic);

/* Is the input read to the end the source knows? */
bool source_reader_at_end(struct source_reader *reader, int32_t shard, enum topic topic);
