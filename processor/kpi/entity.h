/* entity.h - everything durable is an entity with an image.
 *
 * DESIGN
 * ------
 * An entity has a key and a small image: its packed bytes, layout byte first.
 * Every kind keeps its objects in a pool of its own and begins each with a
 * `struct entity`. All kinds are found through tables that are split by hash
 * into the same PARTS parts in which the store keeps them, so that a part of
 * the snapshot is one walk over a few tables:
 *
 *      hash of the key:  [ 8 bits: part ][ 56 bits: place in the part's table ]
 *
 * What changed since the last save is on the dirty list, once. What was
 * removed leaves a tombstone: an image without a body.
 *
 * The bytes of an image are framed as image.h says.
 *
 * TO ADD A KIND: a line in entity.def, a pool and a codec beside its struct,
 * a case in shard.c.
 */
#pragma once

#include "base/buffer.h"
#include "base/pool.h"
#include "base/table.h"

enum { PARTS = 256, LAYOUT_TOMBSTONE = 0 };

enum entity_kind {
    ENTITY_NONE,
#define ENTITY(name, text) ENTITY_##name,
#include "kpi/entity.def"
#undef ENTITY
    ENTITY_KIND_COUNT
};

struct entity {
    uint64_t hash;
    bool dirty;
};

struct dirty_entry {
    uint32_t ref;
    uint8_t kind;
};

struct entities {
    struct arena *arena;
    struct table tables[ENTITY_KIND_COUNT][PARTS];
    struct dirty_entry *dirty;
    uint32_t dirty_count;
    uint32_t dirty_capacity;
    struct buffer tombstones; /* images of what was removed since the last save */
    uint32_t live[ENTITY_KIND_COUNT];
};

static inline uint32_t entity_part(uint64_t hash)
{
    return (uint32_t)(hash >> 56);
}

void entities_open(struct entities *es, struct arena *arena);

void entities_close(struct entities *es);

/* "unit", "pane" ...: for metrics and messages. */
const char *entity_kind_name(enum entity_kind kind);

/* Where entities of that kind and hash are found. */
static inline const struct table *entities_table(const struct entities *es,
                                                 enum entity_kind kind, uint64_t hash)
{
    return &es->tables[kind][entity_part(hash)];
}

/* Makes a new entity findable, and dirty. */
void entities_add(struct entities *es, enum entity_kind kind, uint32_t ref,
                  struct entity *entity, uint64_t hash);

/* Makes it unfindable; the caller wrote its tombstone (entities_tombstone) and
 * frees the object. */
void entities_remove(struct entities *es, enum entity_kind kind, uint32_t ref,
                     struct entity *entity);

/* It changed: its image goes into the next save. */
void entities_touch(struct entities *es, enum entity_kind kind, uint32_t ref,
                    struct entity *entity);
