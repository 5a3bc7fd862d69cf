/* alert_stream.c - see alert_stream.h. */
#include "app/alert_stream.h"

#include "base/check.h"
#include "codec/alert_decode.h"
#include "codec/framing.h"
#include "kafka/kafka_reader.h"

#include <stdlib.h>

enum { PATIENCE_MS = 10000 };

struct alert_stream {
    struct adapters_kafka kafka;
    const char *topic;
    struct kafka_reader *reader;
};

enum status alert_stream_open(const struct alert_stream_options *options,
                              struct alert_stream **ret_stream, struct reason *why)
{
    struct alert_stream *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->topic = options->settings->kafka_topic_alerts;
    adapters_kafka_open(&s->kafka, options->settings, -1);
    const struct kafka_reader_options reader = { .kafka = s->kafka.options,
                                                 .topic = s->topic,
                                                 .from_end = options->from_end,
                                                 .follow = options->follow,
                                                 .patience_ms = PATIENCE_MS,
                                                 .stop = options->stop,
                                                 .waiting = options->waiting,
                                                 .self = options->self };
    const enum status opened = kafka_reader_open(&reader, &s->reader, why);
    if (opened == STATUS_OK) {
        *ret_stream = s;
        return STATUS_OK;
    }
    s->reader = NULL;
    alert_stream_close(s);
    return opened;
}

void alert_stream_close(struct alert_stream *s)
{
    if (s == NULL)
        return;
    kafka_reader_close(s->reader);
    adapters_kafka_close(&s->kafka);
    free(s);
}

enum status alert_stream_next(struct alert_stream *s, int patience_ms,
                              struct alert_change *ret_change, struct span *ret_body,
                              struct reason *why)
{
    struct kafka_reader_record record;
    struct framed framed;
    const enum status read = kafka_reader_read(s->reader, patience_ms, &record, why);
    if (read != STATUS_OK)
        return read;
    if (framing_split(record.value, &framed) == REJECT_NONE &&
        alert_decode_body(framed.body, ret_change)) {
        if (ret_body != NULL)
            *ret_body = framed.body;
        return STATUS_OK;
    }
    reason_set(why,
               "%s, partition %d, offset %lld: this is no alert change; who else writes "
               "to the topic?",
               s->topic, record.partition, (long long)record.offset);
    return STATUS_MALFORMED;
}

bool alert_stream_finished(const struct alert_stream *s)
{
    return kafka_reader_finished(s->reader);
}
