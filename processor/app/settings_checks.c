/* settings_checks.c - what two settings must not say together, and what one must not say
 * though its type and range are right.
 *
 * A mistake is told at the place of the setting named first, if the file gives it.
 */
#include "app/settings_checks.h"

#include "app/settings_table.h"
#include "base/check.h"
#include "redis/redis_link.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct settings_place place_of(const struct settings_reading *r, const char *path)
{
    const struct yaml_node *node = settings_reading_find(r, path);
    if (node != NULL)
        return settings_reading_at(r, node);
    return (struct settings_place){ r->file, 0, 0 };
}

/* "host:port" with a port from 1 to 65535; the host may be an [IPv6] address. */
static bool is_address(struct span text)
{
    const char *const begin = (const char *)text.at;
    size_t digits = 0;
    long port = 0;
    while (digits < text.size && isdigit(text.at[text.size - 1 - digits]))
        digits++;
    const size_t host = text.size - digits;
    if (digits == 0 || digits > 5 || host < 2 || begin[host - 1] != ':' ||
        memchr(begin, ' ', text.size) != NULL)
        return false;
    for (size_t i = host; i < text.size; i++)
        port = port * 10 + (begin[i] - '0');
    return port >= 1 && port <= 65535;
}

static struct span without_blanks_around(struct span text)
{
    while (text.size > 0 && text.at[0] == ' ')
        text = span_of(text.at + 1, text.size - 1);
    while (text.size > 0 && text.at[text.size - 1] == ' ')
        text.size--;
    return text;
}

/* A list such as librdkafka takes it: with commas, and blanks that mean nothing. */
static void check_brokers(const struct settings_reading *r)
{
    const char *at = r->settings->kafka_brokers;
    for (bool last = false; !last;) {
        const size_t size = strcspn(at, ",");
        const struct span broker = without_blanks_around(span_of(at, size));
        if (!is_address(broker))
            settings_problems_add(r->problems, place_of(r, "kafka.brokers"),
                                  "kafka.brokers: \"%.*s\" is not host:port; write such as "
                                  "127.0.0.1:9092",
                                  (int)broker.size, (const char *)broker.at);
        last = at[size] == '\0';
        at += size + 1;
    }
}

static void check_readable(const struct settings_reading *r, const char *path, const char *file)
{
    if (file[0] != '\0' && access(file, R_OK) != 0)
        settings_problems_add(r->problems, place_of(r, path), "%s: %s cannot be read: %s", path,
                              file, strerror(errno));
}

static void check_redis_tls(const struct settings_reading *r)
{
    const struct settings *s = r->settings;
    if (!s->redis_tls)
        return;
    if (s->redis_socket[0] != '\0')
        settings_problems_add(r->problems, place_of(r, "redis.tls"),
                              "redis.tls: a Unix socket speaks no TLS; remove redis.socket or "
                              "redis.tls");
    if (!redis_link_has_tls())
        settings_problems_add(r->problems, place_of(r, "redis.tls"),
                              "redis.tls: this program was built with a hiredis that has no "
                              "TLS; use a build with hiredis 1.0 or later, or a local tunnel");
    check_readable(r, "redis.tls_ca_file", s->redis_tls_ca_file);
    check_readable(r, "redis.tls_certificate_file", s->redis_tls_certificate_file);
    check_readable(r, "redis.tls_key_file", s->redis_tls_key_file);
}

static void check_addresses(const struct settings_reading *r)
{
    const struct settings *s = r->settings;
    if (s->redis_socket[0] == '\0' && !is_address(span_of_text(s->redis_address)))
        settings_problems_add(r->problems, place_of(r, "redis.address"),
                              "redis.address: \"%s\" is not host:port; write such as "
                              "127.0.0.1:6379, or give redis.socket",
                              s->redis_address);
    if (strpbrk(s->redis_prefix, "{}: ") != NULL)
        settings_problems_add(r->problems, place_of(r, "redis.prefix"),
                              "redis.prefix: braces, colons and blanks have a meaning in keys; "
                              "write letters and digits");
}

bool settings_checks_url(const char *text)
{
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

static void check_schemas(const struct settings_reading *r)
{
    const struct settings *s = r->settings;
    const char *url = s->schemas_registry_url;
    if (s->schemas_source == SCHEMAS_FROM_FILES && s->schema_file_count == 0)
        settings_problems_add(r->problems, place_of(r, "schemas.source"),
                              "schemas.source is files, but schemas.files names none; write "
                              "ID: FILE.avsc for each schema");
    if (s->schemas_source != SCHEMAS_FROM_REGISTRY)
        return;
    if (!settings_checks_url(url))
        settings_problems_add(r->problems, place_of(r, "schemas.registry.url"),
                              "schemas.registry.url: \"%s\" is no address; write http://... or "
                              "https://...",
                              url);
    if (strchr(url, '@') != NULL)
        settings_problems_add(r->problems, place_of(r, "schemas.registry.url"),
                              "schemas.registry.url holds a user or password; use "
                              "schemas.registry.user and .password");
    check_readable(r, "schemas.registry.ca_file", s->schemas_registry_ca_file);
}

/* What Kafka itself allows; how long a name may be, settings.def says. */
static bool is_topic_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    return name[strspn(name, allowed)] == '\0' && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static void check_topics(const struct settings_reading *r)
{
    const struct settings *s = r->settings;
    const char *const topics[] = { s->kafka_topic_orders, s->kafka_topic_messages,
                                   s->kafka_topic_shipments, s->kafka_topic_alerts,
                                   s->kafka_topic_deadletter };
    static const char *const paths[] = { "kafka.topics.orders", "kafka.topics.messages",
                                         "kafka.topics.shipments", "kafka.topics.alerts",
                                         "kafka.topics.deadletter" };
    for (int i = 0; i < 5; i++) {
        if (!is_topic_name(topics[i]))
            settings_problems_add(r->problems, place_of(r, paths[i]),
                                  "%s: \"%s\" is no name of a topic; write 1 to 249 letters, "
                                  "digits, dots, underscores and hyphens, but not . or ..",
                                  paths[i], topics[i]);
        for (int k = 0; k < i; k++) {
            if (strcmp(topics[i], topics[k]) == 0)
                settings_problems_add(r->problems, place_of(r, paths[i]),
                                      "%s and %s are both \"%s\"; give each its own topic",
                                      paths[i], paths[k], topics[i]);
        }
    }
}

static bool is_ip_address(const char *text)
{
    struct in6_addr any;
    return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

/* A name other than localhost would make the answer depend on who is asked. */
static void check_http(const struct settings_reading *r)
{
    const struct settings *s = r->settings;
    if (!s->http_enabled || is_ip_address(s->http_address) ||
        strcmp(s->http_address, "localhost") == 0)
        return;
    settings_problems_add(r->problems, place_of(r, "http.address"),
                          "http.address: \"%s\" is no IP address; write 127.0.0.1, or 0.0.0.0 "
                          "for all addresses of this machine",
                          s->http_address);
}

static void check_order(const struct settings_reading *r, const char *longer, int64_t longer_ms,
                        const char *shorter, int64_t shorter_ms)
{
    if (longer_ms >= shorter_ms)
        return;
    settings_problems_add(r->problems, place_of(r, longer),
                          "%s is shorter than %s; make it at least as long", longer, shorter);
}

static void check_times(const struct settings_reading *r)
{
    const struct settings *s = r->settings;
    check_order(r, "commit.catching_up", s->commit_catching_up_ms, "commit.interval",
                s->commit_interval_ms);
    check_order(r, "retry.longest", s->retry_longest_ms, "retry.first", s->retry_first_ms);
    check_order(r, "abandon_after", s->abandon_after_ms, "max_lateness", s->max_lateness_ms);
    check_order(r, "max_lateness", s->max_lateness_ms, "max_delay", s->max_delay_ms);
}

void settings_checks_run(const struct settings_reading *r)
{
    CHECK(r->settings != NULL);
    check_brokers(r);
    check_addresses(r);
    check_redis_tls(r);
    check_schemas(r);
    check_topics(r);
    check_times(r);
    check_http(r);
}
