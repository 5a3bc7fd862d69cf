/* stamp.h - which event told us something: the one that decides among several.
 *
 * Several events may tell the same thing differently. The one with the lowest
 * ts_event counts, and among equals the one with the lowest id_message (rule
 * 2.9.1), so the result does not depend on the order of arrival. Stamps are
 * shared: an order unit usually has one, for all that its first event told.
 */
#pragma once

#include "base/buffer.h"
#include "base/name.h"
#include "base/pool.h"
#include "base/reader.h"
#include "kpi/image.h"

struct stamp {
    uint32_t users; /* how many refs point here */
    struct name id_message;
    event_time at;
};

static inline const struct stamp *stamp_at(const struct pool *stamps, uint32_t ref)
{
    return pool_at(stamps, ref);
}

/* Does `a` decide over `b`: is it earlier, or of the same time with the lower id? */
bool stamp_before(const struct stamp *a, const struct stamp *b);

/* Would an event of that time and id decide over the stamp `ref`? Always, if
 * `ref` is 0. */
bool stamp_decides(const struct pool *stamps, uint32_t ref, event_time at,
                   struct span id_message);

/* Lets `*slot` point to the stamp `ref` instead of what it pointed to. */
void stamp_point(struct pool *stamps, uint32_t *slot, uint32_t ref);

/* A new stamp without users. */
uint32_t stamp_new(struct pool *stamps, event_time at, struct span id_message);

/* The stamps of an object as part of its image: each distinct one once. At most
 * 8 slots. */
void stamp_encode_slots(const struct pool *stamps, const uint32_t *slots, int32_t count,
                        struct buffer *out);

/* The slots must be empty. A broken reader leaves them empty. */
void stamp_decode_slots(struct pool *stamps, uint32_t *slots, int32_t count, struct reader *in);
