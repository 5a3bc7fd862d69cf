/* tenure.c - the stages of taking a shard over; see tenure.h. */
#include "flow/tenure.h"

#include "base/check.h"
#include "base/log.h"
#include "flow/adoption.h"
#include "flow/measuring.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void tenure_open(struct tenure *t, int32_t shard, struct arena *arena)
{
    CHECK(shard >= 0 && !t->active);
    *t = (struct tenure){
        .shard = shard, .active = true, .arena = arena, .generation = t->generation
    };
    t->state = arena_take(arena, sizeof *t->state);
    t->save.spans = arena_take(arena, PARTS * sizeof *t->save.spans);
}

/* Whoever worked is counted once more: what the state has counted goes with it. */
static void drop_state(struct tenure *t, const struct tenure_world *world)
{
    CHECK(t->state != NULL);
    if (tenure_works(t))
        measuring_count(world->metrics, t);
    if (t->state_open)
        shard_close(t->state);
    t->state_open = false;
    t->save.active = false;
}

void tenure_close(struct tenure *t, const struct tenure_world *world)
{
    if (!t->active)
        return;
    drop_state(t, world);
    buffer_free(&t->save.log);
    buffer_free(&t->save.parts);
    buffer_free(&t->save.gone);
    arena_give_back(t->arena, t->save.spans, PARTS * sizeof *t->save.spans);
    arena_give_back(t->arena, t->state, sizeof *t->state);
    *t = (struct tenure){ .generation = t->generation };
}

void tenure_reload(struct tenure *t, const struct tenure_world *world, wall_time now)
{
    CHECK(t->active);
    drop_state(t, world);
    t->stage = TENURE_FLUSH;
    backoff_failed(&t->backoff, world->retry, now);
}

/* ---- stages ------------------------------------------------------------------------ */

/* What an earlier owner in this process sent must be in the topic, or known not to
 * be, before the topic is looked at. */
static enum status stage_flush(struct tenure *t, const struct tenure_world *w,
                               struct reason *why)
{
    const struct sink_port *sink = &w->ports->sink;
    const enum status s = sink->flush(sink->self, OUTGOING_ALERT, 0);
    if (s == STATUS_OK)
        t->stage = TENURE_CLAIM;
    else
        reason_set(why, "what was sent to Kafka before is not acknowledged");
    return s;
}

static enum status stage_claim(struct tenure *t, const struct tenure_world *w,
                               struct reason *why)
{
    t->claimed_at = w->ports->now();
    t->generation += 1;
    t->letters_unacknowledged = 0; /* those of the claim before are in their topic */
    t->unsettled = false;          /* all of the topic's tail is read anyway */
    t->held_why.text[0] = '\0';
    snprintf(t->writer, sizeof t->writer, "%.24s.%" PRIu64, w->instance, t->generation);
    const enum status s =
        w->ports->store.claim(w->ports->store.self, t->shard, t->writer, &t->header, why);
    if (s != STATUS_OK)
        return s;
    t->stage = TENURE_LOAD;
    return STATUS_OK;
}

static enum status apply_images(void *arg, struct span images)
{
    struct tenure *t = arg;
    return shard_decode(t->state, images) ? STATUS_OK : STATUS_MALFORMED;
}

static void restore_header(struct tenure *t)
{
    struct shard *s = t->state;
    const struct shard_header *h = &t->header;
    s->clock.stream_time = h->stream_time;
    s->clock.watermark = h->watermark;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        s->clock.inputs[i].highest = h->highest[i];
        t->inputs[i] = (struct input){ .next = h->offsets[i] };
    }
    s->outbox.next_sequence = h->next_shard_sequence;
    s->outbox.offset = h->alerts_offset;
    s->alerts.live |= h->alerts_live;
}

static void begin_empty(struct tenure *t)
{
    t->header.stream_time = TIME_NEVER_YET;
    t->header.watermark = TIME_NEVER_YET;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        t->header.highest[i] = TIME_NEVER_YET;
        t->header.offsets[i] = OFFSET_NONE;
    }
    t->header.alerts_offset = OFFSET_NONE;
    t->header.next_shard_sequence = 1;
    t->header.alerts_live = false;
}

static enum status stage_load(struct tenure *t, const struct tenure_world *w,
                              struct reason *why)
{
    drop_state(t, w);
    shard_open(t->state, w->rules, t->arena);
    t->state_open = true;
    t->counted = (struct tenure_counts){ 0 };
    memset(t->part_versions, 0, sizeof t->part_versions);
    memset(t->part_bytes, 0, sizeof t->part_bytes);
    t->next_part = 0;
    t->part_credit = 0;
    if (t->header.version == 0) {
        begin_empty(t);
    } else {
        const enum status s = w->ports->store.load(w->ports->store.self, t->shard, &t->header,
                                                   apply_images, t, why);
        if (s != STATUS_OK)
            return s;
    }
    restore_header(t);
    /* Before adoption: what it changes is new, and goes into the next save. */
    shard_loaded(t->state);
    t->stage = TENURE_ADOPT;
    return STATUS_OK;
}

static enum status stage_adopt(struct tenure *t, const struct tenure_world *w,
                               struct reason *why)
{
    const enum status s = adoption_take_over(t, w, why);
    if (s != STATUS_OK)
        return s;
    /* The owner before may have sent them, and the brokers may hide them still. */
    t->unsettled = t->state->outbox.waiting > 0 && w->ports->sink.settle_ms > 0;
    t->stage = TENURE_START;
    return STATUS_OK;
}

static enum status stage_start(struct tenure *t, const struct tenure_world *w,
                               struct reason *why)
{
    const enum status s =
        w->ports->source.start(w->ports->source.self, t->shard, t->header.offsets, why);
    if (s != STATUS_OK)
        return s;
    /* An input stays held across a start: what an earlier tenure held is let go. */
    for (int i = 0; i < TOPIC_COUNT; i++)
        w->ports->source.hold(w->ports->source.self, t->shard, (enum topic)i, false);
    const wall_time now = w->ports->now();
    t->stage = TENURE_WORK;
    t->last_save = now;
    backoff_reset(&t->backoff);
    metrics_add(w->metrics, METRIC_LOADS, 1);
    metrics_observe(w->metrics, METRIC_LOAD_SECONDS, (now.ms - t->claimed_at.ms) * 1000);
    log_write(LOG_INFO, "shard_taken_over",
              "shard=%d epoch=%" PRIu64 " version=%" PRIu64
              " units=%u tickets=%u took_ms=%" PRId64,
              t->shard, t->header.epoch, t->header.version, t->state->units.units.live,
              t->state->tickets.tickets.live, now.ms - t->claimed_at.ms);
    return STATUS_OK;
}

enum status tenure_advance(struct tenure *t, const struct tenure_world *w, struct reason *why)
{
    static enum status (*const stages[])(struct tenure *, const struct tenure_world *,
                                         struct reason *) = {
        [TENURE_FLUSH] = stage_flush, [TENURE_CLAIM] = stage_claim, [TENURE_LOAD] = stage_load,
        [TENURE_ADOPT] = stage_adopt, [TENURE_START] = stage_start,
    };
    while (t->active && t->stage != TENURE_WORK) {
        if (!backoff_over(&t->backoff, w->ports->now()))
            return STATUS_OK;
        t->why.text[0] = '\0';
        const enum status s = stages[t->stage](t, w, why);
        if (s == STATUS_OK)
            continue;
        t->why = *why;
        if (status_reaction(s) == REACTION_RELOAD)
            t->stage = TENURE_FLUSH;
        backoff_failed(&t->backoff, w->retry, w->ports->now());
        return s;
    }
    return STATUS_OK;
}
