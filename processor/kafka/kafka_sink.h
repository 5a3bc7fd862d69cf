/* kafka_sink.h - publishes alerts and dead letters to Kafka, as a sink_port. */
#pragma once

#include "flow/ports.h"
#include "kafka/kafka_conf.h"

struct kafka_sink;

/* Everything is borrowed until the sink is closed: it may have to open another client. */
struct kafka_sink_options {
    struct kafka_options kafka;
    const char *alerts_topic;
    const char *deadletter_topic;
    int32_t
        queue_records; /* of a topic: most that are sent and not yet handed back by `poll` */
    int32_t settle_ms; /* so long readers may not see what a broker has (kafka_lane.h) */
};

/* NULL: the options are wrong or a topic does not exist, *why says which. Brokers
 * that are silent now are no reason to fail: `send` asks again. */
struct kafka_sink *kafka_sink_open(const struct kafka_sink_options *options,
                                   struct reason *why);

/* Lives as long as the sink. Besides what the port promises, `send` is UNAVAILABLE
 * while nobody has told how many partitions the alerts topic has, and REFUSED for a
 * record larger than message.max.bytes. */
struct sink_port kafka_sink_port(struct kafka_sink *sink);

/* Accepts NULL. Waits for nothing: flush first what must arrive. */
void kafka_sink_close(struct kafka_sink *sink);
