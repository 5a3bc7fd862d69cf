/* redis_header.h - the hash <prefix>:{p}:shard, read and written.
 *
 *     layout       2                   stream_time      ms | never
 *     epoch        of the newest owner watermark        ms | never
 *     writer       of the newest owner highest:<topic>  ms | never
 *     version      number of saves     offset:<topic>   next to read, -1: none
 *     log_first    version of the      alerts_offset    tail to read after a crash
 *                  log's first element next_shard_sequence
 *     part:<k>     version in which    alerts_live      0 | 1
 *                  part k was written
 *
 * epoch and writer are written by claim.lua; version, log_first and the parts
 * by save.lua; the rest are values that the save brings.
 */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "flow/ports.h"
#include "redis/redis_command.h"

#include <hiredis/hiredis.h>

enum {
    REDIS_LAYOUT = 2,
    REDIS_HEADER_FIELDS = 11, /* that a save brings */
    REDIS_PARTS_MAX = 4096,
};

struct redis_part {
    int32_t index;
    uint64_t version;
};

struct redis_header {
    struct shard_header fields;
    uint64_t log_first;
    struct redis_part *parts; /* owned: redis_header_free */
    int32_t part_count;
};

void redis_header_free(struct redis_header *header);

/* From the answer to HGETALL. MALFORMED: *why names `key` and the field. On
 * success and on failure the header must be freed. */
enum status redis_header_parse(const redisReply *reply, struct span key,
                               struct redis_header *ret_header, struct reason *why);

/* Writes the REDIS_HEADER_FIELDS fields and their values as arguments. */
void redis_header_write(struct redis_command *c, const struct shard_header *header);
