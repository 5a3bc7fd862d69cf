/* pacing.h - which inputs may deliver.
 *
 * An input is held while it is ahead of the others of its shard by more than
 * max_skew of event time, so that a replay of a month gives what the month gave
 * and memory stays bounded; while a record of it waits for its schema; and when
 * the memory bound is reached: then all but the shard that is furthest behind,
 * because time must pass for anything to be forgotten, and a tenth above the
 * bound that one, too. While dead letters wait for the sink all are held.
 */
#pragma once

#include "flow/tenure.h"

struct pacing {
    int64_t max_skew_ms;
    size_t memory_limit; /* bytes; 0: none */
    bool letters_wait;
};

/* Learns from the source where each input's log ends. */
void pacing_observe(struct tenure *t, const struct rules *rules,
                    const struct source_port *source);

/* A batch was read and is about to be taken in: until the next pacing_observe no
 * input counts as read to its end, because its records are not applied yet. */
void pacing_forget_ends(struct tenure *t);

/* Tells the source what to hold of the shard. `furthest_behind`: no other shard
 * of the worker has an earlier stream time. */
void pacing_apply(const struct pacing *p, struct tenure *t, const struct ports *ports,
                  bool furthest_behind);
