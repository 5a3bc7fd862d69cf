/* kafka_sink_test.c - what is sent arrives once, in order, where it belongs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/murmur2.h"
#include "kafka/kafka_client.h"
#include "kafka/kafka_sink.h"
#include "kafka/kafka_tail.h"
#include "support/kafka_cluster.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 20000, PARTITIONS = 4, TEXT_BYTES = 64, PRODUCE_API = 0 };

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

static struct kafka_sink *open_sink(struct kafka_cluster *c, int32_t queue_records)
{
    struct reason why = { "" };
    const struct kafka_sink_options options = { .kafka = kafka_cluster_options(c),
                                                .alerts_topic = "alerts",
                                                .deadletter_topic = "deadletter",
                                                .queue_records = queue_records };
    struct kafka_sink *sink = kafka_sink_open(&options, &why);
    if (sink == NULL)
        fail_msg("%s", why.text);
    return sink;
}

static struct span text(const char *s)
{
    return span_of(s, strlen(s));
}

static enum status send_alert(const struct sink_port *port, int32_t shard, uint64_t number)
{
    char value[TEXT_BYTES];
    struct reason why = { "" };
    snprintf(value, sizeof value, "%d/%d", (int)shard, (int)number);
    const struct outgoing record = { .kind = OUTGOING_ALERT,
                                     .shard = shard,
                                     .key = text("seller"),
                                     .value = text(value),
                                     .cookie = number };
    return port->send(port->self, &record, &why);
}

/* Everything of one partition, "a b c ", as text. */
struct seen {
    char text[8192];
    int count;
    char header[TEXT_BYTES];
};

static bool see(void *arg, const rd_kafka_message_t *m)
{
    struct seen *seen = arg;
    const size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%.*s ", (int)m->len,
             m->payload == NULL ? "" : (const char *)m->payload);
    seen->count += 1;
    rd_kafka_headers_t *headers = NULL;
    const void *at = NULL;
    size_t size = 0;
    if (rd_kafka_message_headers(m, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
        rd_kafka_header_get_last(headers, "seq", &at, &size) == RD_KAFKA_RESP_ERR_NO_ERROR)
        snprintf(seen->header, sizeof seen->header, "%.*s", (int)size, (const char *)at);
    return true;
}

static struct seen read_back(struct kafka_cluster *c, const char *topic, int32_t partition)
{
    struct seen seen = { .count = 0 };
    struct reason why = { "" };
    int64_t end = -1;
    const struct kafka_options options = kafka_cluster_options(c);
    struct kafka_tail *tail = kafka_tail_open(&options, &why);
    assert_non_null(tail);
    const struct kafka_tail_range range = { .topic = topic,
                                            .partition = partition,
                                            .from = -1,
                                            .patience_ms = PATIENCE_MS,
                                            .each = see,
                                            .arg = &seen };
    const enum status s = kafka_tail_read(tail, &range, &end, &why);
    kafka_tail_close(tail);
    if (s != STATUS_OK)
        fail_msg("%s", why.text);
    return seen;
}

static void expect_numbers(struct kafka_cluster *c, int32_t shard, int count)
{
    char expected[8192] = "";
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "%d/%d ", (int)shard, i);
    }
    const struct seen seen = read_back(c, "alerts", shard % PARTITIONS);
    assert_string_equal(seen.text, expected);
}

static int take_all(const struct sink_port *port, uint64_t next[])
{
    struct delivery deliveries[8];
    int taken = 0;
    int32_t count;
    while ((count = port->poll(port->self, deliveries, 8)) > 0)
        for (int32_t i = 0; i < count; i++) {
            assert_int_equal(deliveries[i].cookie, next[deliveries[i].shard]);
            assert_true(deliveries[i].delivered);
            assert_int_equal(deliveries[i].offset, next[deliveries[i].shard]);
            next[deliveries[i].shard] += 1;
            taken += 1;
        }
    return taken;
}

static void
each_shards_alerts_stand_in_its_partition_in_order_and_are_acknowledged_so(void **state)
{
    enum { COUNT = 100 };
    uint64_t next[PARTITIONS] = { 0 };
    struct kafka_sink *sink = open_sink(*state, 1000);
    const struct sink_port port = kafka_sink_port(sink);
    for (uint64_t n = 0; n < COUNT; n++)
        for (int32_t shard = 0; shard < PARTITIONS; shard++)
            assert_int_equal(send_alert(&port, shard, n), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    assert_int_equal(take_all(&port, next), COUNT * PARTITIONS);
    kafka_sink_close(sink);
    for (int32_t shard = 0; shard < PARTITIONS; shard++)
        expect_numbers(*state, shard, COUNT);
}

static void a_shard_beyond_the_count_of_partitions_begins_again_at_the_first(void **state)
{
    struct kafka_sink *sink = open_sink(*state, 10);
    const struct sink_port port = kafka_sink_port(sink);
    assert_int_equal(send_alert(&port, PARTITIONS + 1, 0), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    kafka_sink_close(sink);
    assert_string_equal(read_back(*state, "alerts", 1).text, "5/0 ");
}

static void headers_and_bytes_arrive_as_they_were_when_sent(void **state)
{
    char value[] = "value";
    char seq[] = "17";
    const struct outgoing_header headers[] = { { "shard", text("2") }, { "seq", text(seq) } };
    const struct outgoing record = { .kind = OUTGOING_ALERT,
                                     .shard = 2,
                                     .key = text("k"),
                                     .value = text(value),
                                     .headers = headers,
                                     .header_count = 2 };
    struct reason why = { "" };
    struct kafka_sink *sink = open_sink(*state, 10);
    const struct sink_port port = kafka_sink_port(sink);
    assert_int_equal(port.send(port.self, &record, &why), STATUS_OK);
    memset(value, 'x', sizeof value - 1); /* the caller's again */
    memset(seq, 'x', sizeof seq - 1);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    kafka_sink_close(sink);
    const struct seen seen = read_back(*state, "alerts", 2);
    assert_string_equal(seen.text, "value ");
    assert_string_equal(seen.header, "17");
}

static void a_dead_letter_goes_where_its_key_belongs(void **state)
{
    struct reason why = { "" };
    struct kafka_sink *sink = open_sink(*state, 10);
    const struct sink_port port = kafka_sink_port(sink);
    static const char *const keys[] = { "seller-a", "seller-b", "seller-c", "" };
    int expected[PARTITIONS] = { 0 };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct outgoing record = {
            .kind = OUTGOING_DEAD_LETTER, .shard = 3, .key = text(keys[i]), .value = text("bad")
        };
        expected[murmur2_partition(record.key, PARTITIONS)] += 1;
        assert_int_equal(port.send(port.self, &record, &why), STATUS_OK);
    }
    assert_int_equal(port.flush(port.self, OUTGOING_DEAD_LETTER, PATIENCE_MS), STATUS_OK);
    kafka_sink_close(sink);
    for (int32_t p = 0; p < PARTITIONS; p++)
        assert_int_equal(read_back(*state, "deadletter", p).count, expected[p]);
}

static void at_its_bound_it_is_full_until_acknowledgements_are_taken(void **state)
{
    uint64_t next[PARTITIONS] = { 0 };
    struct kafka_sink *sink = open_sink(*state, 3);
    const struct sink_port port = kafka_sink_port(sink);
    for (uint64_t n = 0; n < 3; n++)
        assert_int_equal(send_alert(&port, 0, n), STATUS_OK);
    assert_int_equal(send_alert(&port, 0, 3), STATUS_FULL);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    assert_int_equal(send_alert(&port, 0, 3), STATUS_FULL); /* nobody has taken them yet */
    assert_int_equal(take_all(&port, next), 3);
    assert_int_equal(send_alert(&port, 0, 3), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    kafka_sink_close(sink);
    expect_numbers(*state, 0, 4);
}

static void silent_brokers_end_a_flush_and_delay_but_lose_nothing(void **state)
{
    uint64_t next[PARTITIONS] = { 0 };
    struct kafka_sink *sink = open_sink(*state, 100);
    const struct sink_port port = kafka_sink_port(sink);
    assert_int_equal(send_alert(&port, 1, 0), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    kafka_cluster_down(*state);
    for (uint64_t n = 1; n < 20; n++)
        assert_int_equal(send_alert(&port, 1, n), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, 200), STATUS_UNAVAILABLE);
    assert_int_equal(take_all(&port, next), 1);
    kafka_cluster_up(*state);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    assert_int_equal(take_all(&port, next), 19);
    kafka_sink_close(sink);
    expect_numbers(*state, 1, 20);
}

/* The client gives each record up by its own age, and may send a younger one after that: a
 * younger one comes only when it is known what became of those before it. */
static void no_alert_is_sent_beside_those_of_before_the_last_poll(void **state)
{
    uint64_t next[PARTITIONS] = { 0 };
    struct delivery d;
    struct kafka_sink *sink = open_sink(*state, 100);
    const struct sink_port port = kafka_sink_port(sink);
    kafka_cluster_down(*state);
    for (uint64_t n = 0; n < 3; n++)
        assert_int_equal(send_alert(&port, 1, n), STATUS_OK);
    assert_int_equal(port.poll(port.self, &d, 1), 0);
    assert_int_equal(send_alert(&port, 1, 3), STATUS_FULL);
    assert_int_equal(send_alert(&port, 0, 0), STATUS_OK); /* of another partition */
    kafka_cluster_up(*state);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    assert_int_equal(take_all(&port, next), 4);
    assert_int_equal(send_alert(&port, 1, 3), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    kafka_sink_close(sink);
    expect_numbers(*state, 1, 4);
}

static enum status send_letter(const struct sink_port *port, uint64_t number)
{
    char value[TEXT_BYTES];
    struct reason why = { "" };
    snprintf(value, sizeof value, "0/%d", (int)number);
    const struct outgoing record = { .kind = OUTGOING_DEAD_LETTER,
                                     .key = text("seller"),
                                     .value = text(value),
                                     .cookie = number };
    return port->send(port->self, &record, &why);
}

/* Polls until all have come; each in its turn, and undelivered. */
static void expect_given_up(const struct sink_port *port, int count)
{
    struct delivery d;
    for (int n = 0; n < count;) {
        assert_int_equal(port->flush(port->self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
        if (port->poll(port->self, &d, 1) == 0)
            continue;
        assert_int_equal(d.cookie, n);
        assert_false(d.delivered);
        assert_int_equal(d.offset, -1);
        n++;
    }
}

/* No right to write, say: the client gives a record up for good. */
static void when_the_client_gives_an_alert_up_all_are_given_up_and_said_so(void **state)
{
    struct kafka_sink *sink = open_sink(*state, 100);
    const struct sink_port port = kafka_sink_port(sink);
    rd_kafka_mock_push_request_errors(kafka_cluster_mock(*state), PRODUCE_API, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    for (uint64_t n = 0; n < 10; n++)
        assert_int_equal(send_alert(&port, 2, n), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, 100), STATUS_UNAVAILABLE);
    assert_int_equal(send_alert(&port, 2, 10), STATUS_FULL);
    expect_given_up(&port, 10);
    assert_int_equal(read_back(*state, "alerts", 2).count, 0);
    assert_int_equal(send_alert(&port, 2, 0), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    kafka_sink_close(sink);
    expect_numbers(*state, 2, 1);
}

/* The broker says that it does not know this producer's numbers: the end of a client. */
static void after_a_fatal_error_a_new_client_sends_what_comes_then(void **state)
{
    struct kafka_sink *sink = open_sink(*state, 100);
    const struct sink_port port = kafka_sink_port(sink);
    rd_kafka_mock_push_request_errors(kafka_cluster_mock(*state), PRODUCE_API, 1,
                                      RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
    for (uint64_t n = 0; n < 30; n++)
        assert_int_equal(send_alert(&port, 0, n), STATUS_OK);
    expect_given_up(&port, 30);
    assert_int_equal(send_alert(&port, 0, 0), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    kafka_sink_close(sink);
    expect_numbers(*state, 0, 1);
}

/* A letter is not given up, nor do others overtake it. */
static void
what_the_client_gives_up_of_dead_letters_is_sent_again_in_its_old_place(void **state)
{
    struct kafka_sink *sink = open_sink(*state, 100);
    const struct sink_port port = kafka_sink_port(sink);
    struct delivery d[16];
    rd_kafka_mock_push_request_errors(kafka_cluster_mock(*state), PRODUCE_API, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    for (uint64_t n = 0; n < 10; n++)
        assert_int_equal(send_letter(&port, n), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_DEAD_LETTER, 100), STATUS_UNAVAILABLE);
    for (uint64_t n = 10; n < 15; n++)
        assert_int_equal(send_letter(&port, n), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_DEAD_LETTER, PATIENCE_MS), STATUS_OK);
    assert_int_equal(port.poll(port.self, d, 16), 15);
    for (uint64_t n = 0; n < 15; n++) {
        assert_int_equal(d[n].cookie, n);
        assert_true(d[n].delivered);
    }
    kafka_sink_close(sink);
    const int32_t home = (int32_t)murmur2_partition(text("seller"), PARTITIONS);
    assert_int_equal(read_back(*state, "deadletter", home).count, 15);
}

static struct kafka_sink *open_hasty(struct kafka_cluster *c, int32_t settle_ms)
{
    static const struct kafka_property session = { "session.timeout.ms", "1000" };
    struct reason why = { "" };
    struct kafka_options kafka = kafka_cluster_options(c);
    kafka.properties = &session;
    kafka.property_count = 1;
    const struct kafka_sink_options options = { .kafka = kafka,
                                                .alerts_topic = "alerts",
                                                .deadletter_topic = "deadletter",
                                                .queue_records = 10,
                                                .settle_ms = settle_ms };
    struct kafka_sink *sink = kafka_sink_open(&options, &why);
    if (sink == NULL)
        fail_msg("%s", why.text);
    return sink;
}

/* Half a session of the group: others may own the shard after a whole one. */
static void an_alert_that_brokers_do_not_take_in_time_is_given_up_and_never_comes(void **state)
{
    struct kafka_sink *sink = open_hasty(*state, 0);
    const struct sink_port port = kafka_sink_port(sink);
    assert_int_equal(port.give_up_ms, 500);
    kafka_cluster_down(*state);
    assert_int_equal(send_alert(&port, 0, 0), STATUS_OK);
    assert_int_equal(send_alert(&port, 0, 1), STATUS_OK);
    expect_given_up(&port, 2);
    kafka_cluster_up(*state);
    struct delivery d = { .delivered = false };
    while (!d.delivered) { /* until the client has found the brokers again */
        assert_int_equal(send_alert(&port, 0, 0), STATUS_OK);
        assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
        assert_int_equal(port.poll(port.self, &d, 1), 1);
    }
    kafka_sink_close(sink);
    expect_numbers(*state, 0, 1);
}

/* The broker has it, and its answer is late. Readers may see it as late, so what became of it
 * is said when that time is over, and nothing is sent till then. */
static void an_alert_that_may_be_with_a_broker_is_given_up_when_that_is_settled(void **state)
{
    enum { SLOW_MS = 3000, SETTLE_MS = 2000, GIVE_UP_MS = 500 };
    struct kafka_sink *sink = open_hasty(*state, SETTLE_MS);
    const struct sink_port port = kafka_sink_port(sink);
    struct delivery d;
    assert_int_equal(send_alert(&port, 0, 0), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    assert_int_equal(port.poll(port.self, &d, 1), 1);

    rd_kafka_mock_broker_set_rtt(kafka_cluster_mock(*state), 1, SLOW_MS);
    const int64_t sent_ms = kafka_client_clock_ms();
    assert_int_equal(send_alert(&port, 0, 1), STATUS_OK);
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, 2 * GIVE_UP_MS), STATUS_UNAVAILABLE);
    assert_int_equal(port.poll(port.self, &d, 1), 0);
    assert_int_equal(send_alert(&port, 0, 2), STATUS_FULL); /* must not overtake it */
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    assert_true(kafka_client_clock_ms() - sent_ms >= GIVE_UP_MS + SETTLE_MS);
    assert_int_equal(port.poll(port.self, &d, 1), 1);
    assert_int_equal(d.cookie, 1);
    assert_false(d.delivered);
    rd_kafka_mock_broker_set_rtt(kafka_cluster_mock(*state), 1, 0);
    kafka_sink_close(sink);
    expect_numbers(*state, 0, 2); /* it was there all the time */
}

static void a_record_that_can_never_be_sent_is_refused_at_once(void **state)
{
    static uint8_t big[9000000];
    struct reason why = { "" };
    struct kafka_sink *sink = open_sink(*state, 10);
    const struct sink_port port = kafka_sink_port(sink);
    const struct outgoing record = { .kind = OUTGOING_DEAD_LETTER,
                                     .value = span_of(big, sizeof big) };
    assert_int_equal(port.send(port.self, &record, &why), STATUS_REFUSED);
    assert_non_null(strstr(why.text, "9000000 bytes"));
    assert_int_equal(port.flush(port.self, OUTGOING_ALERT, 0), STATUS_OK);
    kafka_sink_close(sink);
}

/* As the flow does, but for looking whether it stands in the topic. */
static void send_again_what_was_given_up(const struct sink_port *port)
{
    enum { STEP_MS = 100 };
    struct delivery d = { .delivered = true };
    (void)port->flush(port->self, OUTGOING_ALERT, STEP_MS);
    if (port->poll(port->self, &d, 1) == 1 && !d.delivered)
        assert_int_equal(send_alert(port, d.shard, d.cookie), STATUS_OK);
}

static bool becomes_troubled(const struct sink_port *port, struct reason *why)
{
    enum { STEPS = 100 };
    for (int i = 0; i < STEPS; i++) {
        if (port->troubled(port->self, why))
            return true;
        send_again_what_was_given_up(port);
    }
    return false;
}

/* Somebody took our right to write away, or the topic. */
static void what_is_not_acknowledged_is_told_with_its_topic_and_cause(void **state)
{
    struct reason why = { "" };
    struct kafka_sink *sink = open_sink(*state, 100);
    const struct sink_port port = kafka_sink_port(sink);
    for (int i = 0; i < 50; i++)
        rd_kafka_mock_push_request_errors(kafka_cluster_mock(*state), PRODUCE_API, 1,
                                          RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(send_alert(&port, 0, 0), STATUS_OK);
    assert_false(port.troubled(port.self, &why)); /* it takes a moment, usually */
    assert_true(becomes_troubled(&port, &why));
    assert_non_null(strstr(why.text, "acknowledged nothing of topic alerts for "));
    assert_non_null(strstr(why.text, "s: alerts: Broker: Topic authorization failed"));

    rd_kafka_mock_clear_request_errors(kafka_cluster_mock(*state), PRODUCE_API);
    while (port.troubled(port.self, &why))
        send_again_what_was_given_up(&port);
    kafka_sink_close(sink);
    expect_numbers(*state, 0, 1);
}

static void a_topic_that_does_not_exist_is_said_at_start(void **state)
{
    struct reason why = { "" };
    const struct kafka_sink_options options = { .kafka = kafka_cluster_options(*state),
                                                .alerts_topic = "alerts",
                                                .deadletter_topic = "deadletter",
                                                .queue_records = 1 };
    rd_kafka_mock_topic_set_error(kafka_cluster_mock(*state), "deadletter",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_null(kafka_sink_open(&options, &why));
    assert_non_null(strstr(why.text, "topic deadletter does not exist"));
}

#define WITH_CLUSTER(test) cmocka_unit_test_setup_teardown(test, open_cluster, close_cluster)

int main(void)
{
    log_open(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(
            each_shards_alerts_stand_in_its_partition_in_order_and_are_acknowledged_so),
        WITH_CLUSTER(a_shard_beyond_the_count_of_partitions_begins_again_at_the_first),
        WITH_CLUSTER(headers_and_bytes_arrive_as_they_were_when_sent),
        WITH_CLUSTER(a_dead_letter_goes_where_its_key_belongs),
        WITH_CLUSTER(at_its_bound_it_is_full_until_acknowledgements_are_taken),
        WITH_CLUSTER(no_alert_is_sent_beside_those_of_before_the_last_poll),
        WITH_CLUSTER(silent_brokers_end_a_flush_and_delay_but_lose_nothing),
        WITH_CLUSTER(when_the_client_gives_an_alert_up_all_are_given_up_and_said_so),
        WITH_CLUSTER(after_a_fatal_error_a_new_client_sends_what_comes_then),
        WITH_CLUSTER(what_the_client_gives_up_of_dead_letters_is_sent_again_in_its_old_place),
        WITH_CLUSTER(an_alert_that_brokers_do_not_take_in_time_is_given_up_and_never_comes),
        WITH_CLUSTER(an_alert_that_may_be_with_a_broker_is_given_up_when_that_is_settled),
        WITH_CLUSTER(a_record_that_can_never_be_sent_is_refused_at_once),
        WITH_CLUSTER(what_is_not_acknowledged_is_told_with_its_topic_and_cause),
        WITH_CLUSTER(a_topic_that_does_not_exist_is_said_at_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
