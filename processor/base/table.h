/* table.h - finds refs by hash; what a ref means is its owner's business.
 *
 * DESIGN
 * ------
 * Open addressing with linear probing; a slot is eight bytes, the low half of
 * the hash and the ref. A removal moves the followers back instead of leaving a
 * mark, so a table never has to be cleaned. Several refs may have one hash: the
 * caller walks them and compares keys.
 *
 *      for (struct table_walk w = table_walk(t, hash); (ref = table_next(t, &w)) != 0;)
 *          if (is the one) ...
 */
#pragma once

#include "base/arena.h"

struct table_slot {
    uint32_t hash;
    uint32_t ref; /* 0: empty */
};

struct table {
    struct table_slot *slots;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t count;
};

struct table_walk {
    uint32_t hash;
    uint32_t at;
};

void table_close(struct table *t, struct arena *arena);

void table_add(struct table *t, struct arena *arena, uint64_t hash, uint32_t ref);

/* The ref must be in the table. */
void table_remove(struct table *t, uint64_t hash, uint32_t ref);

static inline struct table_walk table_walk(const struct table *t, uint64_t hash)
{
    const uint32_t low = (uint32_t)hash;
    return (struct table_walk){ .hash = low,
                                .at = t->capacity == 0 ? 0 : low & (t->capacity - 1) };
}

/* The next ref of that hash, 0 after the last. */
static inline uint32_t table_next(const struct table *t, struct table_walk *w)
{
    if (t->capacity == 0)
        return 0;
    while (t->slots[w->at].ref != 0) {
        const struct table_slot slot = t->slots[w->at];
        w->at = (w->at + 1) & (t->capacity - 1);
        if (slot.hash == w->hash)
            return slot.ref;
    }
    return 0;
}
