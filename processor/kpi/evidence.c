/* evidence.c - see evidence.h. */
#include "kpi/evidence.h"

#include "base/check.h"
#include "base/hash.h"

/* Since layout 2 slow responses have their bucket. */
enum { EVIDENCE_LAYOUT = 2, LIMITS_MAX = 2 * WINDOWS_MAX };

static const uint32_t ticket_facts =
    UINT32_C(1) << FACT_RESPONSE_BAD | UINT32_C(1) << FACT_AVOIDABLE_DELAYED |
    UINT32_C(1) << FACT_AVOIDABLE_NOT_RECEIVED | UINT32_C(1) << FACT_AVOIDABLE_INCOMPLETE |
    UINT32_C(1) << FACT_AVOIDABLE_INCORRECT | UINT32_C(1) << FACT_AVOIDABLE_DEFECT |
    UINT32_C(1) << FACT_AVOIDABLE_INVOICE | UINT32_C(1) << FACT_REPEAT |
    UINT32_C(1) << FACT_ESCALATION | UINT32_C(1) << FACT_SLOW_RESPONSE;

void evidences_open(struct evidences *es, struct entities *entities, struct sellers *sellers)
{
    *es = (struct evidences){ .entities = entities, .sellers = sellers };
    pool_open(&es->lists, entities->arena, sizeof(struct evidence_list));
    pool_open(&es->entries, entities->arena, sizeof(struct evidence_entry));
    deadlines_open(&es->ends, entities->arena);
    es->longest_window_ms = rules_longest_window(sellers->rules);
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        const struct kpi_row *row = catalogue_row((enum kpi)k);
        if (row->kind != KPI_DURATION) /* those come with their duration */
            es->facts |= row->bad;
    }
}

void evidences_close(struct evidences *es)
{
    pool_close(&es->lists);
    pool_close(&es->entries);
    deadlines_close(&es->ends);
}

static struct evidence_list *list_at(const struct evidences *es, uint32_t ref)
{
    return pool_at(&es->lists, ref);
}

static struct evidence_entry *entry_at(const struct evidences *es, uint32_t ref)
{
    return pool_at(&es->entries, ref);
}

static uint64_t list_hash(const struct evidences *es, uint32_t cell, enum fact fact)
{
    return hash_mix(sellers_cell(es->sellers, cell)->hash, UINT64_C(1) << 32 | fact);
}

static uint32_t find_list(const struct evidences *es, uint32_t cell, enum fact fact)
{
    const uint64_t hash = list_hash(es, cell, fact);
    const struct table *table = entities_table(es->entities, ENTITY_EVIDENCE, hash);
    struct table_walk walk = table_walk(table, hash);
    uint32_t ref;
    while ((ref = table_next(table, &walk)) != 0) {
        const struct evidence_list *list = list_at(es, ref);
        if (list->cell == cell && list->fact == fact)
            return ref;
    }
    return 0;
}

static uint32_t new_list(struct evidences *es, uint32_t cell, enum fact fact)
{
    const uint32_t ref = pool_new(&es->lists);
    struct evidence_list *list = list_at(es, ref);
    list->cell = cell;
    list->fact = (uint8_t)fact;
    sellers_join(es->sellers, cell);
    entities_add(es->entities, ENTITY_EVIDENCE, ref, &list->entity, list_hash(es, cell, fact));
    return ref;
}

static void free_entries(struct evidences *es, struct evidence_list *list)
{
    for (uint32_t ref = list->first; ref != 0;) {
        const uint32_t next = entry_at(es, ref)->next;
        pool_free(&es->entries, ref);
        ref = next;
    }
    list->first = 0;
    list->count = 0;
}

static void free_list(struct evidences *es, uint32_t ref)
{
    struct evidence_list *list = list_at(es, ref);
    sellers_leave(es->sellers, list->cell);
    free_entries(es, list);
    deadlines_set(&es->ends, ref, TIME_NEVER);
    entities_remove(es->entities, ENTITY_EVIDENCE, ref, &list->entity);
    pool_free(&es->lists, ref);
}

static void list_key(const struct evidences *es, const struct evidence_list *list,
                     struct buffer *out)
{
    sellers_add_key(es->sellers, list->cell, out);
    buffer_add_u8(out, list->fact);
}

static void bury_list(struct evidences *es, uint32_t ref)
{
    struct buffer *out = &es->entities->tombstones;
    const size_t begin = image_begin(out, ENTITY_EVIDENCE);
    buffer_add_u8(out, LAYOUT_TOMBSTONE);
    list_key(es, list_at(es, ref), out);
    image_end(out, begin);
    free_list(es, ref);
}

/* Newest first; equal times by id. <0: a stands before b. */
static int newest_first(event_time a_at, struct span a_id, event_time b_at, struct span b_id)
{
    if (a_at.ms != b_at.ms)
        return a_at.ms > b_at.ms ? -1 : 1;
    return span_compare(a_id, b_id);
}

static void arm(struct evidences *es, uint32_t ref)
{
    const struct evidence_list *list = list_at(es, ref);
    CHECK(list->first != 0);
    deadlines_set(&es->ends, ref, entry_at(es, list->first)->at.ms + es->longest_window_ms);
}

static int32_t limits_passed(const struct evidences *es, const struct evidence_list *list,
                             const struct evidence_entry *entry)
{
    if (list->fact != FACT_SLOW_RESPONSE)
        return 0;
    return cell_limits_passed(sellers_cell(es->sellers, list->cell), es->sellers->rules,
                              KPI_RESPONSE_TIME, entry->bucket);
}

/* What EVIDENCE_KEPT newer ones that pass as many limits stand before is nobody's evidence. */
static void drop_surplus(struct evidences *es, struct evidence_list *list)
{
    int32_t newer[LIMITS_MAX + 1] = { 0 }; /* by how many limits they pass at least */
    uint32_t *link = &list->first;
    while (*link != 0) {
        const uint32_t ref = *link;
        struct evidence_entry *entry = entry_at(es, ref);
        const int32_t passed = limits_passed(es, list, entry);
        CHECK(passed <= LIMITS_MAX);
        if (newer[passed] < EVIDENCE_KEPT) {
            for (int32_t p = 0; p <= passed; p++)
                newer[p] += 1;
            link = &entry->next;
            continue;
        }
        *link = entry->next;
        pool_free(&es->entries, ref);
        list->count -= 1;
    }
}

/* The link at which (at, id) stands or would stand. */
static uint32_t *find_link(struct evidences *es, struct evidence_list *list, event_time at,
                           struct span id)
{
    uint32_t *link = &list->first;
    while (*link != 0) {
        const struct evidence_entry *entry = entry_at(es, *link);
        if (newest_first(entry->at, name_span(&entry->id), at, id) >= 0)
            break;
        link = &entry_at(es, *link)->next;
    }
    return link;
}

static bool stands_at(const struct evidences *es, uint32_t ref, event_time at, struct span id)
{
    if (ref == 0)
        return false;
    const struct evidence_entry *entry = entry_at(es, ref);
    return entry->at.ms == at.ms && span_equal(name_span(&entry->id), id);
}

static void add_entry(struct evidences *es, struct evidence_list *list,
                      const struct evidence_entry *one)
{
    uint32_t *link = find_link(es, list, one->at, name_span(&one->id));
    if (stands_at(es, *link, one->at, name_span(&one->id)))
        return;
    const uint32_t next = *link;
    const uint32_t ref = pool_new(&es->entries);
    *link = ref;
    *entry_at(es, ref) = *one;
    entry_at(es, ref)->next = next;
    list->count += 1;
    if (list->count > EVIDENCE_KEPT)
        drop_surplus(es, list);
}

static void remember(struct evidences *es, uint32_t cell, enum fact fact,
                     const struct evidence_entry *one)
{
    CHECK(fact < FACT_COUNT);
    uint32_t ref = find_list(es, cell, fact);
    if (ref == 0)
        ref = new_list(es, cell, fact);
    add_entry(es, list_at(es, ref), one);
    entities_touch(es->entities, ENTITY_EVIDENCE, ref, &list_at(es, ref)->entity);
    arm(es, ref);
}

void evidences_add(struct evidences *es, uint32_t cell, enum fact fact, event_time at,
                   struct span id)
{
    if ((es->facts >> fact & 1) == 0)
        return;
    const struct evidence_entry one = { .id = name_of(id), .at = at };
    remember(es, cell, fact, &one);
}

void evidences_add_response(struct evidences *es, uint32_t cell, event_time at, struct span id,
                            uint16_t bucket)
{
    if (cell_limits_passed(sellers_cell(es->sellers, cell), es->sellers->rules,
                           KPI_RESPONSE_TIME, bucket) == 0)
        return;
    const struct evidence_entry one = { .bucket = bucket, .id = name_of(id), .at = at };
    remember(es, cell, FACT_SLOW_RESPONSE, &one);
}

void evidences_take_back(struct evidences *es, uint32_t cell, enum fact fact, event_time at,
                         struct span id)
{
    const uint32_t ref = find_list(es, cell, fact);
    if (ref == 0)
        return;
    struct evidence_list *list = list_at(es, ref);
    uint32_t *link = find_link(es, list, at, id);
    if (!stands_at(es, *link, at, id))
        return;
    const uint32_t entry = *link;
    *link = entry_at(es, entry)->next;
    pool_free(&es->entries, entry);
    list->count -= 1;
    if (list->count == 0) {
        bury_list(es, ref);
        return;
    }
    entities_touch(es->entities, ENTITY_EVIDENCE, ref, &list->entity);
    arm(es, ref);
}

void evidences_expire(struct evidences *es, event_time stream_time)
{
    uint32_t ref;
    while ((ref = deadlines_due(&es->ends, stream_time.ms)) != 0)
        bury_list(es, ref);
}

int32_t evidence_insert(struct evidence *newest, int32_t count, const struct evidence *one)
{
    CHECK(count >= 0 && count <= EVIDENCE_MAX);
    int32_t at = count;
    while (at > 0 && newest_first(one->at, name_span(&one->id), newest[at - 1].at,
                                  name_span(&newest[at - 1].id)) < 0)
        at--;
    if (at == EVIDENCE_MAX)
        return count;
    const int32_t last = count < EVIDENCE_MAX ? count : EVIDENCE_MAX - 1;
    for (int32_t i = last; i > at; i--)
        newest[i] = newest[i - 1];
    newest[at] = *one;
    return last + 1;
}

/* Does it count as bad by the limit? By the same buckets as in reading.c. */
static bool is_asked_for(const struct evidence_list *list, const struct evidence_entry *entry,
                         int64_t warn_limit)
{
    if (list->fact != FACT_SLOW_RESPONSE)
        return true;
    return warn_limit != THRESHOLD_OFF && histogram_is_above(entry->bucket, warn_limit);
}

/* One bad fact's entries that count in the window, into the newest of all. */
static int32_t collect_list(const struct evidences *es, const struct evidence_list *list,
                            struct evidence_ask ask, struct evidence *newest, int32_t count)
{
    CHECK(list->count <= EVIDENCE_LIST_MAX);
    const bool ticket = (ticket_facts >> list->fact & 1) != 0;
    const struct evidence_entry *entry;
    for (uint32_t ref = list->first; ref != 0; ref = entry->next) {
        entry = entry_at(es, ref);
        if (entry->at.ms < ask.from.ms)
            break;
        if (!is_asked_for(list, entry, ask.warn_limit))
            continue;
        const struct evidence one = { .kind = ticket ? EVIDENCE_TICKET : EVIDENCE_ORDER_UNIT,
                                      .wrong = list->fact,
                                      .id = entry->id,
                                      .at = entry->at };
        count = evidence_insert(newest, count, &one);
    }
    return count;
}

/* The lists of a cell for the facts of a bit set. */
static int32_t lists_of(const struct evidences *es, uint32_t cell, uint32_t facts,
                        const struct evidence_list *ret_lists[FACT_COUNT])
{
    int32_t count = 0;
    for (; facts != 0; facts &= facts - 1) {
        const uint32_t ref = find_list(es, cell, (enum fact)__builtin_ctz(facts));
        if (ref != 0)
            ret_lists[count++] = list_at(es, ref);
    }
    CHECK(count <= FACT_COUNT);
    return count;
}

int32_t evidences_collect(const struct evidences *es, uint32_t cell, struct evidence_ask ask,
                          struct evidence ret_newest[EVIDENCE_MAX])
{
    const struct cell *c = sellers_cell(es->sellers, cell);
    uint32_t ref = c->is_total ? sellers_seller(es->sellers, c->seller)->first_cell : cell;
    int32_t count = 0;
    while (ref != 0) {
        const struct evidence_list *lists[FACT_COUNT];
        const int32_t list_count = lists_of(es, ref, ask.facts, lists);
        for (int32_t i = 0; i < list_count; i++)
            count = collect_list(es, lists[i], ask, ret_newest, count);
        ref = c->is_total ? sellers_cell(es->sellers, ref)->next : 0;
    }
    CHECK(count >= 0 && count <= EVIDENCE_MAX);
    return count;
}

void evidence_encode(const struct evidences *es, uint32_t ref, struct buffer *out)
{
    const struct evidence_list *list = list_at(es, ref);
    const size_t begin = image_begin(out, ENTITY_EVIDENCE);
    buffer_add_u8(out, EVIDENCE_LAYOUT);
    list_key(es, list, out);
    buffer_add_varint(out, list->count);
    for (uint32_t e = list->first; e != 0; e = entry_at(es, e)->next) {
        buffer_add_signed(out, entry_at(es, e)->at.ms);
        buffer_add_string(out, name_span(&entry_at(es, e)->id));
        if (list->fact == FACT_SLOW_RESPONSE)
            buffer_add_varint(out, entry_at(es, e)->bucket);
    }
    image_end(out, begin);
}

/* Of layout 1: what passed the limit of its storefront's longest window, by nobody knows how
 * much. */
static uint16_t bucket_of_layout_1(const struct evidences *es, const struct evidence_list *list)
{
    const struct rules *rules = es->sellers->rules;
    const int64_t warn = cell_threshold(sellers_cell(es->sellers, list->cell), rules,
                                        KPI_RESPONSE_TIME, rules->window_count - 1)
                             ->warn;
    if (warn < 0)
        return 0;
    const uint16_t at_limit = histogram_bucket(warn);
    return at_limit + 1 < HISTOGRAM_BUCKETS ? (uint16_t)(at_limit + 1) : at_limit;
}

static void decode_entries(struct evidences *es, struct evidence_list *list, uint8_t layout,
                           struct reader *in)
{
    const uint64_t count = image_number(in, EVIDENCE_LIST_MAX);
    if (count == 0)
        in->broken = true;
    for (uint64_t i = 0; i < count && !in->broken; i++) {
        struct evidence_entry one = { .at = { image_time(in) } };
        const struct span id = image_name(in);
        if (list->fact == FACT_SLOW_RESPONSE)
            one.bucket = layout == 1 ? bucket_of_layout_1(es, list)
                                     : (uint16_t)image_number(in, HISTOGRAM_BUCKETS - 1);
        if (in->broken)
            break;
        one.id = name_of(id);
        add_entry(es, list, &one);
    }
}

bool evidence_decode(struct evidences *es, struct reader *in)
{
    const uint8_t layout = reader_u8(in);
    const struct cell_key key = sellers_read_key(in);
    const enum fact fact = (enum fact)image_number(in, FACT_COUNT - 1);
    if (in->broken || layout > EVIDENCE_LAYOUT || !sellers_key_counts(key))
        return false;

    const uint32_t known = sellers_find(es->sellers, key.seller, key.storefront);
    uint32_t ref = known == 0 ? 0 : find_list(es, known, fact);
    if (layout == LAYOUT_TOMBSTONE) {
        if (ref != 0)
            free_list(es, ref);
        return reader_at_end(in);
    }
    if (ref == 0)
        ref = new_list(es, sellers_cell_of(es->sellers, key.seller, key.storefront), fact);
    free_entries(es, list_at(es, ref));
    decode_entries(es, list_at(es, ref), layout, in);
    if (in->broken || !reader_at_end(in))
        return false;
    arm(es, ref);
    return true;
}
