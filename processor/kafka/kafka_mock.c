/* kafka_mock.c - see kafka_mock.h. */
#include "kafka/kafka_mock.h"

#include "base/check.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdlib.h>

enum { BROKERS = 1, TEXT_BYTES = 512 };

struct kafka_mock {
    rd_kafka_t *host; /* the mock cluster lives in a client */
    rd_kafka_mock_cluster_t *cluster;
};

struct kafka_mock *kafka_mock_open(struct reason *why)
{
    char text[TEXT_BYTES] = "";
    struct kafka_mock *mock = calloc(1, sizeof *mock);
    CHECK(mock != NULL);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    CHECK(rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text) == RD_KAFKA_CONF_OK);
    mock->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (mock->host == NULL) {
        rd_kafka_conf_destroy(conf);
        reason_set(why, "no Kafka client can be made: %s", text);
        goto fail;
    }
    mock->cluster = rd_kafka_mock_cluster_new(mock->host, BROKERS);
    if (mock->cluster == NULL) {
        reason_set(why, "no Kafka inside this process: no free port on 127.0.0.1?");
        goto fail;
    }
    return mock;

fail:
    kafka_mock_close(mock);
    return NULL;
}

void kafka_mock_close(struct kafka_mock *mock)
{
    if (mock == NULL)
        return;
    if (mock->cluster != NULL)
        rd_kafka_mock_cluster_destroy(mock->cluster);
    if (mock->host != NULL)
        rd_kafka_destroy(mock->host);
    free(mock);
}

const char *kafka_mock_brokers(const struct kafka_mock *mock)
{
    return rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

bool kafka_mock_topic(struct kafka_mock *mock, const char *topic, int32_t partitions,
                      struct reason *why)
{
    const rd_kafka_resp_err_t err =
        rd_kafka_mock_topic_create(mock->cluster, topic, partitions, BROKERS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        reason_set(why, "the topic %s cannot be made: %s", topic, rd_kafka_err2str(err));
    return err == RD_KAFKA_RESP_ERR_NO_ERROR;
}
