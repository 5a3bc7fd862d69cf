/* ticket.h - a customer's ticket: what is known of it, and which facts follow.
 *
 * DESIGN
 * ------
 * As with order units, every field is an earliest and ticket_facts() is a pure
 * function. A ticket owes one initial response, due `response_sla` of business
 * time after its opening; events before the opening count as at the opening,
 * and nothing is decided until the opening is known (rule 2.9.3).
 *
 * A ticket is a *repeat* if another ticket of the seller on the same order unit
 * was opened in the seven days before it; contact.h keeps who shares what.
 *
 * A ticket is remembered until it is closed, its last event is older than
 * max_lateness, and its facts and those of every repeat of it have left the
 * longest window.
 */
#pragma once

#include "kpi/claim.h"
#include "kpi/contact.h"
#include "kpi/event.h"
#include "kpi/ledger.h"

enum ticket_stamp { TICKET_STAMP_FIRST, TICKET_STAMP_OPENED, TICKET_STAMP_COUNT };

enum ticket_fact {
    TICKET_FACT_RESPONSE,
    TICKET_FACT_OPENED,
    TICKET_FACT_AVOIDABLE,
    TICKET_FACT_REPEAT,
    TICKET_FACT_ESCALATION,
    TICKET_FACT_SLOW,
    TICKET_FACT_COUNT
};

struct ticket {
    struct claim claim;
    uint32_t stamps[TICKET_STAMP_COUNT];
    uint8_t class_plus_one; /* avoidable class: enum fact + 1; 0: none */
    uint8_t unit_count;
    bool not_the_sellers; /* fulfilled_by_kaufland */
    bool is_repeat;
    bool open;                              /* among tickets.open; not stored */
    struct hash128 units[TICKET_UNITS_MAX]; /* of seller and order unit; ascending */
    int64_t due;                            /* TIME_NEVER while the opening is not known */
    int64_t reply;                          /* earliest; TIME_NEVER: none, like the next two */
    int64_t excused; /* closed by buyer or service, or nothing is owed any more */
    int64_t escalated;
    int64_t last_event;
    struct counted counted[TICKET_FACT_COUNT];
    struct counted_duration duration;
    struct overdue_node overdue;
};

struct tickets {
    const struct rules *rules;
    struct entities *entities;
    struct sellers *sellers;
    struct ledger *ledger;
    struct claims claims;
    struct pool tickets;
    struct pool stamps;
    struct contacts contacts;
    struct deadlines deadlines; /* in watermark time */
    struct overdue_nodes overdue;
    int64_t watermark;
    int64_t open; /* how many still owe their initial response */
    uint64_t foreign_events;
    uint64_t abandoned;
};

/* What follows from a ticket at a watermark. */
struct ticket_wanted {
    struct counted facts[TICKET_FACT_COUNT];
    struct counted_duration duration;
    bool overdue;
};

void tickets_open(struct tickets *ts, const struct rules *rules, struct entities *entities,
                  struct ledger *ledger);

void tickets_close(struct tickets *ts);

static inline struct ticket *tickets_at(const struct tickets *ts, uint32_t ref)
{
    return pool_at(&ts->tickets, ref);
}

/* A message event. */
void tickets_apply(struct tickets *ts, const struct event *event);

void tickets_advance(struct tickets *ts, event_time watermark);

/* When it was opened; TIME_NEVER: not known. */
int64_t ticket_opened(const struct ticket *t, const struct pool *stamps);

/* An open ticket of which nothing was heard until then is overdue no more. */
static inline int64_t ticket_abandoned_at(const struct ticket *t, const struct rules *rules)
{
    return t->last_event + rules->abandon_after_ms;
}

/* What the facts of a ticket depend on beside itself. */
struct ticket_situation {
    int64_t opened; /* what ticket_opened gave */
    int64_t watermark;
    const struct cell *cell;
    const struct rules *rules;
};

/* Pure. */
void ticket_facts(const struct ticket *t, const struct ticket_situation *situation,
                  struct ticket_wanted *ret_wanted);

/* The overdue tickets of a cell, newest deadline first, appended as evidence. */
int32_t tickets_overdue(const struct tickets *ts, uint32_t cell, struct evidence *newest,
                        int32_t count);

void ticket_encode(const struct tickets *ts, uint32_t ref, struct buffer *out);

/* Replaces or removes a ticket by its image, counting nothing; false: corrupt. */
bool ticket_decode(struct tickets *ts, struct reader *in);

/* After all images: sets deadlines, rebuilds who shares order units. */
void tickets_loaded(struct tickets *ts);

/* The order of the units of a ticket. */
bool ticket_unit_less(struct hash128 a, struct hash128 b);

/* Implementation shared by ticket.c and ticket_image.c. */
uint32_t ticket_new(struct tickets *ts, struct span id, uint32_t cell);
void ticket_free(struct tickets *ts, uint32_t ref);
