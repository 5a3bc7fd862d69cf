/* ledger.c - see ledger.h. */
#include "kpi/ledger.h"

#include "base/check.h"

/* What one side of a move means: the KPIs for which it is a bad fact, and the windows that
 * hold it; a bit each. */
struct blame {
    uint32_t kpis;
    uint32_t windows;
};

static struct blame count(struct ledger *l, struct ledger_account account, struct counted what)
{
    const enum fact fact = (enum fact)(what.fact_plus_one - 1);
    const event_time at = { what.at };
    evidences_add(l->evidences, account.cell, fact, at, name_span(account.id));
    return (struct blame){ .kpis = l->sellers->kpis_of_bad[fact],
                           .windows = windows_add(l->windows, account.cell, fact, at, 1) };
}

static struct blame take_back(struct ledger *l, struct ledger_account account,
                              struct counted what)
{
    const enum fact fact = (enum fact)(what.fact_plus_one - 1);
    const event_time at = { what.at };
    evidences_take_back(l->evidences, account.cell, fact, at, name_span(account.id));
    l->corrections += 1;
    return (struct blame){ .kpis = l->sellers->kpis_of_bad[fact],
                           .windows = windows_add(l->windows, account.cell, fact, at, -1) };
}

/* Late knowledge corrects a KPI over a window only if that window counts one bad fact less:
 * neither a fact that the window does not hold nor one that is as bad in its new place. */
static void note_correction(struct ledger *l, uint32_t cell_ref, struct blame gone,
                            struct blame come)
{
    struct cell *cell = sellers_cell(l->sellers, cell_ref);
    struct cell *total = sellers_cell(l->sellers, sellers_total(l->sellers, cell_ref));
    for (uint32_t left = gone.windows; left != 0; left &= left - 1) {
        const int w = __builtin_ctz(left);
        CHECK(w < WINDOWS_MAX);
        const uint32_t replaced = (come.windows >> w & 1) != 0 ? come.kpis : 0;
        cell->corrected_kpis[w] |= gone.kpis & ~replaced;
        total->corrected_kpis[w] |= gone.kpis & ~replaced;
    }
}

static void move(struct ledger *l, struct ledger_account account, struct counted from,
                 struct counted to)
{
    struct blame gone = { 0 };
    struct blame come = { 0 };
    if (from.fact_plus_one != 0)
        gone = take_back(l, account, from);
    if (to.fact_plus_one != 0)
        come = count(l, account, to);
    note_correction(l, account.cell, gone, come);
}

bool ledger_settle(struct ledger *l, struct ledger_account account, struct counted *counted,
                   const struct counted *wanted, int32_t slots)
{
    CHECK(account.cell != 0);
    bool moved = false;
    for (int32_t i = 0; i < slots; i++) {
        if (counted[i].fact_plus_one == wanted[i].fact_plus_one &&
            counted[i].at == wanted[i].at)
            continue;
        move(l, account, counted[i], wanted[i]);
        counted[i] = wanted[i];
        moved = true;
    }
    return moved;
}

/* ---- durations -------------------------------------------------------------------- */

/* What one side of a move of a duration means. */
struct pace {
    uint32_t windows; /* that hold it: a bit each */
    uint16_t bucket;
};

static struct pace count_duration(struct ledger *l, struct ledger_account account,
                                  const struct counted_duration *what)
{
    const event_time at = { what->at };
    const uint16_t bucket = histogram_bucket(what->ms);
    evidences_add_response(l->evidences, account.cell, at, name_span(account.id), bucket);
    return (struct pace){ .windows =
                              windows_add_duration(l->windows, account.cell, at, what->ms, 1),
                          .bucket = bucket };
}

static struct pace take_back_duration(struct ledger *l, struct ledger_account account,
                                      const struct counted_duration *what)
{
    const event_time at = { what->at };
    evidences_take_back(l->evidences, account.cell, FACT_SLOW_RESPONSE, at,
                        name_span(account.id));
    return (struct pace){ .windows =
                              windows_add_duration(l->windows, account.cell, at, what->ms, -1),
                          .bucket = histogram_bucket(what->ms) };
}

static bool is_bad(const struct pace *p, int32_t window, int64_t limit)
{
    return (p->windows >> window & 1) != 0 && limit != THRESHOLD_OFF &&
           histogram_is_above(p->bucket, limit);
}

/* As note_correction; but what is bad depends on the limit of the window and of the cell. */
static void note_faster(const struct ledger *l, uint32_t cell_ref, const struct pace *gone,
                        const struct pace *come)
{
    struct cell *cell = sellers_cell(l->sellers, cell_ref);
    for (uint32_t left = gone->windows; left != 0; left &= left - 1) {
        const int w = __builtin_ctz(left);
        const int64_t limit =
            cell_threshold(cell, l->sellers->rules, KPI_RESPONSE_TIME, w)->warn;
        if (is_bad(gone, w, limit) && !is_bad(come, w, limit))
            cell->corrected_kpis[w] |= UINT32_C(1) << KPI_RESPONSE_TIME;
    }
}

bool ledger_settle_duration(struct ledger *l, struct ledger_account account,
                            struct counted_duration *counted,
                            const struct counted_duration *wanted)
{
    CHECK(account.cell != 0);
    if (counted->is_counted == wanted->is_counted && counted->at == wanted->at &&
        counted->ms == wanted->ms)
        return false;
    struct pace gone = { 0 };
    struct pace come = { 0 };
    if (counted->is_counted)
        gone = take_back_duration(l, account, counted);
    if (wanted->is_counted)
        come = count_duration(l, account, wanted);
    note_faster(l, account.cell, &gone, &come);
    note_faster(l, sellers_total(l->sellers, account.cell), &gone, &come);
    *counted = *wanted;
    return true;
}

/* ---- images ----------------------------------------------------------------------- */

void counted_encode(const struct counted *slots, int32_t n, int64_t base, struct buffer *out)
{
    CHECK(n > 0);
    for (int32_t i = 0; i < n; i++) {
        buffer_add_u8(out, slots[i].fact_plus_one);
        if (slots[i].fact_plus_one != 0)
            buffer_add_signed(out, slots[i].at - base);
    }
}

void counted_decode(struct counted *slots, int32_t n, int64_t base, struct reader *in)
{
    CHECK(n > 0);
    for (int32_t i = 0; i < n; i++) {
        slots[i] = (struct counted){ .fact_plus_one = (uint8_t)image_number(in, FACT_COUNT) };
        if (slots[i].fact_plus_one != 0)
            slots[i].at = image_time_after(in, base);
    }
}
