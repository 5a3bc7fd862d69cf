/* unknown_values_test.c - vector 6: what is not known passes through, and is counted. */
#include "support/little_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define NOON LITTLE_NOON
#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, little_world_setup, little_world_teardown)

enum { STEPS = 20 };

static int64_t unknown(const struct little_worker *worker, enum metrics_what what)
{
    return metrics_value(&worker->metrics, METRIC_UNKNOWN_VALUES, what, 0);
}

/* Tells a ticket's opening that is like any other but for its topic. */
static void tell_topic(struct little_world *w, const char *topic)
{
    const struct little_entry *usual =
        little_world_tell(w, EVENT_TICKET_OPENED, "4711", "t0", NOON);
    struct event event = usual->event;
    event.message.topic = span_of_text(topic);
    event.id_message = span_of_text(topic);
    (void)little_world_tell_event(w, &event);
}

static void events_of_today_hold_nothing_unknown(void **state)
{
    struct little_world *w = *state;
    const struct little_worker *worker = little_world_start(w);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    (void)little_world_tell(w, EVENT_DELIVERED, "4711", "u1", NOON);
    tell_topic(w, "delivery_delayed");
    tell_topic(w, "product_properties");
    little_world_run(w, STEPS);
    for (unsigned what = 0; what < METRICS_WHAT_COUNT; what++)
        assert_int_equal(unknown(worker, (enum metrics_what)what), 0);
}

static void a_topic_that_we_do_not_know_is_counted(void **state)
{
    struct little_world *w = *state;
    const struct little_worker *worker = little_world_start(w);
    tell_topic(w, "cs_nagative_rating");
    little_world_run(w, STEPS);
    assert_int_equal(unknown(worker, METRICS_WHAT_TICKET_TOPIC), 1);
    assert_int_equal(metrics_value(&worker->metrics, METRIC_EVENTS, EVENT_TICKET_OPENED, 0), 2);
}

static void a_storefront_that_is_not_configured_is_counted(void **state)
{
    struct little_world *w = *state;
    const struct little_worker *worker = little_world_start(w);
    struct event event = little_world_tell(w, EVENT_DELIVERED, "4711", "u1", NOON)->event;
    event.storefront = span_of_text("xx");
    event.id_message = span_of_text("elsewhere");
    (void)little_world_tell_event(w, &event);
    little_world_run(w, STEPS);
    assert_int_equal(unknown(worker, METRICS_WHAT_STOREFRONT), 1);
}

static void symbols_that_we_do_not_know_are_counted(void **state)
{
    struct little_world *w = *state;
    const struct little_worker *worker = little_world_start(w);
    struct event order = little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u1", NOON)->event;
    order.id_message = span_of_text("new-status");
    order.order.status = ORDER_UNKNOWN;
    (void)little_world_tell_event(w, &order);
    order.id_message = span_of_text("new-fulfillment");
    order.fulfillment = FULFILLMENT_UNKNOWN; /* and the status */
    (void)little_world_tell_event(w, &order);

    struct event said =
        little_world_tell(w, EVENT_TICKET_MESSAGE_NEW, "4711", "t1", NOON)->event;
    said.id_message = span_of_text("new-role");
    said.message.author_role = AUTHOR_UNKNOWN;
    said.message.status = TICKET_UNKNOWN;
    (void)little_world_tell_event(w, &said);
    said.id_message = span_of_text("no-role-needed");
    said.kind = EVENT_TICKET_OPENED;
    said.message.status = TICKET_OPENED;
    (void)little_world_tell_event(w, &said);
    little_world_run(w, STEPS);
    assert_int_equal(unknown(worker, METRICS_WHAT_ENUM), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_of_today_hold_nothing_unknown),
        TEST(a_topic_that_we_do_not_know_is_counted),
        TEST(a_storefront_that_is_not_configured_is_counted),
        TEST(symbols_that_we_do_not_know_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
