/* kafka_lane.c - see kafka_lane.h. */
#include "kafka/kafka_lane.h"

#include "base/check.h"
#include "base/log.h"
#include "base/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RETRY_MS = 500,
    DRAIN_MS = 10000,
    QUIET_MS = 3000, /* so long nothing may be acknowledged before we speak of trouble */
    VOLLEY_RECORDS = 1000,
    NUMBER_BYTES = 32,
    RECORD_OVERHEAD_BYTES = 64,
    HEADER_OVERHEAD_BYTES = 10,
};

/* ---- the client ------------------------------------------------------------------ */

static void begin_recovery(struct kafka_lane *lane, const char *cause)
{
    if (lane->failed)
        return;
    lane->failed = true;
    lane->failed_ms = kafka_client_clock_ms();
    reason_set(&lane->cause, "%s: %s", lane->options.topic, cause);
    (void)rd_kafka_purge(lane->client.handle, RD_KAFKA_PURGE_F_QUEUE);
    log_write(LOG_WARN, "kafka_lane_recovers", "topic=%s pending=%d cause=\"%s\"",
              lane->options.topic, (int)lane->backlog.handed_count, cause);
}

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    struct kafka_lane *lane = opaque;
    struct kafka_slot *slot = message->_private;
    CHECK(slot != NULL);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_backlog_acknowledge(&lane->backlog, slot, message->offset);
        lane->moved_ms = kafka_client_clock_ms();
        lane->cause.text[0] = '\0';
        return;
    }
    kafka_backlog_failed(&lane->backlog, slot);
    lane->doubtful |= rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    begin_recovery(lane, rd_kafka_err2str(message->err));
}

static void close_client(struct kafka_lane *lane)
{
    if (lane->topic != NULL)
        rd_kafka_topic_destroy(lane->topic);
    lane->topic = NULL;
    kafka_client_close(&lane->client);
}

/* NULL: its name is impossible. */
static rd_kafka_topic_t *open_topic(const struct kafka_lane *lane)
{
    char text[NUMBER_BYTES];
    (void)snprintf(text, sizeof text, "%d", (int)lane->give_up_ms);
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(lane->client.handle);
    CHECK(rd_kafka_topic_conf_set(conf, "message.timeout.ms", text, NULL, 0) ==
          RD_KAFKA_CONF_OK);
    return rd_kafka_topic_new(lane->client.handle, lane->options.topic, conf);
}

static enum status open_client(struct kafka_lane *lane, struct reason *why)
{
    const struct kafka_callbacks callbacks = { .delivery = on_delivery, .opaque = lane };
    const enum status s =
        kafka_client_open(&lane->client, lane->options.kafka, KAFKA_SINK, &callbacks, why);
    if (s != STATUS_OK)
        return s;
    lane->record_bytes_max = (size_t)kafka_client_number(&lane->client, "message.max.bytes");
    const int64_t session_ms = kafka_client_number(&lane->client, "session.timeout.ms");
    lane->give_up_ms = lane->options.gives_up ? (int32_t)session_ms / 2 : 0;
    lane->topic = open_topic(lane);
    if (lane->topic != NULL)
        return STATUS_OK;
    reason_set(why, "\"%s\" cannot be the name of a topic", lane->options.topic);
    close_client(lane);
    return STATUS_REFUSED;
}

enum status kafka_lane_open(struct kafka_lane *lane, const struct kafka_lane_options *options,
                            struct reason *why)
{
    *lane = (struct kafka_lane){ .options = *options };
    kafka_backlog_open(&lane->backlog, options->queue_records);
    return open_client(lane, why);
}

void kafka_lane_close(struct kafka_lane *lane)
{
    close_client(lane);
    free(lane->volleys);
    kafka_backlog_close(&lane->backlog); /* the client sends from it: close that first */
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

/* The vtypes stand bare: their macros are an extension that clang warns of. */
static rd_kafka_resp_err_t produce(struct kafka_lane *lane, struct kafka_slot *slot)
{
    const struct span key = kafka_backlog_key(slot);
    const struct span value = kafka_backlog_value(slot);
    rd_kafka_headers_t *headers = headers_of(slot);
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        lane->client.handle, RD_KAFKA_VTYPE_RKT, lane->topic, RD_KAFKA_VTYPE_PARTITION,
        slot->partition, RD_KAFKA_VTYPE_MSGFLAGS, 0, RD_KAFKA_VTYPE_KEY, (const void *)key.at,
        key.size, RD_KAFKA_VTYPE_VALUE, (const void *)value.at, value.size,
        RD_KAFKA_VTYPE_HEADERS, headers, RD_KAFKA_VTYPE_OPAQUE, (void *)slot,
        RD_KAFKA_VTYPE_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_headers_destroy(headers);
    return error;
}

/* All that is unsent, oldest first, as far as the client takes it. */
static void hand_over(struct kafka_lane *lane)
{
    while (!lane->failed && !lane->doubtful && lane->backlog.unsent != NULL) {
        const rd_kafka_resp_err_t error = produce(lane, lane->backlog.unsent);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            kafka_backlog_handed(&lane->backlog);
            continue;
        }
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            begin_recovery(lane, rd_kafka_err2str(error));
        return;
    }
}

/* As librdkafka counts it, or a little more: one that it refuses would block the others. */
static bool fits(const struct kafka_lane *lane, const struct outgoing *record)
{
    size_t size = RECORD_OVERHEAD_BYTES + record->key.size + record->value.size;
    for (int32_t i = 0; i < record->header_count; i++)
        size += HEADER_OVERHEAD_BYTES + strlen(record->headers[i].name) +
                record->headers[i].value.size;
    return size <= lane->record_bytes_max;
}

/* ---- volleys ------------------------------------------------------------------------- */

static struct kafka_volley *volley_of(struct kafka_lane *lane, int32_t partition)
{
    CHECK(partition >= 0);
    if (partition >= lane->volley_count) {
        const size_t count = (size_t)partition + 1;
        lane->volleys = realloc(lane->volleys, count * sizeof *lane->volleys);
        CHECK(lane->volleys != NULL);
        for (; lane->volley_count <= partition; lane->volley_count++)
            lane->volleys[lane->volley_count] = (struct kafka_volley){ 0 };
    }
    return &lane->volleys[partition];
}

static bool joins_volley(struct kafka_lane *lane, int32_t partition)
{
    const struct kafka_volley *v = volley_of(lane, partition);
    return !v->under_way && v->sent < VOLLEY_RECORDS;
}

static void end_volleys(struct kafka_lane *lane)
{
    for (int32_t i = 0; i < lane->volley_count; i++)
        lane->volleys[i] = (struct kafka_volley){ 0 };
    for (const struct kafka_slot *slot = lane->backlog.pending.first; slot != NULL;
         slot = slot->next)
        volley_of(lane, slot->partition)->under_way = true;
}

enum status kafka_lane_send(struct kafka_lane *lane, const struct outgoing *record,
                            int32_t partition, struct reason *why)
{
    if (!fits(lane, record)) {
        reason_set(why, "a record of %zu bytes is larger than message.max.bytes=%zu allows",
                   record->key.size + record->value.size, lane->record_bytes_max);
        return STATUS_REFUSED;
    }
    if (lane->options.gives_up && !joins_volley(lane, partition)) {
        reason_set(why, "topic %s, partition %d: the records before it are not acknowledged",
                   lane->options.topic, (int)partition);
        return STATUS_FULL;
    }
    if (kafka_backlog_full(&lane->backlog)) {
        reason_set(why, "%d records wait for Kafka at %s to acknowledge them",
                   (int)lane->options.queue_records, lane->options.kafka->brokers);
        return STATUS_FULL;
    }
    if (lane->backlog.pending.first == NULL && lane->cause.text[0] == '\0')
        lane->moved_ms = kafka_client_clock_ms();
    if (lane->options.gives_up)
        volley_of(lane, partition)->sent += 1;
    kafka_backlog_add(&lane->backlog, record)->partition = partition;
    hand_over(lane);
    return STATUS_OK;
}

/* ---- recovering and collecting ------------------------------------------------------- */

static void give_up_pending(struct kafka_lane *lane)
{
    kafka_backlog_give_up(&lane->backlog);
    lane->doubtful = false;
}

/* Whoever is not heard of any more may be with a broker. */
static void open_again(struct kafka_lane *lane)
{
    struct reason why = { "" };
    lane->doubtful |= lane->backlog.handed_count > 0;
    close_client(lane);
    kafka_backlog_rewind(&lane->backlog);
    lane->failed = true;
    lane->failed_ms = kafka_client_clock_ms();
    lane->settled_ms = lane->failed_ms + lane->options.settle_ms;
    if (!lane->options.gives_up)
        lane->doubtful = false;
    else if (!lane->doubtful || lane->options.settle_ms == 0)
        give_up_pending(lane);
    if (open_client(lane, &why) == STATUS_OK)
        lane->failed = false;
    else
        log_write(LOG_ERROR, "kafka_lane_not_opened", "topic=%s why=\"%s\"",
                  lane->options.topic, why.text);
}

void kafka_lane_turn(struct kafka_lane *lane, int patience_ms)
{
    if (lane->client.handle != NULL)
        (void)rd_kafka_poll(lane->client.handle, patience_ms);
    if (lane->client.fatal)
        begin_recovery(lane, lane->client.trouble.text);
    const int64_t now = kafka_client_clock_ms();
    if (lane->failed) {
        const bool drained = lane->backlog.handed_count == 0;
        if (now - lane->failed_ms >= (drained ? RETRY_MS : DRAIN_MS))
            open_again(lane);
    } else if (lane->doubtful && now >= lane->settled_ms) {
        give_up_pending(lane);
    }
    hand_over(lane);
    if (lane->options.gives_up)
        end_volleys(lane);
}

bool kafka_lane_is_settled(const struct kafka_lane *lane)
{
    return lane->backlog.pending.first == NULL;
}

int32_t kafka_lane_take(struct kafka_lane *lane, struct delivery *ret_deliveries, int32_t max)
{
    CHECK(max >= 0);
    return kafka_backlog_take(&lane->backlog, ret_deliveries, max);
}

void kafka_lane_give_up(struct kafka_lane *lane)
{
    CHECK(lane->options.gives_up);
    kafka_lane_turn(lane, 0); /* what was acknowledged meanwhile is not given up */
    if (!kafka_lane_is_settled(lane) && !lane->doubtful)
        open_again(lane);
}

bool kafka_lane_troubled(const struct kafka_lane *lane, struct reason *why)
{
    const int64_t now = kafka_client_clock_ms();
    const int64_t waited_ms = now - lane->moved_ms;
    /* What was given up comes again soon, or was delivered. */
    const bool gave_up = lane->cause.text[0] != '\0' && now - lane->failed_ms < QUIET_MS;
    if ((kafka_lane_is_settled(lane) && !gave_up) || waited_ms < QUIET_MS)
        return false;
    reason_set(why, "Kafka at %s has acknowledged nothing of topic %s for %lld s%s%s",
               lane->options.kafka->brokers, lane->options.topic,
               (long long)(waited_ms / SECOND_MS), lane->cause.text[0] == '\0' ? "" : ": ",
               lane->cause.text);
    return true;
}
