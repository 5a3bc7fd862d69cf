/* publishing.h - alert changes to the alerts topic, acknowledgements back.
 *
 * A change is handed to the sink only after the save that holds it was
 * acknowledged; its delivery removes it from the outbox, which the next save
 * makes durable.
 */
#pragma once

#include "flow/tenure.h"

struct publishing {
    const struct tenure_world *world;
    struct tenure *tenures;
    int32_t shard_count;
};

/* Sends what may be sent, as far as the sink has room. */
void publishing_send(const struct publishing *p, struct tenure *t);

/* Takes the acknowledgements that have come. */
void publishing_collect(const struct publishing *p);
