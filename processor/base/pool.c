/* pool.c - see pool.h. */
#include "base/pool.h"

#include "base/check.h"

#include <string.h>

enum { FIRST_CHUNKS = 16, SMALLEST_CHUNK_BITS = 3 };

void pool_open(struct pool *p, struct arena *arena, size_t object_size)
{
    CHECK(object_size >= sizeof(uint32_t) && object_size <= POOL_CHUNK_BYTES);
    *p = (struct pool){ .arena = arena, .object_size = (uint32_t)((object_size + 7) & ~7u) };
    p->chunk_bits = SMALLEST_CHUNK_BITS;
    while ((UINT64_C(2) << p->chunk_bits) * p->object_size <= POOL_CHUNK_BYTES)
        p->chunk_bits += 1;
}

static size_t chunk_bytes(const struct pool *p)
{
    return (size_t)p->object_size << p->chunk_bits;
}

void pool_close(struct pool *p)
{
    for (uint32_t i = 0; i < p->chunk_count; i++)
        arena_give_back(p->arena, p->chunks[i], chunk_bytes(p));
    arena_give_back(p->arena, p->chunks, p->chunk_capacity * sizeof *p->chunks);
    *p = (struct pool){ 0 };
}

static void pool_grow(struct pool *p)
{
    if (p->chunk_count == p->chunk_capacity) {
        const uint32_t capacity = p->chunk_capacity == 0 ? FIRST_CHUNKS : 2 * p->chunk_capacity;
        uint8_t **chunks = arena_take(p->arena, capacity * sizeof *chunks);
        if (p->chunk_count > 0)
            memcpy(chunks, p->chunks, p->chunk_count * sizeof *chunks);
        arena_give_back(p->arena, p->chunks, p->chunk_capacity * sizeof *chunks);
        p->chunks = chunks;
        p->chunk_capacity = capacity;
    }
    p->chunks[p->chunk_count] = arena_take(p->arena, chunk_bytes(p));
    p->chunk_count += 1;
}

uint32_t pool_new(struct pool *p)
{
    CHECK(p->object_size > 0);
    p->live += 1;
    if (p->free != 0) {
        const uint32_t ref = p->free;
        void *object = pool_at(p, ref);
        memcpy(&p->free, object, sizeof p->free);
        memset(object, 0, p->object_size);
        return ref;
    }
    CHECK(p->used < UINT32_MAX);
    if (p->used == p->chunk_count << p->chunk_bits)
        pool_grow(p);
    p->used += 1;
    return p->used;
}

void pool_free(struct pool *p, uint32_t ref)
{
    CHECK(ref != 0 && ref <= p->used && p->live > 0);
    void *object = pool_at(p, ref);
    memset(object, 0, p->object_size);
    memcpy(object, &p->free, sizeof p->free);
    p->free = ref;
    p->live -= 1;
}
