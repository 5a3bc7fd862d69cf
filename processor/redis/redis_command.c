/* redis_command.c - see redis_command.h. */
#include "redis/redis_command.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/name.h"

#include <inttypes.h>
#include <stdio.h>

enum { DIGITS_MAX = 24 };

/* "$12\r\n"; by hand, because a large save has tens of thousands of them. */
static void add_count(struct buffer *out, uint8_t kind, uint64_t count)
{
    uint8_t line[DIGITS_MAX];
    size_t at = sizeof line;
    line[--at] = '\n';
    line[--at] = '\r';
    do {
        line[--at] = (uint8_t)('0' + count % 10);
        count /= 10;
    } while (count > 0);
    line[--at] = kind;
    buffer_add(out, span_of(line + at, sizeof line - at));
}

struct redis_command redis_command_begin(struct buffer *out, int64_t argument_count)
{
    CHECK(argument_count > 0);
    add_count(out, '*', (uint64_t)argument_count);
    return (struct redis_command){ .out = out, .missing = argument_count };
}

static void begin_argument(struct redis_command *c, size_t size)
{
    CHECK(c->missing > 0);
    c->missing -= 1;
    add_count(c->out, '$', size);
}

static void end_argument(struct redis_command *c)
{
    buffer_add(c->out, span_of("\r\n", 2));
}

void redis_command_bytes(struct redis_command *c, struct span argument)
{
    begin_argument(c, argument.size);
    buffer_add(c->out, argument);
    end_argument(c);
}

void redis_command_text(struct redis_command *c, const char *argument)
{
    redis_command_bytes(c, span_of_text(argument));
}

void redis_command_number(struct redis_command *c, int64_t argument)
{
    char digits[DIGITS_MAX];
    const int size = snprintf(digits, sizeof digits, "%" PRId64, argument);
    CHECK(size > 0 && (size_t)size < sizeof digits);
    redis_command_bytes(c, span_of(digits, (size_t)size));
}

static void add_number(struct buffer *out, uint64_t number)
{
    uint8_t *at = buffer_extend(out, REDIS_NUMBER_BYTES);
    for (unsigned i = 0; i < REDIS_NUMBER_BYTES; i++)
        at[i] = (uint8_t)(number >> (8 * (REDIS_NUMBER_BYTES - 1 - i)));
}

static uint64_t number_at(const uint8_t *at)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < REDIS_NUMBER_BYTES; i++)
        number = number << 8 | at[i];
    return number;
}

static uint64_t checksum(uint64_t version, struct span bytes)
{
    return hash_mix(hash_bytes(bytes), version);
}

void redis_command_versioned(struct redis_command *c, uint64_t version, struct span bytes)
{
    begin_argument(c, REDIS_STAMP_BYTES + bytes.size);
    add_number(c->out, version);
    add_number(c->out, checksum(version, bytes));
    buffer_add(c->out, bytes);
    end_argument(c);
}

void redis_command_end(const struct redis_command *c)
{
    CHECK(c->missing == 0);
}

enum status redis_command_split(struct span value, uint64_t *ret_version,
                                struct span *ret_bytes)
{
    if (value.size < REDIS_STAMP_BYTES)
        return STATUS_MALFORMED;
    const uint64_t version = number_at(value.at);
    const struct span bytes =
        span_of(value.at + REDIS_STAMP_BYTES, value.size - REDIS_STAMP_BYTES);
    if (number_at(value.at + REDIS_NUMBER_BYTES) != checksum(version, bytes))
        return STATUS_MALFORMED;
    *ret_version = version;
    *ret_bytes = bytes;
    return STATUS_OK;
}
