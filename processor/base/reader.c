/* reader.c - see reader.h. */
#include "base/reader.h"

#include "base/check.h"

#include <string.h>

enum { VARINT_BYTES_MAX = 10 };

struct reader reader_of(struct span bytes)
{
    const uint8_t *end = bytes.size == 0 ? bytes.at : bytes.at + bytes.size;
    return (struct reader){ .at = bytes.at, .end = end };
}

uint8_t reader_u8(struct reader *r)
{
    CHECK(r->at <= r->end);
    if (r->broken || r->at == r->end) {
        r->broken = true;
        return 0;
    }
    return *r->at++;
}

uint64_t reader_u64(struct reader *r)
{
    uint64_t value = 0;
    if (r->end - r->at < (ptrdiff_t)sizeof value) {
        r->broken = true;
        return 0;
    }
    memcpy(&value, r->at, sizeof value);
    r->at += sizeof value;
    return value;
}

uint64_t reader_varint(struct reader *r)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        const uint8_t byte = reader_u8(r);
        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0)
            return r->broken ? 0 : value;
    }
    r->broken = true;
    return 0;
}

int64_t reader_signed(struct reader *r)
{
    const uint64_t packed = reader_varint(r);
    const uint64_t sign = (packed & 1) != 0 ? UINT64_MAX : 0;
    return (int64_t)((packed >> 1) ^ sign);
}

struct span reader_string(struct reader *r)
{
    const uint64_t size = reader_varint(r);
    if (r->broken || size > (uint64_t)(r->end - r->at)) {
        r->broken = true;
        return (struct span){ 0 };
    }
    const struct span bytes = { r->at, (size_t)size };
    r->at += size;
    return bytes;
}

int64_t reader_offset(struct reader *r, int64_t base)
{
    int64_t sum = 0;
    if (__builtin_add_overflow(reader_signed(r), base, &sum)) {
        r->broken = true;
        return 0;
    }
    return sum;
}
