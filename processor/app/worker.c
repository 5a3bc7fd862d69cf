/* worker.c - see worker.h. */
#include "app/worker.h"

#include "app/clock.h"
#include "base/check.h"
#include "base/log.h"

#include <signal.h>
#include <stdio.h>

/* ---- opening -------------------------------------------------------------------------- */

static bool open_source(struct worker *w, struct reason *why)
{
    const struct settings *s = w->shared->settings;
    const struct kafka_topic_names names = adapters_topics(s);
    const struct kafka_source_options source = {
        .kafka = w->kafka.options,
        .topics = { names.inputs[0], names.inputs[1], names.inputs[2] },
        .shard_count = w->shared->shard_count,
        .batch_records = (int32_t)s->batch_records,
        .probe_interval_ms = (int)s->kafka_log_end_interval_ms,
        .from_beginning = s->kafka_start == START_EARLIEST,
        .skip_on_data_loss = s->kafka_on_data_loss == DATA_LOSS_SKIP,
        .now = clock_now,
    };
    w->source = kafka_source_open(&source, why);
    return w->source != NULL;
}

static bool open_kafka(struct worker *w, struct reason *why)
{
    const struct settings *s = w->shared->settings;
    adapters_kafka_open(&w->kafka, s, w->number);
    const struct kafka_topic_names names = adapters_topics(s);
    if (!open_source(w, why))
        return false;
    const struct kafka_sink_options sink = { .kafka = w->kafka.options,
                                             .alerts_topic = names.alerts,
                                             .deadletter_topic = names.deadletter,
                                             .queue_records = (int32_t)s->send_queue,
                                             .settle_ms = (int32_t)s->kafka_settle_ms };
    w->sink = kafka_sink_open(&sink, why);
    if (w->sink == NULL)
        return false;
    const struct kafka_feed_options feed = { .kafka = w->kafka.options,
                                             .alerts_topic = names.alerts };
    w->feed = kafka_feed_open(&feed, why);
    return w->feed != NULL;
}

static bool open_redis(struct worker *w, struct reason *why)
{
    const struct redis_options options =
        adapters_redis(w->shared->settings, w->redis_host, sizeof w->redis_host);
    w->store = redis_store_open(&options, why);
    return w->store != NULL;
}

static void open_codecs(struct worker *w)
{
    const struct worker_shared *shared = w->shared;
    const struct schemas_options schemas = {
        .source = { .self = shared->registry,
                    .fetch = shared->registry != NULL ? registry_client_fetch : NULL },
        .locals = shared->locals,
        .local_count = shared->local_count,
        .now = clock_now,
        .retry_first_ms = shared->settings->retry_first_ms,
        .retry_longest_ms = shared->settings->retry_longest_ms,
        .lock = shared->avro_lock,
    };
    w->schemas = schemas_open(&schemas);
    const struct alert_codec_options codec = {
        .schema_id = shared->alert_schema_id,
        .source = "/sellerwatch",
        .producer = "sellerwatch " SELLERWATCH_VERSION,
        .links = adapters_alert_pairs(&shared->settings->alert_links),
        .labels = adapters_alert_pairs(&shared->settings->alert_labels),
        .lock = shared->avro_lock,
    };
    w->codec = alert_codec_open(&codec);
}

static void open_pipeline(struct worker *w)
{
    const struct settings *s = w->shared->settings;
    const struct kafka_topic_names names = adapters_topics(s);
    w->ports = (struct ports){ .source = kafka_source_port(w->source),
                               .sink = kafka_sink_port(w->sink),
                               .feed = kafka_feed_port(w->feed),
                               .store = redis_store_port(w->store),
                               .decoder = schemas_port(w->schemas),
                               .encoder = alert_codec_port(w->codec),
                               .now = clock_now };
    const struct pipeline_options options = {
        .ports = &w->ports,
        .rules = w->shared->rules,
        .metrics = &w->metrics,
        .health = w->shared->health,
        .worker = w->number,
        .instance = w->shared->instance,
        .shard_count = w->shared->shard_count,
        .topic_names = { names.inputs[0], names.inputs[1], names.inputs[2] },
        .batch_records = (int32_t)s->batch_records,
        .batch_wait_ms = (int)s->batch_wait_ms,
        .commit_interval_ms = s->commit_interval_ms,
        .catch_up_interval_ms = s->commit_catching_up_ms,
        .alert_interval_ms = s->commit_alert_interval_ms,
        .max_skew_ms = s->max_skew_ms,
        .retry = { s->retry_first_ms, s->retry_longest_ms },
        .memory_limit = (size_t)(s->memory_limit_bytes / s->workers),
    };
    pipeline_open(&w->pipeline, &options);
    w->pipeline_open = true;
}

bool worker_open(struct worker *w, const struct worker_shared *shared, int32_t number,
                 struct reason *why)
{
    w->shared = shared;
    w->number = number;
    if (!open_redis(w, why) || !open_kafka(w, why))
        return false;
    open_codecs(w);
    open_pipeline(w);
    return true;
}

/* ---- running --------------------------------------------------------------------------- */

enum { REOPEN_AT_MOST_EVERY_MS = 60000 };

/* A consumer may be beyond repair through no fault of the configuration: after a
 * broker's restart a member that was dropped and comes back can be fenced by its own
 * late commit. Another one is opened, but not again and again: a second process with
 * our kafka.instance_id would be fenced and fence us for ever. */
static bool reopen_source(struct worker *w)
{
    const wall_time now = clock_now();
    if (w->reopened.ms != 0 && !wall_time_passed(w->reopened, REOPEN_AT_MOST_EVERY_MS, now))
        return false;
    log_write(LOG_WARN, "source_reopened", "worker=%d why=\"%s\"", w->number, w->why.text);
    w->reopened = now;
    pipeline_abandon(&w->pipeline);
    kafka_source_close(w->source);
    w->source = NULL;
    if (!open_source(w, &w->why))
        return false;
    w->ports.source = kafka_source_port(w->source);
    return true;
}

static enum status work(struct worker *w)
{
    while (!atomic_load(&w->shared->stop)) {
        const enum status status = pipeline_step(&w->pipeline, &w->why);
        if (status == STATUS_REFUSED && reopen_source(w))
            continue;
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void *run(void *arg)
{
    struct worker *w = arg;
    const enum status status = work(w);
    if (status == STATUS_OK) {
        pipeline_finish(&w->pipeline, w->shared->settings->stop_patience_ms);
    } else {
        log_write(LOG_ERROR, "worker_stops", "worker=%d status=%s why=\"%s\"", w->number,
                  status_name(status), w->why.text);
        health_unwell(w->shared->health, w->number, HEALTH_RUNNING, w->why.text, clock_now());
    }
    w->status = status;
    atomic_store(&w->ended, true);
    return NULL;
}

/* Signals are for the main thread. */
void worker_start(struct worker *w)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    CHECK(pthread_create(&w->thread, NULL, run, w) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    w->started = true;
}

void worker_join(struct worker *w)
{
    if (!w->started)
        return;
    CHECK(pthread_join(w->thread, NULL) == 0);
    w->started = false;
}

/* The source leaves the group; last, when everything is saved. */
void worker_close(struct worker *w)
{
    CHECK(!w->started);
    if (w->pipeline_open)
        pipeline_close(&w->pipeline);
    w->pipeline_open = false;
    alert_codec_close(w->codec);
    schemas_close(w->schemas);
    redis_store_close(w->store);
    kafka_feed_close(w->feed);
    kafka_sink_close(w->sink);
    kafka_source_close(w->source);
    adapters_kafka_close(&w->kafka);
}
