/* kafka_topics_test.c - what is said about topics that are not as they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kafka/kafka_topics.h"
#include "support/kafka_cluster.h"

#include <string.h>

static const struct kafka_topic_names names = { .inputs = { "orders", "messages", "shipments" },
                                                .alerts = "alerts",
                                                .deadletter = "deadletter" };

static int open_cluster(void **state)
{
    *state = kafka_cluster_open(1);
    return 0;
}

static int close_cluster(void **state)
{
    kafka_cluster_close(*state);
    return 0;
}

static enum status check(struct kafka_cluster *c, int32_t *ret_count, struct reason *why)
{
    const struct kafka_options options = kafka_cluster_options(c);
    return kafka_topics_check(&options, &names, ret_count, why);
}

static void topics_that_fit_give_the_number_of_shards(void **state)
{
    struct reason why = { "" };
    int32_t count = -1;
    kafka_cluster_topics(*state, 6);
    assert_int_equal(check(*state, &count, &why), STATUS_OK);
    assert_int_equal(count, 6);
}

static void inputs_with_different_numbers_of_partitions_are_refused_with_both(void **state)
{
    struct reason why = { "" };
    int32_t count = -1;
    kafka_cluster_topic(*state, "orders", 6);
    kafka_cluster_topic(*state, "messages", 6);
    kafka_cluster_topic(*state, "shipments", 4);
    kafka_cluster_topic(*state, "alerts", 1);
    kafka_cluster_topic(*state, "deadletter", 1);
    assert_int_equal(check(*state, &count, &why), STATUS_REFUSED);
    assert_string_equal(why.text, "topic orders has 6 partitions, shipments has 4: "
                                  "give all three inputs the same number");
    assert_int_equal(count, -1);
}

static void every_missing_topic_is_named(void **state)
{
    struct reason why = { "" };
    int32_t count = -1;
    kafka_cluster_topic(*state, "orders", 2);
    kafka_cluster_topic(*state, "messages", 2);
    kafka_cluster_topic(*state, "shipments", 2);
    assert_int_equal(check(*state, &count, &why), STATUS_MISSING);
    assert_non_null(strstr(why.text, "topics alerts, deadletter"));
    kafka_cluster_topic(*state, "alerts", 2);
    assert_int_equal(check(*state, &count, &why), STATUS_MISSING);
    assert_non_null(strstr(why.text, "topic deadletter"));
    assert_null(strstr(why.text, "alerts"));
}

/* Asking must not make the broker create what is not there. */
static void a_check_creates_no_topic(void **state)
{
    struct reason why = { "" };
    int32_t count = -1;
    assert_int_equal(check(*state, &count, &why), STATUS_MISSING);
    assert_int_equal(check(*state, &count, &why), STATUS_MISSING);
    assert_non_null(strstr(why.text, "orders, messages, shipments, alerts, deadletter"));
}

static void silent_brokers_are_waited_for_only_so_long(void **state)
{
    struct reason why = { "" };
    int32_t count = -1;
    kafka_cluster_topics(*state, 2);
    kafka_cluster_down(*state);
    assert_int_equal(check(*state, &count, &why), STATUS_UNAVAILABLE);
    assert_non_null(strstr(why.text, kafka_cluster_brokers(*state)));
}

static void an_impossible_topic_is_refused_by_name(void **state)
{
    struct reason why = { "" };
    const struct kafka_options options = kafka_cluster_options(*state);
    const struct kafka_topic topic = { .name = "orders", .partitions = -7, .replication = 1 };
    assert_int_equal(kafka_topics_create(&options, &topic, 1, &why), STATUS_REFUSED);
    assert_non_null(strstr(why.text, "topic orders cannot be created"));
}

#define WITH_CLUSTER(test) cmocka_unit_test_setup_teardown(test, open_cluster, close_cluster)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(topics_that_fit_give_the_number_of_shards),
        WITH_CLUSTER(inputs_with_different_numbers_of_partitions_are_refused_with_both),
        WITH_CLUSTER(every_missing_topic_is_named),
        WITH_CLUSTER(a_check_creates_no_topic),
        WITH_CLUSTER(silent_brokers_are_waited_for_only_so_long),
        WITH_CLUSTER(an_impossible_topic_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
