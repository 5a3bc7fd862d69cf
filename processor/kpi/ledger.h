/* ledger.h - from what an entity knows to what is counted.
 *
 * DESIGN
 * ------
 * An order unit or ticket never adds to a count when an event arrives. It says
 * which facts follow from everything known of it now (`wanted`), the ledger
 * compares that with what it has counted for it so far, and moves the
 * difference:
 *
 *      counted:  dispatch_bad @ 12:00   delivery -
 *      wanted:   dispatch_good @ 11:40  delivery -
 *      moves:    -1 dispatch_bad @ 12:00, +1 dispatch_good @ 11:40
 *
 * So the result is a function of the set of events, not of their order; double
 * events change nothing; and a correction is nothing special.
 */
#pragma once

#include "kpi/evidence.h"
#include "kpi/window.h"

/* A fact that is counted, and the time at which. */
struct counted {
    int64_t at;
    uint8_t fact_plus_one; /* 0: nothing */
};

/* The duration of a response, counted at the reply. */
struct counted_duration {
    bool is_counted;
    int64_t at;
    int64_t ms; /* business time */
};

struct ledger {
    struct windows *windows;
    struct evidences *evidences;
    struct sellers *sellers;
    uint64_t corrections; /* facts taken back since the start */
};

static inline struct counted counted_fact(enum fact fact, int64_t at)
{
    return (struct counted){ .at = at, .fact_plus_one = (uint8_t)(fact + 1) };
}

/* Who a count is for. */
struct ledger_account {
    uint32_t cell;
    const struct name *id; /* of the unit or ticket */
};

/* Makes the `count` slots of `counted` equal to `wanted`; true if anything moved. */
bool ledger_settle(struct ledger *l, struct ledger_account account, struct counted *counted,
                   const struct counted *wanted, int32_t count);

/* The same for the duration of its response, which is a bad one of the windows that have a
 * limit below it. */
bool ledger_settle_duration(struct ledger *l, struct ledger_account account,
                            struct counted_duration *counted,
                            const struct counted_duration *wanted);

/* Slots as part of an image; times are written relative to `base`. */
void counted_encode(const struct counted *slots, int32_t count, int64_t base,
                    struct buffer *out);

void counted_decode(struct counted *slots, int32_t count, int64_t base, struct reader *in);
