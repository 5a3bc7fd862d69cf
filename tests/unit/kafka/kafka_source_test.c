/* kafka_source_test.c - what of the Kafka source the contract does not say: where it
 * begins with "latest", and what it says while brokers are away. The rest is in
 * tests/contract/log_contract_test.c.
 */
#include "kafka/kafka_source.h"
#include "support/kafka_cluster.h"
#include "support/source_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum { SHARDS = 2 };

struct world {
    struct kafka_cluster *cluster;
    struct kafka_source_options options;
    struct kafka_source *source;
    struct source_reader reader;
};

static const int64_t from_start[TOPIC_COUNT] = { OFFSET_NONE, OFFSET_NONE, OFFSET_NONE };

static const struct kafka_property quick[] = { { "session.timeout.ms", "4000" },
                                               { "heartbeat.interval.ms", "100" },
                                               { "log_level", "0" } };

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->cluster = kafka_cluster_open(1);
    kafka_cluster_topics(w->cluster, SHARDS);
    w->options = (struct kafka_source_options){
        .kafka = kafka_cluster_options(w->cluster),
        .topics = { "orders", "messages", "shipments" },
        .shard_count = SHARDS,
        .batch_records = 100,
        .probe_interval_ms = 100,
        .from_beginning = true,
        .now = source_reader_now,
    };
    w->options.kafka.properties = quick;
    w->options.kafka.property_count = sizeof quick / sizeof quick[0];
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    kafka_source_close(w->source);
    kafka_cluster_close(w->cluster);
    free(w);
    return 0;
}

static void start_all(struct source_reader *r)
{
    SOURCE_READER_UNTIL(r, r->owned[0] && r->owned[1]);
    for (int32_t shard = 0; shard < SHARDS; shard++)
        assert_int_equal(source_reader_start(r, shard, from_start), STATUS_OK);
}

static struct source_reader *join_and_start(struct world *w)
{
    struct source_reader *r = &w->reader;
    w->source = kafka_source_open(&w->options, &r->why);
    assert_non_null(w->source);
    r->port = kafka_source_port(w->source);
    start_all(r);
    return r;
}

static void with_latest_only_what_comes_after_the_start_is_read(void **state)
{
    struct world *w = *state;
    w->options.from_beginning = false;
    kafka_cluster_fill(w->cluster, "orders", 0, "old", 5);
    struct source_reader *r = join_and_start(w);
    assert_int_equal(source_reader_position(r, 0, TOPIC_ORDERS), 5);
    kafka_cluster_append(w->cluster, "orders", 0, "k", "new");
    SOURCE_READER_UNTIL(r, r->count == 1);
    assert_string_equal(r->seen[0].value, "new");
}

static void without_brokers_no_end_gets_newer_and_the_reason_is_told(void **state)
{
    struct world *w = *state;
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, source_reader_end(r, 0, TOPIC_ORDERS).known);
    assert_int_equal(r->status, STATUS_OK);
    kafka_cluster_down(w->cluster);
    SOURCE_READER_UNTIL(r, r->status == STATUS_UNAVAILABLE);
    assert_non_null(strstr(r->why.text, kafka_cluster_brokers(w->cluster)));
    const wall_time last = source_reader_end(r, 0, TOPIC_ORDERS).asked;
    source_reader_steps(r, 500);
    if (r->owned[0]) /* the group may take it away meanwhile */
        assert_int_equal(source_reader_end(r, 0, TOPIC_ORDERS).asked.ms, last.ms);

    kafka_cluster_up(w->cluster);
    kafka_cluster_append(w->cluster, "orders", 0, NULL, "back");
    SOURCE_READER_UNTIL(r, r->status == STATUS_OK);
    start_all(r);
    SOURCE_READER_UNTIL(r, r->count == 1);
    SOURCE_READER_UNTIL(r, source_reader_end(r, 0, TOPIC_ORDERS).end == 1);
}

static bool troubled(struct source_reader *r)
{
    return r->port.troubled(r->port.self, &r->why);
}

/* The broker that leads one partition is gone for good, or its topic was deleted; the
 * others are read on. There no time passes any more, and somebody must be told where. */
static void an_input_without_a_leader_is_told_while_others_are_read(void **state)
{
    struct world *w = *state;
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, source_reader_end(r, 1, TOPIC_SHIPMENTS).known);
    assert_false(troubled(r));
    (void)rd_kafka_mock_partition_set_leader(kafka_cluster_mock(w->cluster), "messages", 1, -1);
    SOURCE_READER_UNTIL(r, troubled(r));
    assert_non_null(strstr(r->why.text, "messages [1]"));
    kafka_cluster_append(w->cluster, "orders", 0, "k", "still read");
    SOURCE_READER_UNTIL(r, r->count == 1);
    SOURCE_READER_UNTIL(r, source_reader_end(r, 0, TOPIC_ORDERS).end == 1);
    assert_true(troubled(r));

    (void)rd_kafka_mock_partition_set_leader(kafka_cluster_mock(w->cluster), "messages", 1, 1);
    SOURCE_READER_UNTIL(r, !troubled(r));
}

/* How often `word` was written to stderr since the file took its place. */
static int times_in(FILE *file, const char *word)
{
    char line[1024];
    int count = 0;
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL)
        count += strstr(line, word) != NULL;
    return count;
}

/* A shard is started again with the offsets it has, and again, until something is read
 * and saved: the input that lost something is told of once. */
static void a_skipped_loss_is_told_once(void **state)
{
    struct world *w = *state;
    w->options.skip_on_data_loss = true;
    struct source_reader *r = join_and_start(w);
    static const int64_t beyond[TOPIC_COUNT] = { 100, OFFSET_NONE, OFFSET_NONE };
    static const int64_t further[TOPIC_COUNT] = { 200, OFFSET_NONE, OFFSET_NONE };
    FILE *file = tmpfile();
    const int kept = dup(STDERR_FILENO);
    assert_true(file != NULL && kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    assert_int_equal(source_reader_start(r, 0, beyond), STATUS_OK);
    assert_int_equal(source_reader_start(r, 0, beyond), STATUS_OK);
    const int told = times_in(file, "event=data_loss_skipped");
    assert_int_equal(source_reader_start(r, 0, further), STATUS_OK); /* another one */
    const int told_of_both = times_in(file, "event=data_loss_skipped");
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    (void)fclose(file);
    assert_int_equal(told, 1);
    assert_int_equal(told_of_both, 2);
}

static void an_unknown_property_is_refused_before_anything_connects(void **state)
{
    struct world *w = *state;
    static const struct kafka_property wrong[] = { { "fetch.wait.max.mss", "1" } };
    struct reason why = { "" };
    w->options.kafka.properties = wrong;
    w->options.kafka.property_count = 1;
    assert_null(kafka_source_open(&w->options, &why));
    assert_non_null(strstr(why.text, "fetch.wait.max.mss"));
}

#define PROMISE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(with_latest_only_what_comes_after_the_start_is_read),
        PROMISE(without_brokers_no_end_gets_newer_and_the_reason_is_told),
        PROMISE(an_input_without_a_leader_is_told_while_others_are_read),
        PROMISE(a_skipped_loss_is_told_once),
        PROMISE(an_unknown_property_is_refused_before_anything_connects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
