/* reader.h - reads back what buffer.h packed, with a bound at every step.
 *
 * A reader that runs past its end, or meets an impossible number, is `broken`
 * from then on and returns zeros: check once, at the end.
 */
#pragma once

#include "base/units.h"

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool broken;
};

struct reader reader_of(struct span bytes);

uint8_t reader_u8(struct reader *r);

/* Eight bytes as the machine has them: only for hashes. */
uint64_t reader_u64(struct reader *r);

uint64_t reader_varint(struct reader *r);

int64_t reader_signed(struct reader *r);

/* A signed number relative to `base`; broken if the sum does not fit. */
int64_t reader_offset(struct reader *r, int64_t base);

/* Borrowed from the bytes being read; empty when broken. */
struct span reader_string(struct reader *r);

static inline bool reader_at_end(const struct reader *r)
{
    return r->at == r->end;
}
