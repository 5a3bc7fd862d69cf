/* ledger.c - see ledger.h. */
#include "kpi/ledger.h"

#include "base/check.h"

static void count(struct ledger *l, struct ledger_account account, struct counted what)
{
    const enum fact fact = (enum fact)(what.fact_plus_one - 1);
    const event_time at = { what.at };
    windows_add(l->windows, account.cell, fact, at, 1);
    evidences_add(l->evidences, account.cell, fact, at, name_span(account.id));
}

static void take_back(struct ledger *l, struct ledger_account account, struct counted what)
{
    const enum fact fact = (enum fact)(what.fact_plus_one - 1);
    const event_time at = { what.at };
    windows_add(l->windows, account.cell, fact, at, -1);
    evidences_take_back(l->evidences, account.cell, fact, at, name_span(account.id));

    const uint32_t kpis = l->sellers->kpis_of_bad[fact];
    sellers_cell(l->sellers, account.cell)->corrected_kpis |= kpis;
    sellers_cell(l->sellers, sellers_total(l->sellers, account.cell))->corrected_kpis |= kpis;
    l->corrections += 1;
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
        if (counted[i].fact_plus_one != 0)
            take_back(l, account, counted[i]);
        if (wanted[i].fact_plus_one != 0)
            count(l, account, wanted[i]);
        counted[i] = wanted[i];
        moved = true;
    }
    return moved;
}

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
