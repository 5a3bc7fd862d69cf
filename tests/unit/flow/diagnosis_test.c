/* diagnosis_test.c - /readyz says what a worker waits for: what, where, since when. */
#include "flow/diagnosis.h"
#include "support/little_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOON LITTLE_NOON

enum { STALL_MS = 60000, A_SECOND = 20, TEN_SECONDS = 200 }; /* the last two: in steps */

static struct health health;
static char words[8192];

static int open_world(void **state)
{
    health_open(&health, 1, STALL_MS, (wall_time){ NOON });
    health_well(&health, 0, HEALTH_SCHEMA);
    (void)little_world_setup(state);
    struct little_world *w = *state;
    w->health = &health;
    return 0;
}

static int close_world(void **state)
{
    (void)little_world_teardown(state);
    health_close(&health);
    return 0;
}

static bool ready(void)
{
    struct buffer text = { 0 };
    const bool answer = health_ready(&health, little_world_now(), false, &text);
    (void)snprintf(words, sizeof words, "%.*s", (int)text.size, (const char *)text.at);
    buffer_free(&text);
    return answer;
}

static void assert_says(const char *text)
{
    assert_false(ready());
    if (strstr(words, text) == NULL)
        fail_msg("\"%s\" is not said in: %s", text, words);
}

static void assert_silent_on(const char *fact)
{
    (void)ready();
    if (strstr(words, fact) != NULL)
        fail_msg("%s is named in: %s", fact, words);
}

/* A new cluster, nothing written yet: the owner has claimed and loaded its shards, so
 * Redis has answered, though there is nothing to save. */
static void an_owner_of_empty_topics_is_ready(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    if (!ready())
        fail_msg("%s", words);
}

static void a_registry_that_is_down_is_named_with_the_record_that_waits(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    w->registry_down = true;
    w->new_schema = true;
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u1", NOON);
    little_world_run(w, A_SECOND);
    assert_silent_on("READING"); /* a schema takes a moment */

    little_world_run(w, TEN_SECONDS);
    char expected[160];
    (void)snprintf(expected, sizeof expected,
                   "not ready: READING: topic orders, partition %d: the record at offset 0 "
                   "waits for its schema: schema 7: the registry does not answer (for 1",
                   little_world_shard(w, "4711"));
    assert_says(expected);

    w->registry_down = false;
    little_world_run(w, 4 * A_SECOND);
    assert_true(ready());
}

static void a_reached_memory_limit_is_named_with_what_is_paused(void **state)
{
    struct little_world *w = *state;
    w->memory_limit = 1;
    (void)little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    assert_says("not ready: MEMORY: topic orders, partition 0 is paused: ");
    assert_says("; 5 more inputs wait");
}

static void dead_letters_that_do_not_get_through_are_named_with_what_they_block(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    fake_sink_cut(worker->sink, true);
    (void)little_world_poison(w, TOPIC_ORDERS, "4711");
    little_world_run(w, 2 * A_SECOND);
    assert_says("not ready: SENDING: topic deadletter: nothing is acknowledged; 1 shards are "
                "not saved until 1 dead letters are there");

    fake_sink_cut(worker->sink, false);
    little_world_run(w, 2 * A_SECOND);
    assert_true(ready());
}

/* Full, and it does not say itself that it is in trouble. */
static enum status has_no_room(void *self, const struct outgoing *record, struct reason *why)
{
    (void)self;
    (void)record;
    reason_set(why, "the queue is at its bound");
    return STATUS_FULL;
}

static void dead_letters_without_room_are_named_with_the_reason(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    worker->fakes.sink.send = has_no_room;
    (void)little_world_poison(w, TOPIC_ORDERS, "4711");
    (void)little_world_poison(w, TOPIC_ORDERS, "4711");
    little_world_run(w, 3 * A_SECOND);
    assert_true(ready()); /* it takes a moment, usually */
    little_world_run(w, 5 * A_SECOND);
    assert_says("not ready: SENDING: 2 dead letters wait for room, and nothing is read: the "
                "queue is at its bound; 1 shards are not saved until 2 dead letters are there");
}

static void alert_changes_that_do_not_get_through_are_named(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    fake_sink_cut(worker->sink, true);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 2 * A_SECOND);
    assert_says("not ready: SENDING: topic alerts: nothing is acknowledged");
}

static void alert_changes_that_are_held_back_are_named_with_the_reason(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    fake_log_deny_lease(worker->member, true);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 3 * A_SECOND);
    assert_true(ready()); /* it takes a moment, usually */
    little_world_run(w, 5 * A_SECOND);
    assert_says("alert changes are held back: the consumer group does not say that this "
                "instance belongs to it");

    fake_log_deny_lease(worker->member, false);
    little_world_run(w, 2 * A_SECOND);
    assert_true(ready());
    assert_int_equal(little_world_feed(w), 1);
}

static void alert_changes_of_which_nobody_knows_are_named(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    fake_sink_delay(worker->sink, 1000);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, A_SECOND);
    fake_sink_give_up(worker->sink, 1);
    fake_sink_cut(worker->sink, true);
    little_world_run(w, 8 * A_SECOND);
    assert_says("alert changes are held back: the alerts topic cannot be read");
}

static void an_input_without_an_answer_is_named_though_others_are_read(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    fake_log_silence(w->log, true);
    little_world_run(w, 2 * A_SECOND);
    assert_says("not ready: INPUTS: nobody says where the topics end");
    assert_silent_on("KAFKA");
}

/* Whoever looks at Redis because Kafka does not answer loses an hour. */
static void a_tail_that_cannot_be_read_is_no_fault_of_redis(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    fake_sink_cut(w->workers[0]->sink, true);
    little_world_run(w, 2 * A_SECOND);
    assert_says("not ready: LOADING: shard 0: the alerts topic cannot be read: the brokers do "
                "not answer; 1 more shards wait");
    assert_silent_on("REDIS");
}

static void a_store_that_refuses_claims_is_named(void **state)
{
    struct little_world *w = *state;
    fake_store_fail(w->store, FAKE_UNAVAILABLE, 0, 1000);
    (void)little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    assert_says("not ready: REDIS: shard 0: ");
    assert_says("not ready: LOADING: shard 0: ");
}

/* A save that cannot even be sent has no answer; it counts as none the less. */
static void a_save_that_is_not_sent_is_named(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_run(w, 2 * A_SECOND);
    fake_store_fail(w->store, FAKE_UNAVAILABLE, 0, 1000);
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u1", NOON);
    little_world_run(w, 2 * A_SECOND);
    assert_says("not ready: REDIS: shard ");

    fake_store_fail(w->store, FAKE_WORKS, 0, 0);
    little_world_run(w, 4 * A_SECOND);
    assert_true(ready());
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(an_owner_of_empty_topics_is_ready),
        PROMISE(a_registry_that_is_down_is_named_with_the_record_that_waits),
        PROMISE(a_reached_memory_limit_is_named_with_what_is_paused),
        PROMISE(dead_letters_that_do_not_get_through_are_named_with_what_they_block),
        PROMISE(dead_letters_without_room_are_named_with_the_reason),
        PROMISE(alert_changes_that_do_not_get_through_are_named),
        PROMISE(alert_changes_that_are_held_back_are_named_with_the_reason),
        PROMISE(alert_changes_of_which_nobody_knows_are_named),
        PROMISE(an_input_without_an_answer_is_named_though_others_are_read),
        PROMISE(a_tail_that_cannot_be_read_is_no_fault_of_redis),
        PROMISE(a_store_that_refuses_claims_is_named),
        PROMISE(a_save_that_is_not_sent_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
