/* shard.h - a shard: all that is known of the sellers of one partition.
 *
 * This is the whole domain behind one door: events and time go in, counts,
 * alert changes, images and views come out. It knows no clock, no store and no
 * log. One thread.
 *
 *      shard_apply   an event               → knowledge, facts
 *      shard_tick    the end of a step      → misses, evaluations, alert changes
 *      shard_encode  what changed           → images for the store
 */
#pragma once

#include "kpi/alert.h"
#include "kpi/reject.h"
#include "kpi/shard_clock.h"
#include "kpi/view.h"

struct shard {
    const struct rules *rules;
    struct arena *arena;
    struct entities entities;
    struct sellers sellers;
    struct windows windows;
    struct evidences evidences;
    struct ledger ledger;
    struct units units;
    struct tickets tickets;
    struct outbox outbox;
    struct alerts alerts;
    struct shard_clock clock;
};

/* `rules` and `arena` outlive the shard. The memory of a struct shard is the
 * caller's; it must not move. */
void shard_open(struct shard *s, const struct rules *rules, struct arena *arena);

void shard_close(struct shard *s);

/* Takes an event in. Anything but REJECT_NONE: it was refused and changed nothing. */
enum reject shard_apply(struct shard *s, const struct event *event, wall_time now);

/* Would that event's time enter a new pane of the shortest length? Then the
 * caller ticks first, so that a long batch is evaluated as finely as a short one. */
bool shard_enters_new_pane(const struct shard *s, event_time at);

/* The end of a step: moves time, decides what did not happen, evaluates. True if
 * there is anything to save that was not there before: time alone is not. */
void shard_tick(struct shard *s, wall_time now);

/* True if entities changed since the last shard_encode_changes. */
bool shard_changed(const struct shard *s);

/* Appends the images of all that changed since the last call. */
void shard_encode_changes(struct shard *s, struct buffer *out);

/* Appends the images of all entities of a part. */
void shard_encode_part(const struct shard *s, uint32_t part, struct buffer *out);

/* Applies a run of images, as stored; false: corrupt, the shard must be closed. */
bool shard_decode(struct shard *s, struct span images);

/* After all images, and before adoption: rebuilds what follows from the entities. */
void shard_loaded(struct shard *s);
