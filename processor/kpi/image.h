/* image.h - the frame around the bytes of an entity, and what images share.
 *
 *      kind u8 | size varint | image: layout u8, key, body     (layout 0: tombstone)
 *
 * Optional times are written as a set of bits, one a time, and then those that
 * are known, relative to a base: most take three or four bytes.
 *
 * Decoding trusts nothing: a stored time must be one that we may have written,
 * so that sums with it cannot overflow.
 */
#pragma once

#include "base/reader.h"
#include "kpi/entity.h"

enum { IMAGE_TIMES_MAX = 8 };

/* Twice the way to the year 9999: the latest event, and what is due after it. */
#define IMAGE_TIME_FURTHEST INT64_C(506804601599998)

/* Begins an image in `out`; write layout, key and body, then image_end. */
size_t image_begin(struct buffer *out, enum entity_kind kind);

/* `begin` is what image_begin returned. Images are smaller than 1 MiB. */
void image_end(struct buffer *out, size_t begin);

/* Is it a time that we may have written? */
static inline bool image_time_fits(int64_t ms)
{
    return ms >= -IMAGE_TIME_FURTHEST && ms <= IMAGE_TIME_FURTHEST;
}

/* A time, absolute or relative to `base`; broken if we cannot have written it. */
int64_t image_time(struct reader *in);
int64_t image_time_after(struct reader *in, int64_t base);

/* Like image_time, but "never yet" is a time, too. */
int64_t image_time_or_never_yet(struct reader *in);

/* A string that is a name: 1 to 64 bytes; else broken and empty. */
struct span image_name(struct reader *in);

/* A number that is at most `most`; else broken and 0. */
uint64_t image_number(struct reader *in, uint64_t most);

/* The `count` times that are not TIME_NEVER. */
void image_add_times(struct buffer *out, int64_t *const *times, int32_t count, int64_t base);
void image_times(struct reader *in, int64_t *const *ret_times, int32_t count, int64_t base);
