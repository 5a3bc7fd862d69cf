/* kafka_sink.c - see kafka_sink.h.
 *
 * DESIGN
 * ------
 * A ring of the records that are not acknowledged yet, oldest first; each keeps a
 * copy of its bytes, in a buffer that is used again and again:
 *
 *      [ delivered ][ in flight ][ in flight ][ to send ]
 *        ^ head: handed out by poll            ^ next to produce
 *
 * The producer is idempotent and never gives up by itself (message.timeout.ms 0),
 * so a record fails only when the client is beyond repair. Then the client is
 * opened anew and everything that is not acknowledged is produced again, in order.
 * A record that was in the topic already then stands there twice, with one id.
 */
#include "kafka/kafka_sink.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/log.h"
#include "kafka/kafka_client.h"

#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 32, METADATA_MS = 2000 };

enum slot_state { SLOT_TO_SEND, SLOT_IN_FLIGHT, SLOT_DELIVERED };

struct slot {
    enum slot_state state;
    enum outgoing_kind kind;
    int32_t shard;
    uint64_t cookie;
    int64_t offset;
    struct buffer bytes; /* key, value, then each header's name and value */
    size_t key_size;
    size_t value_size;
    bool has_key;
    bool has_value;
    int32_t header_count;
    size_t header_sizes[HEADERS_MAX][2];
};

struct kafka_sink {
    struct kafka_client client; /* first: the callbacks' opaque */
    struct kafka_sink_options options;
    bool client_open;
    int32_t alert_partitions; /* 0: not known yet */
    struct slot *ring;
    uint64_t head; /* number of the oldest record; in slot number mod queue_records */
    uint64_t tail; /* number of the next record */
    uint64_t next; /* number of the next record to produce */
    bool failed;   /* a record before `next` is to be sent again */
};

static struct slot *slot_of(const struct kafka_sink *sink, uint64_t number)
{
    return &sink->ring[number % (uint64_t)sink->options.queue_records];
}

/* ---- the client ------------------------------------------------------------------------ */

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    struct kafka_sink *sink = opaque;
    struct slot *slot = message->_private;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        slot->state = SLOT_DELIVERED;
        slot->offset = message->offset;
        return;
    }
    slot->state = SLOT_TO_SEND;
    sink->failed = true;
    if (message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
        message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        log_write(LOG_WARN, "record_not_delivered", "why=\"%s\"",
                  rd_kafka_err2str(message->err));
}

static bool open_client(struct kafka_sink *sink, struct reason *why)
{
    const struct kafka_callbacks callbacks = { .delivery = on_delivery, .opaque = sink };
    if (kafka_client_open(&sink->client, &sink->options.kafka, KAFKA_SINK, &callbacks, why) !=
        STATUS_OK)
        return false;
    sink->client_open = true;
    return true;
}

/* Everything that is not acknowledged is to be produced again. */
static void begin_again(struct kafka_sink *sink)
{
    for (uint64_t n = sink->head; n < sink->tail; n++) {
        if (slot_of(sink, n)->state == SLOT_IN_FLIGHT)
            slot_of(sink, n)->state = SLOT_TO_SEND;
    }
    sink->next = sink->head;
}

static void reopen(struct kafka_sink *sink)
{
    log_write(LOG_WARN, "producer_reopened", "unacknowledged=%d",
              (int)(sink->tail - sink->head));
    rd_kafka_purge(sink->client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(sink->client.handle, 0);
    kafka_client_close(&sink->client);
    sink->client_open = false;
    begin_again(sink);
    struct reason why = { 0 };
    CHECK(open_client(sink, &why)); /* the options were right the first time */
}

struct kafka_sink *kafka_sink_open(const struct kafka_sink_options *options,
                                   struct reason *why)
{
    CHECK(options->queue_records > 0);
    struct kafka_sink *sink = calloc(1, sizeof *sink);
    CHECK(sink != NULL);
    sink->options = *options;
    sink->ring = calloc((size_t)options->queue_records, sizeof *sink->ring);
    CHECK(sink->ring != NULL);
    if (!open_client(sink, why))
        goto fail;

    /* The first record to a topic of which nothing is known can take a second. */
    struct reason ignored = { 0 };
    int32_t partitions = 0;
    kafka_client_partitions(&sink->client, options->alerts_topic, METADATA_MS,
                            &sink->alert_partitions, &ignored);
    kafka_client_partitions(&sink->client, options->deadletter_topic, METADATA_MS, &partitions,
                            &ignored);
    return sink;

fail:
    kafka_sink_close(sink);
    return NULL;
}

void kafka_sink_close(struct kafka_sink *sink)
{
    if (sink == NULL)
        return;
    if (sink->client_open) {
        rd_kafka_purge(sink->client.handle,
                       RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_poll(sink->client.handle, 0);
        kafka_client_close(&sink->client);
    }
    for (int32_t i = 0; i < sink->options.queue_records; i++)
        buffer_free(&sink->ring[i].bytes);
    free(sink->ring);
    free(sink);
}

/* ---- keeping ------------------------------------------------------------------------------ */

static void keep(struct slot *slot, const struct outgoing *record)
{
    CHECK(record->header_count >= 0 && record->header_count <= HEADERS_MAX);
    slot->state = SLOT_TO_SEND;
    slot->kind = record->kind;
    slot->shard = record->shard;
    slot->cookie = record->cookie;
    slot->offset = -1;
    slot->has_key = record->key.at != NULL;
    slot->has_value = record->value.at != NULL;
    slot->key_size = record->key.size;
    slot->value_size = record->value.size;
    slot->header_count = record->header_count;
    buffer_clear(&slot->bytes);
    buffer_add(&slot->bytes, record->key);
    buffer_add(&slot->bytes, record->value);
    for (int32_t i = 0; i < record->header_count; i++) {
        const struct outgoing_header *h = &record->headers[i];
        slot->header_sizes[i][0] = strlen(h->name);
        slot->header_sizes[i][1] = h->value.size;
        buffer_add(&slot->bytes, span_of(h->name, slot->header_sizes[i][0]));
        buffer_add(&slot->bytes, h->value);
    }
    buffer_add_u8(&slot->bytes, 0); /* so that there are bytes to point at */
}

static rd_kafka_headers_t *headers_of(const struct slot *slot)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)slot->header_count);
    CHECK(headers != NULL);
    const uint8_t *at = slot->bytes.at + slot->key_size + slot->value_size;
    for (int32_t i = 0; i < slot->header_count; i++) {
        const char *name = (const char *)at;
        const uint8_t *value = at + slot->header_sizes[i][0];
        CHECK(rd_kafka_header_add(headers, name, (ssize_t)slot->header_sizes[i][0], value,
                                  (ssize_t)slot->header_sizes[i][1]) ==
              RD_KAFKA_RESP_ERR_NO_ERROR);
        at = value + slot->header_sizes[i][1];
    }
    return headers;
}

/* ---- producing ------------------------------------------------------------------------------- */

static rd_kafka_resp_err_t produce(struct kafka_sink *sink, struct slot *slot)
{
    const bool alert = slot->kind == OUTGOING_ALERT;
    const char *topic = alert ? sink->options.alerts_topic : sink->options.deadletter_topic;
    const int32_t partition =
        alert ? slot->shard % sink->alert_partitions : RD_KAFKA_PARTITION_UA;
    void *key = slot->has_key ? slot->bytes.at : NULL;
    void *value = slot->has_value ? slot->bytes.at + slot->key_size : NULL;
    rd_kafka_headers_t *headers = headers_of(slot);
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        sink->client.handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_KEY(key, slot->key_size), RD_KAFKA_V_VALUE(value, slot->value_size),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(slot), RD_KAFKA_V_MSGFLAGS(0),
        RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_headers_destroy(headers);
    return error;
}

static bool knows_partitions(struct kafka_sink *sink, struct reason *why)
{
    if (sink->alert_partitions > 0)
        return true;
    return kafka_client_partitions(&sink->client, sink->options.alerts_topic, METADATA_MS,
                                   &sink->alert_partitions, why) == STATUS_OK;
}

/* Produces what is to be sent, in order, as far as the client has room. */
static void pump(struct kafka_sink *sink)
{
    rd_kafka_poll(sink->client.handle, 0);
    if (sink->client.fatal || rd_kafka_fatal_error(sink->client.handle, NULL, 0) != 0)
        reopen(sink);
    struct reason why = { 0 };
    if (sink->next < sink->tail && !knows_partitions(sink, &why))
        return;
    while (sink->next < sink->tail) {
        struct slot *slot = slot_of(sink, sink->next);
        if (slot->state == SLOT_TO_SEND) {
            /* The state is set first: the report may come from another thread's poll. */
            slot->state = SLOT_IN_FLIGHT;
            const rd_kafka_resp_err_t error = produce(sink, slot);
            if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
                slot->state = SLOT_TO_SEND;
                if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                    log_write(LOG_WARN, "record_not_produced", "why=\"%s\"",
                              rd_kafka_err2str(error));
                return;
            }
        }
        sink->next += 1;
    }
}

/* ---- the port ---------------------------------------------------------------------------------- */

static enum status sink_send(void *self, const struct outgoing *record, struct reason *why)
{
    struct kafka_sink *sink = self;
    pump(sink);
    if (sink->tail - sink->head == (uint64_t)sink->options.queue_records) {
        reason_set(why, "%d records wait to be acknowledged by Kafka",
                   (int)sink->options.queue_records);
        return STATUS_FULL;
    }
    keep(slot_of(sink, sink->tail), record);
    sink->tail += 1;
    pump(sink);
    return STATUS_OK;
}

/* A record that failed by itself is sent again, before those behind it. */
static void step_back(struct kafka_sink *sink)
{
    if (!sink->failed)
        return;
    sink->failed = false;
    for (uint64_t n = sink->head; n < sink->next; n++) {
        if (slot_of(sink, n)->state == SLOT_TO_SEND) {
            sink->next = n;
            return;
        }
    }
}

static int32_t sink_poll(void *self, struct delivery *ret_deliveries, int32_t max)
{
    struct kafka_sink *sink = self;
    CHECK(max > 0);
    pump(sink);
    int32_t count = 0;
    while (count < max && sink->head < sink->next) {
        const struct slot *slot = slot_of(sink, sink->head);
        if (slot->state != SLOT_DELIVERED)
            break;
        ret_deliveries[count++] = (struct delivery){ .kind = slot->kind,
                                                     .shard = slot->shard,
                                                     .cookie = slot->cookie,
                                                     .offset = slot->offset };
        sink->head += 1;
    }
    step_back(sink);
    return count;
}

static bool all_delivered(const struct kafka_sink *sink)
{
    for (uint64_t n = sink->head; n < sink->tail; n++) {
        if (slot_of(sink, n)->state != SLOT_DELIVERED)
            return false;
    }
    return true;
}

static enum status sink_flush(void *self, int patience_ms)
{
    struct kafka_sink *sink = self;
    const int64_t deadline = kafka_client_clock_ms() + patience_ms;
    pump(sink);
    while (!all_delivered(sink)) {
        const int64_t left = deadline - kafka_client_clock_ms();
        if (left <= 0)
            return STATUS_UNAVAILABLE;
        rd_kafka_flush(sink->client.handle, left < 100 ? (int)left : 100);
        step_back(sink);
        pump(sink);
    }
    return STATUS_OK;
}

struct sink_port kafka_sink_port(struct kafka_sink *sink)
{
    return (struct sink_port){
        .self = sink, .send = sink_send, .poll = sink_poll, .flush = sink_flush
    };
}
