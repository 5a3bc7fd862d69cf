/* contact.c - see contact.h. */
#include "kpi/contact.h"

#include "base/check.h"
#include "kpi/claim.h"

struct contact {
    struct hash128 key;
    uint32_t first; /* node; never 0 */
    uint32_t last;
};

struct node {
    struct opening opening;
    uint32_t before; /* node; 0: none, like the next one */
    uint32_t behind;
};

void contacts_open(struct contacts *cs, struct arena *arena, const struct pool *tickets)
{
    *cs = (struct contacts){ .arena = arena, .tickets = tickets };
    pool_open(&cs->contacts, arena, sizeof(struct contact));
    pool_open(&cs->openings, arena, sizeof(struct node));
}

void contacts_close(struct contacts *cs)
{
    pool_close(&cs->contacts);
    pool_close(&cs->openings);
    table_close(&cs->table, cs->arena);
}

static struct node *node_at(const struct contacts *cs, uint32_t ref)
{
    return pool_at(&cs->openings, ref);
}

static struct contact *contact_at(const struct contacts *cs, uint32_t ref)
{
    return pool_at(&cs->contacts, ref);
}

/* ---- finding --------------------------------------------------------------------- */

static uint32_t find(const struct contacts *cs, struct hash128 key)
{
    struct table_walk walk = table_walk(&cs->table, key.low);
    uint32_t ref;
    while ((ref = table_next(&cs->table, &walk)) != 0) {
        const struct contact *c = contact_at(cs, ref);
        if (c->key.low == key.low && c->key.high == key.high)
            return ref;
    }
    return 0;
}

/* The newest are asked for most. */
static uint32_t find_node(const struct contacts *cs, const struct contact *c, uint32_t ticket)
{
    uint32_t ref = c->last;
    while (ref != 0 && node_at(cs, ref)->opening.ticket != ticket)
        ref = node_at(cs, ref)->before;
    return ref;
}

static bool is_earlier(const struct contacts *cs, struct opening a, struct opening b)
{
    if (a.at != b.at)
        return a.at < b.at;
    const struct claim *one = pool_at(cs->tickets, a.ticket);
    const struct claim *other = pool_at(cs->tickets, b.ticket);
    return span_compare(name_span(&one->id), name_span(&other->id)) < 0;
}

bool contacts_before(const struct contacts *cs, struct hash128 key, uint32_t ticket,
                     struct opening *ret_before)
{
    const uint32_t contact = find(cs, key);
    const uint32_t ref = contact == 0 ? 0 : find_node(cs, contact_at(cs, contact), ticket);
    if (ref == 0 || node_at(cs, ref)->before == 0)
        return false;
    *ret_before = node_at(cs, node_at(cs, ref)->before)->opening;
    return true;
}

/* ---- coming and going -------------------------------------------------------------- */

static uint32_t contact_for(struct contacts *cs, struct hash128 key)
{
    uint32_t ref = find(cs, key);
    if (ref != 0)
        return ref;
    ref = pool_new(&cs->contacts);
    contact_at(cs, ref)->key = key;
    table_add(&cs->table, cs->arena, key.low, ref);
    return ref;
}

/* The links that point to a node from before and from behind it. */
static uint32_t *link_before(const struct contacts *cs, struct contact *c, uint32_t before)
{
    return before == 0 ? &c->first : &node_at(cs, before)->behind;
}

static uint32_t *link_behind(const struct contacts *cs, struct contact *c, uint32_t behind)
{
    return behind == 0 ? &c->last : &node_at(cs, behind)->before;
}

static uint32_t ticket_of(const struct contacts *cs, uint32_t node)
{
    return node == 0 ? 0 : node_at(cs, node)->opening.ticket;
}

uint32_t contacts_put(struct contacts *cs, struct hash128 key, struct opening opening)
{
    CHECK(opening.ticket != 0 && opening.at != TIME_NEVER);
    const uint32_t ref = pool_new(&cs->openings);
    struct contact *c = contact_at(cs, contact_for(cs, key));
    CHECK(find_node(cs, c, opening.ticket) == 0);
    uint32_t before = c->last;
    while (before != 0 && is_earlier(cs, opening, node_at(cs, before)->opening))
        before = node_at(cs, before)->before;

    const uint32_t behind = *link_before(cs, c, before);
    *node_at(cs, ref) = (struct node){ .opening = opening, .before = before, .behind = behind };
    *link_before(cs, c, before) = ref;
    *link_behind(cs, c, behind) = ref;
    return ticket_of(cs, behind);
}

uint32_t contacts_remove(struct contacts *cs, struct hash128 key, uint32_t ticket)
{
    const uint32_t contact = find(cs, key);
    if (contact == 0)
        return 0;
    struct contact *c = contact_at(cs, contact);
    const uint32_t ref = find_node(cs, c, ticket);
    if (ref == 0)
        return 0;
    const struct node gone = *node_at(cs, ref);
    CHECK(*link_before(cs, c, gone.before) == ref && *link_behind(cs, c, gone.behind) == ref);
    *link_before(cs, c, gone.before) = gone.behind;
    *link_behind(cs, c, gone.behind) = gone.before;
    pool_free(&cs->openings, ref);
    if (c->first == 0) {
        CHECK(c->last == 0);
        table_remove(&cs->table, key.low, contact);
        pool_free(&cs->contacts, contact);
    }
    return ticket_of(cs, gone.behind);
}
