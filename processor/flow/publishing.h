/* publishing.h - alert changes to the alerts topic, acknowledgements back.
 *
 * A change is handed to the sink only after the save that holds it was
 * acknowledged, and only while the shard is ours for longer than the sink may try
 * to deliver it: so nothing of ours comes after a successor has read the topic.
 * Its delivery removes it from the outbox, which the next save makes durable. If
 * the sink gives it up, the topic is asked whether it stands there.
 */
#pragma once

#include "flow/tenure.h"

struct publishing {
    const struct tenure_world *world;
    struct tenure *tenures;
    int32_t shard_count;
    /* When the alerts topic may be read again, and why it could not be: one for all shards,
     * as a reading waits for brokers. */
    struct backoff asked;
    struct reason asked_why;
    bool waits; /* the sink had no room for a change */
};

/* Sends what may be sent, as far as the sink has room; else p->waits. */
void publishing_send(struct publishing *p, struct tenure *t);

/* Takes the acknowledgements that have come. */
void publishing_collect(const struct publishing *p);
