/* adapters.h - the settings in the words of each adapter.
 *
 * Adapters know nothing of settings; here is the one place that translates.
 * Everything that is returned borrows from the settings.
 */
#pragma once

#include "app/settings.h"
#include "codec/alert_pairs.h"
#include "http/registry_client.h"
#include "kafka/kafka_conf.h"
#include "kafka/kafka_topics.h"
#include "redis/redis_link.h"

/* Kafka options of one client, with the strings that are made for it. */
struct adapters_kafka {
    struct kafka_options options;
    struct kafka_property *properties; /* owned */
    struct buffer instance;            /* NUL-terminated */
};

/* `worker` is its number, or -1 for a client that is no member of the group. */
void adapters_kafka_open(struct adapters_kafka *k, const struct settings *s, int32_t worker);

void adapters_kafka_close(struct adapters_kafka *k);

struct kafka_topic_names adapters_topics(const struct settings *s);

/* host:port is taken apart into `host`, which the caller keeps. */
struct redis_options adapters_redis(const struct settings *s, char *host, size_t host_size);

/* Links or labels of the alert records. */
struct alert_pairs adapters_alert_pairs(const struct settings_pairs *pairs);

struct registry_client_options adapters_registry(const struct settings *s);
