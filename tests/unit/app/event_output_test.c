/* event_output_test.c - events that are sent can be read back by whoever reads the topics;
 * the Kafka is the one of the demo. */
#include "app/event_output.h"

#include "app/adapters.h"
#include "app/feeding.h"
#include "app/market.h"
#include "base/murmur2.h"
#include "base/name.h"
#include "codec/framing.h"
#include "kafka/kafka_mock.h"
#include "kafka/kafka_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS = 500, PARTITIONS = 3, PATIENCE_MS = 5000 };

static struct kafka_mock *kafka;
static struct settings settings;
static struct reason why;
static atomic_bool stop;

static int set_up(void **state)
{
    (void)state;
    stop = false;
    kafka = kafka_mock_open(&why);
    if (kafka == NULL)
        return -1;
    settings_defaults(&settings);
    return settings_set(&settings, "kafka.brokers", kafka_mock_brokers(kafka), &why) &&
                   settings_set(&settings, "schemas.source", "files", &why) &&
                   settings_set(&settings, "retry.start", "10s", &why)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    settings_free(&settings);
    kafka_mock_close(kafka);
    return 0;
}

static void make_topics(void)
{
    static const char *const topics[] = { "orders", "messages", "shipments" };
    for (int i = 0; i < TOPIC_COUNT; i++)
        assert_true(kafka_mock_topic(kafka, topics[i], PARTITIONS, &why));
}

static struct event_output *open_output(void)
{
    enum status status = STATUS_OK;
    const struct event_output_options options = { .settings = &settings, .stop = &stop };
    struct event_output *output = event_output_open(&options, &status, &why);
    if (output == NULL)
        fail_msg("%s", why.text);
    return output;
}

static struct market *open_market(void)
{
    return market_open(&(struct market_options){
        .seed = 3, .start = { INT64_C(1780272000000) }, .sellers = 5, .units_per_day = 100 });
}

static void send_events(struct market *market)
{
    struct event_output *output = open_output();
    struct feeding feeding;
    struct event event;
    feeding_open(&feeding, output, "test", &stop);
    for (int i = 0; i < EVENTS; i++) {
        const event_time told = market_next(market, &event);
        assert_int_equal(feeding_send(&feeding, &event, told, &why), STATUS_OK);
    }
    assert_int_equal(event_output_finish(output, &why), STATUS_OK);
    assert_int_equal(feeding.count, EVENTS);
    event_output_close(output);
}

/* Every record of a topic: its id, its partition, and the hash of its bytes. */
static int32_t read_topic(const char *topic, int32_t schema_id)
{
    struct adapters_kafka options;
    struct kafka_reader *reader = NULL;
    struct kafka_reader_record record;
    struct framed framed;
    int32_t count = 0;
    adapters_kafka_open(&options, &settings, -1);
    const struct kafka_reader_options how = { .kafka = options.options,
                                              .topic = topic,
                                              .patience_ms = PATIENCE_MS };
    assert_int_equal(kafka_reader_open(&how, &reader, &why), STATUS_OK);
    while (!kafka_reader_finished(reader)) {
        const enum status s = kafka_reader_read(reader, PATIENCE_MS, &record, &why);
        if (s == STATUS_PENDING)
            continue;
        assert_int_equal(s, STATUS_OK);
        assert_int_equal(framing_split(record.value, &framed), REJECT_NONE);
        assert_int_equal(framed.schema_id, schema_id);
        assert_int_equal(record.partition, murmur2_partition(record.key, PARTITIONS));
        assert_memory_equal(record.key.at, "seller-", strlen("seller-"));
        count += 1;
    }
    kafka_reader_close(reader);
    adapters_kafka_close(&options);
    return count;
}

static void every_event_arrives_keyed_by_its_seller_under_the_id_of_its_topic(void **state)
{
    (void)state;
    struct market *market = open_market();
    make_topics();
    send_events(market);
    market_close(market);
    assert_int_equal(read_topic("orders", 1) + read_topic("messages", 2) +
                         read_topic("shipments", 3),
                     EVENTS);
}

static void being_asked_to_stop_ends_the_waiting_for_an_event_of_next_week(void **state)
{
    (void)state;
    struct market *market = open_market();
    struct feeding feeding;
    struct event event;
    make_topics();
    struct event_output *output = open_output();
    feeding_open(&feeding, output, "test", &stop);
    feeding.pace.speed_milli = 1000;
    event_time told = market_next(market, &event);
    assert_int_equal(feeding_send(&feeding, &event, told, &why), STATUS_OK);
    told.ms += 7 * DAY_MS;
    stop = true;
    assert_int_equal(feeding_send(&feeding, &event, told, &why), STATUS_PENDING);
    assert_int_equal(feeding.count, 1);
    event_output_close(output);
    market_close(market);
}

static void files_that_do_not_name_an_events_schema_are_refused_with_its_topic(void **state)
{
    (void)state;
    struct settings_schema_file other = { .id = 9 };
    char path[] = SOURCE_DIR "/schemas/alert_event.avsc";
    enum status status = STATUS_OK;
    other.path = path;
    settings.schema_files = &other;
    settings.schema_file_count = 1;
    const struct event_output_options options = { .settings = &settings, .stop = &stop };
    assert_null(event_output_open(&options, &status, &why));
    settings.schema_files = NULL;
    settings.schema_file_count = 0;
    assert_int_equal(status, STATUS_REFUSED);
    assert_non_null(strstr(why.text, "orders"));
}

static void a_speed_is_a_factor_a_word_or_a_mistake(void **state)
{
    (void)state;
    int64_t speed = -1;
    assert_true(feeding_speed("2.5", false, &speed, &why));
    assert_int_equal(speed, 2500);
    assert_true(feeding_speed("recorded", true, &speed, &why));
    assert_int_equal(speed, 1000);
    assert_true(feeding_speed("max", false, &speed, &why));
    assert_int_equal(speed, 0);
    assert_false(feeding_speed("fast", true, &speed, &why));
    assert_string_equal(why.text, "--speed fast: wants max, recorded, or a factor from 0.001 "
                                  "to 1000000");
    assert_false(feeding_speed("recorded", false, &speed, &why));
    assert_string_equal(why.text,
                        "--speed recorded: wants max, or a factor from 0.001 to 1000000");
    assert_false(feeding_rate("0", &speed, &why));
    assert_true(feeding_rate("5000", &speed, &why));
    assert_int_equal(speed, 5000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_event_arrives_keyed_by_its_seller_under_the_id_of_its_topic),
        TEST(being_asked_to_stop_ends_the_waiting_for_an_event_of_next_week),
        TEST(files_that_do_not_name_an_events_schema_are_refused_with_its_topic),
        cmocka_unit_test(a_speed_is_a_factor_a_word_or_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
