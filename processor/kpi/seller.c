/* seller.c - see seller.h. */
#include "kpi/seller.h"

#include "base/check.h"
#include "base/hash.h"

#include <string.h>

enum { FIRST_CAPACITY = 256 };

static void index_facts(struct sellers *ss)
{
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        const struct kpi_row *row = catalogue_row((enum kpi)k);
        for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
            if (((row->bad | row->total) >> fact & 1) != 0)
                ss->kpis_of_fact[fact] |= UINT32_C(1) << k;
            if (row->kind != KPI_DURATION && (row->bad >> fact & 1) != 0)
                ss->kpis_of_bad[fact] |= UINT32_C(1) << k;
        }
    }
}

void sellers_open(struct sellers *ss, const struct rules *rules, struct arena *arena)
{
    *ss = (struct sellers){ .rules = rules, .arena = arena };
    pool_open(&ss->sellers, arena, sizeof(struct seller));
    pool_open(&ss->cells, arena, sizeof(struct cell));
    histograms_open(&ss->histograms, arena);
    index_facts(ss);
}

void sellers_close(struct sellers *ss)
{
    pool_close(&ss->sellers);
    pool_close(&ss->cells);
    table_close(&ss->seller_table, ss->arena);
    table_close(&ss->cell_table, ss->arena);
    histograms_close(&ss->histograms);
    arena_give_back(ss->arena, ss->dirty.refs, ss->dirty.capacity * sizeof(uint32_t));
    arena_give_back(ss->arena, ss->views.refs, ss->views.capacity * sizeof(uint32_t));
}

static uint32_t find_seller(const struct sellers *ss, uint64_t hash, struct span id)
{
    struct table_walk walk = table_walk(&ss->seller_table, hash);
    uint32_t ref;
    while ((ref = table_next(&ss->seller_table, &walk)) != 0) {
        if (span_equal(name_span(&sellers_seller(ss, ref)->id), id))
            return ref;
    }
    return 0;
}

static uint64_t cell_hash(uint64_t seller_hash, struct span storefront)
{
    return hash_mix(seller_hash, hash_bytes(storefront));
}

static uint32_t find_cell(const struct sellers *ss, uint32_t seller, uint64_t hash,
                          struct span storefront)
{
    struct table_walk walk = table_walk(&ss->cell_table, hash);
    uint32_t ref;
    while ((ref = table_next(&ss->cell_table, &walk)) != 0) {
        const struct cell *cell = sellers_cell(ss, ref);
        if (cell->seller == seller && span_equal(name_span(&cell->storefront), storefront))
            return ref;
    }
    return 0;
}

static uint32_t new_cell(struct sellers *ss, uint32_t seller_ref, struct span storefront)
{
    const struct seller *seller = sellers_seller(ss, seller_ref);
    const uint32_t ref = pool_new(&ss->cells);
    struct cell *cell = sellers_cell(ss, ref);
    cell->hash = cell_hash(seller->hash, storefront);
    cell->seller = seller_ref;
    cell->storefront = name_of(storefront);
    cell->rule = rules_storefront(ss->rules, storefront);
    cell->calendar = cell->rule != NULL ? cell->rule->calendar : ss->rules->default_calendar;
    CHECK(cell->calendar != NULL);
    table_add(&ss->cell_table, ss->arena, cell->hash, ref);
    return ref;
}

static uint32_t new_seller(struct sellers *ss, uint64_t hash, struct span id)
{
    const uint32_t ref = pool_new(&ss->sellers);
    struct seller *seller = sellers_seller(ss, ref);
    seller->hash = hash;
    seller->id = name_of(id);
    table_add(&ss->seller_table, ss->arena, hash, ref);
    seller->total = new_cell(ss, ref, span_of_text("*"));
    sellers_cell(ss, seller->total)->is_total = true;
    return ref;
}

uint32_t sellers_cell_of(struct sellers *ss, struct span seller_id, struct span storefront)
{
    CHECK(seller_id.size > 0 && storefront.size > 0);
    const uint64_t hash = hash_bytes(seller_id);
    uint32_t seller_ref = find_seller(ss, hash, seller_id);
    if (seller_ref == 0)
        seller_ref = new_seller(ss, hash, seller_id);

    uint32_t ref = find_cell(ss, seller_ref, cell_hash(hash, storefront), storefront);
    if (ref != 0)
        return ref;
    ref = new_cell(ss, seller_ref, storefront);
    struct seller *seller = sellers_seller(ss, seller_ref);
    sellers_cell(ss, ref)->next = seller->first_cell;
    seller->first_cell = ref;
    return ref;
}

uint32_t sellers_find(const struct sellers *ss, struct span seller_id, struct span storefront)
{
    const uint64_t hash = hash_bytes(seller_id);
    const uint32_t seller = find_seller(ss, hash, seller_id);
    return seller == 0 ? 0 : find_cell(ss, seller, cell_hash(hash, storefront), storefront);
}

const struct threshold *cell_threshold(const struct cell *cell, const struct rules *rules,
                                       enum kpi kpi, int32_t window)
{
    CHECK(kpi < KPI_COUNT);
    CHECK(window >= 0 && window < rules->window_count);
    const struct threshold_table *table = rules->thresholds;
    if (cell->rule != NULL && cell->rule->thresholds != NULL)
        table = cell->rule->thresholds;
    return &table->of[kpi][window];
}

int32_t cell_limits_passed(const struct cell *cell, const struct rules *rules, enum kpi kpi,
                           uint16_t bucket)
{
    CHECK(catalogue_row(kpi)->kind == KPI_DURATION);
    int32_t passed = 0;
    for (int32_t w = 0; w < rules->window_count; w++) {
        const int64_t own = cell_threshold(cell, rules, kpi, w)->warn;
        const int64_t global = rules->thresholds->of[kpi][w].warn;
        passed += own != THRESHOLD_OFF && histogram_is_above(bucket, own);
        passed += global != THRESHOLD_OFF && histogram_is_above(bucket, global);
    }
    return passed;
}

uint32_t sellers_total(const struct sellers *ss, uint32_t cell)
{
    return sellers_seller(ss, sellers_cell(ss, cell)->seller)->total;
}

static void append(struct sellers *ss, struct cell_list *list, uint32_t cell)
{
    if (list->count == list->capacity) {
        const uint32_t capacity = list->capacity == 0 ? FIRST_CAPACITY : 2 * list->capacity;
        uint32_t *refs = arena_take(ss->arena, capacity * sizeof *refs);
        if (list->count > 0)
            memcpy(refs, list->refs, list->count * sizeof *refs);
        arena_give_back(ss->arena, list->refs, list->capacity * sizeof *refs);
        list->refs = refs;
        list->capacity = capacity;
    }
    list->refs[list->count++] = cell;
}

void sellers_mark(struct sellers *ss, uint32_t cell_ref, uint32_t kpis)
{
    struct cell *cell = sellers_cell(ss, cell_ref);
    if (kpis == 0)
        return;
    if (cell->dirty_kpis == 0)
        append(ss, &ss->dirty, cell_ref);
    cell->dirty_kpis |= kpis;
}

void sellers_queue_view(struct sellers *ss, uint32_t cell_ref, bool urgent)
{
    struct cell *cell = sellers_cell(ss, cell_ref);
    cell->view_urgent |= urgent;
    if (cell->view_queued)
        return;
    cell->view_queued = true;
    append(ss, &ss->views, cell_ref);
}

void sellers_join(struct sellers *ss, uint32_t cell)
{
    sellers_cell(ss, cell)->users += 1;
}

void sellers_leave(struct sellers *ss, uint32_t cell_ref)
{
    struct cell *cell = sellers_cell(ss, cell_ref);
    CHECK(cell->users > 0);
    cell->users -= 1;
    if (cell->users == 0)
        sellers_queue_view(ss, cell_ref, true);
}

static void unlink_cell(struct sellers *ss, uint32_t ref)
{
    struct seller *seller = sellers_seller(ss, sellers_cell(ss, ref)->seller);
    uint32_t *link = &seller->first_cell;
    while (*link != ref) {
        CHECK(*link != 0);
        link = &sellers_cell(ss, *link)->next;
    }
    *link = sellers_cell(ss, ref)->next;
}

static void free_cell(struct sellers *ss, uint32_t ref)
{
    struct cell *cell = sellers_cell(ss, ref);
    CHECK(cell->users == 0 && cell->dirty_kpis == 0 && !cell->view_queued);
    for (unsigned w = 0; w < WINDOWS_MAX; w++)
        histogram_clear(&ss->histograms, &cell->sums[w].durations);
    table_remove(&ss->cell_table, cell->hash, ref);
    pool_free(&ss->cells, ref);
}

void sellers_drop_cell(struct sellers *ss, uint32_t ref)
{
    const uint32_t seller_ref = sellers_cell(ss, ref)->seller;
    struct seller *seller = sellers_seller(ss, seller_ref);
    if (ref != seller->total) {
        unlink_cell(ss, ref);
        free_cell(ss, ref);
        return;
    }
    CHECK(seller->first_cell == 0);
    free_cell(ss, ref);
    table_remove(&ss->seller_table, seller->hash, seller_ref);
    pool_free(&ss->sellers, seller_ref);
}

void sellers_add_key(const struct sellers *ss, uint32_t ref, struct buffer *out)
{
    const struct cell *cell = sellers_cell(ss, ref);
    CHECK(cell->seller != 0);
    buffer_add_string(out, name_span(&sellers_seller(ss, cell->seller)->id));
    buffer_add_string(out, name_span(&cell->storefront));
}

struct cell_key sellers_read_key(struct reader *in)
{
    struct cell_key key = { .seller = image_name(in) };
    key.storefront = image_name(in);
    CHECK(in->broken || (name_fits(key.seller) && name_fits(key.storefront)));
    return key;
}
