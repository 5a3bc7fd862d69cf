/* kafka_broker.c - see kafka_broker.h. One client a call: tests make few. */
#include "support/kafka_broker.h"

#include "base/check.h"
#include "kafka/kafka_topics.h"

#include <librdkafka/rdkafka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000, LOOK_MS = 20 };

const char *kafka_broker_address(void)
{
    return getenv("SELLERWATCH_TEST_KAFKA");
}

static void must(rd_kafka_error_t *error)
{
    if (error != NULL)
        fail_msg("%s", rd_kafka_error_string(error));
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256] = "";
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK)
        fail_msg("%s", error);
}

/* `transactional`: the id of its transactions; NULL: none. */
static rd_kafka_t *open_client(const char *transactional)
{
    char error[256] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", kafka_broker_address());
    if (transactional != NULL)
        set(conf, "transactional.id", transactional);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    if (client == NULL)
        fail_msg("%s", error);
    return client;
}

void kafka_broker_topic(const char *name, int32_t partitions)
{
    struct reason why = { "" };
    const struct kafka_options kafka = { .brokers = kafka_broker_address() };
    const struct kafka_topic topic = { .name = name,
                                       .partitions = partitions,
                                       .replication = 1 };
    if (kafka_topics_create(&kafka, &topic, 1, &why) != STATUS_OK)
        fail_msg("%s", why.text);
}

static bool is_there(rd_kafka_t *client, const char *name)
{
    const struct rd_kafka_metadata *metadata = NULL;
    bool there = false;
    assert_int_equal(rd_kafka_metadata(client, 1, NULL, &metadata, PATIENCE_MS),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    for (int i = 0; i < metadata->topic_cnt; i++)
        there |= strcmp(metadata->topics[i].topic, name) == 0;
    rd_kafka_metadata_destroy(metadata);
    return there;
}

/* Of the one question whose answer comes there; takes the queue. */
static void await_success(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, PATIENCE_MS);
    assert_non_null(event);
    assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

void kafka_broker_delete_topic(const char *name)
{
    rd_kafka_t *client = open_client(NULL);
    rd_kafka_DeleteTopic_t *deleted = rd_kafka_DeleteTopic_new(name);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_DeleteTopics(client, &deleted, 1, NULL, queue);
    await_success(queue);
    rd_kafka_DeleteTopic_destroy(deleted);
    for (int i = 0; is_there(client, name); i++) {
        assert_true(i < PATIENCE_MS / LOOK_MS);
        (void)usleep(LOOK_MS * 1000);
    }
    rd_kafka_destroy(client);
}

void kafka_broker_delete_before(const char *topic, int32_t partition, int64_t offset)
{
    rd_kafka_t *client = open_client(NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    rd_kafka_DeleteRecords_t *records = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_DeleteRecords(client, &records, 1, NULL, queue);
    await_success(queue);
    rd_kafka_DeleteRecords_destroy(records);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
}

static int64_t end_of(rd_kafka_t *client, const char *topic, int32_t partition)
{
    int64_t low = 0;
    int64_t end = 0;
    assert_int_equal(
        rd_kafka_query_watermark_offsets(client, topic, partition, &low, &end, PATIENCE_MS),
        RD_KAFKA_RESP_ERR_NO_ERROR);
    return end;
}

void kafka_broker_transaction(const char *topic, int32_t partition, const char *value)
{
    char copy[64];
    CHECK(strlen(value) < sizeof copy);
    memcpy(copy, value, strlen(value));
    rd_kafka_t *client = open_client(topic);
    const int64_t before = end_of(client, topic, partition);
    must(rd_kafka_init_transactions(client, PATIENCE_MS));
    must(rd_kafka_begin_transaction(client));
    rd_kafka_topic_t *to = rd_kafka_topic_new(client, topic, NULL);
    assert_non_null(to);
    assert_int_equal(rd_kafka_produce(to, partition, RD_KAFKA_MSG_F_COPY, copy, strlen(value),
                                      NULL, 0, NULL),
                     0);
    rd_kafka_topic_destroy(to);
    must(rd_kafka_commit_transaction(client, PATIENCE_MS));
    /* The coordinator answers before its control record is in the partition. */
    for (int i = 0; end_of(client, topic, partition) != before + 2; i++) {
        assert_true(i < PATIENCE_MS / LOOK_MS);
        (void)usleep(LOOK_MS * 1000);
    }
    rd_kafka_destroy(client);
}
