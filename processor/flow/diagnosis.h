/* diagnosis.h - what keeps a worker from its work, told to health.
 *
 * DESIGN
 * ------
 * The worker does not stop for a world that is unwell: it waits, shard by shard, and
 * each shard knows what it waits for. About once a second this looks at all of them
 * and says it in words, one fact of health.def each:
 *
 *      REDIS    a shard cannot be claimed, loaded or saved
 *      INPUTS   the broker of an input does not say where it ends: there no time passes
 *      LOADING  a shard cannot be taken over, whoever is to blame
 *      READING  a record waits for its schema, and its input waits behind it
 *      MEMORY   inputs are paused because of memory.limit
 *      SENDING  alert changes or dead letters do not get through
 *
 * A scan over the shards, not over what they hold.
 */
#pragma once

#include "flow/health.h"
#include "flow/letters.h"

struct diagnosis {
    struct health *health;
    int32_t worker; /* number, for health */
    const struct ports *ports;
    const struct tenure *tenures;
    int32_t shard_count;
    const char *const *topic_names; /* TOPIC_COUNT */
    const struct letters *letters;
    size_t memory;
    size_t memory_limit;
};

void diagnosis_tell(const struct diagnosis *d, wall_time now);
