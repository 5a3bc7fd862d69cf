/* market_heap.c - see market_heap.h. */
#include "app/market_heap.h"

#include "base/check.h"

#include <stdlib.h>

enum { CAPACITY_FIRST = 1024 };

void market_heap_close(struct market_heap *heap)
{
    free(heap->at);
    *heap = (struct market_heap){ 0 };
}

static bool is_before(const struct happening *a, const struct happening *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void make_room(struct market_heap *heap)
{
    if (heap->count < heap->capacity)
        return;
    heap->capacity = heap->capacity == 0 ? CAPACITY_FIRST : heap->capacity * 2;
    heap->at = reallocarray(heap->at, heap->capacity, sizeof *heap->at);
    CHECK(heap->at != NULL);
}

void market_heap_push(struct market_heap *heap, struct happening happening)
{
    make_room(heap);
    happening.order = heap->planned++;
    size_t slot = heap->count++;
    while (slot > 0 && is_before(&happening, &heap->at[(slot - 1) / 2])) {
        heap->at[slot] = heap->at[(slot - 1) / 2];
        slot = (slot - 1) / 2;
    }
    heap->at[slot] = happening;
}

struct happening market_heap_pop(struct market_heap *heap)
{
    CHECK(heap->count > 0);
    const struct happening first = heap->at[0];
    const struct happening last = heap->at[--heap->count];
    size_t slot = 0;
    for (size_t child = 1; child < heap->count; child = 2 * slot + 1) {
        if (child + 1 < heap->count && is_before(&heap->at[child + 1], &heap->at[child]))
            child += 1;
        if (!is_before(&heap->at[child], &last))
            break;
        heap->at[slot] = heap->at[child];
        slot = child;
    }
    if (heap->count > 0)
        heap->at[slot] = last;
    return first;
}
