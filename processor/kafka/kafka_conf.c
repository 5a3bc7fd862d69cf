/* kafka_conf.c - see kafka_conf.h.
 *
 * DESIGN
 * ------
 * A configuration is written in three layers; a later one wins:
 *
 *      good defaults  ──▶  the user's properties  ──▶  what our promises rest on
 *
 * The user may not name a property of the last layer at all: a silent loss of
 * what they wrote would be worse than a refusal. Defaults that the linked
 * librdkafka is too old to know are left out; in the user's layer an unknown
 * name is a mistake.
 */
#include "kafka/kafka_conf.h"

#include "base/check.h"
#include "base/log.h"

#include <librdkafka/rdkafka.h>

#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES = 32, KBYTES_MAX = 2097151, SYSLOG_WARNING = 4 };

static const char client_id_default[] = "sellerwatch";

/* What nobody may set by hand, and what to do instead. */
static const struct {
    const char *name;
    const char *instead;
} owned_properties[] = {
    { "bootstrap.servers", "use kafka.brokers" },
    { "metadata.broker.list", "use kafka.brokers" },
    { "group.id", "use kafka.group" },
    { "group.instance.id", "use kafka.instance_id" },
    { "group.protocol", "remove it: shards need the range assignor" },
    { "auto.offset.reset", "use kafka.start" },
    { "enable.auto.commit", "remove it: offsets are saved with the state" },
    { "enable.auto.offset.store", "remove it: offsets are saved with the state" },
    { "partition.assignment.strategy", "remove it: shards need the range assignor" },
    { "enable.partition.eof", "remove it: ends of topics are asked from the broker" },
    { "enable.idempotence", "remove it: the producer is always idempotent" },
    { "transactional.id", "remove it: no Kafka transactions are used" },
    { "partitioner", "remove it: sellers are placed as Kafka's Java client does" },
};

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* ---- what the library has to say ------------------------------------------------ */

static void log_line(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const enum log_level as = level < SYSLOG_WARNING    ? LOG_WARN
                              : level == SYSLOG_WARNING ? LOG_INFO
                                                        : LOG_DEBUG;
    log_write(as, "kafka_client", "client=%s facility=%s text=\"%s\"",
              rk == NULL ? "none" : rd_kafka_name(rk), facility, text);
}

/* ---- one property ----------------------------------------------------------------- */

/* Left out if this librdkafka is too old to know it. */
static void prefer(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[REASON_BYTES];
    const rd_kafka_conf_res_t res = rd_kafka_conf_set(conf, name, value, text, sizeof text);
    CHECK(res != RD_KAFKA_CONF_INVALID);
}

static bool demand(rd_kafka_conf_t *conf, const char *name, const char *value,
                   struct reason *why)
{
    char text[REASON_BYTES];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) == RD_KAFKA_CONF_OK)
        return true;
    reason_set(why, "Kafka property %s: %s", name, text);
    return false;
}

/* The library's sentences repeat the value, which for these must not be seen. */
static bool may_be_secret(const char *name)
{
    static const char *const marks[] = { "password", "secret", "token", "pem",
                                         "key",      "jaas",   "oauth", "config" };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (strstr(name, marks[i]) != NULL)
            return true;
    }
    return false;
}

static bool is_ours(const char *name, struct reason *why)
{
    for (size_t i = 0; i < sizeof owned_properties / sizeof owned_properties[0]; i++) {
        if (strcmp(owned_properties[i].name, name) != 0)
            continue;
        reason_set(why, "kafka.properties: %s cannot be set here; %s", name,
                   owned_properties[i].instead);
        return true;
    }
    return false;
}

static bool set_users(rd_kafka_conf_t *conf, const struct kafka_property *p, struct reason *why)
{
    char text[REASON_BYTES];
    if (is_ours(p->name, why))
        return false;
    const rd_kafka_conf_res_t res =
        rd_kafka_conf_set(conf, p->name, p->value, text, sizeof text);
    if (res == RD_KAFKA_CONF_UNKNOWN)
        reason_set(why,
                   "kafka.properties: librdkafka %s does not know %s; look the name up in its "
                   "CONFIGURATION.md (Java clients have other names), or remove it",
                   rd_kafka_version_str(), p->name);
    else if (res != RD_KAFKA_CONF_OK && may_be_secret(p->name))
        reason_set(why, "kafka.properties: the value of %s is not accepted by librdkafka %s",
                   p->name, rd_kafka_version_str());
    else if (res != RD_KAFKA_CONF_OK)
        reason_set(why, "kafka.properties: %s: %s", p->name, text);
    return res == RD_KAFKA_CONF_OK;
}

/* ---- layers ------------------------------------------------------------------------- */

static void prefer_common(rd_kafka_conf_t *conf, const struct kafka_options *o)
{
    prefer(conf, "client.id", is_set(o->client_id) ? o->client_id : client_id_default);
    prefer(conf, "socket.nagle.disable", "true");
    prefer(conf, "socket.keepalive.enable", "true");
    prefer(conf, "log.connection.close", "false");
    prefer(conf, "enable.metrics.push", "false"); /* from 2.5 on; fails in 2.5.0 */
}

static void prefer_consumer(rd_kafka_conf_t *conf, const struct kafka_options *o)
{
    char text[TEXT_BYTES];
    const size_t bytes = o->queue_bytes == 0 ? KAFKA_CONF_QUEUE_BYTES : o->queue_bytes;
    const size_t kbytes = bytes / 1024 < 1            ? 1
                          : bytes / 1024 > KBYTES_MAX ? KBYTES_MAX
                                                      : bytes / 1024;
    snprintf(text, sizeof text, "%zu", kbytes);
    prefer(conf, "queued.max.messages.kbytes", text);
    snprintf(text, sizeof text, "%d", KAFKA_CONF_FETCH_WAIT_MS);
    prefer(conf, "fetch.wait.max.ms", text);
    snprintf(text, sizeof text, "%d", KAFKA_CONF_QUEUE_BACKOFF_MS);
    prefer(conf, "fetch.queue.backoff.ms", text); /* from 2.2 on */
    prefer(conf, "check.crcs", "true");
}

static void prefer_producer(rd_kafka_conf_t *conf)
{
    prefer(conf, "linger.ms", "2");
    prefer(conf, "compression.type", "lz4");
    prefer(conf, "acks", "all");
}

static bool set_all_users(rd_kafka_conf_t *conf, const struct kafka_options *o,
                          struct reason *why)
{
    CHECK(o->property_count == 0 || o->properties != NULL);
    for (int32_t i = 0; i < o->property_count; i++) {
        if (!set_users(conf, &o->properties[i], why))
            return false;
    }
    return true;
}

static bool demand_consumer(rd_kafka_conf_t *conf, const struct kafka_options *o,
                            struct reason *why)
{
    if (!is_set(o->group)) {
        reason_set(why, "no consumer group: set kafka.group");
        return false;
    }
    if (is_set(o->instance_id) && !demand(conf, "group.instance.id", o->instance_id, why))
        return false;
    return demand(conf, "group.id", o->group, why) &&
           demand(conf, "partition.assignment.strategy", "range", why) &&
           demand(conf, "enable.auto.commit", "false", why) &&
           demand(conf, "enable.auto.offset.store", "false", why) &&
           demand(conf, "enable.partition.eof", "false", why) &&
           demand(conf, "auto.offset.reset", "error", why);
}

static bool demand_producer(rd_kafka_conf_t *conf, struct reason *why)
{
    return demand(conf, "enable.idempotence", "true", why) &&
           demand(conf, "partitioner", "murmur2_random", why);
}

/* The user's layer may be empty, ours is not. */
static bool set_users_and_brokers(rd_kafka_conf_t *conf, const struct kafka_options *o,
                                  struct reason *why)
{
    if (!is_set(o->brokers)) {
        reason_set(why, "no Kafka brokers to ask: set kafka.brokers to host:port");
        return false;
    }
    return set_all_users(conf, o, why) && demand(conf, "bootstrap.servers", o->brokers, why);
}

static rd_kafka_conf_t *begin(const struct kafka_options *o)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, log_line);
    prefer_common(conf, o);
    return conf;
}

static rd_kafka_conf_t *finish(rd_kafka_conf_t *conf, bool good)
{
    if (good)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

rd_kafka_conf_t *kafka_conf_common(const struct kafka_options *o, struct reason *why)
{
    rd_kafka_conf_t *conf = begin(o);
    return finish(conf, set_users_and_brokers(conf, o, why));
}

rd_kafka_conf_t *kafka_conf_consumer(const struct kafka_options *o, struct reason *why)
{
    rd_kafka_conf_t *conf = begin(o);
    prefer_consumer(conf, o);
    return finish(conf, set_users_and_brokers(conf, o, why) && demand_consumer(conf, o, why));
}

rd_kafka_conf_t *kafka_conf_producer(const struct kafka_options *o, struct reason *why)
{
    rd_kafka_conf_t *conf = begin(o);
    prefer_producer(conf);
    return finish(conf, set_users_and_brokers(conf, o, why) && demand_producer(conf, why));
}

/* ---- clients -------------------------------------------------------------------------- */

static rd_kafka_t *open_client(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct reason *why)
{
    char text[REASON_BYTES];
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof text);
    if (rk == NULL) {
        reason_set(why, "cannot make a Kafka client: %s; check kafka.properties", text);
        rd_kafka_conf_destroy(conf);
    }
    return rk;
}

rd_kafka_t *kafka_conf_open_consumer(rd_kafka_conf_t *conf, struct reason *why)
{
    return open_client(RD_KAFKA_CONSUMER, conf, why);
}

rd_kafka_t *kafka_conf_open_producer(rd_kafka_conf_t *conf, struct reason *why)
{
    return open_client(RD_KAFKA_PRODUCER, conf, why);
}
