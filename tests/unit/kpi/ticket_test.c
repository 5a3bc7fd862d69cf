/* ticket_test.c - what follows from what is known of a ticket.
 *
 * Opened on Monday 1 June 2026 14:00 Berlin, a ticket is due on Wednesday 14:00: no day
 * off lies between.
 */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define DUE (STORY_NOON + 2 * DAY_MS)

enum { RIVALS = 1000 };

/* ---- the initial response --------------------------------------------------------------- */

static void reply_at_the_due_time_is_good_and_a_later_one_is_bad(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_ticket_opened(s, "t2", STORY_NOON);
    story_reply(s, "t1", DUE);
    story_reply(s, "t2", DUE + 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
}

static void late_reply_is_a_miss_at_once_counted_at_the_due_time(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", DUE + 90 * MINUTE_MS);
    assert_int_equal(story_count(s, "1h", FACT_RESPONSE_BAD), 0);
    assert_int_equal(story_count(s, "24h", FACT_RESPONSE_BAD), 1);
}

static void first_reply_counts_and_an_earlier_one_that_arrives_later_corrects(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", DUE + HOUR_MS);
    story_reply(s, "t1", DUE + 2 * HOUR_MS);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
    story_reply(s, "t1", DUE - HOUR_MS);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 0);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 1);
    assert_int_equal(story_reading(s, KPI_RESPONSE_TIME, "7d").denominator, 1);
}

static void automatic_and_interim_words_are_no_response(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    struct event event =
        story_message_event(s, EVENT_TICKET_MESSAGE_NEW, "t1", STORY_NOON + HOUR_MS);
    event.message.author_role = AUTHOR_SELLER;
    event.message.is_auto_reply = true;
    story_tell(s, &event);
    event.message.is_auto_reply = false;
    event.message.interim_notice = true;
    story_tell(s, &event);
    story_message(s, "t1", AUTHOR_BUYER, STORY_NOON + HOUR_MS);
    story_message(s, "t1", AUTHOR_SYSTEM, STORY_NOON + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 0);
}

static void interim_notice_is_a_response_if_the_setting_says_so(void **state)
{
    struct story *s = *state;
    s->rules->interim_counts = true;
    story_ticket_opened(s, "t1", STORY_NOON);
    struct event event =
        story_message_event(s, EVENT_TICKET_MESSAGE_NEW, "t1", STORY_NOON + HOUR_MS);
    event.message.author_role = AUTHOR_SELLER;
    event.message.interim_notice = true;
    story_tell(s, &event);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 1);
}

/* Reopened, asked again, answered again: one response is owed and counted. */
static void ticket_owes_one_initial_response(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", STORY_NOON + HOUR_MS);
    story_ticket_status(s, "t1", TICKET_BUYER_CLOSED, STORY_NOON + 2 * HOUR_MS);
    story_ticket_status(s, "t1", TICKET_OPENED, STORY_NOON + 3 * HOUR_MS);
    story_message(s, "t1", AUTHOR_BUYER, STORY_NOON + 3 * HOUR_MS);
    story_ticket_opened(s, "t1", STORY_NOON + 4 * HOUR_MS);
    story_pass_time_to(s, STORY_NOON + 8 * DAY_MS);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 0);
    assert_int_equal(story_facts(s, FACT_OPENED), 1);
}

/* ---- openings (rule 2.9.3) ----------------------------------------------------------------
 */

static void ticket_without_its_opening_decides_nothing_yet(void **state)
{
    struct story *s = *state;
    story_reply(s, "t1", STORY_NOON + HOUR_MS);
    story_message(s, "t1", AUTHOR_CUSTOMER_SERVICE, STORY_NOON + 2 * HOUR_MS);
    story_pass_time_to(s, DUE + DAY_MS);
    assert_int_equal(story_facts_in(s, "30d"), 0);

    story_ticket_opened(s, "t1", STORY_NOON);
    assert_int_equal(story_facts(s, FACT_OPENED), 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 1);
    assert_int_equal(story_facts(s, FACT_ESCALATION), 1);
}

static void event_before_the_opening_counts_as_at_the_opening(void **state)
{
    struct story *s = *state;
    story_reply(s, "t1", STORY_NOON - 2 * HOUR_MS);
    story_ticket_opened(s, "t1", STORY_NOON);
    assert_int_equal(story_count(s, "1h", FACT_RESPONSE_GOOD), 1);
    const struct reading r = story_reading(s, KPI_RESPONSE_TIME, "7d");
    assert_true(r.value.known);
    assert_int_equal(r.value.amount, 0);
}

static void earlier_opening_that_arrives_later_moves_the_due_time(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", DUE);
    story_ticket_opened(s, "t1", STORY_NOON - 1);
    assert_int_equal(story_facts(s, FACT_OPENED), 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 0);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
}

/* ---- what excuses the seller (rule 2.9.4) ---------------------------------------------------
 */

static void closed_by_the_buyer_before_the_due_time_nothing_is_owed(void **state)
{
    struct story *s = *state;
    static const enum ticket_status closings[] = { TICKET_BUYER_CLOSED, TICKET_BOTH_CLOSED,
                                                   TICKET_CUSTOMER_SERVICE_CLOSED_FINAL };
    for (int i = 0; i < 3; i++) {
        const char *ticket = story_name(s, "t", i);
        story_ticket_opened(s, ticket, STORY_NOON);
        story_ticket_status(s, ticket, closings[i], DUE - 1);
    }
    story_pass_time_to(s, DUE + DAY_MS);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 0);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 0);
}

static void closed_at_the_due_time_the_miss_stands(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_ticket_status(s, "t1", TICKET_BUYER_CLOSED, DUE);
    story_pass_time_to(s, DUE + 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 0); /* not open any more */
}

static void closing_heard_of_later_takes_the_miss_away_in_hindsight(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_pass_time_to(s, DUE + DAY_MS);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 1);
    story_ticket_status(s, "t1", TICKET_BUYER_CLOSED, DUE - 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 0);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 0);
}

static void closing_by_the_seller_without_a_reply_is_no_reply(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_ticket_status(s, "t1", TICKET_SELLER_CLOSED, STORY_NOON + HOUR_MS);
    story_pass_time_to(s, DUE + 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 1);
}

static void no_response_needed_or_not_the_sellers_responsibility_excuse(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_ticket_opened(s, "t2", STORY_NOON);
    const struct event needless =
        story_message_event(s, EVENT_TICKET_NO_RESPONSE_NEEDED, "t1", STORY_NOON + HOUR_MS);
    struct event other =
        story_message_event(s, EVENT_TICKET_STATUS_CHANGED, "t2", STORY_NOON + HOUR_MS);
    other.message.is_seller_responsible = false;
    story_tell(s, &needless);
    story_tell(s, &other);
    story_pass_time_to(s, DUE + DAY_MS);
    assert_int_equal(story_facts_in(s, "30d"), 2); /* both were opened */
}

/* Excused first, answered all the same: neither a good response nor a duration. */
static void response_that_is_not_owed_gives_no_duration(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", STORY_NOON + 2 * HOUR_MS);
    assert_int_equal(story_reading(s, KPI_RESPONSE_TIME, "7d").denominator, 1);
    story_ticket_status(s, "t1", TICKET_BUYER_CLOSED, STORY_NOON + HOUR_MS);
    assert_int_equal(story_reading(s, KPI_RESPONSE_TIME, "7d").denominator, 0);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 0);
}

static void reply_before_the_closing_stands(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_ticket_status(s, "t1", TICKET_BUYER_CLOSED, STORY_NOON + 2 * HOUR_MS);
    story_reply(s, "t1", STORY_NOON + 2 * HOUR_MS);
    assert_int_equal(story_facts(s, FACT_RESPONSE_GOOD), 1);
}

/* ---- business time (rule 2.9.9)
 * --------------------------------------------------------------- */

static void duration_counts_only_working_time(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", story_utc("2026-05-15T15:00:00Z")); /* Fri 17:00 */
    story_reply(s, "t1", story_utc("2026-05-18T00:00:00Z"));         /* Mon 02:00 */
    const struct reading r = story_reading(s, KPI_RESPONSE_TIME, "7d");
    assert_int_equal(r.denominator, 1);
    assert_true(r.value.amount >= 9 * HOUR_MS); /* 7 h of Friday, 2 h of Monday */
    assert_true(r.least <= 9 * HOUR_MS);
}

/* 48 h from Thursday 00:00 is Friday 24:00, not Monday. */
static void ticket_of_thursday_midnight_is_due_at_the_end_of_friday(void **state)
{
    struct story *s = *state;
    const int64_t friday_24h = story_utc("2026-06-19T22:00:00Z");
    story_ticket_opened(s, "t1", story_utc("2026-06-17T22:00:00Z"));
    story_pass_time_to(s, friday_24h);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 0);
    story_pass_time_to(s, friday_24h + 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
}

static void calendar_is_the_storefronts_own(void **state)
{
    struct story *s = *state;
    s->storefront = "fr"; /* Tuesday 14 July is a holiday there, not in de */
    const int64_t monday = story_utc("2026-07-13T10:00:00Z");
    story_ticket_opened(s, "t1", monday);
    s->storefront = "de";
    story_ticket_opened(s, "t2", monday);
    story_pass_time_to(s, monday + 2 * DAY_MS + 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
    s->storefront = "fr";
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 0);
    story_pass_time_to(s, monday + 3 * DAY_MS + 1);
    assert_int_equal(story_facts(s, FACT_RESPONSE_BAD), 1);
}

/* ---- repeats (rule 2.9.8)
 * ----------------------------------------------------------------------- */

static void second_ticket_on_a_unit_within_seven_days_is_a_repeat(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    story_ticket_about(s, "t2", "u1", STORY_NOON + 7 * DAY_MS);
    assert_int_equal(story_facts(s, FACT_REPEAT), 1);
    story_ticket_about(s, "t3", "u1", STORY_NOON + 14 * DAY_MS + 1);
    assert_int_equal(story_facts(s, FACT_REPEAT), 1);
    story_ticket_about(s, "t4", "u2", STORY_NOON + 14 * DAY_MS + 1);
    assert_int_equal(story_facts(s, FACT_REPEAT), 1);
}

/* The first ticket has left every window, the second has not: it stays the repeat that it
 * was, also when a third one makes everybody on the unit be looked at again. */
static void repeat_outlives_the_ticket_that_it_repeats(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    story_reply(s, "t1", STORY_NOON + HOUR_MS);
    story_ticket_about(s, "t2", "u1", STORY_NOON + 6 * DAY_MS);
    story_pass_time_to(s, STORY_NOON + 33 * DAY_MS);
    assert_int_equal(story_count(s, "30d", FACT_REPEAT), 1);
    story_ticket_about(s, "t3", "u1", STORY_NOON + 33 * DAY_MS);
    story_tick(s);
    assert_int_equal(story_count(s, "30d", FACT_REPEAT), 1);
}

/* Nobody ever answered the first ticket, and it is overdue no more; the second one counts for
 * a month, and stays the repeat that it was, also when it turns out to be about another unit,
 * too, and is looked at again. */
static void repeat_outlives_the_abandonment_of_what_it_repeats(void **state)
{
    struct story *s = *state;
    s->rules->abandon_after_ms = 10 * DAY_MS;
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    story_ticket_about(s, "t2", "u1", STORY_NOON + 6 * DAY_MS);
    story_reply(s, "t2", STORY_NOON + 7 * DAY_MS);
    story_pass_time_to(s, STORY_NOON + 10 * DAY_MS);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 1);
    story_pass_time_to(s, STORY_NOON + 10 * DAY_MS + 1);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 0);
    story_ticket_about(s, "t2", "u2", STORY_NOON + 6 * DAY_MS);
    story_tick(s);
    assert_int_equal(story_count(s, "30d", FACT_REPEAT), 1);
}

static void repeat_is_known_whichever_ticket_is_heard_of_first(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t2", "u1", STORY_NOON + DAY_MS);
    assert_int_equal(story_facts(s, FACT_REPEAT), 0);
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    assert_int_equal(story_facts(s, FACT_REPEAT), 1);
    assert_int_equal(story_count(s, "1h", FACT_REPEAT), 1); /* at the second opening */
}

/* In two storefronts, so that it can be seen which of the two it is. */
static void of_two_tickets_opened_at_one_instant_the_greater_id_is_the_repeat(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t2", "u1", STORY_NOON);
    s->storefront = "fr";
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    story_ticket_about(s, "t3", "u1", STORY_NOON);
    assert_int_equal(story_facts(s, FACT_OPENED), 2);
    assert_int_equal(story_facts(s, FACT_REPEAT), 1);
    s->storefront = "de";
    assert_int_equal(story_facts(s, FACT_REPEAT), 1);
}

static void order_unit_of_another_seller_makes_no_repeat(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    s->seller = "4712";
    story_ticket_about(s, "t2", "u1", STORY_NOON + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_REPEAT), 0);
}

static void ticket_that_turns_out_not_to_be_the_sellers_makes_no_repeat(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    story_ticket_about(s, "t2", "u1", STORY_NOON + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_REPEAT), 1);
    struct event event =
        story_message_event(s, EVENT_TICKET_MESSAGE_NEW, "t1", STORY_NOON + 2 * HOUR_MS);
    event.fulfillment = FULFILLMENT_KAUFLAND;
    story_tell(s, &event);
    assert_int_equal(story_facts(s, FACT_REPEAT), 0);
    assert_int_equal(story_facts(s, FACT_OPENED), 1);
}

/* However many there are: within the week each has one before it. */
static void twenty_tickets_on_one_unit_are_nineteen_repeats(void **state)
{
    struct story *s = *state;
    for (int i = 0; i < 20; i++)
        story_ticket_about(s, story_name(s, "t", i), "u1", STORY_NOON + i * HOUR_MS);
    assert_int_equal(story_facts(s, FACT_OPENED), 20);
    assert_int_equal(story_facts(s, FACT_REPEAT), 19);
}

/* Sixteen tickets, a week's silence, and two more: the first of these repeats nothing, the
 * second repeats it, whichever of all was heard of first. */
static void repeat_after_many_tickets_is_known_in_any_order_of_arrival(void **state)
{
    struct story *s = *state;
    static const int64_t later[] = { 8 * DAY_MS, 9 * DAY_MS };
    struct story reversed;
    story_open(&reversed);
    for (int i = 0; i < 18; i++) {
        const int64_t at = STORY_NOON + (i < 16 ? i * SECOND_MS : later[i - 16]);
        story_ticket_about(s, story_name(s, "t", i), "u1", at);
    }
    for (int i = 17; i >= 0; i--) {
        const int64_t at = STORY_NOON + (i < 16 ? i * SECOND_MS : later[i - 16]);
        struct event event = story_message_event(&reversed, EVENT_TICKET_OPENED,
                                                 story_name(&reversed, "t", i), at);
        event.message.ids_order_units[0] = span_of_text("u1");
        event.message.order_units = 1;
        story_tell(&reversed, &event);
    }
    assert_int_equal(story_facts(s, FACT_REPEAT), 16);
    assert_int_equal(story_facts(&reversed, FACT_REPEAT), 16);
    story_close(&reversed);
}

/* The second of three was never the seller's: the third repeats the first, eight days before
 * it, no more. */
static void repeat_of_a_ticket_that_goes_is_judged_by_the_one_before(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    story_ticket_about(s, "t2", "u1", STORY_NOON + 4 * DAY_MS);
    story_ticket_about(s, "t3", "u1", STORY_NOON + 8 * DAY_MS);
    assert_int_equal(story_facts(s, FACT_REPEAT), 2);
    struct event event =
        story_message_event(s, EVENT_TICKET_MESSAGE_NEW, "t2", STORY_NOON + 8 * DAY_MS);
    event.fulfillment = FULFILLMENT_KAUFLAND;
    story_tell(s, &event);
    assert_int_equal(story_facts(s, FACT_REPEAT), 0);
}

/* An earlier opening is heard of, and puts the ticket before another one: who stood behind it
 * has only that other one before it now, more than a week ago. */
static void repeat_of_a_ticket_whose_opening_moves_is_judged_by_the_one_before(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t1", "u1", STORY_NOON - DAY_MS);
    story_ticket_about(s, "t2", "u1", STORY_NOON);
    story_ticket_about(s, "t3", "u1", STORY_NOON + 6 * DAY_MS + HOUR_MS);
    assert_int_equal(story_facts(s, FACT_REPEAT), 2);
    story_ticket_opened(s, "t2", STORY_NOON - 2 * DAY_MS);
    assert_int_equal(story_facts(s, FACT_REPEAT), 1);
}

/* ---- other facts
 * ---------------------------------------------------------------------------------- */

static void topic_of_the_opening_decides_the_class(void **state)
{
    struct story *s = *state;
    story_ticket_topic(s, "t1", "delivery_delayed", STORY_NOON);
    story_ticket_topic(s, "t2", "invoice_needed", STORY_NOON);
    story_ticket_topic(s, "t3", "invoice_problem", STORY_NOON);
    assert_int_equal(story_facts(s, FACT_AVOIDABLE_DELAYED), 1);
    assert_int_equal(story_facts(s, FACT_AVOIDABLE_INVOICE), 2);
    story_ticket_topic(s, "t1", "invoice_needed", STORY_NOON + HOUR_MS); /* said later */
    assert_int_equal(story_facts(s, FACT_AVOIDABLE_DELAYED), 1);
}

static void escalation_counts_once_at_its_first_event(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_ticket_status(s, "t1", TICKET_CUSTOMER_SERVICE_CLOSED_FINAL,
                        STORY_NOON + 3 * HOUR_MS);
    assert_int_equal(story_count(s, "1h", FACT_ESCALATION), 1);
    story_message(s, "t1", AUTHOR_CUSTOMER_SERVICE, STORY_NOON + HOUR_MS);
    assert_int_equal(story_count(s, "1h", FACT_ESCALATION), 0);
    assert_int_equal(story_count(s, "24h", FACT_ESCALATION), 1);
}

static void ticket_fulfilled_by_kaufland_goes_with_all_its_facts(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    story_pass_time_to(s, DUE + 1);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 1);
    struct event event = story_message_event(s, EVENT_TICKET_MESSAGE_NEW, "t1", DUE);
    event.fulfillment = FULFILLMENT_KAUFLAND;
    story_tell(s, &event);
    assert_int_equal(story_facts_in(s, "30d"), 0);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 0);
}

static void ticket_belongs_to_the_seller_of_its_first_event(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON + HOUR_MS);
    s->seller = "4712";
    story_ticket_opened(s, "t1", STORY_NOON);
    assert_int_equal(story_facts(s, FACT_OPENED), 1);
    s->seller = "4711";
    assert_int_equal(story_facts(s, FACT_OPENED), 0);
    const uint64_t before = s->shard->tickets.foreign_events;
    story_reply(s, "t1", STORY_NOON + 2 * HOUR_MS);
    assert_int_equal(story_facts_in(s, "30d"), 0);
    assert_int_equal(s->shard->tickets.foreign_events, before + 1);
}

/* Its owner is silent for so long that it would be forgotten, a stranger goes on, and then
 * there is a third: what the stranger says still counts nowhere. */
static void stranger_does_not_inherit_a_ticket_when_its_owner_would_be_forgotten(void **state)
{
    struct story *s = *state;
    const int64_t later = STORY_NOON + 36 * DAY_MS;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_reply(s, "t1", STORY_NOON + HOUR_MS);
    s->seller = "stranger";
    story_ticket_opened(s, "t1", STORY_NOON + HOUR_MS);
    story_pass_time_to(s, later);
    story_message(s, "t1", AUTHOR_CUSTOMER_SERVICE, later);
    story_pass_time_to(s, later + 3 * DAY_MS);
    s->seller = "third";
    story_ticket_opened(s, "t1", later + 3 * DAY_MS);
    assert_int_equal(story_facts_in(s, "30d"), 0);
    s->seller = "stranger";
    assert_int_equal(story_facts_in(s, "30d"), 0);
}

/* "unknown" is the ticket of a thousand sellers: it belongs to whose event was the first,
 * though older ones are heard of again and again, and goes with all its claims. If an event
 * looked at every pair of rivals, this would take minutes. */
static void placeholder_of_many_sellers_belongs_to_the_first_event(void **state)
{
    struct story *s = *state;
    for (int i = 0; i < RIVALS; i++) {
        s->seller = story_name(s, "seller", i);
        story_ticket_opened(s, "unknown", STORY_NOON + (i % 2 == 0 ? i : -i) * SECOND_MS);
        story_reply(s, "unknown", STORY_NOON + HOUR_MS);
        assert_int_equal(story_facts(s, FACT_OPENED), i == 0 || i % 2 != 0);
    }
    s->seller = story_name(s, "seller", RIVALS - 3);
    assert_int_equal(story_facts(s, FACT_OPENED), 0);
    s->seller = story_name(s, "seller", RIVALS - 1);
    assert_int_equal(story_facts(s, FACT_OPENED), 1);
    assert_int_equal(s->shard->entities.live[ENTITY_TICKET], RIVALS);
    story_pass_time_to(s, STORY_NOON + 200 * DAY_MS);
    assert_int_equal(s->shard->entities.live[ENTITY_TICKET], 0);
}

/* ---- forgetting
 * -------------------------------------------------------------------------------------- */

static uint32_t tickets_known(const struct story *s)
{
    return s->shard->entities.live[ENTITY_TICKET];
}

/* A repeat of it may be opened seven days later, and is asked for as long as it counts. */
static void answered_ticket_is_forgotten_when_no_window_holds_a_repeat_of_it(void **state)
{
    struct story *s = *state;
    story_ticket_about(s, "t1", "u1", STORY_NOON);
    story_reply(s, "t1", STORY_NOON + HOUR_MS);
    story_live_to(s, STORY_NOON + 37 * DAY_MS, 6 * HOUR_MS);
    assert_int_equal(tickets_known(s), 1);
    story_pass_time_to(s, STORY_NOON + 37 * DAY_MS + 1);
    assert_int_equal(tickets_known(s), 0);
    assert_int_equal(s->shard->tickets.contacts.contacts.live, 0);
}

static void open_ticket_is_abandoned_after_90_days_without_an_event(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    story_live_to(s, STORY_NOON + 90 * DAY_MS, DAY_MS);
    assert_int_equal(tickets_known(s), 1);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 1);
    story_pass_time_to(s, STORY_NOON + 90 * DAY_MS + 1);
    assert_int_equal(tickets_known(s), 0);
    assert_int_equal(s->shard->tickets.abandoned, 1);
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reply_at_the_due_time_is_good_and_a_later_one_is_bad),
        TEST(late_reply_is_a_miss_at_once_counted_at_the_due_time),
        TEST(first_reply_counts_and_an_earlier_one_that_arrives_later_corrects),
        TEST(automatic_and_interim_words_are_no_response),
        TEST(interim_notice_is_a_response_if_the_setting_says_so),
        TEST(ticket_owes_one_initial_response),
        TEST(ticket_without_its_opening_decides_nothing_yet),
        TEST(event_before_the_opening_counts_as_at_the_opening),
        TEST(earlier_opening_that_arrives_later_moves_the_due_time),
        TEST(closed_by_the_buyer_before_the_due_time_nothing_is_owed),
        TEST(closed_at_the_due_time_the_miss_stands),
        TEST(closing_heard_of_later_takes_the_miss_away_in_hindsight),
        TEST(closing_by_the_seller_without_a_reply_is_no_reply),
        TEST(no_response_needed_or_not_the_sellers_responsibility_excuse),
        TEST(response_that_is_not_owed_gives_no_duration),
        TEST(reply_before_the_closing_stands),
        TEST(duration_counts_only_working_time),
        TEST(ticket_of_thursday_midnight_is_due_at_the_end_of_friday),
        TEST(calendar_is_the_storefronts_own),
        TEST(second_ticket_on_a_unit_within_seven_days_is_a_repeat),
        TEST(repeat_outlives_the_ticket_that_it_repeats),
        TEST(repeat_outlives_the_abandonment_of_what_it_repeats),
        TEST(repeat_is_known_whichever_ticket_is_heard_of_first),
        TEST(of_two_tickets_opened_at_one_instant_the_greater_id_is_the_repeat),
        TEST(order_unit_of_another_seller_makes_no_repeat),
        TEST(ticket_that_turns_out_not_to_be_the_sellers_makes_no_repeat),
        TEST(twenty_tickets_on_one_unit_are_nineteen_repeats),
        TEST(repeat_after_many_tickets_is_known_in_any_order_of_arrival),
        TEST(repeat_of_a_ticket_that_goes_is_judged_by_the_one_before),
        TEST(repeat_of_a_ticket_whose_opening_moves_is_judged_by_the_one_before),
        TEST(topic_of_the_opening_decides_the_class),
        TEST(escalation_counts_once_at_its_first_event),
        TEST(ticket_fulfilled_by_kaufland_goes_with_all_its_facts),
        TEST(ticket_belongs_to_the_seller_of_its_first_event),
        TEST(stranger_does_not_inherit_a_ticket_when_its_owner_would_be_forgotten),
        TEST(placeholder_of_many_sellers_belongs_to_the_first_event),
        TEST(answered_ticket_is_forgotten_when_no_window_holds_a_repeat_of_it),
        TEST(open_ticket_is_abandoned_after_90_days_without_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
