/* conf_test.c - what of the user's Kafka properties reaches the client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kafka/kafka_conf.h"

#include <librdkafka/rdkafka.h>

#include <string.h>

static struct kafka_options options_with(const struct kafka_property *properties, int32_t count)
{
    return (struct kafka_options){ .brokers = "127.0.0.1:9",
                                   .group = "g",
                                   .properties = properties,
                                   .property_count = count };
}

static void assert_has(const rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    size_t size = sizeof text;
    assert_int_equal(rd_kafka_conf_get(conf, name, text, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(text, value);
}

static void a_consumer_keeps_its_own_offsets(void **state)
{
    (void)state;
    struct reason why = { "" };
    struct kafka_options o = options_with(NULL, 0);
    o.instance_id = "one";
    rd_kafka_conf_t *conf = kafka_conf_consumer(&o, &why);
    assert_non_null(conf);
    assert_has(conf, "enable.auto.commit", "false");
    assert_has(conf, "enable.auto.offset.store", "false");
    assert_has(conf, "enable.partition.eof", "false");
    assert_has(conf, "partition.assignment.strategy", "range");
    assert_has(conf, "group.instance.id", "one");
    assert_has(conf, "client.id", "sellerwatch");
    rd_kafka_conf_destroy(conf);
}

static void a_producer_is_idempotent_and_places_sellers_as_java_does(void **state)
{
    (void)state;
    struct reason why = { "" };
    const struct kafka_options o = options_with(NULL, 0);
    rd_kafka_conf_t *conf = kafka_conf_producer(&o, &why);
    assert_non_null(conf);
    assert_has(conf, "enable.idempotence", "true");
    assert_has(conf, "partitioner", "murmur2_random");
    assert_has(conf, "acks", "-1");
    rd_kafka_conf_destroy(conf);
}

static void the_users_property_wins_over_a_default(void **state)
{
    (void)state;
    struct reason why = { "" };
    const struct kafka_property properties[] = { { "fetch.wait.max.ms", "7" },
                                                 { "linger.ms", "9" } };
    const struct kafka_options o = options_with(properties, 2);
    rd_kafka_conf_t *consumer = kafka_conf_consumer(&o, &why);
    assert_non_null(consumer);
    assert_has(consumer, "fetch.wait.max.ms", "7");
    rd_kafka_conf_destroy(consumer);
    rd_kafka_conf_t *producer = kafka_conf_producer(&o, &why);
    assert_non_null(producer);
    assert_has(producer, "linger.ms", "9");
    rd_kafka_conf_destroy(producer);
}

static void the_memory_bound_reaches_the_client(void **state)
{
    (void)state;
    struct reason why = { "" };
    struct kafka_options o = options_with(NULL, 0);
    o.queue_bytes = 4096 * 1024;
    rd_kafka_conf_t *conf = kafka_conf_consumer(&o, &why);
    assert_non_null(conf);
    assert_has(conf, "queued.max.messages.kbytes", "4096");
    rd_kafka_conf_destroy(conf);
}

static void a_property_our_promises_rest_on_is_refused_with_what_to_do(void **state)
{
    (void)state;
    static const char *const owned[] = { "group.id", "auto.offset.reset", "enable.auto.commit",
                                         "partitioner", "enable.partition.eof" };
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        struct reason why = { "" };
        const struct kafka_property property = { owned[i], "x" };
        const struct kafka_options o = options_with(&property, 1);
        assert_null(kafka_conf_consumer(&o, &why));
        assert_non_null(strstr(why.text, owned[i]));
        assert_non_null(strstr(why.text, "cannot be set here"));
        assert_null(kafka_conf_producer(&o, &why));
        assert_null(kafka_conf_common(&o, &why));
    }
}

static void an_unknown_property_is_named(void **state)
{
    (void)state;
    struct reason why = { "" };
    const struct kafka_property property = { "sasl.jaas.config", "user=a password=hunter2" };
    const struct kafka_options o = options_with(&property, 1);
    assert_null(kafka_conf_common(&o, &why));
    assert_non_null(strstr(why.text, "does not know sasl.jaas.config"));
    assert_null(strstr(why.text, "hunter2"));
}

static void a_bad_value_is_explained_but_a_secret_is_never_shown(void **state)
{
    (void)state;
    struct reason why = { "" };
    const struct kafka_property range = { "socket.timeout.ms", "1" };
    struct kafka_options o = options_with(&range, 1);
    assert_null(kafka_conf_common(&o, &why));
    assert_non_null(strstr(why.text, "10..300000"));

    const struct kafka_property secret = { "sasl.oauthbearer.method", "hunter2" };
    o = options_with(&secret, 1);
    assert_null(kafka_conf_common(&o, &why));
    assert_non_null(strstr(why.text, "sasl.oauthbearer.method"));
    assert_null(strstr(why.text, "hunter2"));
}

static void no_brokers_and_no_group_are_said(void **state)
{
    (void)state;
    struct reason why = { "" };
    struct kafka_options o = options_with(NULL, 0);
    o.brokers = "";
    assert_null(kafka_conf_common(&o, &why));
    assert_non_null(strstr(why.text, "kafka.brokers"));
    o.brokers = "127.0.0.1:9";
    o.group = NULL;
    assert_null(kafka_conf_consumer(&o, &why));
    assert_non_null(strstr(why.text, "kafka.group"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_consumer_keeps_its_own_offsets),
        cmocka_unit_test(a_producer_is_idempotent_and_places_sellers_as_java_does),
        cmocka_unit_test(the_users_property_wins_over_a_default),
        cmocka_unit_test(the_memory_bound_reaches_the_client),
        cmocka_unit_test(a_property_our_promises_rest_on_is_refused_with_what_to_do),
        cmocka_unit_test(an_unknown_property_is_named),
        cmocka_unit_test(a_bad_value_is_explained_but_a_secret_is_never_shown),
        cmocka_unit_test(no_brokers_and_no_group_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
