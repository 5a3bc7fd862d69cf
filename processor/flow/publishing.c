/* publishing.c - see publishing.h. */
#include "flow/publishing.h"

#include "base/check.h"
#include "base/log.h"
#include "flow/adoption.h"

enum { DELIVERIES = 256 };

/* A cookie names the claim and the change, so that an acknowledgement that comes
 * late, for an earlier claim of the shard, is told apart. */
enum { SEQUENCE_BITS = 44 };

static uint64_t cookie_of(const struct tenure *t, uint64_t sequence)
{
    CHECK(sequence >> SEQUENCE_BITS == 0);
    return t->generation << SEQUENCE_BITS | sequence;
}

static void hold_back(struct tenure *t, wall_time now, const struct reason *why)
{
    CHECK(why->text[0] != '\0');
    if (t->held_why.text[0] == '\0')
        t->held_since = now;
    t->held_why = *why;
}

/* Whoever may have lost the shard publishes nothing: its successor has read what stands in
 * the topic, and tells the rest itself. */
static bool is_surely_ours(const struct ports *ports, struct reason *why)
{
    if (ports->source.lease_ms(ports->source.self) >= ports->sink.give_up_ms)
        return true;
    reason_set(why, "the consumer group does not say that this instance belongs to it; if the "
                    "brokers cannot describe groups, set kafka.lease: false");
    return false;
}

/* Is it known of every change that was sent whether it stands in the topic? */
static bool is_settled(struct publishing *p, struct tenure *t, wall_time now,
                       struct reason *why)
{
    if (!t->unsettled)
        return true;
    if (now.ms < t->claimed_at.ms)
        t->claimed_at = now; /* the clock was set back: how long ago it was is not known */
    if (!wall_time_passed(t->claimed_at, p->world->ports->sink.settle_ms, now)) {
        reason_set(why, "changes that were sent, maybe by the owner before, can be hidden from "
                        "readers while a replica lags; kafka.settle has not passed since");
        return false;
    }
    if (!backoff_over(&p->asked, now)) {
        *why = p->asked_why;
        return false;
    }
    const enum status s = adoption_look_again(t, p->world, why);
    if (s != STATUS_OK) {
        log_write(LOG_WARN, "alerts_unsettled", "shard=%d status=%s why=\"%s\"", t->shard,
                  status_name(s), why->text);
        backoff_failed(&p->asked, p->world->retry, now);
        p->asked_why = *why;
        return false;
    }
    backoff_reset(&p->asked);
    t->unsettled = false;
    return true;
}

static bool may_send(struct publishing *p, struct tenure *t)
{
    const wall_time now = p->world->ports->now();
    struct reason why = { 0 };
    if (is_surely_ours(p->world->ports, &why) && is_settled(p, t, now, &why)) {
        t->held_why.text[0] = '\0';
        return true;
    }
    hold_back(t, now, &why);
    return false;
}

void publishing_send(struct publishing *p, struct tenure *t)
{
    CHECK(tenure_works(t));
    const struct ports *ports = p->world->ports;
    CHECK(t->state_open);
    if (outbox_next(&t->state->outbox, t->header.version) == NULL && !t->unsettled)
        return;
    if (!may_send(p, t))
        return;
    const struct alert_change *change;
    while ((change = outbox_next(&t->state->outbox, t->header.version)) != NULL) {
        struct reason why = { 0 };
        struct outgoing out = { .shard = t->shard };
        enum status s = ports->encoder.encode(ports->encoder.self, change, &out, &why);
        out.kind = OUTGOING_ALERT;
        out.cookie = cookie_of(t, change->shard_sequence);
        if (s == STATUS_OK)
            s = ports->sink.send(ports->sink.self, &out, &why);
        p->waits |= s == STATUS_FULL;
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
    const bool current = tenure_works(t) && d->cookie >> SEQUENCE_BITS == t->generation;
    if (!d->delivered) {
        t->unsettled |= current;
        return;
    }
    metrics_add(p->world->metrics, METRIC_ALERTS_PUBLISHED, 1);
    if (current)
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
