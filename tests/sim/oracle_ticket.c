/* oracle_ticket.c - which facts follow from the events of one ticket, and from the others. */
#include "sim/oracle.h"

#include <string.h>

#define REPEAT_WITHIN_MS (INT64_C(7) * 24 * 3600000)

static const struct oracle_event *opening(const struct oracle_group *g)
{
    for (int i = 0; i < g->count; i++) {
        if (g->events[i].kind == ORACLE_TICKET_OPENED)
            return &g->events[i];
    }
    return NULL;
}

static bool is_reply(const struct oracle_event *e)
{
    return e->kind == ORACLE_TICKET_MESSAGE_NEW && e->author == ORACLE_SELLER &&
           !e->automatic && !e->interim;
}

static bool frees_the_seller(const struct oracle_event *e)
{
    return e->status.closed || e->kind == ORACLE_TICKET_NO_RESPONSE_NEEDED ||
           e->not_responsible;
}

static bool is_escalation(const struct oracle_event *e)
{
    return (e->kind == ORACLE_TICKET_MESSAGE_NEW && e->author == ORACLE_SERVICE) ||
           e->status.closed_by_service;
}

/* The earliest that fits; what is dated before the opening counts as at the opening. */
static int64_t first_at(const struct oracle_group *g, int64_t opened,
                        bool (*fits)(const struct oracle_event *e))
{
    for (int i = 0; i < g->count; i++) {
        if (fits(&g->events[i]))
            return g->events[i].at < opened ? opened : g->events[i].at;
    }
    return ORACLE_NEVER;
}

/* ---- repeats ----------------------------------------------------------------------- */

static bool names_unit(const struct oracle_group *g, const char *unit)
{
    for (int i = 0; i < g->count; i++) {
        for (int u = 0; u < g->events[i].unit_count; u++) {
            if (strcmp(g->events[i].units[u], unit) == 0)
                return true;
        }
    }
    return false;
}

static bool share_a_unit(const struct oracle_group *a, const struct oracle_group *b)
{
    for (int i = 0; i < a->count; i++) {
        for (int u = 0; u < a->events[i].unit_count; u++) {
            if (names_unit(b, a->events[i].units[u]))
                return true;
        }
    }
    return false;
}

/* Was the other opened in the seven days before this one, for the same order unit? */
static bool repeats(const struct oracle_group *g, const struct oracle_group *other)
{
    const struct oracle_event *theirs = opening(other);
    const struct oracle_event *ours = opening(g);
    if (other == g || theirs == NULL || strcmp(theirs->seller, ours->seller) != 0)
        return false;
    if (theirs->at > ours->at || ours->at - theirs->at > REPEAT_WITHIN_MS)
        return false;
    if (theirs->at == ours->at && strcmp(ours->id, theirs->id) < 0)
        return false;
    return share_a_unit(g, other);
}

static bool is_repeat(const struct oracle_book *book, const struct oracle_group *ticket)
{
    for (int i = book->unit_count; i < book->group_count; i++) {
        if (repeats(ticket, &book->groups[i]))
            return true;
    }
    return false;
}

/* ---- facts ------------------------------------------------------------------------- */

/* The class of a topic; ORACLE_FACT_COUNT: it is not avoidable. */
static enum oracle_fact avoidable(const char *topic)
{
    static const struct {
        const char *topic;
        enum oracle_fact fact;
    } classes[] = {
        { "delivery_delayed", ORACLE_DELAYED },
        { "delivery_not_received", ORACLE_NOT_RECEIVED },
        { "delivery_parts_missing", ORACLE_INCOMPLETE },
        { "delivery_wrong_products", ORACLE_INCORRECT },
        { "order_product_defect", ORACLE_DEFECT },
        { "invoice_needed", ORACLE_INVOICE },
        { "invoice_problem", ORACLE_INVOICE },
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strcmp(classes[i].topic, topic) == 0)
            return classes[i].fact;
    }
    return ORACLE_FACT_COUNT;
}

/* The response, unless something freed the seller before it counts. */
static void ask_response(struct oracle_book *book, const struct oracle_group *ticket,
                         int64_t opened)
{
    const struct oracle_calendar *calendar = oracle_calendar_of(book, ticket);
    const int64_t due = oracle_calendar_due(calendar, opened, book->settings->response_sla_ms);
    const int64_t reply = first_at(ticket, opened, is_reply);
    const int64_t freed = first_at(ticket, opened, frees_the_seller);
    if (reply <= due && reply <= freed)
        oracle_count(book, ticket, ORACLE_RESPONSE_GOOD, reply);
    const bool missed =
        reply != ORACLE_NEVER || book->watermark > due + book->settings->grace_response_ms;
    if (reply > due && missed && due <= freed)
        oracle_count(book, ticket, ORACLE_RESPONSE_BAD, due);
    if (reply != ORACLE_NEVER && reply <= freed) {
        oracle_count(book, ticket, ORACLE_RESPONSE_DURATION, reply);
        book->facts[book->fact_count - 1].duration_ms =
            oracle_calendar_elapsed(calendar, opened, reply);
    }
    if (reply == ORACLE_NEVER && freed == ORACLE_NEVER && book->watermark > due)
        oracle_add_overdue(book, ticket, ORACLE_TICKETS_OVERDUE);
}

void oracle_ticket(struct oracle_book *book, const struct oracle_group *ticket)
{
    const struct oracle_event *first = opening(ticket);
    if (first == NULL)
        return;
    ask_response(book, ticket, first->at);
    oracle_count(book, ticket, ORACLE_OPENED, first->at);
    if (avoidable(first->topic) != ORACLE_FACT_COUNT)
        oracle_count(book, ticket, avoidable(first->topic), first->at);
    if (is_repeat(book, ticket))
        oracle_count(book, ticket, ORACLE_REPEAT, first->at);
    const int64_t escalated = first_at(ticket, first->at, is_escalation);
    if (escalated != ORACLE_NEVER)
        oracle_count(book, ticket, ORACLE_ESCALATION, escalated);
}
