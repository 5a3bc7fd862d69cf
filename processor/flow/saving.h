/* saving.h - one atomic step per save: changes, offsets, times and views together.
 *
 * DESIGN
 * ------
 * A save is encoded from the working copy at one moment and sent; the next batch
 * is read and applied while it is under way. At most one a shard is in flight.
 *
 * Beside the changes, a save carries a few parts of the snapshot, round robin,
 * as many as keep a full round shorter than the log: while b bytes are added to a
 * log that may grow to L = max(8 MiB, all parts together), b / L of the parts are
 * written. Log elements that all parts are newer than are trimmed.
 */
#pragma once

#include "flow/tenure.h"

#define SAVING_LOG_LEAST_BYTES ((size_t)8 * 1024 * 1024)

struct saving {
    const struct tenure_world *world;
    struct view_batch *views; /* the worker's */
    int64_t commit_interval_ms;
    int64_t catch_up_interval_ms; /* instead, while behind */
    int64_t alert_interval_ms;    /* instead, when an alert change waits */
    size_t log_least_bytes;       /* a log may always grow so far: SAVING_LOG_LEAST_BYTES */
};

/* Is a save due? Never while one is under way. */
bool saving_is_due(const struct saving *s, const struct tenure *t, wall_time now);

/* Begins a save of everything that changed. */
void saving_begin(const struct saving *s, struct tenure *t, wall_time now);

/* Sends a save again whose fate is not known, when its back-off is over, or when it has
 * waited so long. */
void saving_resend(const struct saving *s, struct tenure *t, int64_t longest_wait_ms);

/* The store's answer. FENCED: the tenure begins again. */
void saving_answered(const struct saving *s, struct tenure *t, const struct save_result *result,
                     wall_time now);
