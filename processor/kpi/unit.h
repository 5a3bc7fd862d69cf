/* unit.h - an order unit: what is known of it, and which facts follow.
 *
 * DESIGN
 * ------
 * Every field is an earliest: the promise as it was told first, the first
 * sending, the first scan, the first attempt of every parcel, the first
 * cancellation. Taking a minimum does not depend on order and is not changed by
 * doubles. unit_facts() is a pure function from these and the watermark to the
 * facts that count.
 *
 * Events of one unit id that name different sellers or storefronts are kept
 * apart as claims, see claim.h.
 *
 * A unit is remembered until it is closed (attempted, cancelled or not the
 * seller's), its last event is older than max_lateness and its facts have left
 * the longest window: a status that comes weeks after the delivery must find
 * it, or its creation would count twice.
 */
#pragma once

#include "kpi/claim.h"
#include "kpi/event.h"
#include "kpi/ledger.h"

/* What the buyer was told; each from the first order event that says it. */
enum promise {
    PROMISE_CREATED,
    PROMISE_SHIP_BY,
    PROMISE_DELIVER_FROM,
    PROMISE_DELIVER_BY,
    PROMISE_HANDLING_TIME,
    PROMISE_COUNT
};

enum unit_stamp {
    UNIT_STAMP_FIRST = PROMISE_COUNT, /* the first event of all: whose unit it is */
    UNIT_STAMP_CANCEL,
    UNIT_STAMP_COUNT
};

enum unit_fact {
    UNIT_FACT_CREATED,
    UNIT_FACT_DISPATCH,
    UNIT_FACT_DELIVERY,
    UNIT_FACT_TRACKING,
    UNIT_FACT_CANCELLATION,
    UNIT_FACT_COUNT
};

struct parcel {
    uint32_t next;
    uint64_t number; /* hash of the tracking number */
    int64_t attempt; /* earliest; TIME_NEVER: none, like all times below */
};

struct unit {
    struct claim claim;
    uint32_t stamps[UNIT_STAMP_COUNT]; /* promises first; 0: never told */
    int64_t promises[PROMISE_COUNT];
    int64_t dispatch_due; /* ship_by, or what follows from the handling time */
    int64_t sent;
    int64_t scan;        /* first carrier event */
    int64_t tracked;     /* first shipment event with number and carrier */
    int64_t received;    /* order status received */
    int64_t attempt_any; /* first attempt, whichever parcel */
    int64_t last_event;  /* highest ts_event */
    uint32_t parcels;    /* list, by number */
    uint16_t parcel_count;
    bool cancelled_by_seller;
    bool returned;        /* it came back: it is not open, whatever was heard of its delivery */
    bool not_the_sellers; /* fulfilled_by_kaufland */
    bool open;            /* among units.open; not stored */
    struct counted counted[UNIT_FACT_COUNT];
    struct overdue_node overdue;
};

struct units {
    const struct rules *rules;
    struct entities *entities;
    struct sellers *sellers;
    struct ledger *ledger;
    struct claims claims;
    struct pool units;
    struct pool stamps;
    struct pool parcels;
    struct deadlines deadlines; /* in watermark time */
    struct overdue_nodes overdue;
    int64_t watermark;
    int64_t open;            /* how many are not closed */
    uint64_t foreign_events; /* of claims that do not own their unit */
    uint64_t abandoned;
};

void units_open(struct units *us, const struct rules *rules, struct entities *entities,
                struct ledger *ledger);

void units_close(struct units *us);

static inline struct unit *units_at(const struct units *us, uint32_t ref)
{
    return pool_at(&us->units, ref);
}

/* An order or shipment event. */
void units_apply(struct units *us, const struct event *event);

/* Time has passed: decides what did not happen, forgets what is over. */
void units_advance(struct units *us, event_time watermark);

/* The lists that a unit refers to. */
struct unit_memory {
    const struct pool *parcels;
    const struct pool *stamps;
};

/* The facts that follow from what is known of the unit at the watermark; pure,
 * like the next four. */
void unit_facts(const struct unit *u, const struct unit_memory *memory,
                const struct rules *rules, int64_t watermark,
                struct counted ret_wanted[UNIT_FACT_COUNT]);

/* When the last parcel was first attempted; TIME_NEVER: not yet. */
int64_t unit_attempt(const struct unit *u, const struct pool *parcels);

/* Is it open past its delivery deadline, and was heard of lately enough? */
bool unit_overdue(const struct unit *u, const struct unit_memory *memory,
                  const struct rules *rules, int64_t watermark);

/* An open unit of which nothing was heard until then is overdue no more. */
static inline int64_t unit_abandoned_at(const struct unit *u, const struct rules *rules)
{
    return u->last_event + rules->abandon_after_ms;
}

/* The next deadline whose passing may change the facts; TIME_NEVER: none. */
int64_t unit_next_look(const struct unit *u, const struct unit_memory *memory,
                       const struct rules *rules, int64_t watermark);

/* Nothing more is owed: attempted, cancelled, or not the seller's. */
bool unit_closed(const struct unit *u, const struct unit_memory *memory);

/* The overdue units of a cell, newest deadline first, appended as evidence. */
int32_t units_overdue(const struct units *us, uint32_t cell, struct evidence *newest,
                      int32_t count);

void unit_encode(const struct units *us, uint32_t ref, struct buffer *out);

/* Replaces or removes a unit by its image, counting nothing; false: corrupt. */
bool unit_decode(struct units *us, struct reader *in);

/* After all images: sets the deadlines. */
void units_loaded(struct units *us);

/* Implementation shared by unit.c and unit_image.c. */
uint32_t unit_new(struct units *us, struct span id, uint32_t cell);
void unit_free(struct units *us, uint32_t ref);
struct parcel *unit_parcel(struct units *us, struct unit *u, uint64_t number);
