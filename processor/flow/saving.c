/* saving.c - see saving.h. */
#include "flow/saving.h"

#include "base/check.h"
#include "base/log.h"

#include <inttypes.h>

#define PART_CREDIT (UINT64_C(1) << 20) /* one part */
#define SAVES_A_ROUND 4096              /* at the most, however small the saves are */
#define IDLE_SAVE_MS (5 * SECOND_MS)    /* at the least, when nothing changes */

static bool is_behind(const struct tenure *t)
{
    for (int i = 0; i < TOPIC_COUNT; i++) {
        if (!t->state->clock.inputs[i].at_end)
            return true;
    }
    return false;
}

static bool has_unsaved_alert(const struct tenure *t)
{
    const struct outbox *ob = &t->state->outbox;
    return ob->unsent != 0 && outbox_next(ob, UINT64_MAX) == NULL;
}

bool saving_is_due(const struct saving *s, const struct tenure *t, wall_time now)
{
    if (!tenure_works(t) || t->save.active)
        return false;
    if (has_unsaved_alert(t) && wall_time_passed(t->last_save, s->alert_interval_ms, now))
        return true;
    const int64_t interval = is_behind(t) ? s->catch_up_interval_ms : s->commit_interval_ms;
    if (!wall_time_passed(t->last_save, interval, now))
        return false;
    /* Only a save finds out that the store has lost what it had acknowledged. */
    return shard_changed(t->state) || t->progressed || t->state->sellers.views.count > 0 ||
           wall_time_passed(t->last_save, IDLE_SAVE_MS, now);
}

/* ---- encoding ------------------------------------------------------------------------- */

static struct shard_header header_now(const struct tenure *t)
{
    CHECK(t->state_open);
    const struct shard *state = t->state;
    struct shard_header h = { .epoch = t->header.epoch,
                              .version = t->header.version + 1,
                              .stream_time = state->clock.stream_time,
                              .watermark = state->clock.watermark,
                              .alerts_offset = state->outbox.offset,
                              .next_shard_sequence = state->outbox.next_sequence,
                              .alerts_live = state->alerts.live };
    for (int i = 0; i < TOPIC_COUNT; i++) {
        h.highest[i] = state->clock.inputs[i].highest;
        h.offsets[i] = t->inputs[i].next;
    }
    return h;
}

static size_t all_part_bytes(const struct tenure *t)
{
    size_t sum = 0;
    for (int i = 0; i < PARTS; i++)
        sum += t->part_bytes[i];
    return sum;
}

/* How many parts are due with a log element of that size. */
static int32_t parts_due(const struct saving *s, struct tenure *t, size_t log_bytes)
{
    const size_t all = all_part_bytes(t);
    const size_t limit = all > s->log_least_bytes ? all : s->log_least_bytes;
    t->part_credit += PARTS * (PART_CREDIT * log_bytes / limit + PART_CREDIT / SAVES_A_ROUND);
    uint64_t due = t->part_credit / PART_CREDIT;
    t->part_credit %= PART_CREDIT;
    if (due > PARTS)
        due = PARTS;
    return (int32_t)due;
}

static void encode_parts(const struct saving *s, struct tenure *t)
{
    CHECK(t->next_part >= 0 && t->next_part < PARTS && s->log_least_bytes > 0);
    struct pending_save *save = &t->save;
    buffer_clear(&save->parts);
    save->part_count = parts_due(s, t, save->log.size);
    for (int32_t i = 0; i < save->part_count; i++) {
        const int32_t part = t->next_part;
        const size_t begin = save->parts.size;
        shard_encode_part(t->state, (uint32_t)part, &save->parts);
        save->spans[i] = (struct saved_part){ .index = part };
        save->spans[i].bytes.size = save->parts.size - begin;
        t->part_bytes[part] = save->parts.size - begin;
        t->part_versions[part] = save->header.version;
        t->next_part = (part + 1) % PARTS;
    }
    uint64_t oldest = UINT64_MAX;
    for (int i = 0; i < PARTS; i++)
        oldest = t->part_versions[i] < oldest ? t->part_versions[i] : oldest;
    save->oldest_part_version = oldest;
}

/* The buffer may have moved while it grew: spans point into it only now. */
static void point_parts(struct pending_save *save)
{
    const uint8_t *at = save->parts.at;
    for (int32_t i = 0; i < save->part_count; i++) {
        save->spans[i].bytes.at = at;
        at += save->spans[i].bytes.size;
    }
}

/* ---- sending ------------------------------------------------------------------------- */

/* With the views that are in the batch. */
static void send_save(const struct saving *s, struct tenure *t)
{
    const struct view_batch *views = s->views;
    struct pending_save *pending = &t->save;
    const struct save save = { .shard = t->shard,
                               .writer = t->writer,
                               .header = pending->header,
                               .log = buffer_span(&pending->log),
                               .parts = pending->spans,
                               .part_count = pending->part_count,
                               .oldest_part_version = pending->oldest_part_version,
                               .views = views->views,
                               .view_count = views->view_count,
                               .ranks = views->ranks,
                               .rank_count = views->rank_count };
    struct reason why = { 0 };
    const struct store_port *store = &s->world->ports->store;
    const enum status status = store->save(store->self, &save, &why);
    pending->must_resend = status_reaction(status) == REACTION_RETRY;
    if (pending->must_resend) {
        backoff_failed(&t->backoff, s->world->retry, s->world->ports->now());
        pending->why = why;
        view_rewrite_all(&t->state->alerts); /* its views are lost with it */
        log_write(LOG_WARN, "save_not_sent", "shard=%d why=\"%s\"", t->shard, why.text);
    }
}

void saving_begin(const struct saving *s, struct tenure *t, wall_time now)
{
    CHECK(tenure_works(t) && !t->save.active);
    struct pending_save *save = &t->save;
    view_batch_fill(s->views, &t->state->alerts, now);
    save->active = true;
    save->begun = now;
    save->header = header_now(t);
    buffer_clear(&save->log);
    shard_encode_changes(t->state, &save->log);
    encode_parts(s, t);
    point_parts(save);
    outbox_in_save(&t->state->outbox, save->header.version);
    t->progressed = false;
    t->last_save = now;
    metrics_observe(s->world->metrics, METRIC_SAVE_BYTES,
                    (int64_t)(save->log.size + save->parts.size));
    buffer_clear(&save->gone);
    view_batch_note_gone(s->views, &save->gone);
    send_save(s, t);
}

void saving_resend(const struct saving *s, struct tenure *t, int64_t longest_wait_ms)
{
    CHECK(t->save.active && t->save.must_resend);
    CHECK(longest_wait_ms > 0);
    const wall_time now = s->world->ports->now();
    if (!backoff_over(&t->backoff, now) &&
        !wall_time_passed(t->backoff.failed, longest_wait_ms, now))
        return;
    view_batch_fill_gone(s->views, buffer_span(&t->save.gone));
    send_save(s, t);
}

/* ---- the answer ---------------------------------------------------------------------- */

static void acknowledged(const struct saving *s, struct tenure *t, wall_time now)
{
    t->header.version = t->save.header.version;
    t->save.active = false;
    backoff_reset(&t->backoff);
    metrics_observe(s->world->metrics, METRIC_SAVE_SECONDS, (now.ms - t->save.begun.ms) * 1000);
    const struct source_port *source = &s->world->ports->source;
    source->note_progress(source->self, t->shard, t->save.header.offsets);
}

void saving_answered(const struct saving *s, struct tenure *t, const struct save_result *result,
                     wall_time now)
{
    if (!t->active || !t->save.active || result->version != t->save.header.version)
        return; /* of a claim that is over */
    metrics_add_of(s->world->metrics, METRIC_SAVES, result->status, 1);
    switch (status_reaction(result->status)) {
    case REACTION_PROCEED:
        acknowledged(s, t, now);
        return;
    case REACTION_RETRY:
        /* Its views may be lost with it; all are written again. */
        t->save.why = result->why;
        t->save.must_resend = true;
        backoff_failed(&t->backoff, s->world->retry, now);
        view_rewrite_all(&t->state->alerts);
        log_write(LOG_WARN, "save_unanswered", "shard=%d version=%" PRIu64 " why=\"%s\"",
                  t->shard, result->version, result->why.text);
        return;
    case REACTION_RELOAD:
        metrics_add(s->world->metrics, METRIC_FENCED, 1);
        log_write(LOG_WARN, "fenced", "shard=%d version=%" PRIu64 " why=\"%s\"", t->shard,
                  result->version, result->why.text);
        tenure_reload(t, s->world, now);
        return;
    case REACTION_QUARANTINE:
    case REACTION_STOP:
        break;
    }
    CHECK(false); /* no store answers so: see save_result */
}
