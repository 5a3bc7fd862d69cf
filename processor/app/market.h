/* market.h - an invented marketplace: a source of events without end.
 *
 * DESIGN
 * ------
 * A heap holds what is going to happen. The earliest happening is taken out, acts,
 * and plans what follows from it; some acts tell the world an event, which arrives
 * a little later, sometimes much later, sometimes twice:
 *
 *      ORDER ──▶ PACK ──▶ SCAN ──▶ ATTEMPT ──▶ ARRIVE
 *        │         └──▶ cancelled                 └──▶ RETURN
 *        └──▶ MISS, ASK ──▶ REPLY, STEP_IN, CLOSE
 *
 * Events come out in the order in which they arrive. No clock, no files: the same
 * options give the same events. How a seller behaves is asked when it acts, so a
 * seller that turns bad does so for orders that are already there, too.
 *
 *      market.c          heap and stories' begin      market_sellers.c  who and how well
 *      market_units.c    orders and parcels           market_dice.c     chance
 *      market_tickets.c  enquiries                    market_tell.c     events of it
 */
#pragma once

#include "app/market_sellers.h"
#include "base/buffer.h"
#include "kpi/event.h"

struct market_options {
    uint64_t seed;
    event_time start;
    int32_t sellers;
    int32_t turning;       /* sellers that turn bad; at most all */
    int32_t units_per_day; /* of an average seller */
    int32_t turn_days;     /* after so many days the first one turns */
};

enum {
    MARKET_SELLERS_DEFAULT = 60,
    MARKET_UNITS_PER_DAY_DEFAULT = 20,
    MARKET_TURN_DAYS_DEFAULT = 10,
    MARKET_TURNING_ONE_IN = 10, /* sellers, by default */
};

struct market;

/* Never NULL. */
struct market *market_open(const struct market_options *options);

/* Accepts NULL. */
void market_close(struct market *market);

/* The next event to arrive, and when; never ends, and no event is dated after its
 * arrival. Its texts live until the next call. */
event_time market_next(struct market *market, struct event *ret_event);

/* [options.sellers] */
const struct market_seller *market_sellers_of(const struct market *market);

/* The ground truth as JSON, ends with a newline: the options, each seller's quality,
 * and of those that turn bad when, how, and which KPI must show it. */
void market_truth(const struct market *market, struct buffer *ret_json);
