/* kafka_client.c - opens librdkafka clients and asks what every adapter asks.
 *
 * The ends of partitions are asked by ListOffsets through
 * rd_kafka_offsets_for_times, whose "timestamps" -1 and -2 are Kafka's own way
 * to say end and beginning: one request a broker covers all partitions, and
 * unlike rd_kafka_query_watermark_offsets (before 2.3 and from 2.3 to 2.11) it
 * keeps to its time-out, so that closing is bounded.
 */
#include "kafka/kafka_client.h"

#include "base/check.h"
#include "base/log.h"
#include "kafka/kafka_errors.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CLIENT_ERROR_BYTES = 512, NUMBER_BYTES = 32 };

static void note_trouble(struct kafka_client *client, const char *text)
{
    CHECK(pthread_mutex_lock(&client->lock) == 0);
    reason_set(&client->trouble, "%s", text);
    CHECK(pthread_mutex_unlock(&client->lock) == 0);
}

static void on_error(rd_kafka_t *handle, int error, const char *text, void *opaque)
{
    struct kafka_client *client = opaque;
    const rd_kafka_resp_err_t code = (rd_kafka_resp_err_t)error;
    char fatal[CLIENT_ERROR_BYTES] = "";
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        (void)rd_kafka_fatal_error(handle, fatal, sizeof fatal);
        client->fatal = true;
        text = fatal;
    }
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        client->down = true;
    else
        note_trouble(client, text);
    log_write(LOG_WARN, "kafka_error", "client=\"%s\" error=%s text=\"%s\"",
              rd_kafka_name(handle), rd_kafka_err2name(code), text);
}

static void set_callbacks(rd_kafka_conf_t *conf, struct kafka_client *client,
                          const struct kafka_callbacks *callbacks)
{
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, client);
    if (callbacks == NULL)
        return;
    CHECK(callbacks->opaque == client);
    if (callbacks->rebalance != NULL)
        rd_kafka_conf_set_rebalance_cb(conf, callbacks->rebalance);
    if (callbacks->delivery != NULL)
        rd_kafka_conf_set_dr_msg_cb(conf, callbacks->delivery);
}

enum status kafka_client_open(struct kafka_client *client, const struct kafka_options *options,
                              enum kafka_role role, const struct kafka_callbacks *callbacks,
                              struct reason *why)
{
    CHECK(client->handle == NULL);
    client->down = false;
    client->fatal = false;
    client->trouble.text[0] = '\0';
    rd_kafka_conf_t *conf = kafka_conf_new(options, role, why);
    if (conf == NULL)
        return STATUS_REFUSED;
    set_callbacks(conf, client, callbacks);
    CHECK(pthread_mutex_init(&client->lock, NULL) == 0);

    const bool produces = role == KAFKA_SINK || role == KAFKA_WRITER;
    char error[CLIENT_ERROR_BYTES] = "";
    rd_kafka_t *handle = rd_kafka_new(produces ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf,
                                      error, sizeof error);
    if (handle == NULL) {
        rd_kafka_conf_destroy(conf);
        CHECK(pthread_mutex_destroy(&client->lock) == 0);
        reason_set(why, "cannot set up a Kafka client: %s", error);
        return STATUS_REFUSED;
    }
    client->handle = handle;
    (void)snprintf(client->brokers, sizeof client->brokers, "%s", options->brokers);
    return STATUS_OK;
}

void kafka_client_close(struct kafka_client *client)
{
    if (client->handle == NULL)
        return;
    rd_kafka_destroy_flags(client->handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    client->handle = NULL;
    CHECK(pthread_mutex_destroy(&client->lock) == 0);
}

enum status kafka_client_blame(struct kafka_client *client, rd_kafka_resp_err_t error,
                               const char *what, struct reason *why)
{
    CHECK(pthread_mutex_lock(&client->lock) == 0);
    const struct reason newest = client->trouble;
    CHECK(pthread_mutex_unlock(&client->lock) == 0);
    const char *trouble = newest.text;
    reason_set(why, "Kafka at %s: %s: %s%s%s", client->brokers, what, rd_kafka_err2str(error),
               trouble[0] == '\0' ? "" : "; last trouble: ", trouble);
    return kafka_errors_status(error);
}

static enum status blame_part(struct kafka_client *client,
                              const rd_kafka_topic_partition_t *part, rd_kafka_resp_err_t error,
                              struct reason *why)
{
    char what[CLIENT_ERROR_BYTES];
    (void)snprintf(what, sizeof what, "asking for the offsets of %s [%d]", part->topic,
                   (int)part->partition);
    return kafka_client_blame(client, error, what, why);
}

static enum status first_failure(struct kafka_client *client,
                                 const rd_kafka_topic_partition_list_t *list,
                                 struct reason *why)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *part = &list->elems[i];
        if (part->err == RD_KAFKA_RESP_ERR_NO_ERROR && part->offset >= 0)
            continue;
        return blame_part(client, part,
                          part->err == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR__TIMED_OUT
                                                                  : part->err,
                          why);
    }
    return STATUS_OK;
}

enum status kafka_client_edges(struct kafka_client *client, enum kafka_edge edge,
                               rd_kafka_topic_partition_list_t *list, int patience_ms,
                               struct reason *why)
{
    for (int i = 0; i < list->cnt; i++) {
        list->elems[i].offset = edge;
        list->elems[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    const rd_kafka_resp_err_t error =
        rd_kafka_offsets_for_times(client->handle, list, patience_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && list->cnt == 1)
        return blame_part(client, &list->elems[0], error, why);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_client_blame(client, error, "asking for offsets", why);
    return first_failure(client, list, why);
}

enum status kafka_client_partitions(struct kafka_client *client, const char *topic,
                                    int patience_ms, int32_t *ret_count, struct reason *why)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client->handle, topic, NULL);
    if (handle == NULL) {
        reason_set(why, "\"%s\" cannot be the name of a topic", topic);
        return STATUS_REFUSED;
    }
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t error =
        rd_kafka_metadata(client->handle, 0, handle, &metadata, patience_ms);
    int32_t count = 0;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1) {
        error = metadata->topics[0].err;
        count = metadata->topics[0].partition_cnt;
    }
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        (error == RD_KAFKA_RESP_ERR_NO_ERROR && count == 0)) {
        reason_set(why, "topic %s does not exist on Kafka at %s", topic, client->brokers);
        return STATUS_MISSING;
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_client_blame(client, error, topic, why);
    *ret_count = count;
    return STATUS_OK;
}

int64_t kafka_client_number(const struct kafka_client *client, const char *property)
{
    char text[NUMBER_BYTES] = "";
    size_t size = sizeof text;
    CHECK(rd_kafka_conf_get(rd_kafka_conf(client->handle), property, text, &size) ==
          RD_KAFKA_CONF_OK);
    return strtoll(text, NULL, 10);
}

int64_t kafka_client_clock_ms(void)
{
    struct timespec now = { 0 };
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}
