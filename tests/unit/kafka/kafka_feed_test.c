/* kafka_feed_test.c - what stands in the alerts topic is read to its end, and no further. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"
#include "kafka/kafka_feed.h"
#include "kafka/kafka_sink.h"
#include "support/kafka_cluster.h"

#include <stdio.h>
#include <string.h>

enum { PARTITIONS = 3, PATIENCE_MS = 20000 };

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

static struct kafka_feed *open_feed(struct kafka_cluster *c)
{
    struct reason why = { "" };
    const struct kafka_feed_options options = { .kafka = kafka_cluster_options(c),
                                                .alerts_topic = "alerts" };
    struct kafka_feed *feed = kafka_feed_open(&options, &why);
    if (feed == NULL)
        fail_msg("%s", why.text);
    return feed;
}

/* "offset=value/shard/seq " of each record. */
static void note(void *arg, const struct feed_record *r)
{
    char *text = arg;
    const size_t used = strlen(text);
    snprintf(text + used, 1024 - used, "%d=%.*s/%.*s/%.*s ", (int)r->offset, (int)r->value.size,
             (const char *)r->value.at, (int)r->header_shard.size,
             (const char *)r->header_shard.at, (int)r->header_seq.size,
             (const char *)r->header_seq.at);
}

static enum status read_from(struct kafka_feed *feed, int32_t shard, int64_t from,
                             char ret_text[1024], int64_t *ret_end)
{
    struct reason why = { "" };
    const struct feed_port port = kafka_feed_port(feed);
    ret_text[0] = '\0';
    return port.read_tail(port.self, shard, from, note, ret_text, ret_end, &why);
}

static void a_tail_is_read_from_the_middle_to_the_end(void **state)
{
    char text[1024];
    int64_t end = -7;
    kafka_cluster_fill(*state, "alerts", 1, "v", 6);
    kafka_cluster_fill(*state, "alerts", 2, "other", 2);
    struct kafka_feed *feed = open_feed(*state);
    assert_int_equal(read_from(feed, 1, 4, text, &end), STATUS_OK);
    assert_string_equal(text, "4=v4// 5=v5// ");
    assert_int_equal(end, 6);
    kafka_feed_close(feed);
}

static void without_an_offset_it_begins_at_the_beginning(void **state)
{
    char text[1024];
    int64_t end = -7;
    kafka_cluster_fill(*state, "alerts", 0, "v", 2);
    struct kafka_feed *feed = open_feed(*state);
    assert_int_equal(read_from(feed, 0, OFFSET_NONE, text, &end), STATUS_OK);
    assert_string_equal(text, "0=v0// 1=v1// ");
    assert_int_equal(end, 2);
    kafka_feed_close(feed);
}

static void an_empty_topic_has_its_end_at_zero(void **state)
{
    char text[1024];
    int64_t end = -7;
    struct kafka_feed *feed = open_feed(*state);
    assert_int_equal(read_from(feed, 0, OFFSET_NONE, text, &end), STATUS_OK);
    assert_string_equal(text, "");
    assert_int_equal(end, 0);
    kafka_feed_close(feed);
}

static void nothing_new_gives_the_same_end_again_and_later_records_afterwards(void **state)
{
    char text[1024];
    int64_t end = -7;
    kafka_cluster_fill(*state, "alerts", 0, "v", 3);
    struct kafka_feed *feed = open_feed(*state);
    assert_int_equal(read_from(feed, 0, 3, text, &end), STATUS_OK);
    assert_string_equal(text, "");
    assert_int_equal(end, 3);
    kafka_cluster_append(*state, "alerts", 0, "k", "late");
    assert_int_equal(read_from(feed, 0, end, text, &end), STATUS_OK);
    assert_string_equal(text, "3=late// ");
    assert_int_equal(end, 4);
    kafka_feed_close(feed);
}

static void what_the_sink_sent_is_found_with_its_shard_and_sequence(void **state)
{
    enum { SHARD = PARTITIONS + 1 };
    char text[1024];
    int64_t end = -7;
    struct reason why = { "" };
    const struct kafka_sink_options options = { .kafka = kafka_cluster_options(*state),
                                                .alerts_topic = "alerts",
                                                .deadletter_topic = "deadletter",
                                                .queue_records = 10 };
    struct kafka_sink *sink = kafka_sink_open(&options, &why);
    assert_non_null(sink);
    const struct sink_port port = kafka_sink_port(sink);
    const struct outgoing_header headers[] = { { "shard", { (const uint8_t *)"4", 1 } },
                                               { "seq", { (const uint8_t *)"99", 2 } } };
    const struct outgoing record = { .kind = OUTGOING_ALERT,
                                     .shard = SHARD,
                                     .value = { (const uint8_t *)"alert", 5 },
                                     .headers = headers,
                                     .header_count = 2 };
    assert_int_equal(port.send(port.self, &record, &why), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    kafka_sink_close(sink);
    struct kafka_feed *feed = open_feed(*state);
    assert_int_equal(read_from(feed, SHARD, OFFSET_NONE, text, &end), STATUS_OK);
    assert_string_equal(text, "0=alert/4/99 ");
    kafka_feed_close(feed);
}

static void silent_brokers_are_unavailable_and_leave_the_end_alone(void **state)
{
    char text[1024];
    int64_t end = -7;
    kafka_cluster_fill(*state, "alerts", 0, "v", 3);
    struct kafka_feed *feed = open_feed(*state);
    assert_int_equal(read_from(feed, 0, OFFSET_NONE, text, &end), STATUS_OK);
    end = -7;
    kafka_cluster_down(*state);
    assert_int_equal(read_from(feed, 0, OFFSET_NONE, text, &end), STATUS_UNAVAILABLE);
    assert_int_equal(end, -7);
    kafka_cluster_up(*state);
    assert_int_equal(read_from(feed, 0, 2, text, &end), STATUS_OK);
    assert_string_equal(text, "2=v2// ");
    kafka_feed_close(feed);
}

#define WITH_CLUSTER(test) cmocka_unit_test_setup_teardown(test, open_cluster, close_cluster)

int main(void)
{
    log_open(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(a_tail_is_read_from_the_middle_to_the_end),
        WITH_CLUSTER(without_an_offset_it_begins_at_the_beginning),
        WITH_CLUSTER(an_empty_topic_has_its_end_at_zero),
        WITH_CLUSTER(nothing_new_gives_the_same_end_again_and_later_records_afterwards),
        WITH_CLUSTER(what_the_sink_sent_is_found_with_its_shard_and_sequence),
        WITH_CLUSTER(silent_brokers_are_unavailable_and_leave_the_end_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
