/* measuring_test.c - the numbers of a worker say what their names say, also when shards
 * come and go.
 */
#include "support/little_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define NOON LITTLE_NOON
#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, little_world_setup, little_world_teardown)

enum { A_WHILE = 60 }; /* steps: some measurements */

static int64_t value(const struct little_worker *worker, enum metric metric)
{
    return metrics_value(&worker->metrics, metric, 0, 0);
}

/* A seller of that shard; lives until the next call. */
static const char *seller_of(const struct little_world *w, int32_t shard)
{
    static char name[LITTLE_NAME_BYTES];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "s%d", i);
        if (little_world_shard(w, name) == shard)
            return name;
    }
    fail();
    return NULL;
}

/* A unit of the seller that another storefront claims, too: `count` events are foreign. */
static void tell_foreign(struct little_world *w, const char *seller, const char *id, int count)
{
    const struct little_entry *own =
        little_world_tell(w, EVENT_ORDER_UNIT_NEW, seller, id, NOON);
    for (int i = 0; i < count; i++) {
        struct event other = own->event;
        char message[LITTLE_NAME_BYTES];
        (void)snprintf(message, sizeof message, "%s-%d", id, i);
        other.id_message = span_of_text(message);
        other.storefront = span_of_text("at");
        other.ts_event.ms += 1 + i;
        (void)little_world_tell_event(w, &other);
    }
}

/* One shard goes to another instance, and its counts with it; what is counted on the
 * shard that stays must not disappear behind what was counted before. */
static void counts_go_on_when_a_shard_has_left(void **state)
{
    struct little_world *w = *state;
    struct little_worker *first = little_world_start(w);
    tell_foreign(w, seller_of(w, 1), "gone", 5);
    little_world_run(w, A_WHILE);
    assert_int_equal(value(first, METRIC_FOREIGN_CLAIMS), 5);

    const struct little_worker *second = little_world_start(w);
    little_world_run(w, A_WHILE);
    assert_true(little_world_works(first, 0));
    assert_true(little_world_works(second, 1));
    tell_foreign(w, seller_of(w, 0), "stays", 2);
    little_world_run(w, A_WHILE);
    assert_int_equal(value(first, METRIC_FOREIGN_CLAIMS), 7);
    assert_int_equal(value(second, METRIC_FOREIGN_CLAIMS), 0);
}

/* What was counted since the last measurement is not lost with the shard. */
static void what_a_shard_counted_just_before_it_leaves_is_counted(void **state)
{
    struct little_world *w = *state;
    struct little_worker *first = little_world_start(w);
    little_world_run(w, A_WHILE + 5); /* amid two measurements */
    tell_foreign(w, seller_of(w, 1), "gone", 5);
    little_world_run(w, 2);
    assert_int_equal(metrics_value(&first->metrics, METRIC_EVENTS, EVENT_ORDER_UNIT_NEW, 0), 6);
    assert_int_equal(value(first, METRIC_FOREIGN_CLAIMS), 0); /* not measured yet */

    const struct little_worker *second = little_world_start(w);
    little_world_run(w, A_WHILE);
    assert_true(little_world_works(second, 1));
    assert_int_equal(value(first, METRIC_FOREIGN_CLAIMS), 5);
}

/* Nor with the working copy of a shard that must be loaded again. */
static void what_a_shard_counted_just_before_it_is_fenced_is_counted(void **state)
{
    struct little_world *w = *state;
    const struct little_worker *worker = little_world_start(w);
    tell_foreign(w, seller_of(w, 1), "early", 1);
    little_world_run(w, A_WHILE + 5); /* amid two measurements */
    assert_int_equal(value(worker, METRIC_FOREIGN_CLAIMS), 1);
    assert_int_equal(fake_store_lose_saves(w->store, 1, 1), 1);
    tell_foreign(w, seller_of(w, 1), "last", 5);
    for (int i = 0; i < 10 && value(worker, METRIC_FENCED) == 0; i++) {
        assert_int_equal(value(worker, METRIC_FOREIGN_CLAIMS), 1); /* not measured yet */
        little_world_run(w, 1);
    }
    assert_int_equal(value(worker, METRIC_FENCED), 1);
    assert_int_equal(value(worker, METRIC_FOREIGN_CLAIMS), 6);
}

/* It is tried again and again while the registry is away. */
static void a_record_that_waits_for_its_schema_is_counted_once(void **state)
{
    struct little_world *w = *state;
    const struct little_worker *worker = little_world_start(w);
    little_world_run(w, A_WHILE);
    w->registry_down = true;
    w->new_schema = true;
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u1", NOON);
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u2", NOON);
    little_world_run(w, 4 * A_WHILE);
    assert_int_equal(metrics_value(&worker->metrics, METRIC_RECORDS, TOPIC_ORDERS, 0), 1);
    w->registry_down = false;
    little_world_run(w, 4 * A_WHILE);
    assert_int_equal(metrics_value(&worker->metrics, METRIC_RECORDS, TOPIC_ORDERS, 0), 2);
    assert_int_equal(metrics_value(&worker->metrics, METRIC_EVENTS, EVENT_ORDER_UNIT_NEW, 0),
                     2);
}

static void changes_of_alerts_are_counted_once_each(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 2 * A_WHILE);
    assert_int_equal(metrics_value(&worker->metrics, METRIC_ALERT_CHANGES, ALERT_EVENT_FIRING,
                                   KPI_CANCELLATION),
                     1);
}

/* Remembered they are for weeks; open is what is still owed. */
static void open_units_and_tickets_are_those_that_still_owe_something(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u1", NOON);
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u2", NOON);
    (void)little_world_tell(w, EVENT_TICKET_OPENED, "4711", "t1", NOON);
    little_world_run(w, A_WHILE);
    assert_int_equal(value(worker, METRIC_OPEN_UNITS), 2);
    assert_int_equal(value(worker, METRIC_OPEN_TICKETS), 1);

    (void)little_world_tell(w, EVENT_DELIVERED, "4711", "u1", NOON + HOUR_MS);
    (void)little_world_tell(w, EVENT_TICKET_MESSAGE_NEW, "4711", "t1", NOON + HOUR_MS);
    little_world_run(w, A_WHILE);
    assert_int_equal(value(worker, METRIC_OPEN_UNITS), 1);
    assert_int_equal(value(worker, METRIC_OPEN_TICKETS), 0);
    assert_int_equal(metrics_value(&worker->metrics, METRIC_ENTITIES, ENTITY_UNIT, 0), 2);

    little_world_kill(worker, 0);
    const struct little_worker *next = little_world_start(w); /* knows it from the store */
    little_world_run(w, A_WHILE);
    assert_int_equal(value(next, METRIC_OPEN_UNITS), 1);
    assert_int_equal(value(next, METRIC_OPEN_TICKETS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_go_on_when_a_shard_has_left),
        TEST(what_a_shard_counted_just_before_it_leaves_is_counted),
        TEST(what_a_shard_counted_just_before_it_is_fenced_is_counted),
        TEST(a_record_that_waits_for_its_schema_is_counted_once),
        TEST(changes_of_alerts_are_counted_once_each),
        TEST(open_units_and_tickets_are_those_that_still_owe_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
