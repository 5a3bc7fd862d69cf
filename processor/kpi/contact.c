/* contact.c - see contact.h. */
#include "kpi/contact.h"

#include "base/check.h"

void contacts_open(struct contacts *cs, struct arena *arena)
{
    *cs = (struct contacts){ .arena = arena };
    pool_open(&cs->pool, arena, sizeof(struct contact));
}

void contacts_close(struct contacts *cs)
{
    pool_close(&cs->pool);
    table_close(&cs->table, cs->arena);
}

static uint32_t find(const struct contacts *cs, struct hash128 key)
{
    struct table_walk walk = table_walk(&cs->table, key.low);
    uint32_t ref;
    while ((ref = table_next(&cs->table, &walk)) != 0) {
        const struct contact *c = pool_at(&cs->pool, ref);
        if (c->key.low == key.low && c->key.high == key.high)
            return ref;
    }
    return 0;
}

struct contact *contacts_find(const struct contacts *cs, struct hash128 key)
{
    const uint32_t ref = find(cs, key);
    return ref == 0 ? NULL : pool_at(&cs->pool, ref);
}

static bool take_out(struct contact *c, uint32_t ticket)
{
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->openings[i].ticket != ticket)
            continue;
        for (; i + 1 < c->count; i++)
            c->openings[i] = c->openings[i + 1];
        c->count -= 1;
        return true;
    }
    return false;
}

static void put_in(struct contact *c, struct opening opening)
{
    uint32_t at = c->count;
    while (at > 0 && c->openings[at - 1].at > opening.at)
        at--;
    if (at == OPENINGS_MAX)
        return;
    const uint32_t last = c->count < OPENINGS_MAX ? c->count : OPENINGS_MAX - 1;
    for (uint32_t i = last; i > at; i--)
        c->openings[i] = c->openings[i - 1];
    c->openings[at] = opening;
    c->count = last + 1;
    CHECK(c->count <= OPENINGS_MAX);
}

void contacts_put(struct contacts *cs, struct hash128 key, uint32_t ticket, int64_t at)
{
    uint32_t ref = find(cs, key);
    if (ref == 0) {
        ref = pool_new(&cs->pool);
        ((struct contact *)pool_at(&cs->pool, ref))->key = key;
        table_add(&cs->table, cs->arena, key.low, ref);
    }
    struct contact *c = pool_at(&cs->pool, ref);
    take_out(c, ticket);
    put_in(c, (struct opening){ .at = at, .ticket = ticket });
}

void contacts_remove(struct contacts *cs, struct hash128 key, uint32_t ticket)
{
    const uint32_t ref = find(cs, key);
    if (ref == 0)
        return;
    struct contact *c = pool_at(&cs->pool, ref);
    if (!take_out(c, ticket) || c->count > 0)
        return;
    table_remove(&cs->table, key.low, ref);
    pool_free(&cs->pool, ref);
}
