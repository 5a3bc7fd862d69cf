/* contact.c - see contact.h. */
#include "kpi/contact.h"

#include "base/check.h"
#include "kpi/claim.h"

struct contact {
    struct hash128 key;
    uint32_t root; /* node; never 0 */
};

struct node {
    struct opening opening;
    uint32_t earlier; /* node: root of all that are earlier in its part of the tree; 0: none */
    uint32_t later;
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

/* By time, at one instant by id: <0, 0, >0. One id may stand here twice while its owner
 * changes, so the ticket itself has the last word. */
static int compare(const struct contacts *cs, struct opening a, struct opening b)
{
    if (a.at != b.at)
        return a.at < b.at ? -1 : 1;
    if (a.ticket == b.ticket)
        return 0;
    const struct claim *one = pool_at(cs->tickets, a.ticket);
    const struct claim *other = pool_at(cs->tickets, b.ticket);
    const int order = span_compare(name_span(&one->id), name_span(&other->id));
    if (order != 0)
        return order;
    return a.ticket < b.ticket ? -1 : 1;
}

/* Where an opening stands, or would stand. */
struct place {
    uint32_t *link;  /* points to its node; to 0 if it is not there */
    uint32_t before; /* node; 0: none, like the next one */
    uint32_t behind;
};

static struct place place_of(const struct contacts *cs, struct contact *c,
                             struct opening opening)
{
    struct place p = { .link = &c->root };
    int order;
    while (*p.link != 0 && (order = compare(cs, opening, node_at(cs, *p.link)->opening)) != 0) {
        struct node *n = node_at(cs, *p.link);
        *(order < 0 ? &p.behind : &p.before) = *p.link;
        p.link = order < 0 ? &n->earlier : &n->later;
    }
    if (*p.link == 0)
        return p;
    const struct node *n = node_at(cs, *p.link);
    for (uint32_t ref = n->earlier; ref != 0; ref = node_at(cs, ref)->later)
        p.before = ref;
    for (uint32_t ref = n->later; ref != 0; ref = node_at(cs, ref)->earlier)
        p.behind = ref;
    return p;
}

bool contacts_before(const struct contacts *cs, struct hash128 key, struct opening opening,
                     struct opening *ret_before)
{
    const uint32_t contact = find(cs, key);
    if (contact == 0)
        return false;
    const struct place place = place_of(cs, contact_at(cs, contact), opening);
    if (*place.link == 0 || place.before == 0)
        return false;
    *ret_before = node_at(cs, place.before)->opening;
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

static uint32_t ticket_of(const struct contacts *cs, uint32_t node)
{
    return node == 0 ? 0 : node_at(cs, node)->opening.ticket;
}

/* The greater weight is nearer to the root. */
static uint64_t weight(uint32_t node)
{
    return hash_mix(node, 0);
}

/* Hangs the tree `rest` below the new node, cut in two at its opening. */
static void split(const struct contacts *cs, uint32_t rest, struct node *at)
{
    uint32_t *earlier = &at->earlier;
    uint32_t *later = &at->later;
    CHECK(at->opening.ticket != 0);
    while (rest != 0) {
        struct node *n = node_at(cs, rest);
        if (compare(cs, n->opening, at->opening) < 0) {
            *earlier = rest;
            earlier = &n->later;
            rest = n->later;
        } else {
            *later = rest;
            later = &n->earlier;
            rest = n->earlier;
        }
    }
    *earlier = 0;
    *later = 0;
}

/* Hangs the two trees of a node that goes where it hung. */
static void join(const struct contacts *cs, uint32_t *link, const struct node *gone)
{
    uint32_t earlier = gone->earlier;
    uint32_t later = gone->later;
    CHECK(gone->opening.ticket != 0);
    while (earlier != 0 && later != 0) {
        if (weight(earlier) > weight(later)) {
            *link = earlier;
            link = &node_at(cs, earlier)->later;
            earlier = *link;
        } else {
            *link = later;
            link = &node_at(cs, later)->earlier;
            later = *link;
        }
    }
    *link = earlier != 0 ? earlier : later;
}

uint32_t contacts_put(struct contacts *cs, struct hash128 key, struct opening opening)
{
    CHECK(opening.ticket != 0 && opening.at != TIME_NEVER);
    struct contact *c = contact_at(cs, contact_for(cs, key));
    const struct place place = place_of(cs, c, opening);
    CHECK(*place.link == 0);

    const uint32_t ref = pool_new(&cs->openings);
    node_at(cs, ref)->opening = opening;
    uint32_t *link = &c->root;
    while (*link != 0 && weight(*link) > weight(ref)) {
        struct node *n = node_at(cs, *link);
        link = compare(cs, opening, n->opening) < 0 ? &n->earlier : &n->later;
    }
    split(cs, *link, node_at(cs, ref));
    *link = ref;
    return ticket_of(cs, place.behind);
}

uint32_t contacts_remove(struct contacts *cs, struct hash128 key, struct opening opening)
{
    const uint32_t contact = find(cs, key);
    if (contact == 0)
        return 0;
    struct contact *c = contact_at(cs, contact);
    const struct place place = place_of(cs, c, opening);
    const uint32_t ref = *place.link;
    if (ref == 0)
        return 0;
    join(cs, place.link, node_at(cs, ref));
    pool_free(&cs->openings, ref);
    if (c->root == 0) {
        table_remove(&cs->table, key.low, contact);
        pool_free(&cs->contacts, contact);
    }
    return ticket_of(cs, place.behind);
}
