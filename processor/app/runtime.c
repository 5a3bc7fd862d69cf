/* runtime.c - see runtime.h. */
#include "app/runtime.h"

#include "app/clock.h"
#include "app/settings_value.h"
#include "app/worker.h"
#include "base/check.h"
#include "base/log.h"
#include "http/http_server.h"
#include "http/process_facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_AGAIN_MS = 250 };

struct runtime {
    const struct settings *settings;
    struct domain_rules rules;
    struct worker_shared shared;
    struct registry_client *registry;
    struct schemas_local *locals; /* texts owned */
    struct health health;
    bool health_open;
    pthread_mutex_t avro_lock;
    struct http_server *http;
    struct worker *workers;
    int32_t worker_count;
};

/* ---- waiting for the world --------------------------------------------------------------- */

/* One thing that must be there before we can start; what /readyz says of it. */
struct need {
    enum status (*ask)(struct runtime *r, struct reason *why);
    enum health_fact fact;
    const char *name;
    const char *setting; /* that says where it is */
};

/* No worker turns yet; while we ask again and again, we are alive all the same. */
static void keep_alive(struct runtime *r)
{
    for (int32_t i = 0; i < r->worker_count; i++)
        health_turned(&r->health, i, clock_now());
}

static enum status ask(struct runtime *r, const struct need *need, struct reason *why)
{
    const enum status s = need->ask(r, why);
    if (s == STATUS_OK)
        health_well(&r->health, HEALTH_ALL_WORKERS, need->fact);
    else
        health_unwell(&r->health, HEALTH_ALL_WORKERS, need->fact, why->text, clock_now());
    keep_alive(r);
    return s;
}

static void say_given_up(const struct runtime *r, const struct need *need, struct reason *why)
{
    const struct reason last = *why;
    reason_set(why, "gave up after waiting %s (retry.start) for %s (%s): %s",
               settings_value_show_duration(r->settings->retry_start_ms).text, need->name,
               need->setting, last.text);
}

/* Asks until it is there, until patience is over or somebody says stop. */
static enum status insist(struct runtime *r, const struct need *need, const atomic_bool *stop,
                          struct reason *why)
{
    const int64_t deadline = clock_now().ms + r->settings->retry_start_ms;
    enum status s = ask(r, need, why);
    while (status_reaction(s) == REACTION_RETRY && clock_now().ms < deadline && !*stop) {
        log_write(LOG_WARN, "waiting", "setting=\"%s\" why=\"%s\"", need->setting, why->text);
        clock_sleep(ASK_AGAIN_MS);
        s = ask(r, need, why);
    }
    if (status_reaction(s) == REACTION_RETRY && !*stop)
        say_given_up(r, need, why);
    return s;
}

static enum status check_topics(struct runtime *r, struct reason *why)
{
    struct adapters_kafka kafka;
    adapters_kafka_open(&kafka, r->settings, -1);
    const struct kafka_topic_names names = adapters_topics(r->settings);
    const enum status s =
        kafka_topics_check(&kafka.options, &names, &r->shared.shard_count, why);
    adapters_kafka_close(&kafka);
    return s;
}

static enum status describe_store(struct runtime *r, struct reason *why)
{
    char host[256];
    const struct redis_options options = adapters_redis(r->settings, host, sizeof host);
    struct redis_store *store = redis_store_open(&options, why);
    if (store == NULL)
        return STATUS_REFUSED;
    const struct kafka_topic_names names = adapters_topics(r->settings);
    const struct redis_description description = {
        .partition_count = r->shared.shard_count,
        .topic_names = { names.inputs[0], names.inputs[1], names.inputs[2] },
    };
    enum status s = redis_store_connect(store, why);
    if (s == STATUS_OK)
        s = redis_store_describe(store, &description, why);
    redis_store_close(store);
    return s;
}

static enum status learn_alert_schema(struct runtime *r, struct reason *why)
{
    char subject[300];
    snprintf(subject, sizeof subject, "%s-value", r->settings->kafka_topic_alerts);
    const struct span text = span_of_text(alert_codec_schema_text());
    int32_t *id = &r->shared.alert_schema_id;
    if (!r->settings->schemas_register) {
        const enum status s = registry_client_lookup(r->registry, subject, text, id, why);
        if (s == STATUS_MISSING)
            reason_set(why,
                       "the alert schema is not registered as %s; register it, or set "
                       "schemas.register: true",
                       subject);
        return s;
    }
    const enum status s = registry_client_register(r->registry, subject, text, id, why);
    if (s != STATUS_OK)
        return s;
    struct reason ignored;
    if (registry_client_compatibility(r->registry, subject, "FULL_TRANSITIVE", &ignored) !=
        STATUS_OK)
        log_write(LOG_WARN, "compatibility_not_set", "subject=%s why=\"%s\"", subject,
                  ignored.text);
    return STATUS_OK;
}

/* ---- schemas ------------------------------------------------------------------------- */

static bool read_file(const char *path, struct buffer *ret_text, struct reason *why)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        reason_set(why, "the schema file %s cannot be opened: %s", path, strerror(errno));
        return false;
    }
    char piece[4096];
    size_t size;
    while ((size = fread(piece, 1, sizeof piece, file)) > 0)
        buffer_add(ret_text, span_of(piece, size));
    const bool well = ferror(file) == 0;
    fclose(file);
    if (!well)
        reason_set(why, "the schema file %s cannot be read", path);
    return well;
}

static bool read_schema_files(struct runtime *r, struct reason *why)
{
    const struct settings *s = r->settings;
    r->locals = calloc((size_t)s->schema_file_count + 1, sizeof *r->locals);
    CHECK(r->locals != NULL);
    for (int32_t i = 0; i < s->schema_file_count; i++) {
        struct buffer text = { 0 };
        if (!read_file(s->schema_files[i].path, &text, why)) {
            buffer_free(&text);
            return false;
        }
        r->locals[i] =
            (struct schemas_local){ .id = s->schema_files[i].id, .json = buffer_span(&text) };
        r->shared.local_count = i + 1;
    }
    r->shared.locals = r->locals;
    r->shared.alert_schema_id = (int32_t)s->schemas_alert_id;
    return true;
}

static enum status open_schemas(struct runtime *r, struct reason *why)
{
    if (r->settings->schemas_source == SCHEMAS_FROM_FILES)
        return read_schema_files(r, why) ? STATUS_OK : STATUS_REFUSED;
    const struct registry_client_options options = adapters_registry(r->settings);
    r->registry = registry_client_open(&options, why);
    r->shared.registry = r->registry;
    return r->registry != NULL ? STATUS_OK : STATUS_REFUSED;
}

static enum status know_alert_schema(struct runtime *r, struct reason *why)
{
    return r->registry == NULL ? STATUS_OK : learn_alert_schema(r, why);
}

/* ---- HTTP ---------------------------------------------------------------------------- */

static void render_metrics(void *self, struct buffer *ret_text)
{
    const struct runtime *r = self;
    struct metrics process = { 0 };
    process_facts_read(&process);
    const struct metrics *parts[HEALTH_WORKERS_MAX + 1];
    for (int32_t i = 0; i < r->worker_count; i++)
        parts[i] = &r->workers[i].metrics;
    parts[r->worker_count] = &process;
    const struct metrics_scrape scrape = { .parts = parts,
                                           .part_count = r->worker_count + 1,
                                           .version = SELLERWATCH_VERSION };
    metrics_render(&scrape, ret_text);
}

static bool is_live(void *self, struct buffer *ret_text)
{
    struct runtime *r = self;
    return health_live(&r->health, clock_now(), ret_text);
}

static bool is_ready(void *self, bool verbose, struct buffer *ret_text)
{
    struct runtime *r = self;
    return health_ready(&r->health, clock_now(), verbose, ret_text);
}

static enum status open_http(struct runtime *r, struct reason *why)
{
    if (!r->settings->http_enabled)
        return STATUS_OK;
    const struct http_server_options options = {
        .address = r->settings->http_address,
        .port = (int)r->settings->http_port,
        .sources = { .self = r, .metrics = render_metrics, .live = is_live, .ready = is_ready },
    };
    r->http = http_server_open(&options, why);
    if (r->http == NULL)
        return STATUS_REFUSED;
    log_write(LOG_INFO, "http_listening", "address=%s port=%d", r->settings->http_address,
              http_server_port(r->http));
    return STATUS_OK;
}

/* ---- opening and closing ------------------------------------------------------------- */

static enum status open_workers(struct runtime *r, struct reason *why)
{
    for (int32_t i = 0; i < r->worker_count; i++) {
        if (!worker_open(&r->workers[i], &r->shared, i, why))
            return STATUS_REFUSED;
        keep_alive(r); /* Kafka may fall silent now: each of them takes seconds then */
    }
    return STATUS_OK;
}

/* The workers' numbers are there, and read, before the workers are. */
static void open_shared(struct runtime *r)
{
    r->worker_count = (int32_t)r->settings->workers;
    r->workers = calloc((size_t)r->worker_count, sizeof *r->workers);
    CHECK(r->workers != NULL);
    CHECK(pthread_mutex_init(&r->avro_lock, NULL) == 0);
    health_open(&r->health, r->worker_count, r->settings->health_stall_after_ms, clock_now());
    r->health_open = true;
    r->shared.settings = r->settings;
    r->shared.rules = &r->rules.rules;
    r->shared.health = &r->health;
    r->shared.avro_lock = &r->avro_lock;
    /* The epoch fences owners; this only tells their saves apart. */
    snprintf(r->shared.instance, sizeof r->shared.instance, "%d-%" PRIx64, (int)getpid(),
             (uint64_t)clock_now().ms);
}

/* So that nobody looks for a fault in what was not even asked. */
static void put_off(struct runtime *r, const struct need *need, const struct need *first)
{
    struct reason why;
    reason_set(&why, "not asked yet: %s is waited for first", first->name);
    health_unwell(&r->health, HEALTH_ALL_WORKERS, need->fact, why.text, clock_now());
}

static enum status wait_for_world(struct runtime *r, const atomic_bool *stop,
                                  struct reason *why)
{
    static const struct need needs[] = {
        { know_alert_schema, HEALTH_SCHEMA, "the schema registry", "schemas.registry.url" },
        { check_topics, HEALTH_KAFKA, "Kafka", "kafka.brokers" },
        { describe_store, HEALTH_REDIS, "Redis", "redis.address or redis.socket" },
    };
    enum { NEED_COUNT = sizeof needs / sizeof needs[0] };
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < NEED_COUNT; i++) {
        for (size_t later = i + 1; later < NEED_COUNT; later++)
            put_off(r, &needs[later], &needs[i]);
        s = insist(r, &needs[i], stop, why);
    }
    return s;
}

/* HTTP before anything that may have to be waited for: who runs us asks whether we
 * live and what we wait for. */
static enum status open_all(struct runtime *r, const atomic_bool *stop, struct reason *why)
{
    if (!domain_rules_open(r->settings, &r->rules, why))
        return STATUS_REFUSED;
    open_shared(r);
    enum status s = open_schemas(r, why);
    if (s == STATUS_OK)
        s = open_http(r, why);
    if (s == STATUS_OK)
        s = wait_for_world(r, stop, why);
    if (s == STATUS_OK)
        s = open_workers(r, why);
    return s;
}

struct runtime *runtime_open(const struct settings *settings, const atomic_bool *stop,
                             enum status *ret_status, struct reason *why)
{
    struct runtime *r = calloc(1, sizeof *r);
    CHECK(r != NULL);
    r->settings = settings;
    *ret_status = open_all(r, stop, why);
    if (*ret_status == STATUS_OK)
        return r;
    runtime_close(r);
    return NULL;
}

void runtime_start(struct runtime *r)
{
    for (int32_t i = 0; i < r->worker_count; i++)
        worker_start(&r->workers[i]);
}

bool runtime_ended(struct runtime *r, enum status *ret_status, struct reason *why)
{
    for (int32_t i = 0; i < r->worker_count; i++) {
        if (!atomic_load(&r->workers[i].ended))
            continue;
        *ret_status = r->workers[i].status;
        *why = r->workers[i].why;
        return true;
    }
    return false;
}

void runtime_stop(struct runtime *r)
{
    atomic_store(&r->shared.stop, true);
    for (int32_t i = 0; i < r->worker_count; i++)
        worker_join(&r->workers[i]);
}

void runtime_close(struct runtime *r)
{
    if (r == NULL)
        return;
    http_server_close(r->http);
    for (int32_t i = 0; i < r->worker_count; i++)
        worker_close(&r->workers[i]);
    free(r->workers);
    registry_client_close(r->registry);
    for (int32_t i = 0; i < r->shared.local_count; i++)
        free((void *)(uintptr_t)r->locals[i].json.at);
    free(r->locals);
    if (r->health_open) {
        health_close(&r->health);
        pthread_mutex_destroy(&r->avro_lock);
    }
    domain_rules_close(&r->rules);
    free(r);
}

int runtime_http_port(const struct runtime *r)
{
    return r->http == NULL ? 0 : http_server_port(r->http);
}

int64_t runtime_metric(const struct runtime *r, enum metric metric, unsigned first)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < r->worker_count; i++)
        sum += metrics_value(&r->workers[i].metrics, metric, first, 0);
    return sum;
}
