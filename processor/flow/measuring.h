/* measuring.h - gauges and counts of a worker, set about once a second. */
#pragma once

#include "flow/tenure.h"

struct measuring {
    struct metrics *metrics;
    struct tenure *tenures;
    int32_t shard_count;
    const struct source_port *source;
    size_t memory;
    size_t memory_limit;
};

/* How many shards are ours, and of how many the work goes on. */
struct measured_shards {
    int32_t owned;
    int32_t loaded;
};

/* Sets the gauges; counts what the shards have counted since the last time. */
struct measured_shards measuring_set(const struct measuring *m, wall_time now);

/* The last of these for one shard, before its working copy is dropped. */
void measuring_count(struct metrics *m, struct tenure *t);
