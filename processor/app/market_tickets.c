/* market_tickets.c - see market_tickets.h. */
#include "app/market_tickets.h"

#include "app/market_tell.h"
#include "base/check.h"

enum {
    AUTO_REPLY_PPM = 250000,
    INTERIM_PPM = 80000,
    WHOLE_ORDER_PPM = 300000,
    NOT_RESPONSIBLE_PPM = 15000,
    NO_RESPONSE_NEEDED_PPM = 20000,
    STEP_IN_PPM = 450000, /* of tickets without an answer, after three days */
    BUYER_GIVES_UP_PPM = 100000,
    CLOSED_PPM = 700000,
    AGAIN_PPM = 40000, /* an answered buyer asks once more */
    WEEK_DAYS = 7,
    MONDAY_SHIFT = 3,
    SATURDAY = 5,
    OPENS_HOUR = 7, /* UTC */
    CLOSES_HOUR = 17,
};

static const double reply_spread = 0.8;
static const double other_spread = 0.6;

/* What buyers choose. "cs_nagative_rating" is misspelt in the real world, too. */
static const struct topic_choice {
    const char *reason;
    const char *topic;
} topics[][4] = {
    [MARKET_ENQUIRY_OTHER] = { { "contact_other", "product_properties" },
                               { "contact_other", "return_check_status" },
                               { "contact_other", NULL },
                               { "contact_other", "cs_nagative_rating" } },
    [MARKET_ENQUIRY_LATE] = { { "product_not_delivered", "delivery_delayed" },
                              { "product_not_delivered", "delivery_delayed" },
                              { "product_not_delivered", "delivery_not_received" },
                              { "product_not_delivered", "delivery_not_received" } },
    [MARKET_ENQUIRY_GOODS] = { { "product_defect", "order_product_defect" },
                               { "product_defect", "order_product_defect" },
                               { "product_not_as_described", "delivery_wrong_products" },
                               { "product_not_as_described", "delivery_parts_missing" } },
    [MARKET_ENQUIRY_INVOICE] = { { "contact_other", "invoice_needed" },
                                 { "contact_other", "invoice_needed" },
                                 { "contact_other", "invoice_problem" },
                                 { "contact_other", "invoice_needed" } },
};

enum { CHOICES = 4 };

/* Nobody answers at night or at weekends: the next morning then. */
static int64_t office_moment(int64_t at)
{
    int64_t day = floor_div(at, DAY_MS);
    int64_t time = at - day * DAY_MS;
    if (time >= CLOSES_HOUR * HOUR_MS)
        day += 1;
    if (time < OPENS_HOUR * HOUR_MS || time >= CLOSES_HOUR * HOUR_MS)
        time = OPENS_HOUR * HOUR_MS + time % (2 * HOUR_MS);
    const int64_t weekday = (day + MONDAY_SHIFT) % WEEK_DAYS;
    if (weekday >= SATURDAY)
        day += WEEK_DAYS - weekday;
    return day * DAY_MS + time;
}

static void plan_at(struct market *m, uint32_t ref, enum market_act act, int64_t at)
{
    market_tell_plan_ticket(m, (struct happening){ .at = at, .what = act, .ref = ref });
}

static void plan(struct market *m, uint32_t ref, enum market_act act, int64_t median)
{
    plan_at(m, ref, act, m->now + market_dice_delay(&m->dice, median, other_spread));
}

static struct market_telling message(const struct market *m, uint32_t ref,
                                     enum author_role author)
{
    return (struct market_telling){ .kind = EVENT_TICKET_MESSAGE_NEW,
                                    .ref = ref,
                                    .at = m->now,
                                    .author = author,
                                    .status.ticket = TICKET_OPENED };
}

static void plan_answer(struct market *m, uint32_t ref)
{
    const struct market_ticket *ticket = market_ticket_at(m, ref);
    const struct market_seller *seller = &m->sellers[market_unit_at(m, ticket->unit)->seller];
    const struct market_manner manner = market_sellers_manner(seller, m->now);
    plan(m, ref, MARKET_ACT_STEP_IN, 3 * DAY_MS);
    plan(m, ref, MARKET_ACT_CLOSE, 4 * DAY_MS);
    if (market_dice_chance(&m->dice, manner.silent_ppm))
        return;
    const int64_t reply = market_dice_delay(&m->dice, manner.reply_ms, reply_spread);
    plan_at(m, ref, MARKET_ACT_REPLY, office_moment(m->now + reply));
}

static void tell_machine_replies(struct market *m, uint32_t ref)
{
    struct market_telling reply = message(m, ref, AUTHOR_SELLER);
    reply.is_auto_reply = true;
    if (market_dice_chance(&m->dice, AUTO_REPLY_PPM))
        market_tell(m, &reply);
    reply.is_auto_reply = false;
    reply.is_interim = true;
    if (market_dice_chance(&m->dice, INTERIM_PPM))
        market_tell(m, &reply);
}

void market_tickets_ask(struct market *m, uint32_t unit, enum market_enquiry enquiry)
{
    const struct topic_choice *choice = &topics[enquiry][market_dice_below(&m->dice, CHOICES)];
    const uint32_t ref = pool_new(&m->tickets);
    struct market_ticket *ticket = market_ticket_at(m, ref);
    market_unit_at(m, unit)->uses += 1;
    *ticket = (struct market_ticket){ .unit = unit,
                                      .number = ++m->last_ticket,
                                      .reason = choice->reason,
                                      .topic = choice->topic,
                                      .opened = m->now };
    ticket->whole_order = market_dice_chance(&m->dice, WHOLE_ORDER_PPM);
    struct market_telling opened = message(m, ref, AUTHOR_BUYER);
    opened.kind = EVENT_TICKET_OPENED;
    market_tell(m, &opened);
    tell_machine_replies(m, ref);
    plan_answer(m, ref);
}

/* ---- acting --------------------------------------------------------------------------- */

static void reply(struct market *m, uint32_t ref)
{
    struct market_ticket *ticket = market_ticket_at(m, ref);
    struct market_telling answer = message(m, ref, AUTHOR_SELLER);
    if (ticket->closed)
        return;
    ticket->replied = true;
    if (market_dice_chance(&m->dice, NO_RESPONSE_NEEDED_PPM))
        answer.kind = EVENT_TICKET_NO_RESPONSE_NEEDED;
    market_tell(m, &answer);
    if (!market_dice_chance(&m->dice, AGAIN_PPM))
        return;
    const int64_t again = m->now + market_dice_delay(&m->dice, DAY_MS, other_spread);
    market_tell_plan_unit(m, (struct happening){ .at = again,
                                                 .what = MARKET_ACT_ASK,
                                                 .ref = ticket->unit,
                                                 .detail = MARKET_ENQUIRY_OTHER });
}

static void step_in(struct market *m, uint32_t ref)
{
    const struct market_ticket *ticket = market_ticket_at(m, ref);
    const struct market_telling telling = message(m, ref, AUTHOR_CUSTOMER_SERVICE);
    if (ticket->closed || ticket->replied)
        return;
    if (market_dice_chance(&m->dice, STEP_IN_PPM))
        market_tell(m, &telling);
}

static enum ticket_status pick_end(struct market *m, const struct market_ticket *ticket)
{
    if (!ticket->replied)
        return market_dice_chance(&m->dice, BUYER_GIVES_UP_PPM)
                   ? TICKET_BUYER_CLOSED
                   : TICKET_CUSTOMER_SERVICE_CLOSED_FINAL;
    static const enum ticket_status ends[] = { TICKET_BUYER_CLOSED, TICKET_SELLER_CLOSED,
                                               TICKET_BOTH_CLOSED };
    return ends[market_dice_below(&m->dice, sizeof ends / sizeof ends[0])];
}

static void close_ticket(struct market *m, uint32_t ref)
{
    struct market_ticket *ticket = market_ticket_at(m, ref);
    struct market_telling telling = message(m, ref, AUTHOR_SYSTEM);
    if (!ticket->replied && !market_dice_chance(&m->dice, STEP_IN_PPM))
        return; /* nobody cares: it stays open */
    if (ticket->replied && !market_dice_chance(&m->dice, CLOSED_PPM))
        return;
    ticket->closed = true;
    telling.kind = EVENT_TICKET_STATUS_CHANGED;
    telling.status.ticket = pick_end(m, ticket);
    telling.is_not_responsible = market_dice_chance(&m->dice, NOT_RESPONSIBLE_PPM);
    market_tell(m, &telling);
}

void market_tickets_act(struct market *m, const struct happening *act)
{
    if (act->what == MARKET_ACT_REPLY)
        reply(m, act->ref);
    else if (act->what == MARKET_ACT_STEP_IN)
        step_in(m, act->ref);
    else {
        CHECK(act->what == MARKET_ACT_CLOSE);
        close_ticket(m, act->ref);
    }
}
