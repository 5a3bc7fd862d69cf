/* adoption.c - see adoption.h. */
#include "flow/adoption.h"

#include "base/check.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>

/* One reading; lives on the stack of read_tail. */
struct adoption {
    struct tenure *tenure;
    const struct tenure_world *world;
    bool adopts; /* what it does not know; else all that waits was sent by this tenure */
};

static bool decode_ours(const struct adoption *a, const struct feed_record *record,
                        struct alert_change *ret_change)
{
    char ours[16];
    snprintf(ours, sizeof ours, "%d", a->tenure->shard);
    const struct encoder_port *encoder = &a->world->ports->encoder;
    return span_equal(record->header_shard, span_of_text(ours)) &&
           encoder->decode(encoder->self, record->value, ret_change) == STATUS_OK;
}

/* A number that the stored state has given already is known to it, even if the alert was
 * forgotten since. */
static void adopt_unknown(const struct adoption *a, const struct alert_change *change,
                          int64_t offset)
{
    struct tenure *t = a->tenure;
    if (change->shard_sequence >= t->state->outbox.next_sequence)
        t->state->outbox.next_sequence = change->shard_sequence + 1;
    if (change->shard_sequence >= t->header.next_shard_sequence &&
        alerts_adopt(&t->state->alerts, change))
        log_write(LOG_INFO, "alert_adopted", "shard=%d offset=%" PRId64, t->shard, offset);
}

/* Ours and waiting, ours and unknown, or not ours. */
static void take_record(void *arg, const struct feed_record *record)
{
    const struct adoption *a = arg;
    struct outbox *outbox = &a->tenure->state->outbox;
    struct alert_change change;
    if (!decode_ours(a, record, &change))
        return;
    const uint64_t waiting = outbox_find(outbox, &change);
    if (waiting != 0) {
        outbox_delivered(outbox, waiting, record->offset);
        if (!a->adopts)
            metrics_add(a->world->metrics, METRIC_ALERTS_PUBLISHED, 1);
    } else if (a->adopts) {
        adopt_unknown(a, &change, record->offset);
    }
}

static enum status read_tail(struct adoption *a, struct reason *why)
{
    CHECK(a->tenure->state_open);
    struct outbox *outbox = &a->tenure->state->outbox;
    int64_t end = OFFSET_NONE;
    const struct feed_port *feed = &a->world->ports->feed;
    const enum status s = feed->read_tail(feed->self, a->tenure->shard, outbox->offset,
                                          take_record, a, &end, why);
    if (s == STATUS_OK && outbox->waiting == 0 && end > outbox->offset)
        outbox->offset = end;
    return s;
}

enum status adoption_take_over(struct tenure *t, const struct tenure_world *w,
                               struct reason *why)
{
    struct adoption a = { .tenure = t, .world = w, .adopts = true };
    return read_tail(&a, why);
}

enum status adoption_look_again(struct tenure *t, const struct tenure_world *w,
                                struct reason *why)
{
    struct adoption a = { .tenure = t, .world = w, .adopts = false };
    const enum status s = read_tail(&a, why);
    if (s == STATUS_OK)
        outbox_send_again(&t->state->outbox);
    return s;
}
