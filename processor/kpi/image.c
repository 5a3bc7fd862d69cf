/* image.c - see image.h. */
#include "kpi/image.h"

#include "base/check.h"
#include "base/name.h"

enum { SIZE_BYTES = 3, SIZE_LIMIT = 1 << 20 };

/* The size is written as a varint of exactly three bytes, so that it can be
 * filled in when the image is complete. */
size_t image_begin(struct buffer *out, enum entity_kind kind)
{
    CHECK(kind > ENTITY_NONE && kind < ENTITY_KIND_COUNT);
    buffer_add_u8(out, (uint8_t)kind);
    buffer_extend(out, SIZE_BYTES);
    return out->size;
}

void image_end(struct buffer *out, size_t begin)
{
    CHECK(begin > SIZE_BYTES && begin <= out->size);
    const size_t size = out->size - begin;
    CHECK(size < SIZE_LIMIT);
    uint8_t *at = out->at + begin - SIZE_BYTES;
    at[0] = (uint8_t)(size | 0x80);
    at[1] = (uint8_t)((size >> 7) | 0x80);
    at[2] = (uint8_t)(size >> 14);
}

static int64_t believable(struct reader *in, int64_t ms)
{
    if (!image_time_fits(ms))
        in->broken = true;
    return in->broken ? 0 : ms;
}

int64_t image_time(struct reader *in)
{
    return believable(in, reader_signed(in));
}

int64_t image_time_after(struct reader *in, int64_t base)
{
    CHECK(image_time_fits(base));
    return believable(in, reader_offset(in, base));
}

int64_t image_time_or_never_yet(struct reader *in)
{
    const int64_t ms = reader_signed(in);
    return ms == TIME_NEVER_YET ? ms : believable(in, ms);
}

struct span image_name(struct reader *in)
{
    const struct span bytes = reader_string(in);
    if (!name_fits(bytes))
        in->broken = true;
    return in->broken ? (struct span){ 0 } : bytes;
}

uint64_t image_number(struct reader *in, uint64_t most)
{
    const uint64_t number = reader_varint(in);
    if (number > most)
        in->broken = true;
    return in->broken ? 0 : number;
}

void image_add_times(struct buffer *out, int64_t *const *times, int32_t count, int64_t base)
{
    CHECK(count > 0 && count <= IMAGE_TIMES_MAX);
    CHECK(image_time_fits(base));
    uint8_t present = 0;
    for (int32_t i = 0; i < count; i++)
        present |= (uint8_t)((*times[i] != TIME_NEVER) << i);
    buffer_add_u8(out, present);
    for (int32_t i = 0; i < count; i++) {
        if (*times[i] != TIME_NEVER)
            buffer_add_signed(out, *times[i] - base);
    }
}

void image_times(struct reader *in, int64_t *const *ret_times, int32_t count, int64_t base)
{
    CHECK(count > 0 && count <= IMAGE_TIMES_MAX);
    const uint8_t present = reader_u8(in);
    if (present >> count != 0)
        in->broken = true;
    for (int32_t i = 0; i < count; i++)
        *ret_times[i] = (present >> i & 1) != 0 ? image_time_after(in, base) : TIME_NEVER;
}
