/* kafka_feed.h - the alerts topic read back after a crash, as a feed_port. */
#pragma once

#include "flow/ports.h"
#include "kafka/kafka_conf.h"

struct kafka_feed;

/* Borrowed until the feed is open; the topic's name until it is closed. */
struct kafka_feed_options {
    struct kafka_options kafka;
    const char *alerts_topic;
};

/* NULL: the options are wrong, *why says which. Waits for no broker. */
struct kafka_feed *kafka_feed_open(const struct kafka_feed_options *options,
                                   struct reason *why);

/* Lives as long as the feed. */
struct feed_port kafka_feed_port(struct kafka_feed *feed);

/* Accepts NULL. */
void kafka_feed_close(struct kafka_feed *feed);
