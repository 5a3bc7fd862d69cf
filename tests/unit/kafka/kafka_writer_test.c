/* kafka_writer_test.c - tools write fast, and know what arrived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/murmur2.h"
#include "kafka/kafka_reader.h"
#include "kafka/kafka_writer.h"
#include "support/kafka_cluster.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <string.h>

enum { PARTITIONS = 5, PATIENCE_MS = 20000, KEY_BYTES = 32, PRODUCE_API = 0 };

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

static struct kafka_writer *open_writer(struct kafka_cluster *c,
                                        const struct kafka_property *properties, int32_t count)
{
    struct reason why = { "" };
    struct kafka_options options = kafka_cluster_options(c);
    options.properties = properties;
    options.property_count = count;
    struct kafka_writer *writer = kafka_writer_open(&options, &why);
    if (writer == NULL)
        fail_msg("%s", why.text);
    return writer;
}

static enum status write_key(struct kafka_writer *w, const char *key, struct reason *why)
{
    const struct kafka_writer_record record = { .topic = "orders",
                                                .partition = -1,
                                                .key = span_of(key, strlen(key)),
                                                .value = span_of("v", 1),
                                                .timestamp_ms = 1700000000123 };
    return kafka_writer_send(w, &record, why);
}

static void every_key_goes_to_the_partition_that_murmur2_names(void **state)
{
    enum { COUNT = 500 };
    struct reason why = { "" };
    struct kafka_writer *w = open_writer(*state, NULL, 0);
    for (int i = 0; i < COUNT; i++) {
        char key[KEY_BYTES];
        snprintf(key, sizeof key, "seller-%d", i);
        assert_int_equal(write_key(w, key, &why), STATUS_OK);
    }
    assert_int_equal(kafka_writer_flush(w, PATIENCE_MS, &why), STATUS_OK);
    assert_int_equal(kafka_writer_counts(w).delivered, COUNT);
    kafka_writer_close(w);

    struct kafka_reader *reader = NULL;
    const struct kafka_reader_options options = { .kafka = kafka_cluster_options(*state),
                                                  .topic = "orders",
                                                  .patience_ms = PATIENCE_MS };
    assert_int_equal(kafka_reader_open(&options, &reader, &why), STATUS_OK);
    int seen = 0;
    while (!kafka_reader_finished(reader)) {
        struct kafka_reader_record r;
        if (kafka_reader_read(reader, PATIENCE_MS, &r, &why) != STATUS_OK)
            continue;
        assert_int_equal(r.partition, murmur2_partition(r.key, PARTITIONS));
        assert_int_equal(r.timestamp_ms, 1700000000123);
        seen += 1;
    }
    assert_int_equal(seen, COUNT);
    kafka_reader_close(reader);
}

static void a_named_partition_is_taken_whatever_the_key(void **state)
{
    struct reason why = { "" };
    struct kafka_writer *w = open_writer(*state, NULL, 0);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        const struct kafka_writer_record record = { .topic = "messages",
                                                    .partition = p,
                                                    .key = span_of("same", 4),
                                                    .value = span_of("v", 1) };
        assert_int_equal(kafka_writer_send(w, &record, &why), STATUS_OK);
    }
    assert_int_equal(kafka_writer_flush(w, PATIENCE_MS, &why), STATUS_OK);
    kafka_writer_close(w);
    for (int32_t p = 0; p < PARTITIONS; p++)
        assert_int_equal(kafka_cluster_append(*state, "messages", p, NULL, "next"), 1);
}

static void a_full_queue_is_said_and_empties_by_polling(void **state)
{
    const struct kafka_property small = { "queue.buffering.max.messages", "10" };
    struct reason why = { "" };
    struct kafka_writer *w = open_writer(*state, &small, 1);
    enum status s = STATUS_OK;
    int sent = 0;
    kafka_cluster_down(*state);
    while (s == STATUS_OK && sent < 100) {
        s = write_key(w, "seller", &why);
        sent += s == STATUS_OK;
    }
    assert_int_equal(s, STATUS_FULL);
    assert_int_equal(sent, 10);
    kafka_cluster_up(*state);
    for (int i = 0; i < 200 && s == STATUS_FULL; i++) {
        kafka_writer_poll(w, 50);
        s = write_key(w, "seller", &why);
    }
    assert_int_equal(s, STATUS_OK);
    assert_int_equal(kafka_writer_flush(w, PATIENCE_MS, &why), STATUS_OK);
    assert_int_equal(kafka_writer_counts(w).delivered, 11);
    kafka_writer_close(w);
}

static void a_flush_that_ran_out_of_patience_says_so(void **state)
{
    struct reason why = { "" };
    struct kafka_writer *w = open_writer(*state, NULL, 0);
    kafka_cluster_down(*state);
    assert_int_equal(write_key(w, "seller", &why), STATUS_OK);
    assert_int_equal(kafka_writer_flush(w, 100, &why), STATUS_UNAVAILABLE);
    assert_int_equal(kafka_writer_counts(w).delivered, 0);
    kafka_cluster_up(*state);
    assert_int_equal(kafka_writer_flush(w, PATIENCE_MS, &why), STATUS_OK);
    kafka_writer_close(w);
}

static void what_was_given_up_is_counted_and_explained(void **state)
{
    struct reason why = { "" };
    struct kafka_writer *w = open_writer(*state, NULL, 0);
    assert_int_equal(write_key(w, "good", &why), STATUS_OK);
    assert_int_equal(kafka_writer_flush(w, PATIENCE_MS, &why), STATUS_OK);
    rd_kafka_mock_push_request_errors(kafka_cluster_mock(*state), PRODUCE_API, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(write_key(w, "bad", &why), STATUS_OK);
    assert_int_equal(kafka_writer_flush(w, PATIENCE_MS, &why), STATUS_REFUSED);
    assert_non_null(strstr(why.text, "1 of 2 records were not delivered"));
    assert_non_null(strstr(why.text, "authorization"));
    assert_int_equal(kafka_writer_counts(w).delivered, 1);
    assert_int_equal(kafka_writer_counts(w).failed, 1);
    kafka_writer_close(w);
}

#define WITH_CLUSTER(test) cmocka_unit_test_setup_teardown(test, open_cluster, close_cluster)

int main(void)
{
    log_open(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(every_key_goes_to_the_partition_that_murmur2_names),
        WITH_CLUSTER(a_named_partition_is_taken_whatever_the_key),
        WITH_CLUSTER(a_full_queue_is_said_and_empties_by_polling),
        WITH_CLUSTER(a_flush_that_ran_out_of_patience_says_so),
        WITH_CLUSTER(what_was_given_up_is_counted_and_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
