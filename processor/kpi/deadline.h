/* deadline.h - who is to be looked at again, and when.
 *
 * DESIGN
 * ------
 * A heap of four children a node, smallest instant on top, and beside it the
 * place of every ref in the heap, so that a deadline can be moved or taken
 * away in O(log n) without searching. One deadline a ref: the next instant at
 * which time alone may change what is known of it.
 *
 *                     [ 9:00 #7 ]
 *        [ 9:30 #2 ][ 9:10 #5 ][ 12:00 #1 ][ 10:00 #9 ] ...
 *
 * A deadline has passed when time is *greater* than it.
 */
#pragma once

#include "base/arena.h"

struct deadline {
    int64_t at; /* ms, in whichever time its owner counts */
    uint32_t ref;
};

struct deadlines {
    struct arena *arena;
    struct deadline *heap;
    uint32_t count;
    uint32_t capacity;
    uint32_t *place; /* place[ref]: index in heap plus one; 0: none */
    uint32_t place_capacity;
};

/* The sooner of two, if the first is still ahead: it has passed when the
 * watermark is greater. */
static inline int64_t deadline_ahead(int64_t deadline, int64_t watermark, int64_t soonest)
{
    return deadline >= watermark && deadline < soonest ? deadline : soonest;
}

void deadlines_open(struct deadlines *d, struct arena *arena);

void deadlines_close(struct deadlines *d);

/* Sets or moves the deadline of `ref`; TIME_NEVER takes it away. */
void deadlines_set(struct deadlines *d, uint32_t ref, int64_t at);

/* The ref whose deadline passed longest ago, taken out of the heap; 0 if none
 * has passed at `now`. */
uint32_t deadlines_due(struct deadlines *d, int64_t now);
