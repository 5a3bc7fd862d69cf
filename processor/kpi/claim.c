/* claim.c - see claim.h. */
#include "kpi/claim.h"

#include "base/check.h"
#include "base/hash.h"

/* ---- finding ------------------------------------------------------------------- */

static uint64_t hash_of(const struct claims *cs, struct span id)
{
    CHECK(cs->kind == ENTITY_UNIT || cs->kind == ENTITY_TICKET);
    CHECK(name_fits(id));
    return hash_mix(hash_bytes(id), cs->kind);
}

static bool is_of(const struct claim *c, struct span id)
{
    CHECK(c->cell != 0);
    return span_equal(name_span(&c->id), id);
}

uint32_t claim_find(const struct claims *cs, struct span id, uint32_t cell)
{
    CHECK(cell != 0);
    const uint64_t hash = hash_of(cs, id);
    const struct table *table = entities_table(cs->entities, cs->kind, hash);
    struct table_walk walk = table_walk(table, hash);
    uint32_t ref;
    while ((ref = table_next(table, &walk)) != 0) {
        const struct claim *c = claim_at(cs, ref);
        if (c->cell == cell && is_of(c, id))
            return ref;
    }
    return 0;
}

void claim_join(const struct claims *cs, uint32_t ref, struct span id, uint32_t cell)
{
    struct claim *c = claim_at(cs, ref);
    CHECK(name_fits(id) && cell != 0);
    CHECK(c->cell == 0);
    c->id = name_of(id);
    c->cell = cell;
    sellers_join(cs->sellers, cell);
    entities_add(cs->entities, cs->kind, ref, &c->entity, hash_of(cs, id));
}

void claim_leave(const struct claims *cs, uint32_t ref)
{
    struct claim *c = claim_at(cs, ref);
    CHECK(c->cell != 0);
    sellers_leave(cs->sellers, c->cell);
    entities_remove(cs->entities, cs->kind, ref, &c->entity);
}

void claim_touch(const struct claims *cs, uint32_t ref)
{
    struct claim *c = claim_at(cs, ref);
    CHECK(c->cell != 0);
    entities_touch(cs->entities, cs->kind, ref, &c->entity);
}

/* ---- whose it is ---------------------------------------------------------------- */

static const struct stamp *first_of(const struct claims *cs, uint32_t ref)
{
    uint32_t stamp;
    const uint8_t *object = pool_at(cs->objects, ref);
    memcpy(&stamp, object + cs->first, sizeof stamp);
    CHECK(stamp != 0);
    return stamp_at(cs->stamps, stamp);
}

int64_t claim_base(const struct claims *cs, uint32_t ref)
{
    CHECK(claim_at(cs, ref)->cell != 0);
    return first_of(cs, ref)->at.ms;
}

bool claim_has_rival(const struct claims *cs, uint32_t ref)
{
    const struct claim *c = claim_at(cs, ref);
    const struct table *table = entities_table(cs->entities, cs->kind, c->entity.hash);
    struct table_walk walk = table_walk(table, c->entity.hash);
    bool met_itself = false;
    uint32_t other;
    while ((other = table_next(table, &walk)) != 0) {
        if (other != ref && is_of(claim_at(cs, other), name_span(&c->id)))
            return true;
        met_itself |= other == ref;
    }
    CHECK(met_itself);
    return false;
}

uint32_t claim_owner(const struct claims *cs, uint32_t ref)
{
    const struct claim *c = claim_at(cs, ref);
    const struct table *table = entities_table(cs->entities, cs->kind, c->entity.hash);
    struct table_walk walk = table_walk(table, c->entity.hash);
    uint32_t owner = ref;
    uint32_t other;
    while ((other = table_next(table, &walk)) != 0) {
        if (other != owner && is_of(claim_at(cs, other), name_span(&c->id)) &&
            stamp_before(first_of(cs, other), first_of(cs, owner)))
            owner = other;
    }
    CHECK(owner != 0);
    return owner;
}

int64_t claim_latest(const struct claims *cs, uint32_t ref,
                     int64_t (*time_of)(const void *self, uint32_t ref), const void *self)
{
    const struct claim *c = claim_at(cs, ref);
    const struct table *table = entities_table(cs->entities, cs->kind, c->entity.hash);
    struct table_walk walk = table_walk(table, c->entity.hash);
    int64_t latest = TIME_NEVER_YET;
    uint32_t other;
    while ((other = table_next(table, &walk)) != 0) {
        if (!is_of(claim_at(cs, other), name_span(&c->id)))
            continue;
        const int64_t at = time_of(self, other);
        latest = at > latest ? at : latest;
    }
    CHECK(latest != TIME_NEVER_YET);
    return latest;
}

void claim_arbitrate(const struct claims *cs, uint32_t ref, struct claim_judgement after)
{
    CHECK(after.look_again != NULL);
    const struct name id = claim_at(cs, ref)->id;
    const uint64_t hash = claim_at(cs, ref)->entity.hash;
    const uint32_t owner = claim_owner(cs, ref);
    const struct table *table = entities_table(cs->entities, cs->kind, hash);
    struct table_walk walk = table_walk(table, hash);
    uint32_t other;
    while ((other = table_next(table, &walk)) != 0) {
        struct claim *c = claim_at(cs, other);
        if (!is_of(c, name_span(&id)) || (c->contested && c->disowned == (other != owner)))
            continue;
        c->contested = true;
        c->disowned = other != owner;
        claim_touch(cs, other);
        after.look_again(after.self, other);
    }
    CHECK(!claim_at(cs, owner)->disowned);
}

/* ---- images ---------------------------------------------------------------------- */

static size_t begin(const struct claims *cs, uint32_t ref, uint8_t layout, struct buffer *out)
{
    const struct claim *c = claim_at(cs, ref);
    CHECK(c->cell != 0);
    const size_t at = image_begin(out, cs->kind);
    buffer_add_u8(out, layout);
    buffer_add_string(out, name_span(&c->id));
    sellers_add_key(cs->sellers, c->cell, out);
    return at;
}

size_t claim_begin_image(const struct claims *cs, uint32_t ref, uint8_t layout,
                         struct buffer *out)
{
    CHECK(layout != LAYOUT_TOMBSTONE);
    return begin(cs, ref, layout, out);
}

void claim_bury(const struct claims *cs, uint32_t ref)
{
    CHECK(ref != 0);
    struct buffer *out = &cs->entities->tombstones;
    image_end(out, begin(cs, ref, LAYOUT_TOMBSTONE, out));
}

bool claim_read_key(struct reader *in, uint8_t newest_layout, struct claim_key *ret_key)
{
    CHECK(newest_layout != LAYOUT_TOMBSTONE);
    struct claim_key key = { .layout = reader_u8(in) };
    key.id = image_name(in);
    key.cell = sellers_read_key(in);
    if (in->broken || key.layout > newest_layout || !sellers_key_counts(key.cell))
        return false;
    *ret_key = key;
    return true;
}

uint32_t claim_of_key(const struct claims *cs, const struct claim_key *key)
{
    CHECK(name_fits(key->id));
    const uint32_t cell = sellers_find(cs->sellers, key->cell.seller, key->cell.storefront);
    return cell == 0 ? 0 : claim_find(cs, key->id, cell);
}
