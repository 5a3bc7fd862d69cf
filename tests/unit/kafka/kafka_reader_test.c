/* kafka_reader_test.c - a topic is read by somebody who only looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"
#include "kafka/kafka_reader.h"
#include "kafka/kafka_sink.h"
#include "support/kafka_cluster.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PARTITIONS = 3, PATIENCE_MS = 20000, SHORT_MS = 300 };

static int open_cluster(void **state)
{
    struct kafka_cluster *c = kafka_cluster_open(1);
    kafka_cluster_topics(c, PARTITIONS);
    *state = c;
    return 0;
}

static int close_cluster(void **state)
{
    kafka_cluster_close(*state);
    return 0;
}

static struct kafka_reader *open_reader(struct kafka_cluster *c, bool from_end, bool follow)
{
    struct reason why = { "" };
    struct kafka_reader *reader = NULL;
    const struct kafka_reader_options options = { .kafka = kafka_cluster_options(c),
                                                  .topic = "alerts",
                                                  .from_end = from_end,
                                                  .follow = follow,
                                                  .patience_ms = PATIENCE_MS };
    if (kafka_reader_open(&options, &reader, &why) != STATUS_OK)
        fail_msg("%s", why.text);
    return reader;
}

static void expect_record(struct kafka_reader *reader, int32_t partition, const char *value)
{
    struct reason why = { "" };
    struct kafka_reader_record r;
    const enum status s = kafka_reader_read(reader, PATIENCE_MS, &r, &why);
    if (s != STATUS_OK)
        fail_msg("status %d: %s", (int)s, why.text);
    assert_int_equal(r.partition, partition);
    assert_int_equal(r.value.size, strlen(value));
    assert_memory_equal(r.value.at, value, r.value.size);
}

static void expect_nothing(struct kafka_reader *reader)
{
    struct reason why = { "" };
    struct kafka_reader_record r;
    assert_int_equal(kafka_reader_read(reader, SHORT_MS, &r, &why), STATUS_PENDING);
}

static void it_stops_at_the_ends_that_stood_when_it_was_opened(void **state)
{
    struct reason why = { "" };
    int64_t next[PARTITIONS] = { 0 };
    kafka_cluster_fill(*state, "alerts", 0, "a", 40);
    kafka_cluster_fill(*state, "alerts", 2, "c", 2);
    struct kafka_reader *reader = open_reader(*state, false, false);
    kafka_cluster_fill(*state, "alerts", 0, "late", 3);
    kafka_cluster_fill(*state, "alerts", 1, "late", 3);
    while (!kafka_reader_finished(reader)) {
        struct kafka_reader_record r;
        if (kafka_reader_read(reader, PATIENCE_MS, &r, &why) != STATUS_OK)
            continue;
        assert_int_equal(r.offset, next[r.partition]);
        next[r.partition] += 1;
    }
    assert_int_equal(next[0], 40);
    assert_int_equal(next[1], 0);
    assert_int_equal(next[2], 2);
    expect_nothing(reader);
    kafka_reader_close(reader);
}

static void an_empty_topic_is_finished_at_once(void **state)
{
    struct kafka_reader *reader = open_reader(*state, false, false);
    assert_true(kafka_reader_finished(reader));
    kafka_reader_close(reader);
}

/* As a topic does that was made a moment ago. */
static void a_topic_whose_leader_is_not_ready_is_asked_again(void **state)
{
    enum { LIST_OFFSETS_API = 2 };
    kafka_cluster_append(*state, "alerts", 1, "k", "v");
    rd_kafka_mock_push_request_errors(kafka_cluster_mock(*state), LIST_OFFSETS_API, 3,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    struct kafka_reader *reader = open_reader(*state, false, false);
    expect_record(reader, 1, "v");
    kafka_reader_close(reader);
}

static void following_goes_on_with_what_comes_later(void **state)
{
    kafka_cluster_append(*state, "alerts", 1, "k", "old");
    struct kafka_reader *reader = open_reader(*state, false, true);
    expect_record(reader, 1, "old");
    expect_nothing(reader);
    kafka_cluster_append(*state, "alerts", 2, "k", "new");
    expect_record(reader, 2, "new");
    assert_false(kafka_reader_finished(reader));
    kafka_reader_close(reader);
}

static void from_the_end_only_new_records_are_seen(void **state)
{
    kafka_cluster_fill(*state, "alerts", 1, "old", 5);
    struct kafka_reader *reader = open_reader(*state, true, true);
    expect_nothing(reader);
    kafka_cluster_append(*state, "alerts", 1, "k", "new");
    expect_record(reader, 1, "new");
    kafka_reader_close(reader);
}

static void silent_brokers_only_make_it_wait(void **state)
{
    struct reason why = { "" };
    struct kafka_reader_record r;
    kafka_cluster_append(*state, "alerts", 0, "k", "before");
    struct kafka_reader *reader = open_reader(*state, false, true);
    expect_record(reader, 0, "before");
    kafka_cluster_down(*state);
    assert_int_not_equal(kafka_reader_read(reader, SHORT_MS, &r, &why), STATUS_OK);
    kafka_cluster_up(*state);
    kafka_cluster_append(*state, "alerts", 0, "k", "after");
    enum status s = STATUS_PENDING;
    for (int i = 0; i < 100 && s != STATUS_OK; i++)
        s = kafka_reader_read(reader, SHORT_MS, &r, &why);
    assert_int_equal(s, STATUS_OK);
    assert_memory_equal(r.value.at, "after", 5);
    kafka_reader_close(reader);
}

static void key_and_headers_come_with_the_record(void **state)
{
    struct reason why = { "" };
    const struct kafka_sink_options options = { .kafka = kafka_cluster_options(*state),
                                                .alerts_topic = "alerts",
                                                .deadletter_topic = "deadletter",
                                                .queue_records = 10 };
    struct kafka_sink *sink = kafka_sink_open(&options, &why);
    assert_non_null(sink);
    const struct sink_port port = kafka_sink_port(sink);
    const struct outgoing_header header = { "ce_type", { (const uint8_t *)"raised", 6 } };
    const struct outgoing record = { .kind = OUTGOING_ALERT,
                                     .shard = 1,
                                     .key = { (const uint8_t *)"seller", 6 },
                                     .headers = &header,
                                     .header_count = 1 };
    assert_int_equal(port.send(port.self, &record, &why), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    kafka_sink_close(sink);
    struct kafka_reader *reader = open_reader(*state, false, false);
    struct kafka_reader_record r;
    assert_int_equal(kafka_reader_read(reader, PATIENCE_MS, &r, &why), STATUS_OK);
    assert_int_equal(r.key.size, 6);
    assert_memory_equal(r.key.at, "seller", 6);
    assert_null(r.value.at); /* a tombstone */
    assert_int_equal(r.header_count, 1);
    assert_string_equal(r.headers[0].name, "ce_type");
    assert_int_equal(r.headers[0].value.size, 6);
    assert_memory_equal(r.headers[0].value.at, "raised", 6);
    kafka_reader_close(reader);
}

static void a_topic_that_does_not_exist_is_missing(void **state)
{
    struct reason why = { "" };
    struct kafka_reader *reader = NULL;
    const struct kafka_reader_options options = { .kafka = kafka_cluster_options(*state),
                                                  .topic = "alerts",
                                                  .patience_ms = PATIENCE_MS };
    rd_kafka_mock_topic_set_error(kafka_cluster_mock(*state), "alerts",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(kafka_reader_open(&options, &reader, &why), STATUS_MISSING);
    assert_null(reader);
    assert_non_null(strstr(why.text, "topic alerts does not exist"));
}

/* Somebody at a terminal, who sees what is waited for and presses Ctrl-C. */
struct onlooker {
    atomic_bool stop;
    int told;
};

static void give_up(void *self)
{
    struct onlooker *onlooker = self;
    onlooker->told += 1;
    atomic_store(&onlooker->stop, true);
}

static void who_waits_for_brokers_is_told_and_can_stop(void **state)
{
    struct onlooker onlooker = { .stop = false };
    struct reason why = { "" };
    struct kafka_reader *reader = NULL;
    struct kafka_reader_options options = { .kafka = kafka_cluster_options(*state),
                                            .topic = "alerts",
                                            .patience_ms = PATIENCE_MS,
                                            .stop = &onlooker.stop,
                                            .waiting = give_up,
                                            .self = &onlooker };
    options.kafka.brokers = "127.0.0.1:1";
    const time_t began = time(NULL);
    assert_int_equal(kafka_reader_open(&options, &reader, &why), STATUS_UNAVAILABLE);
    assert_int_equal(onlooker.told, 1);
    assert_true((time(NULL) - began) * 1000 < PATIENCE_MS / 2);
}

#define WITH_CLUSTER(test) cmocka_unit_test_setup_teardown(test, open_cluster, close_cluster)

int main(void)
{
    log_open(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(it_stops_at_the_ends_that_stood_when_it_was_opened),
        WITH_CLUSTER(an_empty_topic_is_finished_at_once),
        WITH_CLUSTER(a_topic_whose_leader_is_not_ready_is_asked_again),
        WITH_CLUSTER(following_goes_on_with_what_comes_later),
        WITH_CLUSTER(from_the_end_only_new_records_are_seen),
        WITH_CLUSTER(silent_brokers_only_make_it_wait),
        WITH_CLUSTER(key_and_headers_come_with_the_record),
        WITH_CLUSTER(a_topic_that_does_not_exist_is_missing),
        WITH_CLUSTER(who_waits_for_brokers_is_told_and_can_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
