/* diagnosis.c - see diagnosis.h. */
#include "flow/diagnosis.h"

#include "base/check.h"

#include <stdio.h>

enum {
    /* A schema is fetched in less; this is no trouble yet. */
    SCHEMA_PATIENCE_MS = 2000,
    /* Nor is an alert change that is held back for some moments, or a letter without room. */
    HELD_PATIENCE_MS = 5000,
    MIB = 1 << 20,
    MORE_BYTES = 48,
};

/* `why` empty: all is well. */
static void tell(const struct diagnosis *d, enum health_fact fact, const struct reason *why,
                 wall_time since)
{
    CHECK(d->health != NULL);
    if (why->text[0] == '\0')
        health_well(d->health, d->worker, fact);
    else
        health_unwell(d->health, d->worker, fact, why->text, since);
}

/* "; 3 more shards wait", or nothing. */
static const char *more_text(int32_t more, const char *things, char ret_text[MORE_BYTES])
{
    CHECK(more >= 0);
    ret_text[0] = '\0';
    if (more > 0)
        (void)snprintf(ret_text, MORE_BYTES, "; %d more %s wait", (int)more, things);
    return ret_text;
}

/* ---- Redis ------------------------------------------------------------------------ */

static const char *redis_complaint(const struct tenure *t)
{
    if (t->save.active && t->save.must_resend)
        return t->save.why.text;
    const bool asks = t->stage == TENURE_CLAIM || t->stage == TENURE_LOAD;
    return asks && t->why.text[0] != '\0' ? t->why.text : NULL;
}

/* Claiming a shard takes an answer. Without shards nothing is asked, and nothing new known. */
static void tell_redis(const struct diagnosis *d, wall_time now)
{
    struct reason why = { 0 };
    bool answered = false;
    for (int32_t i = 0; i < d->shard_count; i++) {
        const struct tenure *t = &d->tenures[i];
        if (!t->active)
            continue;
        const char *complaint = redis_complaint(t);
        answered |= t->stage > TENURE_CLAIM;
        if (complaint != NULL && why.text[0] == '\0')
            reason_set(&why, "shard %d: %s", (int)i, complaint);
    }
    if (answered || why.text[0] != '\0')
        tell(d, HEALTH_REDIS, &why, now);
}

/* ---- taking over ------------------------------------------------------------------ */

static void tell_loading(const struct diagnosis *d, wall_time now)
{
    const struct tenure *first = NULL;
    int32_t more = 0;
    for (int32_t i = 0; i < d->shard_count; i++) {
        const struct tenure *t = &d->tenures[i];
        if (!t->active || t->stage == TENURE_WORK || t->why.text[0] == '\0')
            continue;
        more += first != NULL;
        first = first == NULL ? t : first;
    }
    struct reason why = { 0 };
    char text[MORE_BYTES];
    if (first != NULL)
        reason_set(&why, "shard %d: %s%s", (int)first->shard, first->why.text,
                   more_text(more, "shards", text));
    tell(d, HEALTH_LOADING, &why, now);
}

/* ---- reading ---------------------------------------------------------------------- */

static void tell_inputs(const struct diagnosis *d, wall_time now)
{
    const struct source_port *source = &d->ports->source;
    struct reason why = { 0 };
    if (!source->troubled(source->self, &why))
        why.text[0] = '\0';
    tell(d, HEALTH_INPUTS, &why, now);
}

static bool waits_long(const struct input *in, wall_time now)
{
    return in->waits_since.ms != 0 &&
           wall_time_passed(in->waits_since, SCHEMA_PATIENCE_MS, now);
}

/* The input whose record waits longest; *ret_more: how many others wait. */
static const struct input *longest_waiting(const struct diagnosis *d, wall_time now,
                                           int32_t *ret_shard, int32_t *ret_more)
{
    const struct input *longest = NULL;
    int32_t waiting = 0;
    for (int32_t i = 0; i < d->shard_count * TOPIC_COUNT; i++) {
        const struct tenure *t = &d->tenures[i / TOPIC_COUNT];
        const struct input *in = &t->inputs[i % TOPIC_COUNT];
        if (!tenure_works(t) || !waits_long(in, now))
            continue;
        waiting += 1;
        if (longest != NULL && longest->waits_since.ms <= in->waits_since.ms)
            continue;
        longest = in;
        *ret_shard = t->shard;
    }
    *ret_more = waiting > 0 ? waiting - 1 : 0;
    return longest;
}

static void tell_reading(const struct diagnosis *d, wall_time now)
{
    const struct decoder_port *decoder = &d->ports->decoder;
    int32_t shard = 0;
    int32_t more = 0;
    const struct input *in = longest_waiting(d, now, &shard, &more);
    struct reason why = { 0 };
    if (in == NULL) {
        tell(d, HEALTH_READING, &why, now);
        return;
    }
    struct reason cause = { 0 };
    if (!decoder->troubled(decoder->self, &cause))
        reason_set(&cause, "it is asked for and not there yet");
    char text[MORE_BYTES];
    reason_set(&why,
               "topic %s, partition %d: the record at offset %lld waits for its schema: %s%s",
               d->topic_names[in - d->tenures[shard].inputs], (int)shard, (long long)in->next,
               cause.text, more_text(more, "inputs", text));
    tell(d, HEALTH_READING, &why, in->waits_since);
}

static void tell_memory(const struct diagnosis *d, wall_time now)
{
    const struct input *first = NULL;
    int32_t paused = 0;
    int32_t first_shard = 0;
    for (int32_t i = 0; i < d->shard_count * TOPIC_COUNT; i++) {
        const struct tenure *t = &d->tenures[i / TOPIC_COUNT];
        const struct input *in = &t->inputs[i % TOPIC_COUNT];
        if (!tenure_works(t) || (in->holds & HOLD_MEMORY) == 0)
            continue;
        paused += 1;
        if (first != NULL)
            continue;
        first = in;
        first_shard = t->shard;
    }
    struct reason why = { 0 };
    char text[MORE_BYTES];
    if (first != NULL)
        reason_set(&why,
                   "topic %s, partition %d is paused: %zu of %zu MiB are taken "
                   "(memory.limit, a worker's share)%s",
                   d->topic_names[first - d->tenures[first_shard].inputs], (int)first_shard,
                   d->memory / MIB, d->memory_limit / MIB,
                   more_text(paused - 1, "inputs", text));
    tell(d, HEALTH_MEMORY, &why, now);
}

/* ---- sending ---------------------------------------------------------------------- */

static bool holds_changes(const struct diagnosis *d, wall_time now, struct reason *ret_why)
{
    for (int32_t i = 0; i < d->shard_count; i++) {
        const struct tenure *t = &d->tenures[i];
        if (!tenure_works(t) || t->held_why.text[0] == '\0' ||
            !wall_time_passed(t->held_since, HELD_PATIENCE_MS, now))
            continue;
        reason_set(ret_why, "shard %d: alert changes are held back: %s", (int)i,
                   t->held_why.text);
        return true;
    }
    return false;
}

static bool letters_wait_long(const struct diagnosis *d, wall_time now, struct reason *ret_why)
{
    CHECK(d->letters != NULL);
    const struct letters *l = d->letters;
    if (!letters_wait(l) || !wall_time_passed(l->waits_since, HELD_PATIENCE_MS, now))
        return false;
    reason_set(ret_why, "%d dead letters wait for room, and nothing is read: %s",
               (int)(l->count - l->sent), l->why.text);
    return true;
}

/* A shard is not saved while its dead letters are not acknowledged. */
static void tell_sending(const struct diagnosis *d, wall_time now)
{
    const struct sink_port *sink = &d->ports->sink;
    struct reason why = { 0 };
    struct reason cause = { 0 };
    const bool troubled = sink->troubled(sink->self, &cause) ||
                          letters_wait_long(d, now, &cause) || holds_changes(d, now, &cause);
    int64_t letters = 0;
    int32_t shards = 0;
    for (int32_t i = 0; i < d->shard_count; i++) {
        const struct tenure *t = &d->tenures[i];
        if (!tenure_works(t) || t->letters_unacknowledged == 0)
            continue;
        letters += t->letters_unacknowledged;
        shards += 1;
    }
    if (troubled && letters > 0)
        reason_set(&why, "%s; %d shards are not saved until %lld dead letters are there",
                   cause.text, (int)shards, (long long)letters);
    else if (troubled)
        why = cause;
    tell(d, HEALTH_SENDING, &why, now);
}

void diagnosis_tell(const struct diagnosis *d, wall_time now)
{
    CHECK(d->shard_count > 0 && d->worker >= 0);
    tell_redis(d, now);
    tell_loading(d, now);
    tell_inputs(d, now);
    tell_reading(d, now);
    tell_memory(d, now);
    tell_sending(d, now);
}
