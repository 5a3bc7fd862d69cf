/* pipeline_test.c - a process: each event counts once, each alert change appears
 * once, whatever happens in between.
 */
#include "support/little_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOON LITTLE_NOON
#define FIELD "cancellation:7d"
#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, little_world_setup, little_world_teardown)

static void a_cancelled_order_is_counted_and_told(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);

    assert_string_equal(little_world_view(w, "4711", FIELD), "1 1 1000000 10000 critical");
    assert_int_equal(little_world_feed(w), 1);
    little_world_check_feed(w);
}

/* NTP, a resumed machine, somebody at the console: the clock goes back an hour. What is
 * read then is saved within the usual interval, not an hour later. */
static void a_clock_that_is_set_back_holds_no_save_back(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);

    little_world_set_clock((wall_time){ little_world_now().ms - HOUR_MS });
    little_world_cancelled_unit(w, "4711", "u2", NOON);
    little_world_run(w, 20);

    assert_string_equal(little_world_view(w, "4711", FIELD), "2 2 1000000 10000 critical");
}

static bool is_saved_to_the_end(const struct little_world *w, int32_t shard)
{
    struct shard_header header;
    bool saved = fake_store_header(w->store, shard, &header);
    for (int i = 0; saved && i < TOPIC_COUNT; i++)
        saved = header.offsets[i] == fake_log_end(w->log, shard, (enum topic)i) ||
                header.offsets[i] == OFFSET_NONE;
    return saved;
}

/* A record is set aside while a save is under way that turns out to be fenced. The letter
 * is acknowledged after the shard was claimed anew; nobody waits for it any more. */
static void a_letter_of_an_earlier_claim_holds_no_save_back(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    const int32_t shard = little_world_shard(w, "4711");
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);

    assert_int_equal(fake_store_lose_saves(w->store, shard, 1), 1);
    fake_store_delay(w->store, 6);
    fake_sink_delay(worker->sink, 20);
    little_world_cancelled_unit(w, "4711", "u2", NOON);
    little_world_run(w, 3); /* the save that will be fenced is under way */
    (void)little_world_poison(w, TOPIC_ORDERS, "4711");
    little_world_run(w, 100);

    assert_int_equal(metrics_value(&worker->metrics, METRIC_FENCED, 0, 0), 1);
    assert_true(is_saved_to_the_end(w, shard));
}

/* The window empties, the alert resolves, and some days later it is forgotten. */
static void let_the_alert_be_forgotten(struct little_world *w)
{
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u2", NOON + 14 * DAY_MS);
    little_world_run(w, 20);
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u3", NOON + 28 * DAY_MS);
    little_world_run(w, 20);
}

/* Every other save of a shard is lost on its way. */
static enum fake_fault lose_every_other_save(void *arg, enum fake_call call, int32_t shard)
{
    bool *lost = arg;
    if (call != FAKE_CALL_SAVE)
        return FAKE_WORKS;
    lost[shard] = !lost[shard];
    return lost[shard] ? FAKE_LOST_REQUEST : FAKE_WORKS;
}

/* The save that takes the seller's last state away is sent twice, too. */
static void a_seller_of_whom_nothing_is_left_goes_though_the_save_was_repeated(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);
    assert_string_not_equal(little_world_view(w, "4711", "window_end"), "");

    bool lost[LITTLE_SHARDS] = { false };
    fake_store_choose_faults(w->store, lose_every_other_save, lost);
    const char *others[] = { "1", "2", "3", "4" };
    for (int n = 0; n < 8; n++) {
        char unit[16];
        (void)snprintf(unit, sizeof unit, "n%d", n);
        for (int i = 0; i < 4; i++)
            (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, others[i], unit,
                                    NOON + (10 * n + 10) * DAY_MS);
        little_world_run(w, 40);
    }
    assert_string_equal(little_world_view(w, "4711", "window_end"), "");
}

static void what_the_store_lost_while_nothing_happens_is_there_again(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++)
        (void)fake_store_lose_saves(w->store, shard, 2);
    assert_string_not_equal(little_world_view(w, "4711", FIELD), "1 1 1000000 10000 critical");

    little_world_run(w, (int)(7 * SECOND_MS / LITTLE_STEP_MS));
    assert_string_equal(little_world_view(w, "4711", FIELD), "1 1 1000000 10000 critical");
    assert_int_equal(little_world_feed(w), 1);
}

/* Alert changes of all shards that wait for their save or for the topic. */
static uint64_t changes_waiting(const struct little_worker *worker)
{
    uint64_t waiting = 0;
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++)
        waiting += worker->pipeline.tenures[shard].state->outbox.waiting;
    return waiting;
}

/* A new worker whose first alert change was sent and is not acknowledged. */
static struct little_worker *start_with_change_in_flight(struct little_world *w)
{
    struct little_worker *worker = little_world_start(w);
    fake_sink_delay(worker->sink, 1000);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);
    assert_int_equal(fake_sink_in_flight(worker->sink), 1);
    return worker;
}

/* Kafka is out of an owner's reach, Redis is not. Its session ends without its knowing,
 * and its successor tells what both have found. */
static void who_may_have_lost_a_shard_publishes_nothing(void **state)
{
    struct little_world *w = *state;
    struct little_worker *first = little_world_start(w);
    little_world_run(w, 5);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    fake_store_delay(w->store, 1);
    while (changes_waiting(first) == 0)
        (void)little_world_step(first);
    fake_log_cut(first->member, 10);
    fake_log_expire(first->member);
    for (int n = 0; n < 5; n++)
        (void)little_world_step(first);
    assert_int_equal(little_world_feed(w), 0);

    (void)little_world_start(w);
    little_world_run(w, 40);
    assert_int_equal(little_world_feed(w), 1);
    little_world_check_feed(w);
}

static void check_given_up(struct little_world *w, int32_t landed)
{
    struct little_worker *worker = start_with_change_in_flight(w);
    fake_sink_delay(worker->sink, 0);
    fake_sink_give_up(worker->sink, landed);
    little_world_run(w, 20);
    assert_int_equal(little_world_feed(w), 1);
    assert_int_equal(fake_sink_in_flight(worker->sink), 0);
    assert_int_equal(metrics_value(&worker->metrics, METRIC_ALERTS_PUBLISHED, 0, 0), 1);
    little_world_check_feed(w);
}

static void what_was_given_up_and_stands_in_the_topic_is_not_sent_again(void **state)
{
    check_given_up(*state, 1);
}

static void what_was_given_up_and_does_not_stand_in_the_topic_is_sent_again(void **state)
{
    check_given_up(*state, 0);
}

static void what_was_given_up_is_looked_for_until_the_topic_can_be_read(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = start_with_change_in_flight(w);
    fake_sink_delay(worker->sink, 0);
    fake_sink_give_up(worker->sink, 1);
    fake_sink_cut(worker->sink, true);
    little_world_run(w, 20);
    fake_sink_cut(worker->sink, false);
    little_world_run(w, 60);
    assert_int_equal(little_world_feed(w), 1);
    assert_int_equal(changes_waiting(worker), 0);
}

/* Its owner is killed while a replica hangs; readers see what it sent when that goes on. */
static void check_hidden(struct little_world *w, int32_t landed)
{
    w->settle_ms = 10 * MINUTE_MS;
    struct little_worker *first = start_with_change_in_flight(w);

    fake_topics_hide(w->topics, true);
    little_world_kill(first, landed);
    const struct little_worker *second = little_world_start(w);
    little_world_run(w, 40);
    little_world_set_clock((wall_time){ little_world_now().ms - MINUTE_MS });
    little_world_run(w, 40);
    assert_int_equal(little_world_feed(w), landed);
    assert_true(second->pipeline.tenures[0].held_why.text[0] != '\0' ||
                second->pipeline.tenures[1].held_why.text[0] != '\0');

    fake_topics_hide(w->topics, false);
    little_world_set_clock((wall_time){ little_world_now().ms + w->settle_ms });
    little_world_run(w, 40);
    assert_int_equal(little_world_feed(w), 1);
    assert_int_equal(changes_waiting(second), 0);
    little_world_check_feed(w);
}

static void what_a_dead_owner_sent_and_brokers_hide_is_not_sent_again(void **state)
{
    check_hidden(*state, 1);
}

static void what_a_dead_owner_did_not_send_is_sent_when_nothing_can_be_hidden(void **state)
{
    check_hidden(*state, 0);
}

/* Kafka takes less at once than waits to be told. */
static void whoever_is_told_to_stop_tells_everything_first(void **state)
{
    struct little_world *w = *state;
    w->sink_queue = 1;
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 5);
    fake_sink_delay(worker->sink, 1000);
    static const char *const sellers[] = { "1", "2", "3", "4", "5" };
    for (int i = 0; i < 5; i++)
        little_world_cancelled_unit(w, sellers[i], sellers[i], NOON);
    little_world_run(w, 10);
    assert_int_equal(little_world_feed(w), 0);

    little_world_stop(worker);
    assert_int_equal(little_world_feed(w), 5);
    little_world_check_feed(w);
}

/* An owner hangs with an alert change on its way, and what hangs with it is not given up as
 * it should be; its successor sends the change itself. Long after the alert is over and
 * forgotten, the first producer gets through. */
static void
a_change_that_arrives_again_after_its_alert_was_forgotten_is_not_adopted(void **state)
{
    struct little_world *w = *state;
    struct little_worker *first = start_with_change_in_flight(w);

    fake_log_kill(first->member);
    fake_log_expire(first->member);
    first->alive = false; /* it hangs */
    (void)little_world_start(w);
    little_world_run(w, 20);
    let_the_alert_be_forgotten(w);
    assert_int_equal(little_world_feed(w), 2);

    fake_sink_kill(first->sink, 1);
    struct little_worker *second = w->workers[1];
    little_world_kill(second, 0);
    (void)little_world_start(w);
    little_world_run(w, 20);
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u4", NOON + 29 * DAY_MS);
    little_world_run(w, 20);

    assert_int_equal(little_world_feed(w), 3); /* the late one, and no more */
    pipeline_close(&first->pipeline);
}

/* The store forgets an alert that the feed tells of. It is adopted with the rule that it
 * was told with: when it is over, it has recovered, and no rule has changed. */
static void an_adopted_alert_knows_its_rule(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    const int32_t shard = little_world_shard(w, "4711");
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);
    assert_true(fake_store_lose_saves(w->store, shard, 100) > 0);
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u2", NOON + 14 * DAY_MS);
    little_world_run(w, 100);

    assert_int_equal(little_world_feed(w), 2);
    const struct alert_change last = little_world_change(w, shard, 1);
    assert_int_equal(last.type, ALERT_EVENT_RESOLVED);
    assert_int_equal(last.reason, ALERT_REASON_RECOVERED);
}

/* The store loses the breach, the feed still tells of it. Until the events that led there
 * are read again, the counts are those of before; the alert must not seem to recover. */
static void an_adopted_alert_is_not_judged_by_counts_of_before(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    const int32_t shard = little_world_shard(w, "4711");
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, "4711", "u0", NOON - HOUR_MS);
    little_world_run(w, 20);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);
    assert_int_equal(little_world_feed(w), 1);

    struct shard_header header;
    do {
        assert_int_equal(fake_store_lose_saves(w->store, shard, 1), 1);
        assert_true(fake_store_header(w->store, shard, &header));
    } while (header.offsets[TOPIC_ORDERS] > 1);
    fake_log_limit(w->log, shard, TOPIC_ORDERS, 1); /* what led there comes a little later */
    (void)little_world_tell(w, EVENT_SHIPMENT_SENT, "4711", "u0", NOON - HOUR_MS + 1);
    little_world_run(w, 40);
    fake_log_limit(w->log, shard, TOPIC_ORDERS, -1);
    little_world_run(w, 100);

    assert_int_equal(little_world_feed(w), 1);
    assert_string_equal(little_world_view(w, "4711", FIELD), "1 2 500000 10000 critical");
}

/* A new worker that goes on where its input is gone, and has read and saved some orders. */
static struct little_worker *start_with_saved_orders(struct little_world *w)
{
    fake_log_skip_losses(w->log, true);
    struct little_worker *worker = little_world_start(w);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);
    return worker;
}

/* Orders were deleted and made anew, and are read from their beginning. Before the first of
 * them is, another input goes back to a record that waited for its schema, and the new
 * orders have reached the old place: none of them may be passed over. */
static void an_input_made_anew_is_read_from_its_beginning_whatever_is_rewound(void **state)
{
    struct little_world *w = *state;
    const int32_t shard = little_world_shard(w, "4711");
    struct little_worker *first = start_with_saved_orders(w);
    little_world_kill(first, 0);

    fake_log_remake(w->log, TOPIC_ORDERS);
    w->new_schema = true;
    w->registry_down = true;
    (void)little_world_tell(w, EVENT_SHIPMENT_SENT, "4711", "u1", NOON + 1);
    (void)little_world_start(w);
    little_world_run(w, 20);
    fake_log_limit(w->log, shard, TOPIC_ORDERS, 0); /* they come a little later */
    w->new_schema = false;
    little_world_cancelled_unit(w, "4711", "u2", NOON);
    little_world_cancelled_unit(w, "4711", "u3", NOON);
    little_world_run(w, 100);
    w->registry_down = false;
    fake_log_limit(w->log, shard, TOPIC_ORDERS, -1);
    little_world_run(w, 100);

    assert_string_equal(little_world_view(w, "4711", FIELD), "3 3 1000000 10000 critical");
    assert_true(is_saved_to_the_end(w, shard));
}

/* Nothing was read of it yet when its owner dies: the next one knows that it is a new one. */
static void that_an_input_was_made_anew_is_saved_before_anything_is_read(void **state)
{
    struct little_world *w = *state;
    const int32_t shard = little_world_shard(w, "4711");
    struct little_worker *first = start_with_saved_orders(w);
    fake_log_remake(w->log, TOPIC_ORDERS);
    little_world_run(w, 20);
    little_world_kill(first, 0);

    little_world_cancelled_unit(w, "4711", "u2", NOON);
    little_world_cancelled_unit(w, "4711", "u3", NOON);
    (void)little_world_start(w);
    little_world_run(w, 40);
    assert_string_equal(little_world_view(w, "4711", FIELD), "3 3 1000000 10000 critical");
    assert_true(is_saved_to_the_end(w, shard));
}

/* A batch that came compressed may hold more than a broker takes in one record. */
static void a_letter_too_large_for_its_topic_goes_without_its_bytes(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    w->poison_bytes = 3 * 1024 * 1024;
    const struct little_entry *large = little_world_poison(w, TOPIC_ORDERS, "4711");
    w->poison_bytes = 0;
    (void)little_world_poison(w, TOPIC_ORDERS, "4711");
    little_world_run(w, 20);

    assert_true(little_world_has_letter(w, large));
    const struct fake_letter *first = fake_topics_dead_letter(w->topics, 0);
    const struct fake_letter *second = fake_topics_dead_letter(w->topics, 1);
    assert_int_equal(first->value.size, 0);
    assert_true(
        span_equal(fake_topics_header(first, "value_left_out"), span_of_text("3145728")));
    assert_int_equal(second->value.size, 4);
    assert_int_equal(fake_topics_header(second, "value_left_out").size, 0);
}

/* The key is poison, too: with it the letter would be refused again and again. */
static void a_key_too_large_for_the_topic_of_letters_is_not_sent_with_them(void **state)
{
    enum { HUGE = 1100 * 1000, HALF = 600 * 1000 };
    static const uint8_t bytes[HUGE];
    struct little_world *w = *state;
    (void)little_world_start(w);
    const int32_t shard = little_world_poison(w, TOPIC_ORDERS, "4711")->shard;
    const struct fake_record records[] = {
        { .shard = shard, .key = span_of(bytes, HUGE), .value = span_of(bytes, 4) },
        { .shard = shard, .key = span_of(bytes, HALF), .value = span_of(bytes, HALF) },
    };
    for (int i = 0; i < 2; i++)
        (void)fake_log_append(w->log, &records[i]);
    little_world_run(w, 20);
    const struct fake_letter *first = fake_topics_dead_letter(w->topics, 1);
    const struct fake_letter *second = fake_topics_dead_letter(w->topics, 2);
    assert_null(first->key.at);
    assert_int_equal(first->value.size, 4);
    assert_true(span_equal(fake_topics_header(first, "key_left_out"), span_of_text("1100000")));
    assert_int_equal(fake_topics_header(first, "value_left_out").size, 0);
    assert_int_equal(second->key.size, HALF);
    assert_int_equal(second->value.size, 0);
    assert_int_equal(fake_topics_header(second, "value_left_out").size, 6);
    assert_int_equal(fake_topics_header(second, "key_left_out").size, 0);
}

/* The producer may be set to take less than a letter may have (message.max.bytes). */
static void a_letter_that_the_sink_refuses_goes_with_less(void **state)
{
    enum { BOUND = 500 * 1000, LARGE = 600 * 1000 };
    static const uint8_t bytes[LARGE];
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 20);
    fake_sink_bound(worker->sink, BOUND);
    const int32_t shard = little_world_poison(w, TOPIC_ORDERS, "4711")->shard;
    const struct fake_record records[] = {
        { .shard = shard, .key = span_of(bytes, 4), .value = span_of(bytes, LARGE) },
        { .shard = shard, .key = span_of(bytes, LARGE), .value = span_of(bytes, 4) },
    };
    for (int i = 0; i < 2; i++)
        (void)fake_log_append(w->log, &records[i]);
    little_world_run(w, 20);
    const struct fake_letter *first = fake_topics_dead_letter(w->topics, 1);
    const struct fake_letter *second = fake_topics_dead_letter(w->topics, 2);
    assert_non_null(second);
    assert_int_equal(first->key.size, 4);
    assert_null(first->value.at);
    assert_true(
        span_equal(fake_topics_header(first, "value_left_out"), span_of_text("600000")));
    assert_null(second->key.at);
    assert_true(span_equal(fake_topics_header(second, "value_left_out"), span_of_text("4")));
    assert_true(span_equal(fake_topics_header(second, "key_left_out"), span_of_text("600000")));
    assert_true(is_saved_to_the_end(w, shard));
}

static void a_letter_that_is_refused_whatever_is_left_out_stops_the_worker(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 20);
    fake_sink_bound(worker->sink, -1);
    (void)little_world_poison(w, TOPIC_ORDERS, "4711");
    for (int i = 0; i < 20 && worker->status == STATUS_OK; i++)
        (void)little_world_step(worker);
    assert_int_equal(worker->status, STATUS_REFUSED);
    assert_non_null(strstr(worker->why.text, "offset 0 is refused even without key and value"));
}

/* Refused claims are repeated as the settings say: after a second, then at most every
 * four. */
static void a_failed_call_is_repeated_as_often_as_the_settings_say(void **state)
{
    struct little_world *w = *state;
    w->retry = (struct backoff_bounds){ .first_ms = 1000, .longest_ms = 4000 };
    const int64_t before = little_world_now().ms;
    fake_store_fail(w->store, FAKE_UNAVAILABLE, 0, 4);
    const struct little_worker *worker = little_world_start(w);
    while (!little_world_works(worker, 0) && little_world_now().ms - before < 60 * SECOND_MS)
        little_world_run(w, 1);
    /* Two shards, two failures each: 1 s and 2 s. */
    assert_in_range(little_world_now().ms - before, 3000, 3600);
}

/* The store is well again when we are told to stop: the last save is not left undone because
 * the pause after the failure before it is long. */
static void the_last_save_waits_for_no_long_pause(void **state)
{
    struct little_world *w = *state;
    w->retry = (struct backoff_bounds){ .first_ms = 60000, .longest_ms = 60000 };
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 20);
    fake_store_fail(w->store, FAKE_UNAVAILABLE, 0, 1);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);
    assert_string_equal(little_world_view(w, "4711", FIELD), "");

    const wall_time before = little_world_now();
    little_world_stop(worker);
    assert_true(little_world_now().ms - before.ms < 500);
    assert_string_equal(little_world_view(w, "4711", FIELD), "1 1 1000000 10000 critical");
}

/* Kafka takes no letters for a while, and there are more than the sink has room for. */
static struct little_worker *start_with_too_many_letters(struct little_world *w)
{
    w->sink_queue = 3;
    struct little_worker *worker = little_world_start(w);
    little_world_run(w, 20);
    fake_sink_cut(worker->sink, true);
    for (int i = 0; i < 40; i++)
        (void)little_world_poison(w, TOPIC_ORDERS, "4711");
    for (int i = 0; i < 3; i++) { /* an alert, too */
        char unit[LITTLE_NAME_BYTES];
        (void)snprintf(unit, sizeof unit, "u%d", i);
        little_world_cancelled_unit(w, "4711", unit, NOON + i);
    }
    return worker;
}

static void letters_without_room_wait_while_steps_go_on(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = start_with_too_many_letters(w);
    const wall_time before = little_world_now();
    little_world_run(w, 20);
    assert_true(little_world_now().ms - before.ms < 20 * 400); /* no step waits for long */
    assert_int_equal(little_world_letters(w), 0);
    assert_string_equal(little_world_view(w, "4711", FIELD), ""); /* nothing is saved, either */

    fake_sink_cut(worker->sink, false);
    little_world_run(w, 100);
    assert_int_equal(little_world_letters(w), 40); /* each once */
    assert_true(is_saved_to_the_end(w, little_world_shard(w, "4711")));
    assert_string_equal(little_world_view(w, "4711", FIELD), "3 3 1000000 10000 critical");
}

static void letters_that_wait_keep_nobody_from_stopping(void **state)
{
    struct little_world *w = *state;
    struct little_worker *worker = start_with_too_many_letters(w);
    little_world_run(w, 20);
    const wall_time before = little_world_now();
    little_world_stop(worker);
    assert_true(little_world_now().ms - before.ms < 5000);

    (void)little_world_start(w);
    little_world_run(w, 100);
    assert_int_equal(little_world_letters(w), 40);
    assert_true(is_saved_to_the_end(w, little_world_shard(w, "4711")));
}

/* The shard goes to another process while letters of it wait: that one sets them aside. */
static void letters_of_a_shard_that_left_are_dropped(void **state)
{
    struct little_world *w = *state;
    struct little_worker *first = start_with_too_many_letters(w);
    little_world_run(w, 20);
    (void)little_world_start(w);
    little_world_run(w, 100);
    fake_sink_cut(first->sink, false);
    little_world_run(w, 100);
    for (int32_t i = 0; i < w->entry_count; i++)
        assert_true(!w->entries[i]->poison || little_world_has_letter(w, w->entries[i]));
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++)
        assert_true(is_saved_to_the_end(w, shard));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cancelled_order_is_counted_and_told),
        TEST(a_clock_that_is_set_back_holds_no_save_back),
        TEST(a_letter_of_an_earlier_claim_holds_no_save_back),
        TEST(a_seller_of_whom_nothing_is_left_goes_though_the_save_was_repeated),
        TEST(what_the_store_lost_while_nothing_happens_is_there_again),
        TEST(who_may_have_lost_a_shard_publishes_nothing),
        TEST(what_was_given_up_and_stands_in_the_topic_is_not_sent_again),
        TEST(what_was_given_up_and_does_not_stand_in_the_topic_is_sent_again),
        TEST(what_was_given_up_is_looked_for_until_the_topic_can_be_read),
        TEST(what_a_dead_owner_sent_and_brokers_hide_is_not_sent_again),
        TEST(what_a_dead_owner_did_not_send_is_sent_when_nothing_can_be_hidden),
        TEST(whoever_is_told_to_stop_tells_everything_first),
        TEST(a_change_that_arrives_again_after_its_alert_was_forgotten_is_not_adopted),
        TEST(an_input_made_anew_is_read_from_its_beginning_whatever_is_rewound),
        TEST(that_an_input_was_made_anew_is_saved_before_anything_is_read),
        TEST(a_letter_too_large_for_its_topic_goes_without_its_bytes),
        TEST(a_key_too_large_for_the_topic_of_letters_is_not_sent_with_them),
        TEST(a_letter_that_the_sink_refuses_goes_with_less),
        TEST(a_letter_that_is_refused_whatever_is_left_out_stops_the_worker),
        TEST(a_failed_call_is_repeated_as_often_as_the_settings_say),
        TEST(the_last_save_waits_for_no_long_pause),
        TEST(letters_without_room_wait_while_steps_go_on),
        TEST(letters_that_wait_keep_nobody_from_stopping),
        TEST(letters_of_a_shard_that_left_are_dropped),
        TEST(an_adopted_alert_knows_its_rule),
        TEST(an_adopted_alert_is_not_judged_by_counts_of_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
