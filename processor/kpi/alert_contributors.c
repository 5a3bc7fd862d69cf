/* alert_contributors.c - what the gap of an alert is made of.
 *
 * An alert over all storefronts says how much each of them adds to it: its bad facts beyond
 * what the threshold allows for as many as it has decided. These excesses sum to the gap of
 * the whole (design 4.4), so the first of them is where to begin.
 */
#include "base/check.h"
#include "kpi/alert.h"

#define PPM INT64_C(1000000)

static int64_t allowed_ppm(const struct kpi_row *row, int64_t threshold)
{
    CHECK(row->kind == KPI_RATIO);
    return row->side == SIDE_GOOD ? PPM - threshold : threshold;
}

static bool stands_before(const struct contributor *a, const struct contributor *b)
{
    if (a->excess_millionths != b->excess_millionths)
        return a->excess_millionths > b->excess_millionths;
    return span_compare(name_span(&a->storefront), name_span(&b->storefront)) < 0;
}

static void insert(struct alert_change *change, const struct contributor *one)
{
    struct contributor *all = change->contributors;
    int32_t at = change->contributor_count;
    while (at > 0 && stands_before(one, &all[at - 1]))
        at--;
    if (at == CONTRIBUTORS_MAX)
        return;
    const int32_t count = change->contributor_count;
    const int32_t last = count < CONTRIBUTORS_MAX ? count : CONTRIBUTORS_MAX - 1;
    for (int32_t i = last; i > at; i--)
        all[i] = all[i - 1];
    all[at] = *one;
    change->contributor_count = last + 1;
    CHECK(change->contributor_count <= CONTRIBUTORS_MAX);
}

void alert_contributors(const struct alerts *as, const struct alert *a,
                        struct alert_change *change)
{
    const struct kpi_row *row = catalogue_row(change->kpi);
    const struct cell *total = sellers_cell(as->sellers, a->cell);
    if (!total->is_total || row->kind != KPI_RATIO || change->threshold == THRESHOLD_OFF)
        return;
    const int64_t allowed = allowed_ppm(row, change->threshold);
    uint32_t ref = sellers_seller(as->sellers, total->seller)->first_cell;
    for (; ref != 0; ref = sellers_cell(as->sellers, ref)->next) {
        const struct cell *cell = sellers_cell(as->sellers, ref);
        const struct reading r =
            reading_take(as->sellers, cell, change->kpi, a->window, THRESHOLD_OFF);
        if (r.bad == 0 && r.denominator == 0)
            continue;
        const struct contributor one = { .storefront = cell->storefront,
                                         .bad = r.bad,
                                         .total = r.denominator,
                                         .excess_millionths =
                                             r.bad * PPM - allowed * r.denominator };
        insert(change, &one);
    }
}
