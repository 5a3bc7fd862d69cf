/* view.c - see view.h. */
#include "kpi/view.h"

#include "base/check.h"
#include "kpi/alert.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAIRS_PER_CELL = KPI_COUNT * WINDOWS_MAX + WINDOWS_MAX + 2, /* and p50s, and two times */
    TEXT_PER_CELL = 2 * NAME_BYTES_MAX + PAIRS_PER_CELL * 160,
    RANKS_PER_CELL = KPI_COUNT * WINDOWS_MAX,
};

void view_batch_open(struct view_batch *b, int32_t cells)
{
    CHECK(cells > 0);
    *b = (struct view_batch){ .capacity = cells };
    b->text = malloc((size_t)cells * TEXT_PER_CELL);
    b->fields = calloc((size_t)cells * PAIRS_PER_CELL * 2, sizeof *b->fields);
    b->views = calloc((size_t)cells, sizeof *b->views);
    b->ranks = calloc((size_t)cells * RANKS_PER_CELL, sizeof *b->ranks);
    CHECK(b->text != NULL && b->fields != NULL && b->views != NULL && b->ranks != NULL);
}

void view_batch_close(struct view_batch *b)
{
    free(b->text);
    free(b->fields);
    free(b->views);
    free(b->ranks);
    *b = (struct view_batch){ 0 };
}

/* ---- text ------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static struct span print(struct view_batch *b,
                                                               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const size_t room = (size_t)b->capacity * TEXT_PER_CELL - b->text_size;
    char *at = b->text + b->text_size;
    const int size = vsnprintf(at, room, format, args);
    va_end(args);
    CHECK(size >= 0 && (size_t)size < room);
    b->text_size += (size_t)size;
    return span_of(at, (size_t)size);
}

static void add_pair(struct view_batch *b, struct span field, struct span value)
{
    CHECK(b->field_count + 2 <= b->capacity * PAIRS_PER_CELL * 2);
    b->fields[b->field_count++] = field;
    b->fields[b->field_count++] = value;
}

static struct span kpi_window(struct view_batch *b, const struct rules *rules, enum kpi kpi,
                              int32_t window)
{
    const struct kpi_row *row = catalogue_row(kpi);
    if (row->kind == KPI_GAUGE)
        return print(b, "%s:now", row->name);
    const struct name *name = &rules->windows[window].name;
    return print(b, "%s:%.*s", row->name, (int)name->size, name->text);
}

static const char *state_of(const struct reading *r, const struct alert *a,
                            const struct threshold *t)
{
    const enum alert_status status = a == NULL ? ALERT_OK : (enum alert_status)a->status;
    if (status == ALERT_PENDING)
        return "pending";
    if (status == ALERT_RECOVERING)
        return "recovering";
    if (status == ALERT_FIRING)
        return a->severity == SEVERITY_CRITICAL ? "critical" : "warning";
    if (!r->value.known || r->denominator < t->min_denominator)
        return "not_enough_data";
    return "ok";
}

static struct span value_text(struct view_batch *b, const struct reading *r,
                              const struct threshold *t, const char *state)
{
    char value[24] = "-";
    char limit[24] = "-";
    if (r->value.known)
        snprintf(value, sizeof value, "%" PRId64, r->value.amount);
    if (t->warn != THRESHOLD_OFF)
        snprintf(limit, sizeof limit, "%" PRId64, t->warn);
    return print(b, "%" PRId64 " %" PRId64 " %s %s %s", r->bad, r->denominator, value, limit,
                 state);
}

/* ---- ranks -------------------------------------------------------------------------- */

static bool swap_rank_bit(struct cell *cell, enum kpi kpi, int32_t window, bool on)
{
    const uint32_t bit = (uint32_t)kpi * WINDOWS_MAX + (uint32_t)window;
    uint64_t *word = &cell->rank_bits[bit / 64];
    const uint64_t mask = UINT64_C(1) << bit % 64;
    const bool was = (*word & mask) != 0;
    *word = on ? *word | mask : *word & ~mask;
    return was;
}

/* How far beyond the warning limit, in the KPI's unit; more is worse. */
static int64_t badness(const struct reading *r, const struct threshold *t)
{
    const int64_t distance = r->value.amount - t->warn;
    return catalogue_row(r->kpi)->warn_op == OP_LT ? -distance : distance;
}

static void add_rank(struct view_batch *b, struct cell *cell, const struct reading *r,
                     const struct threshold *t, const struct saved_rank *place, int32_t window)
{
    const bool ranked = r->value.known && t->warn != THRESHOLD_OFF &&
                        r->denominator >= t->min_denominator && !place->gone &&
                        (catalogue_row(r->kpi)->kind != KPI_GAUGE || r->numerator > 0);
    const bool was = swap_rank_bit(cell, r->kpi, window, ranked);
    if (!ranked && !was)
        return;
    CHECK(b->rank_count < b->capacity * RANKS_PER_CELL);
    b->ranks[b->rank_count] = *place;
    b->ranks[b->rank_count].gone = !ranked;
    b->ranks[b->rank_count].score = ranked ? badness(r, t) : 0;
    b->rank_count += 1;
}

/* ---- one cell ------------------------------------------------------------------------- */

/* What is being written. */
struct page {
    struct view_batch *batch;
    const struct alerts *alerts;
    uint32_t ref;
    struct cell *cell;
    struct span label;
    bool gone;
};

static void add_median(const struct page *p, const struct reading *r, int32_t window)
{
    const struct sellers *ss = p->alerts->sellers;
    const struct histogram *h = &p->cell->sums[window].durations;
    const struct name *name = &p->alerts->rules->windows[window].name;
    const struct span field =
        print(p->batch, "response_time_p50:%.*s", (int)name->size, name->text);
    const int64_t median = histogram_upper_bound(histogram_quantile(&ss->histograms, h, 50));
    add_pair(p->batch, field,
             print(p->batch, "%" PRId64 " %" PRId64 " %" PRId64 " - ok", r->bad, r->denominator,
                   median));
}

static void add_kpi(const struct page *p, enum kpi kpi, int32_t window)
{
    const struct alerts *as = p->alerts;
    const struct threshold *t = alerts_threshold(as, p->cell, kpi, window);
    const struct reading r = reading_take(as->sellers, p->cell, kpi, window, t->warn);
    const struct alert *a = alerts_find(as, p->ref, kpi, window);
    const bool gauge = catalogue_row(kpi)->kind == KPI_GAUGE;
    const bool shown = gauge ? r.numerator > 0 : r.denominator > 0 || r.bad > 0;
    const struct span field = kpi_window(p->batch, as->rules, kpi, window);
    if (shown || a != NULL)
        add_pair(p->batch, field, value_text(p->batch, &r, t, state_of(&r, a, t)));
    if (kpi == KPI_RESPONSE_TIME && r.denominator > 0)
        add_median(p, &r, window);
    const struct saved_rank place = { .kpi_window = field,
                                      .member = p->label,
                                      .gone = p->gone };
    add_rank(p->batch, p->cell, &r, t, &place, window);
}

static void add_cell(struct view_batch *b, struct alerts *as, uint32_t ref, bool gone)
{
    struct cell *cell = sellers_cell(as->sellers, ref);
    const struct name *seller = &sellers_seller(as->sellers, cell->seller)->id;
    struct page p = { .batch = b, .alerts = as, .ref = ref, .cell = cell, .gone = gone };
    p.label = print(b, "%.*s|%.*s", (int)seller->size, seller->text, (int)cell->storefront.size,
                    cell->storefront.text);
    const int32_t first = b->field_count;
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        const bool gauge = catalogue_row((enum kpi)k)->kind == KPI_GAUGE;
        for (int32_t w = 0; w < (gauge ? 1 : as->rules->window_count); w++)
            add_kpi(&p, (enum kpi)k, w);
    }
    gone |= b->field_count == first;
    if (gone)
        b->field_count = first;
    else {
        add_pair(b, print(b, "window_end"), print(b, "%" PRId64, as->now));
        add_pair(b, print(b, "updated_at"), print(b, "%" PRId64, cell->view_at));
    }
    b->views[b->view_count++] = (struct saved_view){ .seller_storefront = p.label,
                                                     .gone = gone,
                                                     .fields = b->fields + first,
                                                     .field_count = b->field_count - first };
}

/* A total goes when its seller has nothing else left. */
static bool may_go(const struct alerts *as, uint32_t ref)
{
    const struct cell *cell = sellers_cell(as->sellers, ref);
    if (cell->users > 0 || cell->dirty_kpis != 0)
        return false;
    return !cell->is_total || sellers_seller(as->sellers, cell->seller)->first_cell == 0;
}

static bool is_due(const struct alerts *as, const struct cell *cell, wall_time now)
{
    return cell->view_urgent || now.ms - cell->view_at >= as->rules->view_interval_ms;
}

static void write_cell(struct view_batch *b, struct alerts *as, uint32_t ref, wall_time now)
{
    struct cell *cell = sellers_cell(as->sellers, ref);
    cell->view_queued = false;
    cell->view_urgent = false;
    cell->view_at = now.ms;
    const bool go = may_go(as, ref);
    const uint32_t total = sellers_total(as->sellers, ref);
    add_cell(b, as, ref, go);
    if (!go)
        return;
    sellers_drop_cell(as->sellers, ref);
    if (total != ref && may_go(as, total))
        sellers_queue_view(as->sellers, total, true);
}

void view_batch_fill(struct view_batch *b, struct alerts *as, wall_time now)
{
    b->text_size = 0;
    b->field_count = 0;
    b->view_count = 0;
    b->rank_count = 0;
    struct cell_list *queue = &as->sellers->views;
    const uint32_t queued = queue->count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < queued; i++) {
        const uint32_t ref = queue->refs[i];
        if (b->view_count < b->capacity && is_due(as, sellers_cell(as->sellers, ref), now))
            write_cell(b, as, ref, now);
        else
            queue->refs[kept++] = ref;
    }
    /* Behind them stands what was queued while writing. */
    memmove(&queue->refs[kept], &queue->refs[queued],
            (queue->count - queued) * sizeof(uint32_t));
    queue->count = kept + queue->count - queued;
}

void view_rewrite_all(struct alerts *as)
{
    for (uint32_t ref = 1; ref <= as->sellers->cells.used; ref++) {
        struct cell *cell = sellers_cell(as->sellers, ref);
        if (cell->seller == 0)
            continue;
        memset(cell->rank_bits, 0xff, sizeof cell->rank_bits);
        sellers_queue_view(as->sellers, ref, false);
    }
}
