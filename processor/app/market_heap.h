/* market_heap.h - what is going to happen, the earliest first.
 *
 * A binary heap. Happenings of the same instant come in the order in which they
 * were planned, so that a market is the same on every run.
 */
#pragma once

#include "base/units.h"

struct happening {
    int64_t at; /* UTC ms */
    uint64_t order;
    uint32_t what; /* its meaning and the next two are the planner's business */
    uint32_t ref;
    uint32_t detail;
};

struct market_heap {
    struct happening *at; /* owned */
    size_t count;
    size_t capacity;
    uint64_t planned; /* so many so far */
};

void market_heap_close(struct market_heap *heap);

/* `order` is filled in. */
void market_heap_push(struct market_heap *heap, struct happening happening);

/* The heap is not empty. */
struct happening market_heap_pop(struct market_heap *heap);
