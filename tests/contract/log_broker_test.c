/* log_broker_test.c - what only a real broker does to a reader: transactions and a
 * hand-over in time. What the fake promises too: log_contract_test.c.
 *
 * Runs against SELLERWATCH_TEST_KAFKA=host:port; without it, it is skipped. Each
 * test has topics and a group of its own.
 */
#include "kafka/kafka_source.h"
#include "support/kafka_broker.h"
#include "support/source_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

enum { SHARDS = 2, MEMBERS = 2, PATIENCE_MS = 10000, NAME_BYTES = 96, SKIPPED = 77 };

struct world {
    char names[TOPIC_COUNT][2 * NAME_BYTES];
    char group[NAME_BYTES];
    char id[NAME_BYTES];
    struct kafka_source_options options;
    struct kafka_source *sources[MEMBERS];
    struct source_reader readers[MEMBERS];
    rd_kafka_t *producer; /* transactional */
};

static const int64_t from_start[TOPIC_COUNT] = { OFFSET_NONE, OFFSET_NONE, OFFSET_NONE };

/* ---- a producer whose transactions leave control records ------------------------------ */

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256] = "";
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

static void must(rd_kafka_error_t *error)
{
    if (error != NULL)
        fail_msg("%s", rd_kafka_error_string(error));
}

static void open_producer(struct world *w)
{
    char error[256] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", kafka_broker_address());
    set(conf, "transactional.id", w->group);
    w->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    assert_non_null(w->producer);
    must(rd_kafka_init_transactions(w->producer, PATIENCE_MS));
}

static void produce(struct world *w, enum topic topic, int32_t partition, int count)
{
    char value[] = "v";
    rd_kafka_topic_t *to = rd_kafka_topic_new(w->producer, w->names[topic], NULL);
    assert_non_null(to);
    for (int i = 0; i < count; i++)
        assert_int_equal(
            rd_kafka_produce(to, partition, RD_KAFKA_MSG_F_COPY, value, 1, NULL, 0, NULL), 0);
    rd_kafka_topic_destroy(to);
    assert_int_equal(rd_kafka_flush(w->producer, PATIENCE_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void commit_of(struct world *w, enum topic topic, int32_t partition, int count)
{
    must(rd_kafka_begin_transaction(w->producer));
    produce(w, topic, partition, count);
    must(rd_kafka_commit_transaction(w->producer, PATIENCE_MS));
}

/* ---- the world -----------------------------------------------------------------------------
 */

static void create_topics(struct world *w)
{
    for (int i = 0; i < TOPIC_COUNT; i++) {
        (void)snprintf(w->names[i], sizeof w->names[i], "%s-%s", w->group,
                       topic_label((enum topic)i));
        kafka_broker_topic(w->names[i], SHARDS);
        w->options.topics[i] = w->names[i];
    }
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    *state = w;
    (void)snprintf(w->group, NAME_BYTES, "log-broker-%d-%lld", (int)getpid(),
                   (long long)source_reader_now().ms);
    w->options = (struct kafka_source_options){
        .kafka = { .brokers = kafka_broker_address(), .group = w->group },
        .shard_count = SHARDS,
        .batch_records = 100,
        .probe_interval_ms = 100,
        .from_beginning = true,
        .now = source_reader_now,
    };
    create_topics(w);
    open_producer(w);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < MEMBERS; i++)
        kafka_source_close(w->sources[i]);
    if (w->producer != NULL)
        rd_kafka_destroy(w->producer);
    free(w);
    return 0;
}

static struct source_reader *join(struct world *w, int member)
{
    struct source_reader *r = &w->readers[member];
    (void)snprintf(w->id, sizeof w->id, "member-%d", member);
    w->options.kafka.instance_id = w->id;
    w->sources[member] = kafka_source_open(&w->options, &r->why);
    assert_non_null(w->sources[member]);
    r->port = kafka_source_port(w->sources[member]);
    return r;
}

static struct source_reader *join_and_start(struct world *w)
{
    struct source_reader *r = join(w, 0);
    SOURCE_READER_UNTIL(r, r->owned[0] && r->owned[1]);
    for (int32_t shard = 0; shard < SHARDS; shard++)
        SOURCE_READER_UNTIL(r, source_reader_start(r, shard, from_start) == STATUS_OK);
    return r;
}

/* ---- transactions
 * ---------------------------------------------------------------------------- */

/* The last offset of each input is a control record, which nobody ever delivers:
 * time must go on all the same. */
static void an_input_that_ends_with_control_records_is_read_to_its_end(void **state)
{
    struct world *w = *state;
    commit_of(w, TOPIC_ORDERS, 0, 3);
    commit_of(w, TOPIC_ORDERS, 0, 2);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count == 5);
    SOURCE_READER_UNTIL(r, source_reader_at_end(r, 0, TOPIC_ORDERS));
    assert_int_equal(source_reader_position(r, 0, TOPIC_ORDERS), 7);
    assert_int_equal(r->seen[3].offset, 4); /* 3 is a control record */

    commit_of(w, TOPIC_ORDERS, 0, 1);
    SOURCE_READER_UNTIL(r, r->count == 6);
    assert_int_equal(r->seen[5].offset, 7);
    SOURCE_READER_UNTIL(r, source_reader_position(r, 0, TOPIC_ORDERS) == 9);
}

static void an_aborted_transaction_is_passed_over(void **state)
{
    struct world *w = *state;
    must(rd_kafka_begin_transaction(w->producer));
    produce(w, TOPIC_MESSAGES, 1, 4);
    must(rd_kafka_abort_transaction(w->producer, PATIENCE_MS));
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, source_reader_at_end(r, 1, TOPIC_MESSAGES));
    assert_int_equal(source_reader_position(r, 1, TOPIC_MESSAGES), 5);
    assert_int_equal(r->count, 0);
}

/* What is in an open transaction was appended already; as long as it cannot be
 * read, nobody may say that the input was read to its end. */
static void an_open_transaction_keeps_its_input_from_its_end(void **state)
{
    struct world *w = *state;
    must(rd_kafka_begin_transaction(w->producer));
    produce(w, TOPIC_ORDERS, 0, 2);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, source_reader_end(r, 0, TOPIC_ORDERS).end == 2);
    source_reader_steps(r, 1500);
    assert_false(source_reader_at_end(r, 0, TOPIC_ORDERS));
    assert_true(source_reader_at_end(r, 0, TOPIC_SHIPMENTS));
    assert_int_equal(r->count, 0);

    must(rd_kafka_commit_transaction(w->producer, PATIENCE_MS));
    SOURCE_READER_UNTIL(r, r->count == 2);
    SOURCE_READER_UNTIL(r, source_reader_at_end(r, 0, TOPIC_ORDERS));
}

/* ---- the group
 * ------------------------------------------------------------------------------------ */

static int owned_count(const struct source_reader *r)
{
    return r->owned[0] + r->owned[1];
}

static void a_member_that_closes_hands_over_within_two_seconds(void **state)
{
    struct world *w = *state;
    (void)join_and_start(w);
    struct source_reader *a = &w->readers[0];
    struct source_reader *b = join(w, 1);
    SOURCE_READER_UNTIL(b, (source_reader_step(a), a->revoked));
    a->port.release(a->port.self);
    SOURCE_READER_UNTIL(b, (source_reader_step(a), owned_count(a) == 1 && owned_count(b) == 1));
    const int64_t before = source_reader_now().ms;
    kafka_source_close(w->sources[0]);
    w->sources[0] = NULL;
    b->revoked = false;
    SOURCE_READER_UNTIL(b, b->revoked);
    b->port.release(b->port.self);
    SOURCE_READER_UNTIL(b, owned_count(b) == 2);
    assert_in_range(source_reader_now().ms - before, 0, 2000);
}

static void noted_progress_is_what_lag_tools_see(void **state)
{
    struct world *w = *state;
    const int64_t offsets[TOPIC_COUNT] = { 3, OFFSET_NONE, OFFSET_NONE };
    commit_of(w, TOPIC_ORDERS, 0, 3);
    struct source_reader *r = join_and_start(w);
    r->port.note_progress(r->port.self, 0, offsets);
    source_reader_step(r);
    kafka_source_close(w->sources[0]); /* leaves nothing untold */
    w->sources[0] = NULL;

    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char error[256] = "";
    set(conf, "bootstrap.servers", kafka_broker_address());
    set(conf, "group.id", w->group);
    rd_kafka_t *tool = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
    assert_non_null(tool);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, w->names[TOPIC_ORDERS], 0);
    assert_int_equal(rd_kafka_committed(tool, list, PATIENCE_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(list->elems[0].offset, 3);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(tool);
}

#define PROMISE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(an_input_that_ends_with_control_records_is_read_to_its_end),
        PROMISE(an_aborted_transaction_is_passed_over),
        PROMISE(an_open_transaction_keeps_its_input_from_its_end),
        PROMISE(a_member_that_closes_hands_over_within_two_seconds),
        PROMISE(noted_progress_is_what_lag_tools_see),
    };
    if (kafka_broker_address() == NULL) {
        print_message("[  SKIPPED ] SELLERWATCH_TEST_KAFKA=host:port names no broker\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests_name("log_broker", tests, NULL, NULL);
}
