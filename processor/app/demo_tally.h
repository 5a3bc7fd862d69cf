/* demo_tally.h - what the alerts said, and whether they found what was planted. */
#pragma once

#include "app/market.h"
#include "app/screen.h"

struct demo_tally {
    int64_t changes;
    const struct market_seller *sellers; /* [seller_count], borrowed */
    int32_t seller_count;
    int64_t fired_by[MARKET_QUALITY_COUNT + 1]; /* the last: of sellers that had turned bad */
    int64_t fired[KPI_COUNT];                   /* episodes that began, by KPI */
    struct alert_change newest[SCREEN_ALERTS_MAX]; /* newest first */
    int32_t newest_count;
    struct screen_planted planted[SCREEN_PLANTED_MAX];
    int32_t planted_count;
};

/* Takes the planted sellers from the truth: the first SCREEN_PLANTED_MAX of them. Names
 * are borrowed from the market. */
void demo_tally_open(struct demo_tally *t, const struct market *market, int32_t sellers);

/* A planted seller is found by the first alert on its KPI, or on one of that family, that
 * fires at or after its turn. */
void demo_tally_add(struct demo_tally *t, const struct alert_change *change);

/* The summary at the end, of those that had turned by then. */
void demo_tally_text(const struct demo_tally *t, const struct screen *s, struct buffer *b);
