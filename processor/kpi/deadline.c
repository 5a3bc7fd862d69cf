/* deadline.c - see deadline.h. */
#include "kpi/deadline.h"

#include "base/check.h"

#include <string.h>

enum { FIRST_CAPACITY = 256, ARITY = 4 };

void deadlines_open(struct deadlines *d, struct arena *arena)
{
    *d = (struct deadlines){ .arena = arena };
}

void deadlines_close(struct deadlines *d)
{
    arena_give_back(d->arena, d->heap, d->capacity * sizeof *d->heap);
    arena_give_back(d->arena, d->place, d->place_capacity * sizeof *d->place);
    *d = (struct deadlines){ 0 };
}

/* A bigger copy of an array of `count` items of `size` bytes. */
static void *grown(struct arena *arena, void *old, uint32_t count, uint32_t capacity,
                   size_t size)
{
    CHECK(capacity > count);
    void *bigger = arena_take(arena, capacity * size);
    if (count > 0)
        memcpy(bigger, old, count * size);
    arena_give_back(arena, old, count * size);
    return bigger;
}

static void make_room(struct deadlines *d, uint32_t ref)
{
    if (d->count == d->capacity) {
        const uint32_t capacity = d->capacity == 0 ? FIRST_CAPACITY : 2 * d->capacity;
        d->heap = grown(d->arena, d->heap, d->capacity, capacity, sizeof *d->heap);
        d->capacity = capacity;
    }
    if (ref >= d->place_capacity) {
        uint32_t capacity = d->place_capacity == 0 ? FIRST_CAPACITY : d->place_capacity;
        while (capacity <= ref)
            capacity *= 2;
        d->place = grown(d->arena, d->place, d->place_capacity, capacity, sizeof *d->place);
        d->place_capacity = capacity;
    }
}

static void put(struct deadlines *d, uint32_t index, struct deadline deadline)
{
    d->heap[index] = deadline;
    d->place[deadline.ref] = index + 1;
}

static void sift_up(struct deadlines *d, uint32_t index, struct deadline deadline)
{
    while (index > 0) {
        const uint32_t parent = (index - 1) / ARITY;
        if (d->heap[parent].at <= deadline.at)
            break;
        put(d, index, d->heap[parent]);
        index = parent;
    }
    put(d, index, deadline);
}

static uint32_t smallest_child(const struct deadlines *d, uint32_t index)
{
    const uint32_t first = index * ARITY + 1;
    uint32_t smallest = first;
    for (uint32_t child = first + 1; child < first + ARITY && child < d->count; child++) {
        if (d->heap[child].at < d->heap[smallest].at)
            smallest = child;
    }
    return smallest;
}

static void sift_down(struct deadlines *d, uint32_t index, struct deadline deadline)
{
    while (index * ARITY + 1 < d->count) {
        const uint32_t child = smallest_child(d, index);
        if (d->heap[child].at >= deadline.at)
            break;
        put(d, index, d->heap[child]);
        index = child;
    }
    put(d, index, deadline);
}

static void take_out(struct deadlines *d, uint32_t index)
{
    CHECK(index < d->count);
    d->place[d->heap[index].ref] = 0;
    d->count -= 1;
    if (index == d->count)
        return;
    const struct deadline last = d->heap[d->count];
    if (index > 0 && d->heap[(index - 1) / ARITY].at > last.at)
        sift_up(d, index, last);
    else
        sift_down(d, index, last);
}

static uint32_t place_of(const struct deadlines *d, uint32_t ref)
{
    return ref < d->place_capacity ? d->place[ref] : 0;
}

void deadlines_set(struct deadlines *d, uint32_t ref, int64_t at)
{
    CHECK(ref != 0);
    const uint32_t place = place_of(d, ref);
    if (at == TIME_NEVER) {
        if (place != 0)
            take_out(d, place - 1);
        return;
    }
    const struct deadline deadline = { .at = at, .ref = ref };
    if (place == 0) {
        make_room(d, ref);
        d->count += 1;
        sift_up(d, d->count - 1, deadline);
    } else if (at < d->heap[place - 1].at) {
        sift_up(d, place - 1, deadline);
    } else if (at > d->heap[place - 1].at) {
        sift_down(d, place - 1, deadline);
    }
}

uint32_t deadlines_due(struct deadlines *d, int64_t now)
{
    if (d->count == 0 || d->heap[0].at >= now)
        return 0;
    const uint32_t ref = d->heap[0].ref;
    take_out(d, 0);
    CHECK(place_of(d, ref) == 0);
    return ref;
}
