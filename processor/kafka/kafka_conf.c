/* kafka_conf.c - librdkafka's properties: presets, then the user's, then ours.
 *
 * DESIGN
 * ------
 * Properties are set in three passes, the later winning:
 *
 *      PRESET rows of kafka_conf.def  <  kafka.properties  <  OURS and FORCED rows
 *
 * A user's property goes to every client: librdkafka ignores what does not
 * concern a client, so TLS and SASL are written once. What is unknown to this
 * librdkafka is an error for the user and a matter of version for a row.
 */
#include "kafka/kafka_conf.h"

#include "base/check.h"
#include "base/log.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

enum { CONF_ERROR_BYTES = 256 };

/* Which clients a row concerns; bit set over enum kafka_role. */
enum {
    CONF_NONE = 0,
    CONF_MEMBER = 1 << KAFKA_MEMBER,
    CONF_READER = 1 << KAFKA_READER,
    CONF_TAIL = 1 << KAFKA_TAIL,
    CONF_SINK = 1 << KAFKA_SINK,
    CONF_WRITER = 1 << KAFKA_WRITER,
    CONF_EVERY = (1 << KAFKA_ROLE_COUNT) - 1,
};

enum conf_rule { CONF_PRESET, CONF_OURS, CONF_FORCED };

struct conf_row {
    unsigned roles;
    const char *name;
    const char *value;
    enum conf_rule rule;
    int since;
    const char *because;
};

static const struct conf_row rows[] = {
/* The clients of a row are written without their prefix. */
#define NONE CONF_NONE
#define MEMBER CONF_MEMBER
#define READER CONF_READER
#define TAIL CONF_TAIL
#define SINK CONF_SINK
#define WRITER CONF_WRITER
#define EVERY CONF_EVERY
#define PROPERTY(roles, name, value, rule, since, because)                                     \
    { (unsigned)(roles), name, value, CONF_##rule, since, because },
#include "kafka/kafka_conf.def"
#undef PROPERTY
#undef NONE
#undef MEMBER
#undef READER
#undef TAIL
#undef SINK
#undef WRITER
#undef EVERY
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* syslog's levels, as librdkafka counts them. */
static enum log_level level_of(int level, const char *facility)
{
    enum { CRITICAL = 2, WARNING = 4, INFO = 6 };
    /* "A producer property on a consumer": set on purpose. "Not supported by broker": a
     * cluster in memory never creates what we only read. */
    if (strcmp(facility, "CONFWARN") == 0 || strcmp(facility, "AUTOCREATE") == 0)
        return LOG_DEBUG;
    if (level <= CRITICAL)
        return LOG_ERROR;
    if (level <= WARNING)
        return LOG_WARN;
    return level <= INFO ? LOG_INFO : LOG_DEBUG;
}

static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    log_write(level_of(level, facility), "kafka_client",
              "client=\"%s\" facility=%s text=\"%s\"",
              client == NULL ? "" : rd_kafka_name(client), facility, text);
}

/* Errors of values that may be secret are not repeated. */
static bool is_secret(const char *name)
{
    static const char *const marks[] = { "password", "secret", "token", "jaas", "pem", "key" };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strstr(name, marks[i]) != NULL)
            return true;
    return false;
}

static bool set_users(rd_kafka_conf_t *conf, const struct kafka_property *p, struct reason *why)
{
    char error[CONF_ERROR_BYTES] = "";
    switch (rd_kafka_conf_set(conf, p->name, p->value, error, sizeof error)) {
    case RD_KAFKA_CONF_OK:
        return true;
    case RD_KAFKA_CONF_UNKNOWN:
        reason_set(why,
                   "kafka.properties: librdkafka %s has no property %s; see its "
                   "CONFIGURATION.md for the names",
                   rd_kafka_version_str(), p->name);
        return false;
    case RD_KAFKA_CONF_INVALID:
        break;
    }
    reason_set(why, "kafka.properties: the value of %s is not accepted%s%s", p->name,
               is_secret(p->name) ? "" : ": ", is_secret(p->name) ? "" : error);
    return false;
}

static bool is_allowed(const struct kafka_property *p, struct reason *why)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].rule != CONF_OURS || strcmp(rows[i].name, p->name) != 0)
            continue;
        reason_set(why, "kafka.properties: %s cannot be set here: %s", p->name,
                   rows[i].because);
        return false;
    }
    return true;
}

static bool set_ours(rd_kafka_conf_t *conf, const char *name, const char *value,
                     struct reason *why)
{
    char error[CONF_ERROR_BYTES] = "";
    if (value == NULL || value[0] == '\0')
        return true; /* not given */
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) == RD_KAFKA_CONF_OK)
        return true;
    reason_set(why, "librdkafka %s does not accept %s=%s: %s", rd_kafka_version_str(), name,
               value, error);
    return false;
}

static bool set_rows(rd_kafka_conf_t *conf, enum kafka_role role, bool presets,
                     struct reason *why)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct conf_row *row = &rows[i];
        if ((row->roles & (1u << role)) == 0 || (row->rule == CONF_PRESET) != presets)
            continue;
        if (rd_kafka_version() < row->since)
            continue;
        if (!set_ours(conf, row->name, row->value, why))
            return false;
    }
    return true;
}

static bool set_names(rd_kafka_conf_t *conf, const struct kafka_options *o,
                      enum kafka_role role, struct reason *why)
{
    if (o->brokers == NULL || o->brokers[0] == '\0') {
        reason_set(why, "kafka.brokers is empty; give host:port of at least one broker");
        return false;
    }
    if (!set_ours(conf, "bootstrap.servers", o->brokers, why) ||
        !set_ours(conf, "client.id", o->client_id == NULL ? "sellerwatch" : o->client_id, why))
        return false;
    if (role != KAFKA_MEMBER)
        return true;
    return set_ours(conf, "group.id", o->group, why) &&
           set_ours(conf, "group.instance.id", o->instance_id, why);
}

rd_kafka_conf_t *kafka_conf_new(const struct kafka_options *options, enum kafka_role role,
                                struct reason *why)
{
    CHECK(role < KAFKA_ROLE_COUNT);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (!set_rows(conf, role, true, why))
        goto fail;
    for (int32_t i = 0; i < options->property_count; i++)
        if (!is_allowed(&options->properties[i], why) ||
            !set_users(conf, &options->properties[i], why))
            goto fail;
    if (!set_rows(conf, role, false, why) || !set_names(conf, options, role, why))
        goto fail;
    return conf;

fail:
    rd_kafka_conf_destroy(conf);
    return NULL;
}

bool kafka_conf_check(const struct kafka_options *options, struct reason *why)
{
    for (int role = 0; role < KAFKA_ROLE_COUNT; role++) {
        rd_kafka_conf_t *conf = kafka_conf_new(options, (enum kafka_role)role, why);
        if (conf == NULL)
            return false;
        rd_kafka_conf_destroy(conf);
    }
    return true;
}
