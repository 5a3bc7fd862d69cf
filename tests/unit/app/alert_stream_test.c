/* alert_stream_test.c - alert changes come out of the topic as they went in. */
#include "app/alert_stream.h"

#include "codec/alert_codec.h"
#include "codec/alert_decode.h"
#include "kafka/kafka_mock.h"
#include "kafka/kafka_writer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENCE_MS = 5000 };

static struct kafka_mock *kafka;
static struct settings settings;
static struct kafka_writer *writer;
static struct alert_stream *stream;
static struct alert_change change;
static struct span body;
static struct reason why;

static int set_up(void **state)
{
    (void)state;
    struct adapters_kafka options;
    stream = NULL;
    kafka = kafka_mock_open(&why);
    settings_defaults(&settings);
    if (kafka == NULL ||
        !settings_set(&settings, "kafka.brokers", kafka_mock_brokers(kafka), &why))
        return -1;
    adapters_kafka_open(&options, &settings, -1);
    writer = kafka_writer_open(&options.options, &why);
    adapters_kafka_close(&options);
    return writer != NULL && kafka_mock_topic(kafka, "alerts", 1, &why) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    alert_stream_close(stream);
    kafka_writer_close(writer);
    settings_free(&settings);
    kafka_mock_close(kafka);
    return 0;
}

static void append(struct span value)
{
    const struct kafka_writer_record record = { .topic = "alerts", .value = value };
    assert_int_equal(kafka_writer_send(writer, &record, &why), STATUS_OK);
    assert_int_equal(kafka_writer_flush(writer, PATIENCE_MS, &why), STATUS_OK);
}

static void append_alert(const char *seller)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    const struct alert_codec_options options = {
        .schema_id = 4, .source = "/test", .producer = "test", .lock = &lock
    };
    const struct alert_change made = { .shard_sequence = 1,
                                       .type = ALERT_EVENT_FIRING,
                                       .reason = ALERT_REASON_THRESHOLD,
                                       .seller = name_of(span_of_text(seller)),
                                       .storefront = name_of(span_of_text("de")),
                                       .kpi = KPI_DELIVERY_LATE,
                                       .window = name_of(span_of_text("7d")),
                                       .sequence = 1,
                                       .status = ALERT_FIRING,
                                       .severity = SEVERITY_WARNING,
                                       .worst_severity = SEVERITY_WARNING,
                                       .comparison = OP_GT,
                                       .threshold_source = "global",
                                       .rule_version = "1",
                                       .interval_low = NAN,
                                       .interval_high = NAN,
                                       .breach_probability = NAN,
                                       .fired = { TIME_NEVER_YET },
                                       .resolved = { TIME_NEVER_YET } };
    struct outgoing record = { .kind = OUTGOING_ALERT };
    struct alert_codec *codec = alert_codec_open(&options);
    const struct encoder_port port = alert_codec_port(codec);
    assert_int_equal(port.encode(port.self, &made, &record, &why), STATUS_OK);
    append(record.value);
    alert_codec_close(codec);
}

static void open_stream(bool from_end, bool follow)
{
    const struct alert_stream_options options = { .settings = &settings,
                                                  .from_end = from_end,
                                                  .follow = follow };
    if (alert_stream_open(&options, &stream, &why) != STATUS_OK)
        fail_msg("%s", why.text);
}

/* What comes next, waiting for it. */
static enum status next(struct span *wanted)
{
    enum status s = STATUS_PENDING;
    for (int i = 0; i < 50 && s == STATUS_PENDING && !alert_stream_finished(stream); i++)
        s = alert_stream_next(stream, PATIENCE_MS / 50, &change, wanted, &why);
    return s;
}

static void every_change_comes_in_order_and_then_the_end(void **state)
{
    (void)state;
    append_alert("4711");
    append_alert("4712");
    open_stream(false, false);
    assert_int_equal(next(&body), STATUS_OK);
    assert_true(span_equal(name_span(&change.seller), span_of_text("4711")));
    assert_int_equal(change.kpi, KPI_DELIVERY_LATE);
    struct alert_change again;
    assert_true(alert_decode_body(body, &again));
    assert_true(span_equal(name_span(&again.seller), span_of_text("4711")));
    assert_int_equal(next(NULL), STATUS_OK);
    assert_true(span_equal(name_span(&change.seller), span_of_text("4712")));
    assert_true(alert_stream_finished(stream));
}

static void what_is_no_alert_is_told_with_its_place_and_does_not_end_the_reading(void **state)
{
    (void)state;
    append(span_of_text("hello"));
    append(span_of_text("\x01 no Avro at all"));
    append_alert("4711");
    open_stream(false, false);
    assert_int_equal(next(NULL), STATUS_MALFORMED);
    assert_int_equal(next(NULL), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "alerts, partition 0, offset 1"));
    assert_int_equal(next(NULL), STATUS_OK);
}

static void from_the_end_only_what_comes_later_is_told(void **state)
{
    (void)state;
    append_alert("old");
    open_stream(true, true);
    assert_int_equal(alert_stream_next(stream, 100, &change, NULL, &why), STATUS_PENDING);
    append_alert("new");
    assert_int_equal(next(NULL), STATUS_OK);
    assert_true(span_equal(name_span(&change.seller), span_of_text("new")));
    assert_false(alert_stream_finished(stream));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_change_comes_in_order_and_then_the_end),
        TEST(what_is_no_alert_is_told_with_its_place_and_does_not_end_the_reading),
        TEST(from_the_end_only_what_comes_later_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
