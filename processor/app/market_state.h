/* market_state.h - the inside of the invented marketplace; for market_*.c alone.
 *
 * Units, tickets and tellings live in pools; each knows how many happenings and
 * others still name it, and goes when nobody does. So the market stays as large as
 * what is under way, however long it runs.
 */
#pragma once

#include "app/market.h"
#include "app/market_heap.h"
#include "base/pool.h"

enum market_act {
    MARKET_ACT_TELL,    /* ref: telling: an event arrives */
    MARKET_ACT_ORDER,   /* ref: seller: a buyer orders */
    MARKET_ACT_PACK,    /* ref: unit, like the next ones */
    MARKET_ACT_SCAN,    /* detail: parcel */
    MARKET_ACT_ATTEMPT, /* detail: parcel */
    MARKET_ACT_ARRIVE,  /* detail: parcel */
    MARKET_ACT_CANCEL,  /* by the buyer */
    MARKET_ACT_MISS,    /* the promised time is over */
    MARKET_ACT_RETURN,
    MARKET_ACT_ASK,   /* detail: enum market_enquiry: a buyer asks */
    MARKET_ACT_REPLY, /* ref: ticket, like the next ones */
    MARKET_ACT_CLOSE,
    MARKET_ACT_STEP_IN, /* customer service, where the seller is silent */
};

enum market_enquiry {
    MARKET_ENQUIRY_OTHER, /* nothing that the seller could have avoided */
    MARKET_ENQUIRY_LATE,
    MARKET_ENQUIRY_GOODS,
    MARKET_ENQUIRY_INVOICE,
};

struct market_unit {
    uint32_t uses;
    uint32_t seller;     /* index */
    uint64_t number;     /* 1, 2, 3 ... : its id */
    uint64_t first;      /* number of the first unit of its order */
    uint32_t order_size; /* units in the order */
    const char *storefront;
    int64_t created; /* UTC ms, like the next four */
    int64_t ship_by;
    int64_t deliver_from;
    int64_t deliver_by;
    int64_t sent; /* 0: not yet */
    int32_t price_cents;
    uint32_t parcels;
    uint32_t parcels_arrived;
    uint32_t carrier;
    bool by_marketplace; /* fulfilled_by_kaufland */
    bool tracked;
    bool ship_by_told;
    bool deliver_from_told;
    bool cancelled;
};

struct market_ticket {
    uint32_t uses;
    uint32_t unit; /* ref; counted among its uses */
    uint64_t number;
    const char *reason;
    const char *topic; /* NULL: none was chosen */
    int64_t opened;
    bool whole_order; /* about every unit of the order */
    bool replied;
    bool closed;
};

/* An event that is known to the marketplace and on its way to the topic. */
struct market_telling {
    enum event_kind kind;
    uint32_t ref; /* unit or ticket, counted among its uses */
    uint64_t number;
    int64_t at;
    const char *reason; /* of a cancellation; NULL: none */
    uint32_t parcel;
    union {
        enum order_status order;
        enum ticket_status ticket;
    } status;
    enum author_role author;
    bool is_auto_reply;
    bool is_interim;
    bool is_not_responsible;
};

enum {
    MARKET_TEXT_BYTES = 64,
    MARKET_TEXTS = 8 + TICKET_UNITS_MAX,
    MARKET_ORDER_UNITS_MAX = 3,
    MARKET_PARCELS_MAX = 3,
    MARKET_HANDLING_DAYS = 2, /* working days that every seller promises */
};

struct market {
    struct market_options options;
    struct market_dice dice;
    struct market_heap plan;
    struct arena arena;
    struct pool units;
    struct pool tickets;
    struct pool tellings;
    struct market_seller *sellers; /* [options.sellers], owned */
    uint64_t last_unit;
    uint64_t last_ticket;
    uint64_t last_message;
    int64_t now;
    uint32_t told;                               /* telling shown by the last market_next */
    char texts[MARKET_TEXTS][MARKET_TEXT_BYTES]; /* what that event borrows */
    int32_t text_count;
};

static inline struct market_unit *market_unit_at(const struct market *m, uint32_t ref)
{
    return pool_at(&m->units, ref);
}

static inline struct market_ticket *market_ticket_at(const struct market *m, uint32_t ref)
{
    return pool_at(&m->tickets, ref);
}
