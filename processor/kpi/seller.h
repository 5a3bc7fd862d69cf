/* seller.h - sellers and their cells.
 *
 * DESIGN
 * ------
 * A *cell* is what is counted together: one seller in one storefront, or one
 * seller over all storefronts ("*", the total cell). Every fact counts in two
 * cells, its own and its seller's total:
 *
 *      seller 4711 ── total "*"        sums of all windows
 *                  ├─ cell "de"        sums of all windows, panes
 *                  └─ cell "fr"        sums of all windows, panes
 *
 * Sellers and cells are derived: they follow from the units, tickets, panes,
 * evidence and alerts that name them, and go when the last of these goes and
 * the public view has forgotten them. `users` counts the former.
 */
#pragma once

#include "kpi/entity.h"
#include "kpi/histogram.h"
#include "kpi/image.h"
#include "kpi/rules.h"

enum { ALERT_BITS_WORDS = (KPI_COUNT * WINDOWS_MAX + 63) / 64 };

/* Counts over the panes that a window holds now. */
struct window_sums {
    uint32_t counts[FACT_COUNT];
    struct histogram durations; /* of responses */
};

/* One end of a list of overdue units or tickets, newest deadline first. */
struct overdue_list {
    uint32_t first;
    uint32_t count;
};

enum overdue_kind { OVERDUE_UNITS, OVERDUE_TICKETS, OVERDUE_KIND_COUNT };

struct cell {
    uint64_t hash;
    uint32_t seller; /* ref */
    uint32_t next;   /* next cell of the seller */
    uint32_t users;
    bool is_total;
    struct name storefront;
    const struct calendar *calendar;
    const struct storefront_rule *rule; /* NULL: not listed, global thresholds */
    uint32_t newest_pane[TIERS_MAX];    /* last one used, to find it again at once */
    struct overdue_list overdue[OVERDUE_KIND_COUNT];
    struct window_sums sums[WINDOWS_MAX];

    uint32_t dirty_kpis; /* to be evaluated at the end of the step: bit a KPI */
    /* Of which late knowledge took a bad fact out of the window in this step: bit a KPI. */
    uint32_t corrected_kpis[WINDOWS_MAX];
    uint64_t alert_bits[ALERT_BITS_WORDS]; /* which (KPI, window) have an alert entity */

    uint64_t rank_bits[ALERT_BITS_WORDS]; /* which (KPI, window) rank it, as far as we know */

    bool view_queued;
    bool view_urgent;
    int64_t view_at; /* wall ms of the last refresh */
};

struct seller {
    uint64_t hash;
    struct name id;
    uint32_t total;      /* cell "*" */
    uint32_t first_cell; /* cells other than the total */
};

/* Cells by ref; each at most once, a flag in the cell says so. */
struct cell_list {
    uint32_t *refs;
    uint32_t count;
    uint32_t capacity;
};

struct sellers {
    const struct rules *rules;
    struct arena *arena;
    struct pool sellers;
    struct pool cells;
    struct table seller_table;
    struct table cell_table;
    struct histograms histograms;      /* of windows and panes */
    uint32_t kpis_of_fact[FACT_COUNT]; /* whose value may change with it: bit a KPI */
    uint32_t kpis_of_bad[FACT_COUNT];  /* for which it is a bad fact: bit a KPI; not the ones
                                        * of durations: there each window's limit says it */
    struct cell_list dirty;            /* cells with dirty_kpis != 0 */
    struct cell_list views;            /* cells whose public view is to be refreshed */
};

void sellers_open(struct sellers *ss, const struct rules *rules, struct arena *arena);

void sellers_close(struct sellers *ss);

static inline struct cell *sellers_cell(const struct sellers *ss, uint32_t ref)
{
    return pool_at(&ss->cells, ref);
}

static inline struct seller *sellers_seller(const struct sellers *ss, uint32_t ref)
{
    return pool_at(&ss->sellers, ref);
}

/* The cell of a seller and storefront ("*": the total), made if need be. */
uint32_t sellers_cell_of(struct sellers *ss, struct span seller, struct span storefront);

/* The same, 0 if there is none. */
uint32_t sellers_find(const struct sellers *ss, struct span seller, struct span storefront);

/* One more, one less that names the cell. A cell without users goes with one of
 * the next saves, together with its public view. */
void sellers_join(struct sellers *ss, uint32_t cell);
void sellers_leave(struct sellers *ss, uint32_t cell);

/* What holds for a KPI of a cell. */
const struct threshold *cell_threshold(const struct cell *cell, const struct rules *rules,
                                       enum kpi kpi, int32_t window);

/* How many of the warning limits by which a duration of the cell is judged, over each window
 * in its storefront and in all together, one in the bucket is certainly above. */
int32_t cell_limits_passed(const struct cell *cell, const struct rules *rules, enum kpi kpi,
                           uint16_t bucket);

/* The total cell of the cell's seller. */
uint32_t sellers_total(const struct sellers *ss, uint32_t cell);

/* The cell's KPIs in the bit set are evaluated at the end of the step. */
void sellers_mark(struct sellers *ss, uint32_t cell, uint32_t kpis);

/* The cell's public view is refreshed with one of the next saves; urgent: with
 * the next, whatever the interval. */
void sellers_queue_view(struct sellers *ss, uint32_t cell, bool urgent);

/* Drops a cell that nothing names any more, and its seller with the last cell.
 * The caller has made sure that it is not on the dirty list. */
void sellers_drop_cell(struct sellers *ss, uint32_t cell);

/* ---- images: seller, storefront ---- */

struct cell_key {
    struct span seller;
    struct span storefront;
};

void sellers_add_key(const struct sellers *ss, uint32_t cell, struct buffer *out);

/* Breaks the reader if they are not names. */
struct cell_key sellers_read_key(struct reader *in);

/* "*" names all storefronts, and a storm's nobody. */
static inline bool sellers_is_star(struct span name)
{
    return name.size == 1 && name.at[0] == '*';
}

/* Is it one seller in one storefront, where facts are counted? */
static inline bool sellers_key_counts(struct cell_key key)
{
    return !sellers_is_star(key.seller) && !sellers_is_star(key.storefront);
}
