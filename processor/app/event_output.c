/* event_output.c - see event_output.h. */
#include "app/event_output.h"

#include "app/adapters.h"
#include "app/clock.h"
#include "app/event_ids.h"
#include "base/check.h"
#include "codec/event_encode.h"
#include "codec/event_json_write.h"
#include "codec/event_schema.h"
#include "kafka/kafka_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASK_AGAIN_MS = 250,
    FULL_WAIT_MS = 10,
    FLUSH_STEP_MS = 100,
    LINES_BYTES = 64 * 1024, /* of JSON that are written at once */
};

struct event_output {
    struct event_output_options options;
    struct reader_schema *schemas[TOPIC_COUNT];
    int32_t ids[TOPIC_COUNT];
    struct kafka_topic_names names;
    struct adapters_kafka kafka;
    bool kafka_open;
    struct kafka_writer *writer;
    struct buffer value; /* of one record, or lines that are not written yet */
};

/* ---- opening -------------------------------------------------------------------------- */

static enum status create_topics(const struct event_output *o, struct reason *why)
{
    struct kafka_topic topics[TOPIC_COUNT + 2];
    const char *names[] = { o->names.inputs[TOPIC_ORDERS], o->names.inputs[TOPIC_MESSAGES],
                            o->names.inputs[TOPIC_SHIPMENTS], o->names.alerts,
                            o->names.deadletter };
    const int32_t count = sizeof names / sizeof names[0];
    for (int32_t i = 0; i < count; i++)
        topics[i] = (struct kafka_topic){ .name = names[i],
                                          .partitions = o->options.partitions,
                                          .replication = -1 };
    return kafka_topics_create(&o->kafka.options, topics, count, why);
}

static enum status insist_on_topics(const struct event_output *o, struct reason *why)
{
    const int64_t deadline = clock_now().ms + o->options.settings->retry_start_ms;
    enum status s = create_topics(o, why);
    while (status_reaction(s) == REACTION_RETRY && clock_now().ms < deadline &&
           !*o->options.stop) {
        clock_sleep(ASK_AGAIN_MS);
        s = create_topics(o, why);
    }
    return s;
}

static enum status open_kafka(struct event_output *o, struct reason *why)
{
    o->names = adapters_topics(o->options.settings);
    adapters_kafka_open(&o->kafka, o->options.settings, -1);
    o->kafka_open = true;
    if (o->options.create_topics) {
        const enum status s = insist_on_topics(o, why);
        if (s != STATUS_OK)
            return s;
    }
    const enum status s = event_ids_find(o->options.settings, o->options.stop, o->ids, why);
    if (s != STATUS_OK)
        return s;
    o->writer = kafka_writer_open(&o->kafka.options, why);
    return o->writer == NULL ? STATUS_REFUSED : STATUS_OK;
}

struct event_output *event_output_open(const struct event_output_options *options,
                                       enum status *ret_status, struct reason *why)
{
    struct event_output *o = calloc(1, sizeof *o);
    CHECK(o != NULL);
    o->options = *options;
    for (unsigned t = 0; t < TOPIC_COUNT; t++)
        o->schemas[t] = event_schema_open((enum topic)t);
    *ret_status = options->json ? STATUS_OK : open_kafka(o, why);
    if (*ret_status == STATUS_OK)
        return o;
    event_output_close(o);
    return NULL;
}

void event_output_close(struct event_output *o)
{
    if (o == NULL)
        return;
    kafka_writer_close(o->writer);
    if (o->kafka_open)
        adapters_kafka_close(&o->kafka);
    for (unsigned t = 0; t < TOPIC_COUNT; t++)
        reader_schema_close(o->schemas[t]);
    buffer_free(&o->value);
    free(o);
}

const char *event_output_topic(const struct event_output *o, enum topic topic)
{
    return o->options.json ? topic_label(topic) : o->names.inputs[topic];
}

/* ---- sending -------------------------------------------------------------------------- */

static enum status write_lines(struct event_output *o, struct reason *why)
{
    const bool written = fwrite(o->value.at, 1, o->value.size, stdout) == o->value.size;
    buffer_clear(&o->value);
    if (written && fflush(stdout) == 0)
        return STATUS_OK;
    reason_set(why, "the standard output takes no more: %s", strerror(errno));
    return STATUS_REFUSED;
}

static enum status send_record(struct event_output *o, const struct event *event,
                               struct reason *why)
{
    const char *topic = o->names.inputs[event->topic];
    buffer_clear(&o->value);
    event_encode(o->schemas[event->topic], o->ids[event->topic], event, &o->value);
    const struct kafka_writer_record record = { .topic = topic,
                                                .partition = -1,
                                                .key = event->id_seller,
                                                .value = buffer_span(&o->value) };
    enum status s = kafka_writer_send(o->writer, &record, why);
    while (s == STATUS_FULL && !*o->options.stop) {
        kafka_writer_poll(o->writer, FULL_WAIT_MS);
        s = kafka_writer_send(o->writer, &record, why);
    }
    if (kafka_writer_counts(o->writer).failed > 0) /* it says what and why */
        s = kafka_writer_flush(o->writer, FLUSH_STEP_MS, why);
    return s == STATUS_FULL ? STATUS_PENDING : s;
}

enum status event_output_send(struct event_output *o, const struct event *event,
                              struct reason *why)
{
    CHECK(event->topic < TOPIC_COUNT);
    if (!o->options.json)
        return send_record(o, event, why);
    event_json_write(o->schemas[event->topic], event, &o->value);
    return o->value.size >= LINES_BYTES ? write_lines(o, why) : STATUS_OK;
}

void event_output_wait(struct event_output *o, int64_t ms)
{
    struct reason ignored;
    if (!o->options.json)
        kafka_writer_poll(o->writer, (int)ms);
    else {
        (void)write_lines(o, &ignored); /* a slow story shall be seen while it is told */
        clock_sleep(ms);
    }
}

enum status event_output_finish(struct event_output *o, struct reason *why)
{
    if (o->options.json)
        return write_lines(o, why);
    const int64_t deadline = clock_now().ms + o->options.settings->retry_start_ms;
    enum status s = kafka_writer_flush(o->writer, FLUSH_STEP_MS, why);
    while (s == STATUS_UNAVAILABLE && clock_now().ms < deadline && !*o->options.stop)
        s = kafka_writer_flush(o->writer, FLUSH_STEP_MS, why);
    return s;
}
