/* kafka_conf_test.c - what of the user's Kafka properties reaches the clients. */
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
                                   .instance_id = "one",
                                   .properties = properties,
                                   .property_count = count };
}

static rd_kafka_conf_t *conf_of(const struct kafka_options *o, enum kafka_role role)
{
    struct reason why = { "" };
    rd_kafka_conf_t *conf = kafka_conf_new(o, role, &why);
    assert_string_equal(why.text, "");
    assert_non_null(conf);
    return conf;
}

static void assert_has(const rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    size_t size = sizeof text;
    assert_int_equal(rd_kafka_conf_get(conf, name, text, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(text, value);
}

static void assert_refused(const struct kafka_options *o, const char *part)
{
    for (int role = 0; role < KAFKA_ROLE_COUNT; role++) {
        struct reason why = { "" };
        assert_null(kafka_conf_new(o, (enum kafka_role)role, &why));
        assert_non_null(strstr(why.text, part));
        assert_null(strstr(why.text, "hunter2"));
    }
}

static void a_member_keeps_its_own_offsets_and_all_inputs_of_a_shard_together(void **state)
{
    (void)state;
    const struct kafka_options o = options_with(NULL, 0);
    rd_kafka_conf_t *conf = conf_of(&o, KAFKA_MEMBER);
    assert_has(conf, "enable.auto.commit", "false");
    assert_has(conf, "enable.auto.offset.store", "false");
    assert_has(conf, "enable.partition.eof", "false");
    assert_has(conf, "partition.assignment.strategy", "range");
    assert_has(conf, "group.id", "g");
    assert_has(conf, "group.instance.id", "one");
    assert_has(conf, "client.id", "sellerwatch");
    rd_kafka_conf_destroy(conf);
}

static void a_sink_is_idempotent_and_places_sellers_as_java_does(void **state)
{
    (void)state;
    const struct kafka_options o = options_with(NULL, 0);
    rd_kafka_conf_t *conf = conf_of(&o, KAFKA_SINK);
    assert_has(conf, "enable.idempotence", "true");
    assert_has(conf, "partitioner", "murmur2_random");
    assert_has(conf, "acks", "-1");
    rd_kafka_conf_destroy(conf);
}

static void the_users_property_wins_over_a_default_in_every_client(void **state)
{
    (void)state;
    const struct kafka_property properties[] = { { "fetch.wait.max.ms", "7" },
                                                 { "linger.ms", "9" },
                                                 { "socket.nagle.disable", "false" } };
    const struct kafka_options o = options_with(properties, 3);
    rd_kafka_conf_t *reader = conf_of(&o, KAFKA_READER);
    assert_has(reader, "fetch.wait.max.ms", "7");
    assert_has(reader, "socket.nagle.disable", "false");
    rd_kafka_conf_destroy(reader);
    rd_kafka_conf_t *sink = conf_of(&o, KAFKA_SINK);
    assert_has(sink, "linger.ms", "9");
    assert_has(sink, "socket.nagle.disable", "false");
    rd_kafka_conf_destroy(sink);
}

static void a_property_our_promises_rest_on_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const owned[] = {
        "bootstrap.servers",    "group.id",
        "group.instance.id",    "auto.offset.reset",
        "partitioner",          "enable.idempotence",
        "enable.partition.eof", "enable.auto.commit",
        "transactional.id",     "partition.assignment.strategy"
    };
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        const struct kafka_property property = { owned[i], "hunter2" };
        const struct kafka_options o = options_with(&property, 1);
        assert_refused(&o, owned[i]);
        assert_refused(&o, "cannot be set here");
    }
}

static void an_unknown_property_is_named(void **state)
{
    (void)state;
    const struct kafka_property property = { "session.timeout.milliseconds", "hunter2" };
    const struct kafka_options o = options_with(&property, 1);
    assert_refused(&o, "session.timeout.milliseconds");
}

static void a_bad_value_is_explained_but_a_secret_is_never_shown(void **state)
{
    (void)state;
    const struct kafka_property range = { "socket.timeout.ms", "1" };
    const struct kafka_options bad = options_with(&range, 1);
    assert_refused(&bad, "10..300000");
    const struct kafka_property secret = { "ssl.key.pem", "hunter2" };
    const struct kafka_options hidden = options_with(&secret, 1);
    for (int role = 0; role < KAFKA_ROLE_COUNT; role++) {
        struct reason why = { "" };
        rd_kafka_conf_t *conf = kafka_conf_new(&hidden, (enum kafka_role)role, &why);
        assert_null(strstr(why.text, "hunter2"));
        if (conf != NULL)
            rd_kafka_conf_destroy(conf);
    }
}

static void no_brokers_are_said(void **state)
{
    (void)state;
    struct kafka_options o = options_with(NULL, 0);
    o.brokers = "";
    assert_refused(&o, "kafka.brokers");
}

static void a_check_of_the_options_needs_no_broker(void **state)
{
    (void)state;
    struct reason why = { "" };
    const struct kafka_options good = options_with(NULL, 0);
    assert_true(kafka_conf_check(&good, &why));
    const struct kafka_property property = { "no.such.thing", "1" };
    const struct kafka_options bad = options_with(&property, 1);
    assert_false(kafka_conf_check(&bad, &why));
    assert_non_null(strstr(why.text, "no.such.thing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_keeps_its_own_offsets_and_all_inputs_of_a_shard_together),
        cmocka_unit_test(a_sink_is_idempotent_and_places_sellers_as_java_does),
        cmocka_unit_test(the_users_property_wins_over_a_default_in_every_client),
        cmocka_unit_test(a_property_our_promises_rest_on_is_refused_by_name),
        cmocka_unit_test(an_unknown_property_is_named),
        cmocka_unit_test(a_bad_value_is_explained_but_a_secret_is_never_shown),
        cmocka_unit_test(no_brokers_are_said),
        cmocka_unit_test(a_check_of_the_options_needs_no_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
