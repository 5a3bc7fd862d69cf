/* pipeline.c - see pipeline.h. */
#include "flow/pipeline.h"

#include "base/check.h"
#include "base/log.h"
#include "flow/diagnosis.h"
#include "flow/measuring.h"

#include <inttypes.h>

enum {
    ANSWER_WAIT_MS = 50,
    MEASURE_EVERY_MS = 1000,
    RESULTS = 16,
    LETTER_FLUSH_MS = 100,
};

/* ---- opening ------------------------------------------------------------------------- */

static wall_time now_of(const struct pipeline *p)
{
    return p->options.ports->now();
}

/* Lets what was sent be acknowledged, and what waits be sent. */
static void wait_for_sink(struct pipeline *p)
{
    const struct sink_port *sink = &p->options.ports->sink;
    sink->flush(sink->self, OUTGOING_DEAD_LETTER, LETTER_FLUSH_MS);
    publishing_collect(&p->publishing);
    struct reason ignored = { 0 }; /* the next step finds the same */
    (void)letters_send(&p->intake.letters, &ignored);
    if (p->options.health != NULL)
        health_turned(p->options.health, p->options.worker, now_of(p));
}

void pipeline_open(struct pipeline *p, const struct pipeline_options *options)
{
    CHECK(options->shard_count > 0 && options->batch_records > 0);
    CHECK(options->retry.first_ms > 0 && options->retry.longest_ms >= options->retry.first_ms);
    *p = (struct pipeline){ .options = *options };
    p->world = (struct tenure_world){ .ports = options->ports,
                                      .rules = options->rules,
                                      .metrics = options->metrics,
                                      .instance = options->instance,
                                      .retry = options->retry };
    p->tenures = arena_take(&p->fixed, (size_t)options->shard_count * sizeof *p->tenures);
    p->intake = (struct intake){ .world = &p->world,
                                 .tenures = p->tenures,
                                 .shard_count = options->shard_count };
    for (int i = 0; i < TOPIC_COUNT; i++)
        p->intake.topic_names[i] = options->topic_names[i];
    intake_open(&p->intake, options->batch_records, &p->fixed);
    view_batch_open(&p->views, options->rules->view_batch, &p->fixed);
    p->saving = (struct saving){ .world = &p->world,
                                 .views = &p->views,
                                 .commit_interval_ms = options->commit_interval_ms,
                                 .catch_up_interval_ms = options->catch_up_interval_ms,
                                 .alert_interval_ms = options->alert_interval_ms,
                                 .log_least_bytes = SAVING_LOG_LEAST_BYTES };
    p->publishing = (struct publishing){ .world = &p->world,
                                         .tenures = p->tenures,
                                         .shard_count = options->shard_count };
    p->pacing = (struct pacing){ .max_skew_ms = options->max_skew_ms,
                                 .memory_limit = options->memory_limit };
}

void pipeline_abandon(struct pipeline *p)
{
    CHECK(p->tenures != NULL);
    p->options.ports->sink.give_up(p->options.ports->sink.self);
    for (int32_t i = 0; i < p->options.shard_count; i++)
        tenure_close(&p->tenures[i], &p->world);
}

void pipeline_close(struct pipeline *p)
{
    for (int32_t i = 0; i < p->options.shard_count; i++)
        tenure_close(&p->tenures[i], &p->world);
    arena_give_back(&p->fixed, p->tenures, (size_t)p->options.shard_count * sizeof *p->tenures);
    intake_close(&p->intake);
    view_batch_close(&p->views);
    CHECK(p->fixed.taken == 0);
    p->tenures = NULL;
}

/* ---- saving and publishing ----------------------------------------------------------- */

/* A dead letter is acknowledged before the offset behind it is saved. One wait serves
 * all shards: while Kafka is away a step must not take as long as there are shards. */
static void wait_for_letters(struct pipeline *p)
{
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        if (!tenure_works(&p->tenures[i]) || p->tenures[i].letters_unacknowledged == 0)
            continue;
        wait_for_sink(p);
        return;
    }
}

static bool letters_are_safe(const struct tenure *t)
{
    CHECK(t->letters_unacknowledged >= 0);
    return t->letters_unacknowledged == 0;
}

static bool any_save_is_due(const struct pipeline *p, wall_time now)
{
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        if (saving_is_due(&p->saving, &p->tenures[i], now))
            return true;
    }
    return false;
}

static void save_due(struct pipeline *p, int64_t longest_wait_ms)
{
    const wall_time now = now_of(p);
    if (any_save_is_due(p, now))
        wait_for_letters(p);
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        struct tenure *t = &p->tenures[i];
        if (!t->active)
            continue;
        if (t->save.active && t->save.must_resend)
            saving_resend(&p->saving, t, longest_wait_ms);
        else if (saving_is_due(&p->saving, t, now) && letters_are_safe(t))
            saving_begin(&p->saving, t, now);
    }
}

static void collect_saves(struct pipeline *p, int patience_ms)
{
    const struct store_port *store = &p->options.ports->store;
    struct save_result results[RESULTS];
    const int32_t count = store->poll(store->self, patience_ms, results, RESULTS);
    const wall_time now = now_of(p);
    for (int32_t i = 0; i < count; i++) {
        CHECK(results[i].shard >= 0 && results[i].shard < p->options.shard_count);
        saving_answered(&p->saving, &p->tenures[results[i].shard], &results[i], now);
    }
}

static void publish(struct pipeline *p)
{
    publishing_collect(&p->publishing);
    p->publishing.waits = false;
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        if (tenure_works(&p->tenures[i]))
            publishing_send(&p->publishing, &p->tenures[i]);
    }
}

/* ---- duties -------------------------------------------------------------------------- */

static bool anything_under_way(const struct pipeline *p)
{
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        const struct tenure *t = &p->tenures[i];
        if (t->active && t->save.active)
            return true;
    }
    return false;
}

/* Until every save is answered, or it is time to go: there is none for long pauses. */
static void await_saves(struct pipeline *p, int64_t deadline)
{
    const struct store_port *store = &p->options.ports->store;
    while (anything_under_way(p) && now_of(p).ms < deadline) {
        collect_saves(p, ANSWER_WAIT_MS);
        store->hurry(store->self);
        save_due(p, ANSWER_WAIT_MS);
    }
}

/* Saves everything that changed, and waits for the answers. */
static void save_everything(struct pipeline *p, int64_t patience_ms)
{
    const int64_t deadline = now_of(p).ms + patience_ms;
    await_saves(p, deadline);
    wait_for_letters(p);
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        struct tenure *t = &p->tenures[i];
        if (tenure_works(t) && !t->save.active && letters_are_safe(t) &&
            (shard_changed(t->state) || t->progressed))
            saving_begin(&p->saving, t, now_of(p));
    }
    await_saves(p, deadline);
}

/* What may be published, in half of the time that is left. False: not all of it was
 * acknowledged. */
static bool publish_everything(struct pipeline *p, int64_t deadline)
{
    const struct sink_port *sink = &p->options.ports->sink;
    const int64_t end = deadline - (deadline - now_of(p).ms) / 2;
    bool well;
    do {
        publish(p);
        const int64_t left = end - now_of(p).ms;
        well = left > 0 && sink->flush(sink->self, OUTGOING_ALERT, (int)left) == STATUS_OK;
    } while (well && p->publishing.waits);
    publishing_collect(&p->publishing);
    return well;
}

void pipeline_finish(struct pipeline *p, int64_t patience_ms)
{
    const int64_t deadline = now_of(p).ms + patience_ms;
    save_everything(p, patience_ms / 2);
    if (publish_everything(p, deadline))
        save_everything(p, deadline - now_of(p).ms);
}

enum { HAND_OVER_MS = 2000 };

static void take_duties(struct pipeline *p, const struct record_batch *batch)
{
    bool saved = false;
    bool release = false;
    bool lost = false;
    for (int32_t i = 0; i < batch->duty_count; i++) {
        const struct duty *d = &batch->duties[i];
        CHECK(d->shard >= 0 && d->shard < p->options.shard_count);
        struct tenure *t = &p->tenures[d->shard];
        log_write(LOG_INFO, "duty", "shard=%d change=%s", d->shard,
                  d->kind == DUTY_ASSIGNED  ? "assigned"
                  : d->kind == DUTY_REVOKED ? "revoked"
                                            : "lost");
        if (d->kind == DUTY_REVOKED && !saved) {
            pipeline_finish(p, HAND_OVER_MS);
            saved = true;
        }
        release |= d->kind == DUTY_REVOKED;
        lost |= d->kind == DUTY_LOST;
        tenure_close(t, &p->world);
        if (d->kind == DUTY_ASSIGNED)
            tenure_open(t, d->shard, &p->arena);
    }
    /* What is still on its way must not come behind the next owner's back. */
    if (release || lost)
        p->options.ports->sink.give_up(p->options.ports->sink.self);
    if (release)
        p->options.ports->source.release(p->options.ports->source.self);
}

static enum status advance_tenures(struct pipeline *p, struct reason *why)
{
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        struct tenure *t = &p->tenures[i];
        if (!t->active || t->stage == TENURE_WORK)
            continue;
        struct reason sentence = { 0 };
        const enum status s = tenure_advance(t, &p->world, &sentence);
        if (s == STATUS_OK)
            continue;
        log_write(LOG_WARN, "shard_waits", "shard=%d status=%s why=\"%s\"", i, status_name(s),
                  sentence.text);
        if (status_reaction(s) == REACTION_STOP || status_reaction(s) == REACTION_QUARANTINE) {
            *why = sentence;
            return s;
        }
        /* Brokers that do not answer are waited for: once a step, not once a shard. */
        if (t->stage == TENURE_ADOPT)
            break;
    }
    return STATUS_OK;
}

/* ---- reading ------------------------------------------------------------------------- */

enum { PUBLISH_PATIENCE_MS = 5 };

static int patience(const struct pipeline *p)
{
    if (anything_under_way(p))
        return 1;
    if (p->publishing.waits)
        return PUBLISH_PATIENCE_MS;
    const int64_t wait = p->options.batch_wait_ms;
    return (int)(p->options.commit_interval_ms < wait ? p->options.commit_interval_ms : wait);
}

/* Inputs that wait for a schema go back to the waiting record when it is time. */
static enum status rewind_inputs(struct pipeline *p, struct tenure *t, struct reason *why)
{
    const wall_time now = now_of(p);
    bool rewind = false;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        struct input *input = &t->inputs[i];
        if ((input->holds & HOLD_SCHEMA) == 0 || !backoff_over(&input->schema, now))
            continue;
        input->holds &= ~(unsigned)HOLD_SCHEMA;
        rewind |= input->rewind;
    }
    if (!rewind)
        return STATUS_OK;
    int64_t offsets[TOPIC_COUNT];
    for (int i = 0; i < TOPIC_COUNT; i++) {
        offsets[i] = t->inputs[i].next;
        t->inputs[i].rewind &= (t->inputs[i].holds & HOLD_SCHEMA) != 0;
    }
    const struct source_port *source = &p->options.ports->source;
    const enum status s = source->start(source->self, t->shard, offsets, why);
    for (int i = 0; s != STATUS_OK && i < TOPIC_COUNT; i++) {
        t->inputs[i].rewind = true; /* not done: once more, a little later */
        t->inputs[i].holds |= HOLD_SCHEMA;
        backoff_failed(&t->inputs[i].schema, p->world.retry, now);
    }
    return s;
}

/* An input that was made anew is read from its beginning on, before where we were: what is
 * saved next, and what a rewind goes back to, must not be the old place. New records may
 * have reached it by then, and those before it would never be read. */
static void follow_back(struct tenure *t, const struct source_port *source)
{
    for (int i = 0; i < TOPIC_COUNT; i++) {
        const int64_t position = source->position(source->self, t->shard, (enum topic)i);
        if (position == OFFSET_NONE || position >= t->inputs[i].next)
            continue;
        t->inputs[i].next = position;
        t->progressed = true;
    }
}

static bool is_furthest_behind(const struct pipeline *p, const struct tenure *t)
{
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        const struct tenure *o = &p->tenures[i];
        if (tenure_works(o) && o != t &&
            o->state->clock.stream_time < t->state->clock.stream_time)
            return false;
    }
    return true;
}

static void tick(struct pipeline *p)
{
    const wall_time now = now_of(p);
    p->pacing.letters_wait = letters_wait(&p->intake.letters);
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        struct tenure *t = &p->tenures[i];
        if (!tenure_works(t))
            continue;
        pacing_observe(t, p->options.rules, &p->options.ports->source);
        shard_tick(t->state, now);
        pacing_apply(&p->pacing, t, p->options.ports, is_furthest_behind(p, t));
    }
}

static enum status rewind_all(struct pipeline *p, struct reason *why)
{
    for (int32_t i = 0; i < p->options.shard_count; i++) {
        struct tenure *t = &p->tenures[i];
        if (!tenure_works(t))
            continue;
        follow_back(t, &p->options.ports->source);
        const enum status s = rewind_inputs(p, t, why);
        if (status_reaction(s) == REACTION_STOP)
            return s;
    }
    return STATUS_OK;
}

/* ---- the step ------------------------------------------------------------------------ */

static void tell_health(struct pipeline *p, enum status read, const struct reason *why)
{
    struct health *health = p->options.health;
    const wall_time now = now_of(p);
    if (health == NULL)
        return;
    health_turned(health, p->options.worker, now);
    if (read == STATUS_OK)
        health_well(health, p->options.worker, HEALTH_KAFKA);
    else
        health_unwell(health, p->options.worker, HEALTH_KAFKA, why->text, now);
}

static void measure(struct pipeline *p, wall_time begun)
{
    const wall_time now = now_of(p);
    metrics_observe(p->options.metrics, METRIC_STEP_SECONDS, (now.ms - begun.ms) * 1000);
    if (!wall_time_passed(p->measured, MEASURE_EVERY_MS, now))
        return;
    p->measured = now;
    const struct measuring measuring = { .metrics = p->options.metrics,
                                         .tenures = p->tenures,
                                         .shard_count = p->options.shard_count,
                                         .source = &p->options.ports->source,
                                         .memory = p->arena.taken,
                                         .memory_limit = p->options.memory_limit };
    const struct measured_shards shards = measuring_set(&measuring, now);
    if (p->options.health == NULL)
        return;
    health_shards(p->options.health, p->options.worker, shards.owned, shards.loaded);
    const struct diagnosis diagnosis = { .health = p->options.health,
                                         .worker = p->options.worker,
                                         .ports = p->options.ports,
                                         .tenures = p->tenures,
                                         .shard_count = p->options.shard_count,
                                         .topic_names = p->options.topic_names,
                                         .letters = &p->intake.letters,
                                         .memory = p->arena.taken,
                                         .memory_limit = p->options.memory_limit };
    diagnosis_tell(&diagnosis, now);
}

enum status pipeline_step(struct pipeline *p, struct reason *why)
{
    const struct source_port *source = &p->options.ports->source;
    struct record_batch batch = { 0 };
    struct reason read_why = { 0 };
    const enum status sent = letters_send(&p->intake.letters, why);
    if (status_reaction(sent) == REACTION_STOP)
        return sent;
    const enum status read = source->read(source->self, patience(p), &batch, &read_why);
    const wall_time begun = now_of(p);
    tell_health(p, read, &read_why);
    if (status_reaction(read) == REACTION_STOP) {
        *why = read_why;
        return read;
    }
    if (read == STATUS_OK) {
        /* Records of a batch were read under the duties before its changes. */
        for (int32_t i = 0; i < p->options.shard_count && batch.record_count > 0; i++) {
            if (tenure_works(&p->tenures[i]))
                pacing_forget_ends(&p->tenures[i]);
        }
        intake_take(&p->intake, &batch);
        take_duties(p, &batch);
    }
    const enum status advanced = advance_tenures(p, why);
    if (advanced != STATUS_OK)
        return advanced;
    const enum status rewound = rewind_all(p, why);
    if (rewound != STATUS_OK)
        return rewound;

    tick(p);
    save_due(p, p->options.retry.longest_ms);
    collect_saves(p, 0);
    publish(p);
    measure(p, begun);
    return STATUS_OK;
}
