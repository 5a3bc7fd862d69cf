/* publishing.c - see publishing.h. */
#include "flow/publishing.h"

#include "base/check.h"
#include "base/log.h"

enum { DELIVERIES = 256 };

/* A cookie names the claim and the change, so that an acknowledgement that comes
 * late, for an earlier claim of the shard, is told apart. */
enum { SEQUENCE_BITS = 44 };

static uint64_t cookie_of(const struct tenure *t, uint64_t sequence)
{
    CHECK(sequence >> SEQUENCE_BITS == 0);
    return t->generation << SEQUENCE_BITS | sequence;
}

void publishing_send(const struct publishing *p, struct tenure *t)
{
    CHECK(tenure_works(t));
    const struct ports *ports = p->world->ports;
    const struct alert_change *change;
    while ((change = outbox_next(&t->state->outbox, t->header.version)) != NULL) {
        struct reason why = { 0 };
        struct outgoing out = { .shard = t->shard };
        enum status s = ports->encoder.encode(ports->encoder.self, change, &out, &why);
        out.kind = OUTGOING_ALERT;
        out.cookie = cookie_of(t, change->shard_sequence);
        if (s == STATUS_OK)
            s = ports->sink.send(ports->sink.self, &out, &why);
        if (s == STATUS_FULL)
            return;
        if (s != STATUS_OK) {
            log_write(LOG_WARN, "alert_not_sent", "shard=%d status=%s why=\"%s\"", t->shard,
                      status_name(s), why.text);
            return;
        }
        outbox_sent(&t->state->outbox);
    }
}

static void delivered(const struct publishing *p, const struct delivery *d)
{
    CHECK(d->shard >= 0 && d->shard < p->shard_count);
    struct tenure *t = &p->tenures[d->shard];
    if (d->kind == OUTGOING_DEAD_LETTER) {
        metrics_add(p->world->metrics, METRIC_DEAD_LETTERS, 1);
        if (t->active && d->cookie == t->generation && t->letters_unacknowledged > 0)
            t->letters_unacknowledged -= 1;
        return;
    }
    metrics_add(p->world->metrics, METRIC_ALERTS_PUBLISHED, 1);
    if (tenure_works(t) && d->cookie >> SEQUENCE_BITS == t->generation)
        outbox_delivered(&t->state->outbox, d->cookie & ((UINT64_C(1) << SEQUENCE_BITS) - 1),
                         d->offset);
}

void publishing_collect(const struct publishing *p)
{
    struct delivery deliveries[DELIVERIES];
    int32_t count;
    do {
        count = p->world->ports->sink.poll(p->world->ports->sink.self, deliveries, DELIVERIES);
        for (int32_t i = 0; i < count; i++)
            delivered(p, &deliveries[i]);
    } while (count == DELIVERIES);
}
