/* pool.h - objects of one size, named by a number instead of a pointer.
 *
 * DESIGN
 * ------
 * Objects live in chunks that never move, so a pointer stays good until the
 * object is freed. A `ref` counts objects from 1; 0 names none. A freed object
 * is threaded on a list through its first four bytes:
 *
 *      chunks:  [ 1 2 3 4 ][ 5 6 7 8 ][ 9 . . . ]
 *      free:    6 -> 2 -> 0
 *
 * Half the size of a pointer, and something that an image or a list can hold.
 */
#pragma once

#include "base/arena.h"

struct pool {
    struct arena *arena;
    uint32_t object_size;
    uint32_t chunk_bits; /* a chunk holds 1 << chunk_bits objects */
    uint32_t chunk_count;
    uint32_t chunk_capacity;
    uint8_t **chunks;
    uint32_t used; /* refs 1..used were handed out at least once */
    uint32_t free; /* first freed ref, 0: none */
    uint32_t live; /* objects in use */
};

enum { POOL_CHUNK_BYTES = 64 * 1024 };

/* `object_size` is at least 4. */
void pool_open(struct pool *p, struct arena *arena, size_t object_size);

void pool_close(struct pool *p);

/* A zeroed object. */
uint32_t pool_new(struct pool *p);

void pool_free(struct pool *p, uint32_t ref);

/* `ref` is not 0 and was handed out by pool_new. */
static inline void *pool_at(const struct pool *p, uint32_t ref)
{
    const uint32_t index = ref - 1;
    return p->chunks[index >> p->chunk_bits] +
           (size_t)(index & ((UINT32_C(1) << p->chunk_bits) - 1)) * p->object_size;
}
