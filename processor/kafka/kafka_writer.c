/* kafka_writer.c - see kafka_writer.h.
 *
 * A handle per topic is kept, because looking a topic up by its name for every
 * record costs more than the rest of the call.
 */
#include "kafka/kafka_writer.h"

#include "base/check.h"
#include "kafka/kafka_client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WRITER_TOPICS_MAX = 16, POLL_EVERY_RECORDS = 256 };

struct kafka_writer {
    struct kafka_client client; /* first: callbacks get its address */
    rd_kafka_topic_t *topics[WRITER_TOPICS_MAX];
    int32_t topic_count;
    struct kafka_writer_counts counts;
    rd_kafka_resp_err_t last_failure;
};

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    struct kafka_writer *writer = opaque;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        writer->counts.delivered += 1;
        return;
    }
    writer->counts.failed += 1;
    writer->last_failure = message->err;
}

struct kafka_writer *kafka_writer_open(const struct kafka_options *options, struct reason *why)
{
    struct kafka_writer *writer = calloc(1, sizeof *writer);
    CHECK(writer != NULL);
    const struct kafka_callbacks callbacks = { .delivery = on_delivery, .opaque = writer };
    if (kafka_client_open(&writer->client, options, KAFKA_WRITER, &callbacks, why) == STATUS_OK)
        return writer;
    kafka_writer_close(writer);
    return NULL;
}

void kafka_writer_close(struct kafka_writer *writer)
{
    if (writer == NULL)
        return;
    for (int32_t i = 0; i < writer->topic_count; i++)
        rd_kafka_topic_destroy(writer->topics[i]);
    kafka_client_close(&writer->client);
    free(writer);
}

static rd_kafka_topic_t *find_topic(struct kafka_writer *writer, const char *name)
{
    for (int32_t i = 0; i < writer->topic_count; i++)
        if (strcmp(rd_kafka_topic_name(writer->topics[i]), name) == 0)
            return writer->topics[i];
    CHECK(writer->topic_count < WRITER_TOPICS_MAX);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(writer->client.handle, name, NULL);
    if (topic != NULL)
        writer->topics[writer->topic_count++] = topic;
    return topic;
}

/* The vtypes stand bare: their macros are an extension that clang warns of. */
static rd_kafka_resp_err_t produce(struct kafka_writer *writer, rd_kafka_topic_t *topic,
                                   const struct kafka_writer_record *r)
{
    return rd_kafka_producev(
        writer->client.handle, RD_KAFKA_VTYPE_RKT, topic, RD_KAFKA_VTYPE_PARTITION,
        r->partition, RD_KAFKA_VTYPE_MSGFLAGS, RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_KEY,
        (const void *)r->key.at, r->key.size, RD_KAFKA_VTYPE_VALUE, (const void *)r->value.at,
        r->value.size, RD_KAFKA_VTYPE_TIMESTAMP, r->timestamp_ms, RD_KAFKA_VTYPE_END);
}

enum status kafka_writer_send(struct kafka_writer *writer,
                              const struct kafka_writer_record *record, struct reason *why)
{
    CHECK(record->partition >= -1 && record->timestamp_ms >= 0);
    rd_kafka_topic_t *topic = find_topic(writer, record->topic);
    if (topic == NULL) {
        reason_set(why, "\"%s\" cannot be the name of a topic", record->topic);
        return STATUS_REFUSED;
    }
    if (writer->counts.sent % POLL_EVERY_RECORDS == 0)
        (void)rd_kafka_poll(writer->client.handle, 0);
    const rd_kafka_resp_err_t error = produce(writer, topic, record);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        writer->counts.sent += 1;
        return STATUS_OK;
    }
    const enum status s = kafka_client_blame(&writer->client, error, record->topic, why);
    return error == RD_KAFKA_RESP_ERR__QUEUE_FULL ? STATUS_FULL : s;
}

void kafka_writer_poll(struct kafka_writer *writer, int wait_ms)
{
    const int64_t deadline = kafka_client_clock_ms() + wait_ms;
    int64_t left = wait_ms;
    do {
        (void)rd_kafka_poll(writer->client.handle, (int)left);
        left = deadline - kafka_client_clock_ms();
    } while (left > 0);
}

enum status kafka_writer_flush(struct kafka_writer *writer, int patience_ms, struct reason *why)
{
    (void)rd_kafka_flush(writer->client.handle, patience_ms);
    const struct kafka_writer_counts *c = &writer->counts;
    CHECK(c->delivered + c->failed <= c->sent);
    if (c->delivered + c->failed < c->sent)
        return kafka_client_blame(&writer->client, RD_KAFKA_RESP_ERR__TIMED_OUT,
                                  "waiting for the last records", why);
    if (c->failed == 0)
        return STATUS_OK;
    reason_set(why, "%" PRId64 " of %" PRId64 " records were not delivered to Kafka at %s: %s",
               c->failed, c->sent, writer->client.brokers,
               rd_kafka_err2str(writer->last_failure));
    return STATUS_REFUSED;
}

struct kafka_writer_counts kafka_writer_counts(const struct kafka_writer *writer)
{
    return writer->counts;
}
