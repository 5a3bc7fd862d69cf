/* arena.h - where the domain's memory comes from, and how much it has taken.
 *
 * The domain never calls malloc: it is handed an arena at start, takes big
 * pieces from it (pools, tables) and gives them back. What is taken is counted,
 * so that the program can stop reading before it grows past its bound. Pieces
 * are zeroed. Out of memory aborts: restarting is safe by design. One thread.
 */
#pragma once

#include "base/units.h"

struct arena {
    size_t taken;     /* bytes, now */
    uint64_t takings; /* how often: a steady state takes nothing */
};

void *arena_take(struct arena *a, size_t size);

/* `size` is the size it was taken with. `piece` may be NULL. */
void arena_give_back(struct arena *a, void *piece, size_t size);
