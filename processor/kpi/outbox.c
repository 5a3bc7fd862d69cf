/* outbox.c - see outbox.h. */
#include "kpi/outbox.h"

#include "base/check.h"
#include "base/hash.h"

void outbox_open(struct outbox *ob, struct entities *entities)
{
    *ob = (struct outbox){ .entities = entities, .next_sequence = 1, .offset = -1 };
    pool_open(&ob->pool, entities->arena, sizeof(struct waiting_change));
}

void outbox_close(struct outbox *ob)
{
    pool_close(&ob->pool);
}

static struct waiting_change *at(const struct outbox *ob, uint32_t ref)
{
    return pool_at(&ob->pool, ref);
}

static uint64_t change_hash(uint64_t shard_sequence)
{
    return hash_mix(ENTITY_CHANGE, shard_sequence);
}

uint32_t outbox_find_sequence(const struct outbox *ob, uint64_t shard_sequence)
{
    const uint64_t hash = change_hash(shard_sequence);
    const struct table *table = entities_table(ob->entities, ENTITY_CHANGE, hash);
    struct table_walk walk = table_walk(table, hash);
    uint32_t ref;
    while ((ref = table_next(table, &walk)) != 0) {
        if (at(ob, ref)->change.shard_sequence == shard_sequence)
            return ref;
    }
    return 0;
}

/* Nearly always at the end; images of a part come in any order. */
uint32_t outbox_insert(struct outbox *ob, uint64_t shard_sequence)
{
    CHECK(outbox_find_sequence(ob, shard_sequence) == 0);
    const uint32_t ref = pool_new(&ob->pool);
    at(ob, ref)->change.shard_sequence = shard_sequence;
    uint32_t *link = &ob->first;
    if (ob->last != 0 && at(ob, ob->last)->change.shard_sequence < shard_sequence)
        link = &at(ob, ob->last)->next;
    while (*link != 0 && at(ob, *link)->change.shard_sequence < shard_sequence)
        link = &at(ob, *link)->next;
    at(ob, ref)->next = *link;
    *link = ref;
    if (at(ob, ref)->next == 0)
        ob->last = ref;
    if (ob->unsent == 0 || at(ob, ob->unsent)->change.shard_sequence > shard_sequence)
        ob->unsent = ref;
    ob->waiting += 1;
    entities_add(ob->entities, ENTITY_CHANGE, ref, &at(ob, ref)->entity,
                 change_hash(shard_sequence));
    return ref;
}

void outbox_free(struct outbox *ob, uint32_t ref)
{
    uint32_t before = 0;
    uint32_t *link = &ob->first;
    while (*link != ref) {
        CHECK(*link != 0);
        before = *link;
        link = &at(ob, *link)->next;
    }
    *link = at(ob, ref)->next;
    if (ob->last == ref)
        ob->last = before;
    if (ob->unsent == ref)
        ob->unsent = at(ob, ref)->next;
    CHECK(ob->waiting > 0);
    ob->waiting -= 1;
    entities_remove(ob->entities, ENTITY_CHANGE, ref, &at(ob, ref)->entity);
    pool_free(&ob->pool, ref);
}

void outbox_add(struct outbox *ob, const struct alert_change *change)
{
    const uint32_t ref = outbox_insert(ob, ob->next_sequence);
    at(ob, ref)->change = *change;
    at(ob, ref)->change.shard_sequence = ob->next_sequence;
    ob->next_sequence += 1;
}

void outbox_in_save(struct outbox *ob, uint64_t version)
{
    CHECK(version > 0);
    for (uint32_t ref = ob->unsent; ref != 0; ref = at(ob, ref)->next) {
        struct waiting_change *w = at(ob, ref);
        if (w->state != WAITING_TO_BE_SAVED)
            continue;
        w->version = version;
        w->state = WAITING_TO_BE_SENT;
    }
}

const struct alert_change *outbox_next(const struct outbox *ob, uint64_t acknowledged_version)
{
    if (ob->unsent == 0)
        return NULL;
    const struct waiting_change *w = at(ob, ob->unsent);
    CHECK(w->state != WAITING_FOR_DELIVERY);
    const bool saved = w->state == WAITING_TO_BE_SENT && w->version <= acknowledged_version;
    return saved ? &w->change : NULL;
}

void outbox_sent(struct outbox *ob)
{
    CHECK(ob->unsent != 0);
    struct waiting_change *w = at(ob, ob->unsent);
    CHECK(w->state == WAITING_TO_BE_SENT);
    w->state = WAITING_FOR_DELIVERY;
    ob->unsent = w->next;
}

void outbox_send_again(struct outbox *ob)
{
    for (uint32_t ref = ob->first; ref != ob->unsent; ref = at(ob, ref)->next) {
        CHECK(at(ob, ref)->state == WAITING_FOR_DELIVERY);
        at(ob, ref)->state = WAITING_TO_BE_SENT;
    }
    ob->unsent = ob->first;
}

static void bury(struct outbox *ob, uint32_t ref)
{
    struct buffer *out = &ob->entities->tombstones;
    const size_t begin = image_begin(out, ENTITY_CHANGE);
    buffer_add_u8(out, LAYOUT_TOMBSTONE);
    buffer_add_varint(out, at(ob, ref)->change.shard_sequence);
    image_end(out, begin);
    outbox_free(ob, ref);
}

void outbox_delivered(struct outbox *ob, uint64_t shard_sequence, int64_t offset)
{
    const uint32_t ref = outbox_find_sequence(ob, shard_sequence);
    if (ref == 0)
        return;
    const bool oldest = ref == ob->first;
    bury(ob, ref);
    if (oldest && offset >= 0 && offset + 1 > ob->offset)
        ob->offset = offset + 1;
}

static bool same_change(const struct alert_change *a, const struct alert_change *b)
{
    return a->started.ms == b->started.ms && a->sequence == b->sequence && a->kpi == b->kpi &&
           span_equal(name_span(&a->seller), name_span(&b->seller)) &&
           span_equal(name_span(&a->storefront), name_span(&b->storefront)) &&
           span_equal(name_span(&a->window), name_span(&b->window));
}

uint64_t outbox_find(const struct outbox *ob, const struct alert_change *like)
{
    for (uint32_t ref = ob->first; ref != 0; ref = at(ob, ref)->next) {
        if (same_change(&at(ob, ref)->change, like))
            return at(ob, ref)->change.shard_sequence;
    }
    return 0;
}

void outbox_loaded(struct outbox *ob)
{
    CHECK((ob->waiting == 0) == (ob->last == 0));
    if (ob->last != 0 && at(ob, ob->last)->change.shard_sequence >= ob->next_sequence)
        ob->next_sequence = at(ob, ob->last)->change.shard_sequence + 1;
    CHECK(ob->next_sequence > 0);
}
