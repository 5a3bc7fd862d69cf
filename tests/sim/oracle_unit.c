/* oracle_unit.c - which facts follow from the events of one order unit. */
#include "sim/oracle.h"

#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define TRACKING_PATIENCE_MS (48 * HOUR_MS)

enum { PARCELS_MOST = 32 };

static bool is_order(const struct oracle_event *e)
{
    return e->kind <= ORACLE_ORDER_UNIT_STATUS_CHANGED;
}

static bool is_scan(const struct oracle_event *e)
{
    return e->kind >= ORACLE_CARRIER_ACCEPTED;
}

static bool is_attempt(const struct oracle_event *e)
{
    return e->kind == ORACLE_DELIVERY_ATTEMPTED || e->kind == ORACLE_DELIVERED;
}

static bool is_received(const struct oracle_event *e)
{
    return is_order(e) && e->status.received;
}

static bool proves_sending(const struct oracle_event *e)
{
    if (is_order(e))
        return e->status.sent || e->status.received;
    return true; /* shipment_sent, and every event of a carrier */
}

static bool is_cancellation(const struct oracle_event *e)
{
    return is_order(e) && e->status.cancelled;
}

static bool names_number_and_carrier(const struct oracle_event *e)
{
    return !is_order(e) && e->tracking_number[0] != '\0' && e->carrier[0] != '\0';
}

/* The events are sorted: the first that fits is the earliest. NULL: none. */
static const struct oracle_event *first(const struct oracle_group *g,
                                        bool (*fits)(const struct oracle_event *e))
{
    for (int i = 0; i < g->count; i++) {
        if (fits(&g->events[i]))
            return &g->events[i];
    }
    return NULL;
}

static int64_t first_at(const struct oracle_group *g,
                        bool (*fits)(const struct oracle_event *e))
{
    const struct oracle_event *e = first(g, fits);
    return e == NULL ? ORACLE_NEVER : e->at;
}

/* ---- promises: what the buyer was told first --------------------------------------- */

struct promises {
    struct oracle_maybe created;
    struct oracle_maybe ship_by;
    struct oracle_maybe deliver_from;
    struct oracle_maybe deliver_by;
    struct oracle_maybe handling_days;
};

static void keep_first(struct oracle_maybe *kept, struct oracle_maybe told)
{
    if (!kept->known)
        *kept = told;
}

static struct promises promises_of(const struct oracle_book *book, const struct oracle_group *g)
{
    struct promises p = { 0 };
    for (int i = 0; i < g->count; i++) {
        const struct oracle_event *e = &g->events[i];
        if (!is_order(e))
            continue;
        keep_first(&p.created, (struct oracle_maybe){ true, e->created });
        keep_first(&p.ship_by, e->ship_by);
        keep_first(&p.deliver_from, e->deliver_from);
        keep_first(&p.deliver_by, e->deliver_by);
        keep_first(&p.handling_days, e->handling_days);
    }
    if (!p.ship_by.known && p.handling_days.known && p.created.known) {
        const struct oracle_calendar *calendar = oracle_calendar_of(book, g);
        p.ship_by.known = true;
        p.ship_by.value =
            oracle_calendar_end_of_day(calendar, p.created.value, p.handling_days.value);
    }
    return p;
}

/* ---- parcels ----------------------------------------------------------------------- */

static bool is_known(const char *const numbers[], int count, const char *number)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(numbers[i], number) == 0)
            return true;
    }
    return false;
}

static int64_t attempt_of(const struct oracle_group *g, const char *number)
{
    for (int i = 0; i < g->count; i++) {
        const struct oracle_event *e = &g->events[i];
        if (is_attempt(e) && strcmp(e->tracking_number, number) == 0)
            return e->at;
    }
    return ORACLE_NEVER;
}

/* When the last of its parcels was first attempted. */
static int64_t attempt(const struct oracle_group *g)
{
    const char *numbers[PARCELS_MOST];
    int known = 0;
    int parcels = 1;
    for (int i = 0; i < g->count; i++) {
        const struct oracle_event *e = &g->events[i];
        if (is_order(e))
            continue;
        parcels = e->parcels > parcels ? e->parcels : parcels;
        if (e->tracking_number[0] != '\0' && known < PARCELS_MOST &&
            !is_known(numbers, known, e->tracking_number))
            numbers[known++] = e->tracking_number;
    }
    parcels = known > parcels ? known : parcels;
    parcels = parcels < PARCELS_MOST ? parcels : PARCELS_MOST;
    const int64_t received = first_at(g, is_received);
    if (known == 0 || parcels == 1)
        return oracle_earlier(first_at(g, is_attempt), received);
    int64_t last = parcels > known ? received : 0;
    for (int i = 0; i < known; i++) {
        const int64_t own = oracle_earlier(attempt_of(g, numbers[i]), received);
        last = own > last ? own : last;
    }
    return last;
}

/* ---- facts ------------------------------------------------------------------------- */

/* What is asked of one unit. */
struct question {
    struct oracle_book *book;
    const struct oracle_group *unit;
    struct promises promises;
    int64_t sent;
    int64_t scan;
    int64_t tracked;
    int64_t attempt;
    int64_t cancelled;
};

/* A cancellation takes away what would count after it. */
static void count(const struct question *q, enum oracle_fact fact, int64_t at)
{
    if (at <= q->cancelled)
        oracle_count(q->book, q->unit, fact, at);
}

static bool is_past(const struct question *q, int64_t deadline, int64_t grace)
{
    return q->book->watermark > deadline + grace;
}

static void ask_dispatch(const struct question *q)
{
    const struct oracle_maybe by = q->promises.ship_by;
    if (!by.known)
        return;
    if (q->sent <= by.value)
        count(q, ORACLE_DISPATCH_GOOD, q->sent);
    else if (q->sent != ORACLE_NEVER ||
             is_past(q, by.value, q->book->settings->grace_dispatch_ms))
        count(q, ORACLE_DISPATCH_BAD, by.value);
}

static void ask_delivery(const struct question *q)
{
    const struct oracle_maybe by = q->promises.deliver_by;
    const struct oracle_maybe from = q->promises.deliver_from;
    if (!by.known)
        return;
    if (q->attempt <= by.value && from.known && q->attempt < from.value)
        count(q, ORACLE_DELIVERY_EARLY, q->attempt);
    else if (q->attempt <= by.value)
        count(q, ORACLE_DELIVERY_ON_TIME, q->attempt);
    else if (q->attempt != ORACLE_NEVER ||
             is_past(q, by.value, q->book->settings->grace_delivery_ms))
        count(q, ORACLE_DELIVERY_LATE, by.value);
}

static void ask_tracking(const struct question *q)
{
    if (q->sent == ORACLE_NEVER)
        return;
    const int64_t limit = q->sent + TRACKING_PATIENCE_MS;
    const bool scanned = q->scan != ORACLE_NEVER;
    const bool numbered = q->tracked != ORACLE_NEVER;
    if (q->scan <= limit && q->tracked <= limit)
        count(q, ORACLE_TRACKING_GOOD, q->scan);
    else if ((scanned && q->scan > limit) || (scanned && numbered && q->tracked > limit) ||
             is_past(q, limit, q->book->settings->grace_tracking_ms))
        count(q, ORACLE_TRACKING_BAD, limit);
}

static bool is_by_seller(const char *reason)
{
    static const char *const reasons[] = {
        "NoInventory",       "DelayedInventory", "NoInventoryDelayedCheckout",
        "WrongPrice",        "WrongCatalogData", "MerchandiseNotReceived",
        "GeneralAdjustment", "NoReaction"
    };
    return is_known(reasons, sizeof reasons / sizeof reasons[0], reason);
}

static bool is_return(const struct oracle_event *e)
{
    return is_order(e) && e->status.returned;
}

static void ask_overdue(const struct question *q)
{
    const struct oracle_maybe by = q->promises.deliver_by;
    if (by.known && q->book->watermark > by.value && q->attempt == ORACLE_NEVER &&
        q->cancelled == ORACLE_NEVER && first(q->unit, is_return) == NULL)
        oracle_add_overdue(q->book, q->unit, ORACLE_UNITS_OVERDUE);
}

void oracle_unit(struct oracle_book *book, const struct oracle_group *unit)
{
    const struct oracle_event *cancellation = first(unit, is_cancellation);
    const struct question q = {
        .book = book,
        .unit = unit,
        .promises = promises_of(book, unit),
        .sent = first_at(unit, proves_sending),
        .scan = first_at(unit, is_scan),
        .tracked = first_at(unit, names_number_and_carrier),
        .attempt = attempt(unit),
        .cancelled = cancellation == NULL ? ORACLE_NEVER : cancellation->at,
    };
    ask_dispatch(&q);
    ask_delivery(&q);
    ask_tracking(&q);
    ask_overdue(&q);
    if (q.promises.created.known)
        oracle_count(book, unit, ORACLE_CREATED, q.promises.created.value);
    if (cancellation != NULL && is_by_seller(cancellation->cancel_reason))
        oracle_count(book, unit, ORACLE_CANCELLED_BY_SELLER, cancellation->at);
}
