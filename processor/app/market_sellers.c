/* market_sellers.c - see market_sellers.h. */
#include "app/market_sellers.h"

#include "base/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    PERCENT = 100,
    CARRIERS = 5,
    TURN_STEP_MS = 12 * 60 * 60 * 1000,
    BURST_DAYS = 6,          /* a bursty seller has one wild day in so many */
    BURST_DEMAND = 500,      /* percent of the usual demand on that day ... */
    BURST_QUIET_DEMAND = 50, /* ... and on the others */
    NIGHT_DEMAND = 25,
    NIGHT_ENDS_HOUR = 6,
    UNITS_PER_ORDER_PERCENT = 118, /* see market_units.c */
    BUSY_PERCENT = 81,             /* what the nights leave of a day's orders */
};

/* Measured on public data: hours to pack, days on the way (logarithms). */
static const double handling_median_ms = 51.9 * 3600 * 1000;
static const double handling_spread = 0.97;
static const double transit_median_ms = 6.49 * 24 * 3600 * 1000;
static const double transit_spread = 0.87;
static const double size_spread = 0.6;   /* of sellers */
static const int64_t clock_ms = HOUR_MS; /* local time of the markets, without summer */

static const struct {
    const char *name;
    int32_t share, handling, handling_spread, transit, transit_spread, reply_hours, silent,
        cancelled, untracked, complaints;
} qualities[] = {
#define QUALITY(id, name, share, handling, h_spread, transit, t_spread, reply, silent,         \
                cancelled, untracked, complaints)                                              \
    { name,  share,  handling,  h_spread,  transit,   t_spread,                                \
      reply, silent, cancelled, untracked, complaints },
#include "app/market_qualities.def"
#undef QUALITY
};

static const struct {
    const char *name;
    const char *kpi;
    const char *text;
} faults[] = {
#define FAULT(id, name, kpi, text) { name, kpi, text },
#include "app/market_faults.def"
#undef FAULT
};

/* "xx" is no storefront that we know: such come, and must not stop anybody. */
static const char *const storefronts[] = { "de", "de", "de", "at", "sk", "cz",
                                           "pl", "fr", "it", "de", "at", "xx" };

enum { STOREFRONTS = sizeof storefronts / sizeof storefronts[0] };

/* ---- inventing ----------------------------------------------------------------------- */

static enum market_quality pick_quality(struct market_dice *dice)
{
    int32_t left = (int32_t)market_dice_below(dice, PERCENT);
    for (unsigned q = 0; q < MARKET_QUALITY_COUNT; q++) {
        left -= qualities[q].share;
        if (left < 0)
            return (enum market_quality)q;
    }
    return MARKET_QUALITY_AVERAGE;
}

static void pick_storefronts(struct market_seller *seller, struct market_dice *dice)
{
    const uint32_t wanted = 1 + market_dice_below(dice, MARKET_STOREFRONTS_MAX);
    for (uint32_t i = 0; i < wanted; i++) {
        const char *pick = storefronts[market_dice_below(dice, STOREFRONTS)];
        bool known = false;
        for (uint32_t k = 0; k < seller->storefront_count; k++)
            known |= strcmp(seller->storefronts[k], pick) == 0;
        if (!known)
            seller->storefronts[seller->storefront_count++] = pick;
    }
}

static int64_t pick_pause(struct market_dice *dice, int32_t units_per_day, bool turns)
{
    const double size = turns ? 1 : exp(size_spread * market_dice_normal(dice));
    const double busy_ms = (double)DAY_MS * BUSY_PERCENT / PERCENT;
    const double orders = size * units_per_day * PERCENT / UNITS_PER_ORDER_PERCENT;
    const int64_t pause = (int64_t)(busy_ms / orders);
    return pause > SECOND_MS ? pause : SECOND_MS;
}

/* Those who turn bad are good or average and of average size: their change is what
 * shows, not their beginning. They stand evenly among the others. */
static void plant(const struct market_sellers_options *o, struct market_seller *sellers)
{
    for (int32_t i = 0; i < o->turning; i++) {
        struct market_seller *s = &sellers[(int64_t)i * o->count / o->turning];
        s->quality = i % 2 == 0 ? MARKET_QUALITY_GOOD : MARKET_QUALITY_AVERAGE;
        s->fault = (enum market_fault)(i % MARKET_FAULT_COUNT);
        s->turns.ms = o->first_turn.ms + (int64_t)i * TURN_STEP_MS;
        s->storefront_count = 1;
    }
}

void market_sellers_invent(const struct market_sellers_options *options,
                           struct market_dice *dice, struct market_seller *ret_sellers)
{
    CHECK(options->count > 0 && options->units_per_day > 0);
    CHECK(options->turning >= 0 && options->turning <= options->count);
    for (int32_t i = 0; i < options->count; i++) {
        struct market_seller *s = &ret_sellers[i];
        *s = (struct market_seller){ .fault = MARKET_FAULT_COUNT, .turns = { TIME_NEVER } };
        snprintf(s->id, sizeof s->id, "seller-%05d", i + 1);
        s->quality = pick_quality(dice);
        s->carrier = market_dice_below(dice, CARRIERS);
        pick_storefronts(s, dice);
    }
    if (options->turning > 0)
        plant(options, ret_sellers);
    for (int32_t i = 0; i < options->count; i++)
        ret_sellers[i].order_pause_ms = pick_pause(dice, options->units_per_day,
                                                   ret_sellers[i].fault != MARKET_FAULT_COUNT);
}

/* ---- behaving ------------------------------------------------------------------------ */

static void spoil(struct market_manner *m, enum market_fault fault)
{
    switch (fault) {
    case MARKET_FAULT_DISPATCH:
        m->handling_ms *= 4;
        return;
    case MARKET_FAULT_REPLIES:
        m->silent_ppm = 667000;
        return;
    case MARKET_FAULT_CARRIER:
        m->transit_ms = m->transit_ms * 5 / 2;
        return;
    case MARKET_FAULT_STOCK:
        m->cancelled_ppm = 125000;
        return;
    case MARKET_FAULT_TRACKING:
        m->untracked_ppm = 400000;
        return;
    case MARKET_FAULT_GOODS:
        m->complaints_ppm = 167000;
        return;
    case MARKET_FAULT_COUNT:
        break;
    }
    CHECK(fault != MARKET_FAULT_COUNT);
}

static bool is_burst(const struct market_seller *seller, int64_t at)
{
    if (seller->quality != MARKET_QUALITY_BURSTY)
        return false;
    return (at / DAY_MS + seller->carrier) % BURST_DAYS == 0;
}

struct market_manner market_sellers_manner(const struct market_seller *seller, int64_t at)
{
    const double percent = PERCENT;
    const unsigned q = seller->quality;
    struct market_manner m = {
        .handling_ms = (int64_t)(handling_median_ms * qualities[q].handling / percent),
        .transit_ms = (int64_t)(transit_median_ms * qualities[q].transit / percent),
        .reply_ms = qualities[q].reply_hours * HOUR_MS,
        .handling_spread = handling_spread * qualities[q].handling_spread / percent,
        .transit_spread = transit_spread * qualities[q].transit_spread / percent,
        .silent_ppm = qualities[q].silent,
        .cancelled_ppm = qualities[q].cancelled,
        .untracked_ppm = qualities[q].untracked,
        .complaints_ppm = qualities[q].complaints,
    };
    if (is_burst(seller, at))
        m.handling_ms *= 2;
    if (at >= seller->turns.ms)
        spoil(&m, seller->fault);
    return m;
}

int32_t market_sellers_demand(const struct market_seller *seller, int64_t at)
{
    const int64_t hour = (at + clock_ms) % DAY_MS / HOUR_MS;
    int32_t demand = hour < NIGHT_ENDS_HOUR ? NIGHT_DEMAND : PERCENT;
    if (seller->quality == MARKET_QUALITY_BURSTY)
        demand = demand * (is_burst(seller, at) ? BURST_DEMAND : BURST_QUIET_DEMAND) / PERCENT;
    return demand;
}

/* ---- names --------------------------------------------------------------------------- */

const char *market_sellers_quality_name(enum market_quality quality)
{
    CHECK(quality < MARKET_QUALITY_COUNT);
    return qualities[quality].name;
}

const char *market_sellers_fault_name(enum market_fault fault)
{
    CHECK(fault < MARKET_FAULT_COUNT);
    return faults[fault].name;
}

const char *market_sellers_fault_kpi(enum market_fault fault)
{
    CHECK(fault < MARKET_FAULT_COUNT);
    return faults[fault].kpi;
}

const char *market_sellers_fault_text(enum market_fault fault)
{
    CHECK(fault < MARKET_FAULT_COUNT);
    return faults[fault].text;
}
