/* kafka_cluster.c - see kafka_cluster.h.
 *
 * The brokers live in a producer that belongs to the cluster; a second producer,
 * an ordinary client, appends the records. It does not retry silently: a record
 * that is not acknowledged within PATIENCE_MS ends the test.
 */
#include "support/kafka_cluster.h"

#include "base/check.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000, POLL_MS = 5, TEXT_BYTES = 512, NOT_YET = -2 };

struct kafka_cluster {
    rd_kafka_t *host;
    rd_kafka_mock_cluster_t *mock;
    rd_kafka_t *producer;
    int broker_count;
};

static void note_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    int64_t *ret_offset = message->_private;
    CHECK(message->err == RD_KAFKA_RESP_ERR_NO_ERROR);
    if (ret_offset != NULL)
        *ret_offset = message->offset;
}

static rd_kafka_t *open_producer(const char *brokers)
{
    char text[TEXT_BYTES];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (brokers != NULL)
        CHECK(rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof text) ==
              RD_KAFKA_CONF_OK);
    CHECK(rd_kafka_conf_set(conf, "linger.ms", "0", text, sizeof text) == RD_KAFKA_CONF_OK);
    CHECK(rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text) == RD_KAFKA_CONF_OK);
    rd_kafka_conf_set_dr_msg_cb(conf, note_delivery);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    CHECK(rk != NULL);
    return rk;
}

struct kafka_cluster *kafka_cluster_open(int broker_count)
{
    struct kafka_cluster *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->broker_count = broker_count;
    c->host = open_producer(NULL);
    c->mock = rd_kafka_mock_cluster_new(c->host, broker_count);
    CHECK(c->mock != NULL);
    c->producer = open_producer(kafka_cluster_brokers(c));
    return c;
}

void kafka_cluster_close(struct kafka_cluster *c)
{
    if (c == NULL)
        return;
    rd_kafka_destroy(c->producer);
    rd_kafka_mock_cluster_destroy(c->mock);
    rd_kafka_destroy(c->host);
    free(c);
}

const char *kafka_cluster_brokers(const struct kafka_cluster *c)
{
    return rd_kafka_mock_cluster_bootstraps(c->mock);
}

struct kafka_options kafka_cluster_options(const struct kafka_cluster *c)
{
    return (struct kafka_options){ .brokers = kafka_cluster_brokers(c), .group = "test" };
}

void kafka_cluster_topic(struct kafka_cluster *c, const char *topic, int partition_count)
{
    CHECK(rd_kafka_mock_topic_create(c->mock, topic, partition_count, 1) ==
          RD_KAFKA_RESP_ERR_NO_ERROR);
}

void kafka_cluster_topics(struct kafka_cluster *c, int partition_count)
{
    static const char *const topics[] = { "orders", "messages", "shipments", "alerts",
                                          "deadletter" };
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        kafka_cluster_topic(c, topics[i], partition_count);
}

/* The vtypes stand here bare: their macros are an extension that clang warns of. */
static void send_record(struct kafka_cluster *c, const char *topic, int32_t partition,
                        const struct kafka_property *record, int64_t *ret_offset)
{
    const char *key = record->name;
    const size_t key_size = key == NULL ? 0 : strlen(key);
    const rd_kafka_resp_err_t err = rd_kafka_producev(
        c->producer, RD_KAFKA_VTYPE_TOPIC, topic, RD_KAFKA_VTYPE_PARTITION, partition,
        RD_KAFKA_VTYPE_MSGFLAGS, RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_KEY, key, key_size,
        RD_KAFKA_VTYPE_VALUE, record->value, strlen(record->value), RD_KAFKA_VTYPE_OPAQUE,
        (void *)ret_offset, RD_KAFKA_VTYPE_END);
    CHECK(err == RD_KAFKA_RESP_ERR_NO_ERROR);
}

int64_t kafka_cluster_append(struct kafka_cluster *c, const char *topic, int32_t partition,
                             const char *key, const char *value)
{
    int64_t offset = NOT_YET;
    send_record(c, topic, partition, &(struct kafka_property){ key, value }, &offset);
    for (int waited = 0; offset == NOT_YET && waited < PATIENCE_MS; waited += POLL_MS)
        rd_kafka_poll(c->producer, POLL_MS);
    CHECK(offset >= 0);
    return offset;
}

int64_t kafka_cluster_fill(struct kafka_cluster *c, const char *topic, int32_t partition,
                           const char *prefix, int count)
{
    char value[TEXT_BYTES];
    int64_t first = NOT_YET;
    CHECK(count > 0);
    for (int i = 0; i < count; i++) {
        snprintf(value, sizeof value, "%s%d", prefix, i);
        send_record(c, topic, partition, &(struct kafka_property){ "seller", value },
                    i == 0 ? &first : NULL);
    }
    CHECK(rd_kafka_flush(c->producer, PATIENCE_MS) == RD_KAFKA_RESP_ERR_NO_ERROR);
    CHECK(first >= 0);
    return first;
}

void kafka_cluster_down(struct kafka_cluster *c)
{
    for (int32_t id = 1; id <= c->broker_count; id++)
        CHECK(rd_kafka_mock_broker_set_down(c->mock, id) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

void kafka_cluster_up(struct kafka_cluster *c)
{
    for (int32_t id = 1; id <= c->broker_count; id++)
        CHECK(rd_kafka_mock_broker_set_up(c->mock, id) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

struct rd_kafka_mock_cluster_s *kafka_cluster_mock(struct kafka_cluster *c)
{
    return c->mock;
}
