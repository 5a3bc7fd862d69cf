/* kafka_conf.h - how our Kafka clients are set up.
 *
 * Whoever names a property in kafka.properties gets it, in every client it
 * applies to, but for those that our promises rest on (kafka_conf.def): naming
 * one of these is a mistake that is said at start. Values are never shown:
 * passwords are among them.
 */
#pragma once

#include "base/reason.h"
#include "base/units.h"

/* librdkafka's own name: users of the adapters need not see its header. */
struct rd_kafka_conf_s;

struct kafka_property {
    const char *name;
    const char *value;
};

/* Borrowed texts; they must live until the client is open. */
struct kafka_options {
    const char *brokers;     /* host:port, several separated by commas */
    const char *group;       /* needed by KAFKA_MEMBER only */
    const char *instance_id; /* unique in the group, stable over restarts; NULL: dynamic */
    const char *client_id;   /* NULL: "sellerwatch" */
    bool lease;              /* a member asks the group whether it still belongs to it */
    const struct kafka_property *properties;
    int32_t property_count;
};

/* What a client is for. */
enum kafka_role {
    KAFKA_MEMBER, /* belongs to the group, asks for ends; fetches nothing */
    KAFKA_READER, /* fetches the inputs */
    KAFKA_TAIL,   /* reads a partition to its end, record by record */
    KAFKA_SINK,   /* publishes what must not be lost */
    KAFKA_WRITER, /* writes test data fast */
    KAFKA_ROLE_COUNT
};

/* NULL: *why says which property is wrong and why. The caller hands it to a
 * client or destroys it. */
struct rd_kafka_conf_s *kafka_conf_new(const struct kafka_options *options,
                                       enum kafka_role role, struct reason *why);

/* Would every client accept these options? For checking a configuration. */
bool kafka_conf_check(const struct kafka_options *options, struct reason *why);
