/* redis_command.h - commands in Redis' own format, written straight into a buffer.
 *
 *     *3\r\n $3\r\nSET\r\n $5\r\nsw:{0}...\r\n $8\r\n........\r\n
 *
 * The number of arguments comes first, so the caller counts before it writes;
 * redis_command_end checks that it counted right. Large values are copied once,
 * from where they are to here.
 */
#pragma once

#include "base/buffer.h"
#include "base/status.h"

struct redis_command {
    struct buffer *out; /* borrowed; several commands may stand in it */
    int64_t missing;    /* arguments not yet written */
};

struct redis_command redis_command_begin(struct buffer *out, int64_t argument_count);

void redis_command_bytes(struct redis_command *c, struct span argument);
void redis_command_text(struct redis_command *c, const char *argument);
void redis_command_number(struct redis_command *c, int64_t argument);

/* One argument made of a version (8 bytes, big-endian), a checksum of version and bytes (the
 * same), and bytes. Redis keeps no checksum of what it holds, nor of an append-only file. */
void redis_command_versioned(struct redis_command *c, uint64_t version, struct span bytes);

void redis_command_end(const struct redis_command *c);

enum { REDIS_NUMBER_BYTES = 8, REDIS_STAMP_BYTES = 2 * REDIS_NUMBER_BYTES };

/* Takes a versioned value apart. MALFORMED: it is not one, or not as it was written. */
enum status redis_command_split(struct span value, uint64_t *ret_version,
                                struct span *ret_bytes);
