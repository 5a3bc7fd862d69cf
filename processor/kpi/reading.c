/* reading.c - see reading.h. */
#include "kpi/reading.h"

#include "base/check.h"

#define PPM INT64_C(1000000)

static int64_t sum_facts(const uint32_t counts[FACT_COUNT], uint32_t facts)
{
    int64_t sum = 0;
    for (; facts != 0; facts &= facts - 1)
        sum += counts[__builtin_ctz(facts)];
    return sum;
}

static void read_ratio(struct reading *r, const struct kpi_row *row,
                       const struct window_sums *sums)
{
    r->bad = sum_facts(sums->counts, row->bad);
    r->denominator = sum_facts(sums->counts, row->total);
    r->numerator = row->side == SIDE_BAD ? r->bad : r->denominator - r->bad;
    CHECK(r->numerator >= 0);
    if (r->denominator == 0)
        return;
    r->value.known = true;
    r->value.amount = (2 * r->numerator * PPM + r->denominator) / (2 * r->denominator);
}

static void read_gauge(struct reading *r, const struct cell *cell)
{
    const enum overdue_kind kind =
        r->kpi == KPI_RESPONSE_OVERDUE ? OVERDUE_TICKETS : OVERDUE_UNITS;
    r->numerator = cell->overdue[kind].count;
    r->denominator = 1;
    r->bad = r->numerator;
    r->value = (struct kpi_value){ .known = true, .amount = r->numerator };
}

static void read_duration(struct reading *r, const struct sellers *ss,
                          const struct window_sums *sums, int64_t warn_limit)
{
    r->denominator = histogram_total(&ss->histograms, &sums->durations);
    if (r->denominator == 0)
        return;
    const uint16_t p95 = histogram_quantile(&ss->histograms, &sums->durations, 95);
    r->least = histogram_lower_bound(p95);
    r->bad = warn_limit == THRESHOLD_OFF
                 ? 0
                 : histogram_above(&ss->histograms, &sums->durations, warn_limit);
    r->numerator = r->bad;
    r->value = (struct kpi_value){ .known = true, .amount = histogram_upper_bound(p95) };
}

struct reading reading_take(const struct sellers *ss, const struct cell *cell, enum kpi kpi,
                            int32_t window, int64_t warn_limit)
{
    CHECK(window >= 0 && window < WINDOWS_MAX);
    const struct kpi_row *row = catalogue_row(kpi);
    struct reading r = { .kpi = kpi };
    switch (row->kind) {
    case KPI_RATIO:
        read_ratio(&r, row, &cell->sums[window]);
        break;
    case KPI_GAUGE:
        read_gauge(&r, cell);
        break;
    case KPI_DURATION:
        read_duration(&r, ss, &cell->sums[window], warn_limit);
        break;
    }
    return r;
}

bool reading_beyond_milli(const struct reading *r, enum comparison op, int64_t limit_milli)
{
    if (!r->value.known || limit_milli == THRESHOLD_OFF)
        return false;
    const enum kpi_kind kind = catalogue_row(r->kpi)->kind;
    const bool ratio = kind == KPI_RATIO;
    const int64_t amount = kind == KPI_DURATION ? r->least : r->numerator;
    const int64_t left = amount * 1000 * (ratio ? PPM : 1);
    const int64_t right = limit_milli * (ratio ? r->denominator : 1);
    switch (op) {
    case OP_LT:
        return left < right;
    case OP_GT:
        return left > right;
    case OP_GE:
        return left >= right;
    }
    CHECK(op <= OP_GE);
    return false;
}

bool reading_beyond(const struct reading *r, enum comparison op, int64_t limit)
{
    return limit != THRESHOLD_OFF && reading_beyond_milli(r, op, limit * 1000);
}

int64_t reading_clear_limit_milli(enum kpi kpi, enum comparison op, int64_t limit,
                                  int32_t margin_permille)
{
    CHECK(margin_permille >= 0 && margin_permille <= 1000);
    if (limit == THRESHOLD_OFF)
        return THRESHOLD_OFF;
    const bool ratio = catalogue_row(kpi)->kind == KPI_RATIO;
    const int64_t perfect = op == OP_LT && ratio ? PPM : 0;
    return limit * 1000 + (perfect - limit) * margin_permille;
}
