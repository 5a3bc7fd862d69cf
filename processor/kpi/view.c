/* view.c - see view.h. */
#include "kpi/view.h"

#include "base/check.h"
#include "base/reader.h"
#include "kpi/alert.h"

#include <string.h>

enum {
    PAIRS_PER_CELL = KPI_COUNT * WINDOWS_MAX + WINDOWS_MAX + 2, /* and p50s, and two times */
    FIELDS_PER_CELL = 2 * PAIRS_PER_CELL,
    PAIR_BYTES = 200, /* name of KPI and window, four numbers, state */
    TEXT_PER_CELL = 2 * NAME_BYTES_MAX + 1 + PAIRS_PER_CELL * PAIR_BYTES,
    RANKS_PER_CELL = KPI_COUNT * WINDOWS_MAX,
};

void view_batch_open(struct view_batch *b, int32_t cells, struct arena *arena)
{
    CHECK(cells > 0);
    const size_t n = (size_t)cells;
    *b = (struct view_batch){ .arena = arena, .capacity = cells };
    b->text = text_over(arena_take(arena, n * TEXT_PER_CELL), n * TEXT_PER_CELL);
    b->fields = arena_take(arena, n * FIELDS_PER_CELL * sizeof *b->fields);
    b->views = arena_take(arena, n * sizeof *b->views);
    b->ranks = arena_take(arena, n * RANKS_PER_CELL * sizeof *b->ranks);
}

void view_batch_close(struct view_batch *b)
{
    CHECK(b->capacity > 0);
    const size_t n = (size_t)b->capacity;
    arena_give_back(b->arena, b->text.at, n * TEXT_PER_CELL);
    arena_give_back(b->arena, b->fields, n * FIELDS_PER_CELL * sizeof *b->fields);
    arena_give_back(b->arena, b->views, n * sizeof *b->views);
    arena_give_back(b->arena, b->ranks, n * RANKS_PER_CELL * sizeof *b->ranks);
    *b = (struct view_batch){ 0 };
}

/* ---- text ------------------------------------------------------------------------- */

static struct span write_string(struct view_batch *b, const char *string)
{
    const size_t begin = b->text.size;
    text_add_string(&b->text, string);
    return text_since(&b->text, begin);
}

static struct span write_integer(struct view_batch *b, int64_t number)
{
    const size_t begin = b->text.size;
    text_add_integer(&b->text, number);
    return text_since(&b->text, begin);
}

/* "delivery_late:7d" */
static struct span write_field(struct view_batch *b, const char *kpi, struct span window)
{
    CHECK(window.size > 0);
    const size_t begin = b->text.size;
    text_add_string(&b->text, kpi);
    text_add_char(&b->text, ':');
    text_add(&b->text, window);
    return text_since(&b->text, begin);
}

/* "4711|de" */
static struct span write_label(struct view_batch *b, const struct sellers *ss,
                               const struct cell *cell)
{
    const size_t begin = b->text.size;
    text_add(&b->text, name_span(&sellers_seller(ss, cell->seller)->id));
    text_add_char(&b->text, '|');
    text_add(&b->text, name_span(&cell->storefront));
    return text_since(&b->text, begin);
}

/* A number or "-", and a blank behind it. */
static void add_number(struct text *t, bool known, int64_t number)
{
    if (known)
        text_add_integer(t, number);
    else
        text_add_char(t, '-');
    text_add_char(t, ' ');
}

static void add_pair(struct view_batch *b, struct span field, struct span value)
{
    CHECK(b->field_count + 2 <= b->capacity * FIELDS_PER_CELL);
    b->fields[b->field_count++] = field;
    b->fields[b->field_count++] = value;
}

static struct span kpi_window(struct view_batch *b, const struct rules *rules, enum kpi kpi,
                              int32_t window)
{
    const struct kpi_row *row = catalogue_row(kpi);
    if (row->kind == KPI_GAUGE)
        return write_field(b, row->name, span_of_text("now"));
    return write_field(b, row->name, name_span(&rules->windows[window].name));
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
    const size_t begin = b->text.size;
    add_number(&b->text, true, r->bad);
    add_number(&b->text, true, r->denominator);
    add_number(&b->text, r->value.known, r->value.amount);
    add_number(&b->text, t->warn != THRESHOLD_OFF, t->warn);
    text_add_string(&b->text, state);
    return text_since(&b->text, begin);
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

/* Puts the cell where it belongs among the worst, or takes it away from there. */
static void add_rank(const struct page *p, const struct reading *r, int32_t window,
                     struct span kpi_window)
{
    const struct threshold *t = alerts_threshold(p->alerts, p->cell, r->kpi, window);
    const bool ranked = r->value.known && t->warn != THRESHOLD_OFF &&
                        r->denominator >= t->min_denominator && !p->gone &&
                        (catalogue_row(r->kpi)->kind != KPI_GAUGE || r->numerator > 0);
    const bool was = swap_rank_bit(p->cell, r->kpi, window, ranked);
    if (!ranked && !was)
        return;
    struct view_batch *b = p->batch;
    CHECK(b->rank_count < b->capacity * RANKS_PER_CELL);
    b->ranks[b->rank_count++] = (struct saved_rank){ .kpi_window = kpi_window,
                                                     .member = p->label,
                                                     .gone = !ranked,
                                                     .score = ranked ? badness(r, t) : 0 };
}

static void add_median(const struct page *p, const struct reading *r, int32_t window)
{
    CHECK(r->denominator > 0);
    const struct histograms *hs = &p->alerts->sellers->histograms;
    const struct histogram *h = &p->cell->sums[window].durations;
    const struct span field = write_field(p->batch, "response_time_p50",
                                          name_span(&p->alerts->rules->windows[window].name));
    struct text *text = &p->batch->text;
    const size_t begin = text->size;
    add_number(text, true, r->bad);
    add_number(text, true, r->denominator);
    add_number(text, true, histogram_upper_bound(histogram_quantile(hs, h, 50)));
    text_add_string(text, "- ok");
    add_pair(p->batch, field, text_since(text, begin));
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
    add_rank(p, &r, window, field);
}

static void add_cell(struct view_batch *b, struct alerts *as, uint32_t ref, bool gone)
{
    struct cell *cell = sellers_cell(as->sellers, ref);
    struct page p = { .batch = b, .alerts = as, .ref = ref, .cell = cell, .gone = gone };
    p.label = write_label(b, as->sellers, cell);
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
        add_pair(b, write_string(b, "window_end"), write_integer(b, as->now));
        add_pair(b, write_string(b, "updated_at"), write_integer(b, cell->view_at));
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
    const wall_time last = { cell->view_at };
    return cell->view_urgent || wall_time_passed(last, as->rules->view_interval_ms, now);
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

static void clear(struct view_batch *b)
{
    b->text.size = 0;
    b->field_count = 0;
    b->view_count = 0;
    b->rank_count = 0;
}

void view_batch_fill(struct view_batch *b, struct alerts *as, wall_time now)
{
    clear(b);
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
    const uint32_t added = queue->count - queued;
    if (added > 0)
        memmove(&queue->refs[kept], &queue->refs[queued], added * sizeof(uint32_t));
    queue->count = kept + added;
}

/* A cell's label, or a member and the set that it leaves: both strings, the set of a cell
 * is empty. */
static void note_gone(struct buffer *out, struct span label, struct span set)
{
    CHECK(label.size > 0);
    buffer_add_string(out, label);
    buffer_add_string(out, set);
}

void view_batch_note_gone(const struct view_batch *b, struct buffer *out)
{
    for (int32_t i = 0; i < b->view_count; i++) {
        if (b->views[i].gone)
            note_gone(out, b->views[i].seller_storefront, (struct span){ 0 });
    }
    for (int32_t i = 0; i < b->rank_count; i++) {
        if (b->ranks[i].gone)
            note_gone(out, b->ranks[i].member, b->ranks[i].kpi_window);
    }
}

void view_batch_fill_gone(struct view_batch *b, struct span noted)
{
    struct reader in = reader_of(noted);
    clear(b);
    while (in.at < in.end) {
        const struct span label = reader_string(&in);
        const struct span set = reader_string(&in);
        CHECK(!in.broken);
        if (set.size == 0)
            b->views[b->view_count++] =
                (struct saved_view){ .seller_storefront = label, .gone = true };
        else
            b->ranks[b->rank_count++] =
                (struct saved_rank){ .kpi_window = set, .member = label, .gone = true };
    }
}

void view_rewrite_all(struct alerts *as)
{
    for (uint32_t ref = 1; ref <= as->sellers->cells.used; ref++) {
        struct cell *cell = sellers_cell(as->sellers, ref);
        if (cell->seller == 0)
            continue;
        memset(cell->rank_bits, 0xff, sizeof cell->rank_bits);
        sellers_queue_view(as->sellers, ref, true);
    }
}
