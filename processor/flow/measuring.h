/* measuring.h - gauges of a worker, set about once a second. */
#pragma once

#include "flow/tenure.h"

struct measuring {
    struct metrics *metrics;
    const struct tenure *tenures;
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

struct measured_shards measuring_set(const struct measuring *m, wall_time now);
