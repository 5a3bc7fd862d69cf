/* oracle.h - what the views of a shard must show, computed the slow and obvious way.
 *
 * DESIGN
 * ------
 * It shares no code with the program, not even a header. It takes the whole log of a shard
 * in any order, throws that order away, and asks the rules of the domain one by one:
 *
 *      events ──▶ units and tickets, by owner ──▶ facts ──▶ rows of every window
 *                 oracle.c                        oracle_unit.c   oracle_rows.c
 *                                                 oracle_ticket.c
 *                                                 oracle_calendar.c
 *
 * A unit or a ticket is the sorted list of its events; every rule is a question to that
 * list. The oracle in Python (tests/oracle) says the same in its own words and serves the
 * tests on the real stack; this one is fast enough for thousands of simulated lives.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ORACLE_UNITS_MOST = 16,
    ORACLE_WINDOWS_MOST = 8,
    ORACLE_HOLIDAYS_MOST = 12,
    ORACLE_STOREFRONTS_MOST = 4,
};

enum oracle_kind {
    ORACLE_ORDER_UNIT_NEW,
    ORACLE_ORDER_UNIT_STATUS_CHANGED,
    ORACLE_TICKET_OPENED,
    ORACLE_TICKET_MESSAGE_NEW,
    ORACLE_TICKET_STATUS_CHANGED,
    ORACLE_TICKET_NO_RESPONSE_NEEDED,
    ORACLE_SHIPMENT_SENT,
    ORACLE_CARRIER_ACCEPTED,
    ORACLE_IN_TRANSIT,
    ORACLE_DELIVERY_ATTEMPTED,
    ORACLE_DELIVERED,
    ORACLE_DELIVERY_FAILED,
    ORACLE_RETURNED_TO_SENDER,
};

enum oracle_author { ORACLE_NOBODY, ORACLE_SELLER, ORACLE_SERVICE };

/* The states that any rule asks for; `closed` is by anybody but the seller alone. */
struct oracle_status {
    bool sent;
    bool received;
    bool cancelled;
    bool returned;
    bool closed;
    bool closed_by_service;
};

struct oracle_maybe {
    bool known;
    int64_t value;
};

/* Times are UTC ms; strings are borrowed, "" where nothing is given. */
struct oracle_event {
    enum oracle_kind kind;
    int64_t at;
    const char *id_message;
    const char *seller;
    const char *storefront;
    const char *id; /* of the order unit or ticket */
    bool by_kaufland;
    struct oracle_status status;
    /* orders */
    const char *cancel_reason;
    int64_t created;
    struct oracle_maybe ship_by;
    struct oracle_maybe deliver_from;
    struct oracle_maybe deliver_by;
    struct oracle_maybe handling_days;
    /* messages */
    const char *topic;
    const char *units[ORACLE_UNITS_MOST];
    int unit_count;
    bool not_responsible;
    enum oracle_author author;
    bool interim;
    bool automatic;
    /* shipments */
    const char *tracking_number;
    const char *carrier;
    int parcels;
};

struct oracle_window {
    const char *name;
    int64_t length_ms;
    int64_t pane_ms;
};

/* Local days of one time zone; business time is 00:00-24:00 of working days. */
struct oracle_calendar {
    int winter_hours;                       /* local time less UTC */
    bool summer_time;                       /* one hour more, by the rule of the EU */
    unsigned working_days;                  /* bit 0: Monday */
    int fixed[ORACLE_HOLIDAYS_MOST];        /* month * 100 + day, up to the first 0 */
    int after_easter[ORACLE_HOLIDAYS_MOST]; /* days, up to the first 0 */
};

struct oracle_storefront {
    const char *name;
    const struct oracle_calendar *calendar;
};

struct oracle_settings {
    struct oracle_storefront storefronts[ORACLE_STOREFRONTS_MOST]; /* all that there are */
    int storefront_count;
    int64_t grace_dispatch_ms;
    int64_t grace_tracking_ms;
    int64_t grace_delivery_ms;
    int64_t grace_response_ms;
    int64_t response_sla_ms;
    int64_t slow_response_ms;
    int64_t abandon_after_ms; /* without an event for longer than that nothing is overdue */
    struct oracle_window windows[ORACLE_WINDOWS_MOST];
    int window_count;
};

/* Calls `each` for every row that a view must show when the shard has read all these events
 * and stands at these times: "SELLER|STOREFRONT" and "KPI:WINDOW BAD TOTAL VALUE". A row of
 * nothing is left out. Sorts `events`. */
void oracle_judge(const struct oracle_settings *settings, struct oracle_event *events,
                  int count, int64_t stream_time, int64_t watermark,
                  void (*each)(void *arg, const char *place, const char *row), void *arg);

/* When the local day of an instant begins. */
int64_t oracle_calendar_midnight(const struct oracle_calendar *c, int64_t at);

/* Business time between two instants. */
int64_t oracle_calendar_elapsed(const struct oracle_calendar *c, int64_t from, int64_t to);

/* The earliest instant at which so much business time (more than 0) has passed. */
int64_t oracle_calendar_due(const struct oracle_calendar *c, int64_t from, int64_t business_ms);

/* 24:00 of the day that lies so many working days after the day of `from`, or after the next
 * one that is a working day. */
int64_t oracle_calendar_end_of_day(const struct oracle_calendar *c, int64_t from,
                                   int64_t working_days);

bool oracle_calendar_is_holiday(const struct oracle_calendar *c, int64_t day_since_1970);

/* ---- implementation shared by the oracle_*.c files -------------------------------------- */

enum oracle_fact {
    ORACLE_CREATED,
    ORACLE_DISPATCH_GOOD,
    ORACLE_DISPATCH_BAD,
    ORACLE_DELIVERY_ON_TIME,
    ORACLE_DELIVERY_EARLY,
    ORACLE_DELIVERY_LATE,
    ORACLE_TRACKING_GOOD,
    ORACLE_TRACKING_BAD,
    ORACLE_CANCELLED_BY_SELLER,
    ORACLE_RESPONSE_GOOD,
    ORACLE_RESPONSE_BAD,
    ORACLE_RESPONSE_DURATION,
    ORACLE_OPENED,
    ORACLE_DELAYED, /* the six classes of avoidable enquiries */
    ORACLE_NOT_RECEIVED,
    ORACLE_INCOMPLETE,
    ORACLE_INCORRECT,
    ORACLE_DEFECT,
    ORACLE_INVOICE,
    ORACLE_REPEAT,
    ORACLE_ESCALATION,
    ORACLE_FACT_COUNT,
};

struct oracle_counted {
    enum oracle_fact fact;
    int64_t at;
    int64_t duration_ms;
    const char *seller;
    const char *storefront;
};

/* The events of one unit or ticket that come from its owner, earliest first. */
struct oracle_group {
    const struct oracle_event *events;
    int count;
};

enum oracle_gauge { ORACLE_UNITS_OVERDUE, ORACLE_TICKETS_OVERDUE, ORACLE_GAUGE_COUNT };

struct oracle_overdue {
    enum oracle_gauge gauge;
    const char *seller;
    const char *storefront;
};

struct oracle_book {
    const struct oracle_settings *settings;
    int64_t stream_time;
    int64_t watermark;
    struct oracle_group *groups; /* units first */
    int unit_count;
    int group_count;
    struct oracle_counted *facts;
    int fact_count;
    struct oracle_overdue *overdue;
    int overdue_count;
};

/* A time that never comes: what has not happened. */
#define ORACLE_NEVER INT64_MAX

int64_t oracle_earlier(int64_t a, int64_t b);

/* Zeroed memory for at least one; free it. */
void *oracle_take(size_t count, size_t size);

/* The calendar of the owner's storefront. */
const struct oracle_calendar *oracle_calendar_of(const struct oracle_book *book,
                                                 const struct oracle_group *g);

void oracle_count(struct oracle_book *book, const struct oracle_group *g, enum oracle_fact fact,
                  int64_t at);

/* Unless it was abandoned. */
void oracle_add_overdue(struct oracle_book *book, const struct oracle_group *g,
                        enum oracle_gauge gauge);

/* Adds the facts of a unit, of a ticket (which looks at the others). */
void oracle_unit(struct oracle_book *book, const struct oracle_group *unit);
void oracle_ticket(struct oracle_book *book, const struct oracle_group *ticket);

/* Says every row of every place. */
void oracle_rows(const struct oracle_book *book,
                 void (*each)(void *arg, const char *place, const char *row), void *arg);
