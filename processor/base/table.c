/* table.c - see table.h. */
#include "base/table.h"

#include "base/check.h"

enum { FIRST_CAPACITY = 8 };

void table_close(struct table *t, struct arena *arena)
{
    arena_give_back(arena, t->slots, t->capacity * sizeof *t->slots);
    *t = (struct table){ 0 };
}

static void place(struct table *t, struct table_slot slot)
{
    uint32_t at = slot.hash & (t->capacity - 1);
    while (t->slots[at].ref != 0)
        at = (at + 1) & (t->capacity - 1);
    t->slots[at] = slot;
}

static void table_grow(struct table *t, struct arena *arena)
{
    const struct table old = *t;
    t->capacity = old.capacity == 0 ? FIRST_CAPACITY : 2 * old.capacity;
    CHECK(t->capacity > old.capacity);
    t->slots = arena_take(arena, t->capacity * sizeof *t->slots);
    for (uint32_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].ref != 0)
            place(t, old.slots[i]);
    }
    arena_give_back(arena, old.slots, old.capacity * sizeof *old.slots);
}

void table_add(struct table *t, struct arena *arena, uint64_t hash, uint32_t ref)
{
    CHECK(ref != 0);
    if (4 * (uint64_t)(t->count + 1) > 3 * (uint64_t)t->capacity)
        table_grow(t, arena);
    place(t, (struct table_slot){ .hash = (uint32_t)hash, .ref = ref });
    t->count += 1;
}

/* Is `home` not in the cyclic interval (hole, at]? Then the slot may move. */
static bool may_move(uint32_t home, uint32_t hole, uint32_t at)
{
    if (hole <= at)
        return home <= hole || home > at;
    return home <= hole && home > at;
}

void table_remove(struct table *t, uint64_t hash, uint32_t ref)
{
    CHECK(t->count > 0);
    const uint32_t mask = t->capacity - 1;
    uint32_t hole = (uint32_t)hash & mask;
    while (t->slots[hole].ref != ref) {
        CHECK(t->slots[hole].ref != 0);
        hole = (hole + 1) & mask;
    }
    for (uint32_t at = (hole + 1) & mask; t->slots[at].ref != 0; at = (at + 1) & mask) {
        if (may_move(t->slots[at].hash & mask, hole, at)) {
            t->slots[hole] = t->slots[at];
            hole = at;
        }
    }
    t->slots[hole] = (struct table_slot){ 0 };
    t->count -= 1;
}
