/* kafka_sink.c - a lane for alerts and one for dead letters.
 *
 * DESIGN
 * ------
 * Two producers (kafka_lane.h), so that a topic that takes nothing does not hold the
 * other one up. Alerts are given up in time, because others may own their shard then;
 * dead letters are sent until they are there.
 *
 * The count of alert partitions is asked once, at start: should the topic grow
 * while we run, shards still go where kafka_feed looks for them.
 */
#include "kafka/kafka_sink.h"

#include "base/check.h"
#include "kafka/kafka_lane.h"

#include <stdlib.h>

enum {
    OPEN_PATIENCE_MS = 2000,
    ASK_PATIENCE_MS = 500,
    ASK_AGAIN_MS = 1000,
    FLUSH_STEP_MS = 20,
    LANES = 2,
};

struct kafka_sink {
    struct kafka_sink_options options;
    struct kafka_lane lanes[LANES]; /* by enum outgoing_kind */
    int32_t alert_partitions;       /* 0: not known yet */
    int64_t asked_ms;               /* when that was asked last */
};

/* ---- opening ----------------------------------------------------------------------- */

/* Asking for both topics also spares their first record a wait of up to a second. */
static enum status ask_topics(struct kafka_sink *sink, int patience_ms, struct reason *why)
{
    int32_t counts[LANES] = { 0 };
    enum status s = STATUS_OK;
    sink->asked_ms = kafka_client_clock_ms();
    for (int i = 0; i < LANES && s == STATUS_OK; i++)
        s = kafka_client_partitions(&sink->lanes[i].client, sink->lanes[i].options.topic,
                                    patience_ms, &counts[i], why);
    if (s == STATUS_OK)
        sink->alert_partitions = counts[OUTGOING_ALERT];
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
    if (kafka_client_clock_ms() - sink->asked_ms >= ASK_AGAIN_MS)
        return ask_topics(sink, ASK_PATIENCE_MS, why);
    partitions_unknown(sink, why);
    return STATUS_UNAVAILABLE;
}

static enum status open_lanes(struct kafka_sink *sink, struct reason *why)
{
    const struct kafka_sink_options *o = &sink->options;
    const struct kafka_lane_options alerts = { .kafka = &o->kafka,
                                               .topic = o->alerts_topic,
                                               .queue_records = o->queue_records,
                                               .gives_up = true,
                                               .settle_ms = o->settle_ms };
    const struct kafka_lane_options letters = { .kafka = &o->kafka,
                                                .topic = o->deadletter_topic,
                                                .queue_records = o->queue_records };
    const enum status s = kafka_lane_open(&sink->lanes[OUTGOING_ALERT], &alerts, why);
    if (s != STATUS_OK)
        return s;
    return kafka_lane_open(&sink->lanes[OUTGOING_DEAD_LETTER], &letters, why);
}

struct kafka_sink *kafka_sink_open(const struct kafka_sink_options *options, struct reason *why)
{
    struct kafka_sink *sink = calloc(1, sizeof *sink);
    CHECK(sink != NULL);
    sink->options = *options;
    if (open_lanes(sink, why) != STATUS_OK)
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
    for (int i = 0; i < LANES; i++)
        kafka_lane_close(&sink->lanes[i]);
    free(sink);
}

/* ---- the port ---------------------------------------------------------------------- */

static enum status send_record(void *self, const struct outgoing *record, struct reason *why)
{
    struct kafka_sink *sink = self;
    CHECK(record->shard >= 0 && record->header_count >= 0);
    const enum status s = insist_on_topics(sink, why);
    if (s != STATUS_OK)
        return s;
    const int32_t partition = record->kind == OUTGOING_ALERT
                                  ? record->shard % sink->alert_partitions
                                  : RD_KAFKA_PARTITION_UA;
    return kafka_lane_send(&sink->lanes[record->kind], record, partition, why);
}

static int32_t poll_deliveries(void *self, struct delivery *ret_deliveries, int32_t max)
{
    struct kafka_sink *sink = self;
    int32_t count = 0;
    CHECK(max >= 0);
    for (int i = 0; i < LANES; i++) {
        kafka_lane_turn(&sink->lanes[i], 0);
        count += kafka_lane_take(&sink->lanes[i], ret_deliveries + count, max - count);
    }
    return count;
}

static enum status flush(void *self, enum outgoing_kind kind, int patience_ms)
{
    struct kafka_sink *sink = self;
    struct kafka_lane *lane = &sink->lanes[kind];
    const int64_t deadline = kafka_client_clock_ms() + patience_ms;
    kafka_lane_turn(lane, 0);
    while (!kafka_lane_is_settled(lane)) {
        if (kafka_client_clock_ms() >= deadline)
            return STATUS_UNAVAILABLE;
        kafka_lane_turn(lane, FLUSH_STEP_MS);
    }
    return STATUS_OK;
}

static void give_up(void *self)
{
    struct kafka_sink *sink = self;
    kafka_lane_give_up(&sink->lanes[OUTGOING_ALERT]);
}

static bool troubled(void *self, struct reason *why)
{
    const struct kafka_sink *sink = self;
    if (sink->alert_partitions == 0) {
        partitions_unknown(sink, why);
        return true;
    }
    for (int i = 0; i < LANES; i++) {
        if (kafka_lane_troubled(&sink->lanes[i], why))
            return true;
    }
    return false;
}

struct sink_port kafka_sink_port(struct kafka_sink *sink)
{
    CHECK(sink != NULL);
    return (struct sink_port){ .self = sink,
                               .give_up_ms = sink->lanes[OUTGOING_ALERT].give_up_ms,
                               .settle_ms = sink->lanes[OUTGOING_ALERT].options.settle_ms,
                               .send = send_record,
                               .poll = poll_deliveries,
                               .flush = flush,
                               .give_up = give_up,
                               .troubled = troubled };
}
