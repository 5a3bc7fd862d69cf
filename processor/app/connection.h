/* connection.h - the options by which a verb finds Kafka and the schema registry.
 *
 * Each verb that talks to them takes the same options, and the same configuration
 * file as `run`; an option wins over the environment, that over the file.
 */
#pragma once

#include "app/options.h"
#include "app/settings.h"

struct connection_options {
    const char *config;
    const char *brokers;
    const char *registry;
    const char *schemas;
};

#define CONNECTION_CONFIG(o)                                                                   \
    OPTIONS_TEXT("config", 'c', "FILE", &(o)->config,                                          \
                 "The configuration of the processor; without it every setting has its "       \
                 "default.")
#define CONNECTION_BROKERS(o)                                                                  \
    OPTIONS_TEXT("brokers", 'b', "HOST:PORT", &(o)->brokers,                                   \
                 "Kafka's brokers, several separated by commas, instead of the setting "       \
                 "kafka.brokers.")
#define CONNECTION_REGISTRY(o)                                                                 \
    OPTIONS_TEXT("registry", 'r', "URL", &(o)->registry,                                       \
                 "Base address of the schema registry, instead of the setting "                \
                 "schemas.registry.url.")
#define CONNECTION_SCHEMAS(o)                                                                  \
    OPTIONS_TEXT("schemas", 0, "registry|files", &(o)->schemas,                                \
                 "registry: the schemas of the events are registered, and records carry the "  \
                 "ids that the registry gives. files: no registry is asked; orders have id "   \
                 "1, messages 2, shipments 3.")

/* The ids under which events are written where there is no registry. */
enum {
    CONNECTION_ID_ORDERS = 1,
    CONNECTION_ID_MESSAGES = 2,
    CONNECTION_ID_SHIPMENTS = 3,
    CONNECTION_ID_ALERTS = 4,
};

/* False: the mistakes were said on stderr, beginning with the verb. */
bool connection_settings(const struct connection_options *options, const char *verb,
                         struct settings *ret_settings);
