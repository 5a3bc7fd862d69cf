/* arena.c - see arena.h. */
#include "base/arena.h"

#include "base/check.h"

#include <stdlib.h>

void *arena_take(struct arena *a, size_t size)
{
    CHECK(size > 0);
    void *piece = calloc(1, size);
    CHECK(piece != NULL);
    a->taken += size;
    a->takings += 1;
    return piece;
}

void arena_give_back(struct arena *a, void *piece, size_t size)
{
    if (piece == NULL)
        return;
    CHECK(a->taken >= size);
    a->taken -= size;
    free(piece);
}
