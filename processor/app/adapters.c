/* adapters.c - see adapters.h. */
#include "app/adapters.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void adapters_kafka_open(struct adapters_kafka *k, const struct settings *s, int32_t worker)
{
    *k = (struct adapters_kafka){ 0 };
    const int32_t count = s->kafka_properties.count;
    k->properties = calloc((size_t)(count > 0 ? count : 1), sizeof *k->properties);
    CHECK(k->properties != NULL);
    for (int32_t i = 0; i < count; i++)
        k->properties[i] = (struct kafka_property){ .name = s->kafka_properties.at[i].name,
                                                    .value = s->kafka_properties.at[i].value };
    if (worker >= 0) {
        settings_instance_id(s, &k->instance);
        buffer_printf(&k->instance, "-%d", worker);
    }
    buffer_add_u8(&k->instance, 0);
    k->options = (struct kafka_options){ .brokers = s->kafka_brokers,
                                         .group = s->kafka_group,
                                         .instance_id = (const char *)k->instance.at,
                                         .lease = s->kafka_lease,
                                         .properties = k->properties,
                                         .property_count = count };
}

void adapters_kafka_close(struct adapters_kafka *k)
{
    buffer_free(&k->instance);
    free(k->properties);
    k->properties = NULL;
}

struct kafka_topic_names adapters_topics(const struct settings *s)
{
    return (
        struct kafka_topic_names){ .inputs = { [TOPIC_ORDERS] = s->kafka_topic_orders,
                                               [TOPIC_MESSAGES] = s->kafka_topic_messages,
                                               [TOPIC_SHIPMENTS] = s->kafka_topic_shipments },
                                   .alerts = s->kafka_topic_alerts,
                                   .deadletter = s->kafka_topic_deadletter };
}

struct redis_options adapters_redis(const struct settings *s, char *host, size_t host_size)
{
    struct redis_options o = redis_link_default_options();
    CHECK(host_size > 0);
    snprintf(host, host_size, "%s", s->redis_address);
    char *colon = strrchr(host, ':');
    if (colon != NULL) {
        *colon = '\0';
        o.port = (int)strtol(colon + 1, NULL, 10);
    }
    o.host = host;
    o.prefix = s->redis_prefix;
    o.unix_path = s->redis_socket;
    o.user = s->redis_user;
    o.password = s->redis_password;
    o.database = (int)s->redis_database;
    o.tls = s->redis_tls;
    o.tls_ca_file = s->redis_tls_ca_file;
    o.tls_cert_file = s->redis_tls_certificate_file;
    o.tls_key_file = s->redis_tls_key_file;
    o.tls_server_name = host;
    o.timeout_ms = (int)s->redis_timeout_ms;
    o.connect_timeout_ms = (int)s->redis_timeout_ms;
    o.backoff_first_ms = (int)s->retry_first_ms;
    o.backoff_last_ms = (int)s->retry_longest_ms;
    return o;
}

struct alert_pairs adapters_alert_pairs(const struct settings_pairs *pairs)
{
    struct alert_pairs those = { .count = pairs->count };
    CHECK(pairs->count <= ALERT_PAIRS_MAX);
    for (int32_t i = 0; i < pairs->count; i++)
        those.at[i] = (struct alert_pair){ pairs->at[i].name, pairs->at[i].value };
    return those;
}

struct registry_client_options adapters_registry(const struct settings *s)
{
    return (struct registry_client_options){
        .http = { .url = s->schemas_registry_url,
                  .user = s->schemas_registry_user,
                  .password = s->schemas_registry_password,
                  .ca_file = s->schemas_registry_ca_file,
                  .timeout_ms = (int)s->schemas_registry_timeout_ms },
        .retry_first_ms = (int)s->retry_first_ms,
        .retry_last_ms = (int)s->retry_longest_ms,
    };
}
