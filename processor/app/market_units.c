/* market_units.c - see market_units.h. */
#include "app/market_units.h"

#include "app/market_tell.h"
#include "base/check.h"

enum {
    PERCENT = 100,
    TWO_UNITS_PPM = 120000, /* of orders; together with the next 1.18 units an order */
    THREE_UNITS_PPM = 30000,
    BY_MARKETPLACE_PPM = 20000,
    SHIP_BY_MISSING_PPM = 150000, /* the handling time says it then */
    DELIVER_FROM_MISSING_PPM = 300000,
    STATUS_TOLD_PPM = 400000, /* of changes of an order's status that follow from others */
    MORE_PARCELS_PPM = 60000,
    OTHER_CARRIER_PPM = 300000,
    BUYER_CANCELS_PPM = 20000,
    IN_TRANSIT_PPM = 500000,
    NOBODY_HOME_PPM = 50000,
    LOST_PPM = 4000,
    RETURN_PPM = 40000,
    LATE_ASKS_PPM = 300000,
    OTHER_ASKS_PPM = 20000,
    INVOICE_ASKS_PPM = 3000,
    PRICE_CENTS_MIN = 499,
    PRICE_CENTS_SPREAD = 20000,
    DELIVERY_DAYS = 5, /* promised after ship_by */
    WEEK_DAYS = 7,
    MONDAY_SHIFT = 3, /* 1970-01-01 was a Thursday */
    SATURDAY = 5,
};

static const double scan_spread = 0.7;
static const double other_spread = 0.5;

/* Marketplaces write their reasons like this; the last one nobody knows. */
static const char *const seller_reasons[] = { "NoInventory", "NoInventory", "DelayedInventory",
                                              "WrongPrice" };
static const char *const buyer_reasons[] = { "BuyerCancelled", "BuyerCancelled",
                                             "NoReactionBuyer", "AlienAbduction" };

enum { REASONS = 4 };

static const struct market_seller *seller_of(const struct market *m,
                                             const struct market_unit *unit)
{
    return &m->sellers[unit->seller];
}

/* Monday is 0. */
static int64_t weekday(int64_t at)
{
    return floor_div(at, DAY_MS) % WEEK_DAYS < 0
               ? 0
               : (floor_div(at, DAY_MS) + MONDAY_SHIFT) % WEEK_DAYS;
}

/* Nobody packs at weekends. */
static int64_t working_moment(int64_t at)
{
    const int64_t day = weekday(at);
    return day < SATURDAY ? at : at + (WEEK_DAYS - day) * DAY_MS;
}

static int64_t end_of_working_day(int64_t at, int32_t days)
{
    int64_t day = floor_div(working_moment(at), DAY_MS) * DAY_MS;
    for (int32_t i = 0; i < days; i++)
        day = working_moment(day + DAY_MS);
    return day + DAY_MS - SECOND_MS;
}

/* ---- ordering ------------------------------------------------------------------------- */

static void tell_status(struct market *m, uint32_t ref, enum order_status status, int64_t at)
{
    if (!market_dice_chance(&m->dice, STATUS_TOLD_PPM))
        return;
    market_tell(m, &(struct market_telling){ .kind = EVENT_ORDER_UNIT_STATUS_CHANGED,
                                             .ref = ref,
                                             .at = at,
                                             .status.order = status });
}

static void plan(struct market *m, uint32_t ref, enum market_act act, int64_t delay)
{
    market_tell_plan_unit(m,
                          (struct happening){ .at = m->now + delay, .what = act, .ref = ref });
}

static void plan_enquiry(struct market *m, uint32_t ref, enum market_enquiry enquiry,
                         int64_t median)
{
    market_tell_plan_unit(
        m, (struct happening){ .at = m->now + market_dice_delay(&m->dice, median, other_spread),
                               .what = MARKET_ACT_ASK,
                               .ref = ref,
                               .detail = enquiry });
}

static void plan_unit(struct market *m, uint32_t ref)
{
    const struct market_unit *unit = market_unit_at(m, ref);
    const struct market_manner manner = market_sellers_manner(seller_of(m, unit), m->now);
    const int64_t handling =
        market_dice_delay(&m->dice, manner.handling_ms, manner.handling_spread);
    plan(m, ref, MARKET_ACT_PACK, working_moment(m->now + handling) - m->now);
    if (market_dice_chance(&m->dice, BUYER_CANCELS_PPM))
        plan(m, ref, MARKET_ACT_CANCEL, market_dice_delay(&m->dice, 4 * HOUR_MS, other_spread));
    plan(m, ref, MARKET_ACT_MISS, unit->deliver_by - m->now + 12 * HOUR_MS);
    if (market_dice_chance(&m->dice, OTHER_ASKS_PPM))
        plan_enquiry(m, ref, MARKET_ENQUIRY_OTHER, DAY_MS);
    if (market_dice_chance(&m->dice, INVOICE_ASKS_PPM))
        plan_enquiry(m, ref, MARKET_ENQUIRY_INVOICE, 5 * DAY_MS);
}

static uint32_t pick_carrier(struct market *m, const struct market_seller *seller)
{
    const uint32_t other = market_dice_below(&m->dice, MARKET_PARCELS_MAX);
    return market_dice_chance(&m->dice, OTHER_CARRIER_PPM) ? seller->carrier + other
                                                           : seller->carrier;
}

static void fill_unit(struct market *m, struct market_unit *unit, uint32_t seller)
{
    const struct market_seller *s = &m->sellers[seller];
    struct market_dice *dice = &m->dice;
    unit->seller = seller;
    unit->created = m->now;
    unit->ship_by = end_of_working_day(m->now, MARKET_HANDLING_DAYS);
    unit->deliver_from = m->now + DAY_MS;
    unit->deliver_by = unit->ship_by + DELIVERY_DAYS * DAY_MS;
    unit->ship_by_told = !market_dice_chance(dice, SHIP_BY_MISSING_PPM);
    unit->deliver_from_told = !market_dice_chance(dice, DELIVER_FROM_MISSING_PPM);
    unit->by_marketplace = market_dice_chance(dice, BY_MARKETPLACE_PPM);
    unit->price_cents = PRICE_CENTS_MIN + (int32_t)market_dice_below(dice, PRICE_CENTS_SPREAD);
    unit->parcels = 1;
    if (market_dice_chance(dice, MORE_PARCELS_PPM))
        unit->parcels = 2 + market_dice_below(dice, MARKET_PARCELS_MAX - 1);
    unit->carrier = pick_carrier(m, s);
    unit->tracked = !market_dice_chance(dice, market_sellers_manner(s, m->now).untracked_ppm);
}

static void begin_unit(struct market *m, const struct market_unit *unit)
{
    const uint32_t ref = pool_new(&m->units);
    *market_unit_at(m, ref) = *unit;
    market_tell(m, &(struct market_telling){ .kind = EVENT_ORDER_UNIT_NEW,
                                             .ref = ref,
                                             .at = m->now,
                                             .status.order = ORDER_OPEN });
    tell_status(m, ref, ORDER_NEED_TO_BE_SENT, m->now);
    plan_unit(m, ref);
}

static uint32_t pick_order_size(struct market_dice *dice)
{
    if (market_dice_chance(dice, THREE_UNITS_PPM))
        return MARKET_ORDER_UNITS_MAX;
    return market_dice_chance(dice, TWO_UNITS_PPM) ? 2 : 1;
}

void market_units_order(struct market *m, uint32_t seller)
{
    const struct market_seller *s = &m->sellers[seller];
    const int64_t mean = s->order_pause_ms * PERCENT / market_sellers_demand(s, m->now);
    const int64_t next = m->now + market_dice_pause(&m->dice, mean);
    market_heap_push(&m->plan,
                     (struct happening){ .at = next, .what = MARKET_ACT_ORDER, .ref = seller });

    struct market_unit unit = { .order_size = pick_order_size(&m->dice),
                                .first = m->last_unit + 1 };
    unit.storefront = s->storefronts[market_dice_below(&m->dice, s->storefront_count)];
    for (uint32_t i = 0; i < unit.order_size; i++) {
        unit.number = ++m->last_unit;
        fill_unit(m, &unit, seller);
        begin_unit(m, &unit);
    }
}

/* ---- sending -------------------------------------------------------------------------- */

static void tell_parcel(struct market *m, uint32_t ref, uint32_t parcel, enum event_kind kind)
{
    market_tell(m, &(struct market_telling){
                       .kind = kind, .ref = ref, .parcel = parcel, .at = m->now });
}

static void cancel(struct market *m, uint32_t ref, const char *reason)
{
    market_unit_at(m, ref)->cancelled = true;
    market_tell(m, &(struct market_telling){ .kind = EVENT_ORDER_UNIT_STATUS_CHANGED,
                                             .ref = ref,
                                             .at = m->now,
                                             .reason = reason,
                                             .status.order = ORDER_CANCELLED });
}

static void plan_parcel(struct market *m, const struct happening *of, enum market_act act,
                        int64_t delay)
{
    market_tell_plan_unit(
        m, (struct happening){
               .at = m->now + delay, .what = act, .ref = of->ref, .detail = of->detail });
}

static void send_parcels(struct market *m, uint32_t ref)
{
    struct market_unit *unit = market_unit_at(m, ref);
    const struct market_manner manner = market_sellers_manner(seller_of(m, unit), m->now);
    unit->sent = m->now;
    for (uint32_t i = 0; i < unit->parcels; i++) {
        const struct happening parcel = { .ref = ref, .detail = i };
        tell_parcel(m, ref, i, EVENT_SHIPMENT_SENT);
        const int64_t scan = market_dice_delay(&m->dice, 6 * HOUR_MS, scan_spread);
        const int64_t travel =
            market_dice_delay(&m->dice, manner.transit_ms, manner.transit_spread);
        plan_parcel(m, &parcel, MARKET_ACT_SCAN, scan);
        plan_parcel(m, &parcel, MARKET_ACT_ATTEMPT, scan + travel);
    }
    tell_status(m, ref, ORDER_SENT, m->now);
}

static void pack(struct market *m, uint32_t ref)
{
    const struct market_unit *unit = market_unit_at(m, ref);
    const struct market_manner manner = market_sellers_manner(seller_of(m, unit), m->now);
    if (unit->cancelled)
        return;
    if (market_dice_chance(&m->dice, manner.cancelled_ppm))
        cancel(m, ref, seller_reasons[market_dice_below(&m->dice, REASONS)]);
    else
        send_parcels(m, ref);
}

static void scan(struct market *m, const struct happening *act)
{
    tell_parcel(m, act->ref, act->detail, EVENT_CARRIER_ACCEPTED);
    if (market_dice_chance(&m->dice, IN_TRANSIT_PPM))
        tell_parcel(m, act->ref, act->detail, EVENT_IN_TRANSIT);
}

/* ---- arriving ------------------------------------------------------------------------- */

static void arrive(struct market *m, const struct happening *act)
{
    struct market_unit *unit = market_unit_at(m, act->ref);
    const struct market_manner manner = market_sellers_manner(seller_of(m, unit), m->now);
    tell_parcel(m, act->ref, act->detail, EVENT_DELIVERED);
    unit->parcels_arrived += 1;
    if (unit->parcels_arrived < unit->parcels)
        return;
    tell_status(m, act->ref, ORDER_RECEIVED, m->now);
    if (market_dice_chance(&m->dice, manner.complaints_ppm))
        plan_enquiry(m, act->ref, MARKET_ENQUIRY_GOODS, 8 * HOUR_MS);
    if (market_dice_chance(&m->dice, RETURN_PPM))
        plan(m, act->ref, MARKET_ACT_RETURN, 4 * DAY_MS);
}

static void attempt(struct market *m, const struct happening *act)
{
    if (market_dice_chance(&m->dice, LOST_PPM)) {
        tell_parcel(m, act->ref, act->detail, EVENT_DELIVERY_FAILED);
        tell_parcel(m, act->ref, act->detail, EVENT_RETURNED_TO_SENDER);
        return;
    }
    if (!market_dice_chance(&m->dice, NOBODY_HOME_PPM)) {
        arrive(m, act);
        return;
    }
    tell_parcel(m, act->ref, act->detail, EVENT_DELIVERY_ATTEMPTED);
    plan_parcel(m, act, MARKET_ACT_ARRIVE, DAY_MS);
}

static void miss(struct market *m, uint32_t ref)
{
    const struct market_unit *unit = market_unit_at(m, ref);
    if (unit->cancelled || unit->parcels_arrived == unit->parcels)
        return;
    if (market_dice_chance(&m->dice, LATE_ASKS_PPM))
        plan_enquiry(m, ref, MARKET_ENQUIRY_LATE, 6 * HOUR_MS);
}

void market_units_act(struct market *m, const struct happening *act)
{
    const struct market_unit *unit = market_unit_at(m, act->ref);
    switch ((enum market_act)act->what) {
    case MARKET_ACT_PACK:
        pack(m, act->ref);
        return;
    case MARKET_ACT_SCAN:
        scan(m, act);
        return;
    case MARKET_ACT_ATTEMPT:
        attempt(m, act);
        return;
    case MARKET_ACT_ARRIVE:
        arrive(m, act);
        return;
    case MARKET_ACT_CANCEL:
        if (unit->sent == 0 && !unit->cancelled)
            cancel(m, act->ref, buyer_reasons[market_dice_below(&m->dice, REASONS)]);
        return;
    case MARKET_ACT_MISS:
        miss(m, act->ref);
        return;
    case MARKET_ACT_RETURN:
        tell_status(m, act->ref, ORDER_RETURNED, m->now);
        return;
    case MARKET_ACT_TELL:
    case MARKET_ACT_ORDER:
    case MARKET_ACT_ASK:
    case MARKET_ACT_REPLY:
    case MARKET_ACT_CLOSE:
    case MARKET_ACT_STEP_IN:
        break;
    }
    CHECK(false);
}
