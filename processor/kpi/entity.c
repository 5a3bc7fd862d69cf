/* entity.c - see entity.h. */
#include "kpi/entity.h"

#include "base/check.h"

#include <string.h>

enum { FIRST_DIRTY_CAPACITY = 1024 };

void entities_open(struct entities *es, struct arena *arena)
{
    *es = (struct entities){ .arena = arena };
}

void entities_close(struct entities *es)
{
    for (unsigned kind = 0; kind < ENTITY_KIND_COUNT; kind++) {
        for (unsigned part = 0; part < PARTS; part++)
            table_close(&es->tables[kind][part], es->arena);
    }
    arena_give_back(es->arena, es->dirty, es->dirty_capacity * sizeof *es->dirty);
    buffer_free(&es->tombstones);
}

const char *entity_kind_name(enum entity_kind kind)
{
    static const char *const names[ENTITY_KIND_COUNT] = {
        "none",
#define ENTITY(name, text) text,
#include "kpi/entity.def"
#undef ENTITY
    };
    CHECK(kind < ENTITY_KIND_COUNT);
    return names[kind];
}

void entities_add(struct entities *es, enum entity_kind kind, uint32_t ref,
                  struct entity *entity, uint64_t hash)
{
    CHECK(!entity->dirty);
    entity->hash = hash;
    table_add(&es->tables[kind][entity_part(hash)], es->arena, hash, ref);
    es->live[kind] += 1;
    entities_touch(es, kind, ref, entity);
}

void entities_remove(struct entities *es, enum entity_kind kind, uint32_t ref,
                     struct entity *entity)
{
    CHECK(es->live[kind] > 0);
    table_remove(&es->tables[kind][entity_part(entity->hash)], entity->hash, ref);
    es->live[kind] -= 1;
    entity->dirty = false; /* its entry on the dirty list is now stale and skipped */
}

static void grow_dirty(struct entities *es)
{
    const uint32_t capacity =
        es->dirty_capacity == 0 ? FIRST_DIRTY_CAPACITY : 2 * es->dirty_capacity;
    struct dirty_entry *dirty = arena_take(es->arena, capacity * sizeof *dirty);
    if (es->dirty_count > 0)
        memcpy(dirty, es->dirty, es->dirty_count * sizeof *dirty);
    arena_give_back(es->arena, es->dirty, es->dirty_capacity * sizeof *dirty);
    es->dirty = dirty;
    es->dirty_capacity = capacity;
}

void entities_touch(struct entities *es, enum entity_kind kind, uint32_t ref,
                    struct entity *entity)
{
    CHECK(ref != 0);
    if (entity->dirty)
        return;
    entity->dirty = true;
    if (es->dirty_count == es->dirty_capacity)
        grow_dirty(es);
    es->dirty[es->dirty_count++] = (struct dirty_entry){ .ref = ref, .kind = (uint8_t)kind };
}
