/* kafka_sink.c - sends until delivered, in order, whatever becomes of the client.
 *
 * DESIGN
 * ------
 * The client is an idempotent producer. It tries for ever to deliver a dead letter,
 * and half a session of the consumer group to deliver an alert, also if this process
 * stands still meanwhile (message.timeout.ms): so usually a record is handed to it
 * once and acknowledged once. The copy it sends from is the one in the backlog
 * (kafka_backlog.h); librdkafka makes none.
 *
 *      send ──▶ backlog: pending ──hand over──▶ client ──▶ brokers
 *      poll ◀── backlog: done ◀──acknowledged────┘  │
 *                        pending ◀──failed──────────┘  then: recovery
 *
 * Recovery, after a fatal error of the client (librdkafka 2.0.2 has some that are
 * nobody's fault) or a record that it gave up (time over, no right to write, topic gone):
 *
 *   1. hand nothing over any more, and take back what the client has not sent, so
 *      that nothing overtakes what failed
 *   2. wait until the client has said of each of its records what became of it,
 *      at most DRAIN_MS
 *   3. after a pause of RETRY_MS from the failure, end the client, give all alerts up
 *      that are pending, open a new client and hand over the dead letters again
 *
 * The count of alert partitions is asked once, at start: should the topic grow
 * while we run, shards still go where kafka_feed looks for them.
 */
#include "kafka/kafka_sink.h"

#include "base/check.h"
#include "base/log.h"
#include "base/reader.h"
#include "kafka/kafka_backlog.h"
#include "kafka/kafka_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPEN_PATIENCE_MS = 2000,
    ASK_PATIENCE_MS = 500,
    ASK_AGAIN_MS = 1000,
    RETRY_MS = 500,
    DRAIN_MS = 10000,
    QUIET_MS = 3000, /* so long nothing may be acknowledged before we speak of trouble */
    FLUSH_STEP_MS = 20,
    NUMBER_BYTES = 32,
    RECORD_OVERHEAD_BYTES = 64,
    HEADER_OVERHEAD_BYTES = 10,
};

struct kafka_sink {
    struct kafka_client client; /* first: callbacks get its address */
    struct kafka_sink_options options;
    rd_kafka_topic_t *topics[2]; /* owned; by enum outgoing_kind */
    struct kafka_backlog backlog;
    int32_t alert_partitions; /* 0: not known yet */
    size_t record_bytes_max;  /* message.max.bytes */
    int32_t give_up_ms;       /* see sink_port */
    int64_t asked_ms;         /* when that was asked last */
    bool failed;              /* recovery is under way */
    int64_t failed_ms;        /* since when */
    int64_t moved_ms;    /* when something was acknowledged, or sent with nothing before it */
    struct reason cause; /* of the last failure, while nothing was acknowledged since */
};

/* ---- the client ------------------------------------------------------------------ */

static void begin_recovery(struct kafka_sink *sink, const char *topic, const char *cause)
{
    if (sink->failed)
        return;
    sink->failed = true;
    sink->failed_ms = kafka_client_clock_ms();
    reason_set(&sink->cause, "%s%s%s", topic, topic[0] == '\0' ? "" : ": ", cause);
    (void)rd_kafka_purge(sink->client.handle, RD_KAFKA_PURGE_F_QUEUE);
    log_write(LOG_WARN, "kafka_sink_recovers", "pending=%d cause=\"%s\"",
              (int)sink->backlog.handed_count, sink->cause.text);
}

static const char *topic_name(const struct kafka_sink *sink, size_t kind)
{
    return kind == OUTGOING_ALERT ? sink->options.alerts_topic : sink->options.deadletter_topic;
}

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    struct kafka_sink *sink = opaque;
    struct kafka_slot *slot = message->_private;
    CHECK(slot != NULL);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_backlog_acknowledge(&sink->backlog, slot, message->offset);
        sink->moved_ms = kafka_client_clock_ms();
        sink->cause.text[0] = '\0';
        return;
    }
    kafka_backlog_failed(&sink->backlog, slot);
    begin_recovery(sink, topic_name(sink, slot->delivery.kind), rd_kafka_err2str(message->err));
}

static void close_client(struct kafka_sink *sink)
{
    for (size_t i = 0; i < sizeof sink->topics / sizeof sink->topics[0]; i++) {
        if (sink->topics[i] != NULL)
            rd_kafka_topic_destroy(sink->topics[i]);
        sink->topics[i] = NULL;
    }
    kafka_client_close(&sink->client);
}

/* NULL: its name is impossible. */
static rd_kafka_topic_t *open_topic(const struct kafka_sink *sink, size_t kind)
{
    if (kind != OUTGOING_ALERT)
        return rd_kafka_topic_new(sink->client.handle, topic_name(sink, kind), NULL);
    char text[NUMBER_BYTES];
    (void)snprintf(text, sizeof text, "%d", (int)sink->give_up_ms);
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(sink->client.handle);
    CHECK(rd_kafka_topic_conf_set(conf, "message.timeout.ms", text, NULL, 0) ==
          RD_KAFKA_CONF_OK);
    return rd_kafka_topic_new(sink->client.handle, topic_name(sink, kind), conf);
}

static enum status open_client(struct kafka_sink *sink, struct reason *why)
{
    const struct kafka_callbacks callbacks = { .delivery = on_delivery, .opaque = sink };
    const enum status s =
        kafka_client_open(&sink->client, &sink->options.kafka, KAFKA_SINK, &callbacks, why);
    if (s != STATUS_OK)
        return s;
    sink->record_bytes_max = (size_t)kafka_client_number(&sink->client, "message.max.bytes");
    sink->give_up_ms = (int32_t)kafka_client_number(&sink->client, "session.timeout.ms") / 2;
    for (size_t i = 0; i < sizeof sink->topics / sizeof sink->topics[0]; i++) {
        sink->topics[i] = open_topic(sink, i);
        if (sink->topics[i] == NULL) {
            reason_set(why, "\"%s\" cannot be the name of a topic", topic_name(sink, i));
            close_client(sink);
            return STATUS_REFUSED;
        }
    }
    return STATUS_OK;
}

/* Asking for both topics also spares their first record a wait of up to a second. */
static enum status ask_topics(struct kafka_sink *sink, int patience_ms, struct reason *why)
{
    int32_t alerts = 0;
    int32_t letters = 0;
    sink->asked_ms = kafka_client_clock_ms();
    enum status s = kafka_client_partitions(&sink->client, sink->options.alerts_topic,
                                            patience_ms, &alerts, why);
    if (s == STATUS_OK)
        s = kafka_client_partitions(&sink->client, sink->options.deadletter_topic, patience_ms,
                                    &letters, why);
    if (s == STATUS_OK)
        sink->alert_partitions = alerts;
    return s;
}

static void partitions_unknown(const struct kafka_sink *sink, struct reason *why)
{
    reason_set(why, "Kafka at %s has not said how many partitions topic %s has",
               sink->options.kafka.brokers, sink->options.alerts_topic);
}

static enum status insist_on_topics(struct kafka_sink *sink, struct reason *why)
{
    if (sink->alert_partitions > 0)
        return STATUS_OK;
    if (kafka_client_clock_ms() - sink->asked_ms >= ASK_AGAIN_MS && sink->client.handle != NULL)
        return ask_topics(sink, ASK_PATIENCE_MS, why);
    partitions_unknown(sink, why);
    return STATUS_UNAVAILABLE;
}

struct kafka_sink *kafka_sink_open(const struct kafka_sink_options *options, struct reason *why)
{
    struct kafka_sink *sink = calloc(1, sizeof *sink);
    CHECK(sink != NULL);
    sink->options = *options;
    kafka_backlog_open(&sink->backlog, options->queue_records);
    if (open_client(sink, why) != STATUS_OK)
        goto fail;
    const enum status s = ask_topics(sink, OPEN_PATIENCE_MS, why);
    if (s != STATUS_OK && s != STATUS_UNAVAILABLE)
        goto fail;
    return sink;

fail:
    kafka_sink_close(sink);
    return NULL;
}

void kafka_sink_close(struct kafka_sink *sink)
{
    if (sink == NULL)
        return;
    close_client(sink);
    kafka_backlog_close(&sink->backlog); /* the client sends from it: close that first */
    free(sink);
}

/* ---- handing over ------------------------------------------------------------------ */

static rd_kafka_headers_t *headers_of(const struct kafka_slot *slot)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)slot->header_count);
    struct reader r = reader_of(kafka_backlog_headers(slot));
    for (int32_t i = 0; i < slot->header_count; i++) {
        const struct span name = reader_string(&r);
        const struct span value = reader_string(&r);
        CHECK(!r.broken);
        CHECK(rd_kafka_header_add(headers, (const char *)name.at, (ssize_t)name.size, value.at,
                                  (ssize_t)value.size) == RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    return headers;
}

static int32_t partition_of(const struct kafka_sink *sink, const struct delivery *d)
{
    if (d->kind == OUTGOING_DEAD_LETTER)
        return RD_KAFKA_PARTITION_UA;
    CHECK(sink->alert_partitions > 0);
    return d->shard % sink->alert_partitions;
}

/* The vtypes stand bare: their macros are an extension that clang warns of. */
static rd_kafka_resp_err_t produce(struct kafka_sink *sink, struct kafka_slot *slot)
{
    const struct span key = kafka_backlog_key(slot);
    const struct span value = kafka_backlog_value(slot);
    const int32_t partition = partition_of(sink, &slot->delivery);
    rd_kafka_headers_t *headers = headers_of(slot);
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        sink->client.handle, RD_KAFKA_VTYPE_RKT, sink->topics[slot->delivery.kind],
        RD_KAFKA_VTYPE_PARTITION, partition, RD_KAFKA_VTYPE_MSGFLAGS, 0, RD_KAFKA_VTYPE_KEY,
        (const void *)key.at, key.size, RD_KAFKA_VTYPE_VALUE, (const void *)value.at,
        value.size, RD_KAFKA_VTYPE_HEADERS, headers, RD_KAFKA_VTYPE_OPAQUE, (void *)slot,
        RD_KAFKA_VTYPE_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_headers_destroy(headers);
    return error;
}

/* All that is unsent, oldest first, as far as the client takes it. */
static void hand_over(struct kafka_sink *sink)
{
    while (!sink->failed && sink->backlog.unsent != NULL) {
        const rd_kafka_resp_err_t error = produce(sink, sink->backlog.unsent);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            kafka_backlog_handed(&sink->backlog);
            continue;
        }
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            begin_recovery(sink, topic_name(sink, sink->backlog.unsent->delivery.kind),
                           rd_kafka_err2str(error));
        return;
    }
}

/* As librdkafka counts it, or a little more: one that it refuses would block the others. */
static bool fits(const struct kafka_sink *sink, const struct outgoing *record)
{
    size_t size = RECORD_OVERHEAD_BYTES + record->key.size + record->value.size;
    for (int32_t i = 0; i < record->header_count; i++)
        size += HEADER_OVERHEAD_BYTES + strlen(record->headers[i].name) +
                record->headers[i].value.size;
    return size <= sink->record_bytes_max;
}

static enum status send_record(void *self, const struct outgoing *record, struct reason *why)
{
    struct kafka_sink *sink = self;
    CHECK(record->shard >= 0 && record->header_count >= 0);
    const enum status s = insist_on_topics(sink, why);
    if (s != STATUS_OK)
        return s;
    if (!fits(sink, record)) {
        reason_set(why, "a record of %zu bytes is larger than message.max.bytes=%zu allows",
                   record->key.size + record->value.size, sink->record_bytes_max);
        return STATUS_REFUSED;
    }
    if (kafka_backlog_full(&sink->backlog)) {
        reason_set(why, "%d records wait for Kafka at %s to acknowledge them",
                   (int)sink->options.queue_records, sink->options.kafka.brokers);
        return STATUS_FULL;
    }
    if (sink->backlog.pending.first == NULL && sink->cause.text[0] == '\0')
        sink->moved_ms = kafka_client_clock_ms();
    (void)kafka_backlog_add(&sink->backlog, record);
    hand_over(sink);
    return STATUS_OK;
}

/* ---- recovering and collecting -------------------------------------------------------- */

static void open_again(struct kafka_sink *sink)
{
    struct reason why = { "" };
    close_client(sink);
    kafka_backlog_rewind(&sink->backlog);
    kafka_backlog_give_up(&sink->backlog, OUTGOING_ALERT);
    sink->failed = true;
    sink->failed_ms = kafka_client_clock_ms();
    if (open_client(sink, &why) == STATUS_OK)
        sink->failed = false;
    else
        log_write(LOG_ERROR, "kafka_sink_not_opened", "why=\"%s\"", why.text);
}

/* One turn: hears the client, then does what is due. */
static void turn(struct kafka_sink *sink, int patience_ms)
{
    if (sink->client.handle != NULL)
        (void)rd_kafka_poll(sink->client.handle, patience_ms);
    if (sink->client.fatal)
        begin_recovery(sink, "", sink->client.trouble.text);
    if (sink->failed) {
        const int64_t waited = kafka_client_clock_ms() - sink->failed_ms;
        const bool drained = sink->backlog.handed_count == 0;
        if (waited >= (drained ? RETRY_MS : DRAIN_MS))
            open_again(sink);
    }
    hand_over(sink);
}

static int32_t poll_deliveries(void *self, struct delivery *ret_deliveries, int32_t max)
{
    struct kafka_sink *sink = self;
    CHECK(max >= 0);
    turn(sink, 0);
    return kafka_backlog_take(&sink->backlog, ret_deliveries, max);
}

static enum status flush(void *self, int patience_ms)
{
    struct kafka_sink *sink = self;
    const int64_t deadline = kafka_client_clock_ms() + patience_ms;
    turn(sink, 0);
    while (sink->backlog.pending.first != NULL) {
        if (kafka_client_clock_ms() >= deadline)
            return STATUS_UNAVAILABLE;
        turn(sink, FLUSH_STEP_MS);
    }
    return STATUS_OK;
}

static void give_up(void *self)
{
    struct kafka_sink *sink = self;
    turn(sink, 0); /* what was acknowledged meanwhile is not given up */
    if (kafka_backlog_awaits(&sink->backlog, OUTGOING_ALERT))
        open_again(sink);
}

static bool troubled(void *self, struct reason *why)
{
    const struct kafka_sink *sink = self;
    if (sink->alert_partitions == 0) {
        partitions_unknown(sink, why);
        return true;
    }
    const struct kafka_slot *oldest = sink->backlog.pending.first;
    const int64_t now = kafka_client_clock_ms();
    const int64_t waited_ms = now - sink->moved_ms;
    /* What was given up comes again soon, or was delivered. */
    const bool gave_up = sink->cause.text[0] != '\0' && now - sink->failed_ms < QUIET_MS;
    if ((oldest == NULL && !gave_up) || waited_ms < QUIET_MS)
        return false;
    reason_set(why, "Kafka at %s has acknowledged nothing of topic %s for %lld s%s%s",
               sink->options.kafka.brokers,
               topic_name(sink, oldest == NULL ? OUTGOING_ALERT : oldest->delivery.kind),
               (long long)(waited_ms / SECOND_MS), sink->cause.text[0] == '\0' ? "" : ": ",
               sink->cause.text);
    return true;
}

struct sink_port kafka_sink_port(struct kafka_sink *sink)
{
    CHECK(sink != NULL);
    return (struct sink_port){ .self = sink,
                               .give_up_ms = sink->give_up_ms,
                               .send = send_record,
                               .poll = poll_deliveries,
                               .flush = flush,
                               .give_up = give_up,
                               .troubled = troubled };
}
