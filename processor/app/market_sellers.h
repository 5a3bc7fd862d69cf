/* market_sellers.h - who sells on the invented marketplace, and how well.
 *
 * A few sellers turn bad at a known time in a known way: the ground truth that a
 * watcher must find, and the only sellers whose behaviour ever changes.
 */
#pragma once

#include "app/market_dice.h"

enum market_quality {
#define QUALITY(id, name, share, handling, h_spread, transit, t_spread, reply, silent,         \
                cancelled, untracked, complaints)                                              \
    MARKET_QUALITY_##id,
#include "app/market_qualities.def"
#undef QUALITY
    MARKET_QUALITY_COUNT
};

enum market_fault {
#define FAULT(id, name, kpi, text) MARKET_FAULT_##id,
#include "app/market_faults.def"
#undef FAULT
    MARKET_FAULT_COUNT
};

/* How a seller works at a given moment. */
struct market_manner {
    int64_t handling_ms; /* medians */
    int64_t transit_ms;
    int64_t reply_ms;
    double handling_spread;
    double transit_spread;
    int32_t silent_ppm;    /* of tickets */
    int32_t cancelled_ppm; /* of order units, like the next two */
    int32_t untracked_ppm;
    int32_t complaints_ppm;
};

enum { MARKET_STOREFRONTS_MAX = 3, MARKET_SELLER_BYTES = 24 };

struct market_seller {
    char id[MARKET_SELLER_BYTES];
    enum market_quality quality;
    int64_t order_pause_ms; /* mean time between orders in busy hours */
    const char *storefronts[MARKET_STOREFRONTS_MAX];
    uint32_t storefront_count;
    uint32_t carrier;        /* the one it likes; see market_tell.c */
    enum market_fault fault; /* MARKET_FAULT_COUNT: stays as it is */
    event_time turns;        /* TIME_NEVER for those */
};

struct market_sellers_options {
    int32_t count;
    int32_t turning;       /* how many turn bad */
    int32_t units_per_day; /* of an average seller */
    event_time first_turn; /* one more turns every half day from then on */
};

/* `ret_sellers` has room for options->count. */
void market_sellers_invent(const struct market_sellers_options *options,
                           struct market_dice *dice, struct market_seller *ret_sellers);

struct market_manner market_sellers_manner(const struct market_seller *seller, int64_t at);

/* How many times the usual number of orders a seller gets at that time, in percent. */
int32_t market_sellers_demand(const struct market_seller *seller, int64_t at);

const char *market_sellers_quality_name(enum market_quality quality);

/* The next three take a real fault, not MARKET_FAULT_COUNT. */
const char *market_sellers_fault_name(enum market_fault fault);
const char *market_sellers_fault_kpi(enum market_fault fault);
const char *market_sellers_fault_text(enum market_fault fault);
