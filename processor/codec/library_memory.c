/* library_memory.c - see library_memory.h. */
#include "codec/library_memory.h"

#include "base/check.h"

#include <avro.h>
#include <jansson.h>
#include <stdlib.h>

/* avro-c's one function for everything: `new_size` 0 gives back. */
static void *avro_piece(void *self, void *old, size_t old_size, size_t new_size)
{
    (void)self;
    (void)old_size;
    if (new_size == 0) {
        free(old);
        return NULL;
    }
    void *piece = realloc(old, new_size);
    CHECK(piece != NULL);
    return piece;
}

static void *json_piece(size_t size)
{
    void *piece = malloc(size);
    CHECK(piece != NULL || size == 0);
    return piece;
}

void library_memory_insist(void)
{
    avro_set_allocator(avro_piece, NULL);
    json_set_alloc_funcs(json_piece, free);
}
