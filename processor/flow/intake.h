/* intake.h - from records to knowledge: decode, order, apply, set aside.
 *
 * DESIGN
 * ------
 * A batch is decoded as a whole and then applied in order of event time, so that
 * the three topics of a shard meet as they happened; the result does not depend
 * on it, but what an alert says in between does. Before an event enters a new
 * pane of the shortest length its shard ticks: a long batch is evaluated as
 * finely as a short one.
 *
 * A record that cannot be understood or believed becomes a dead letter; it costs
 * that one record. A record whose schema is being fetched stops its input: the
 * input is rewound to it and tried again, so nothing overtakes it.
 */
#pragma once

#include "flow/letters.h"

struct intake_item {
    struct event event;
    int64_t offset;
    int32_t shard;
    int32_t record; /* index in the batch */
    int32_t schema_id;
};

struct intake {
    const struct tenure_world *world;
    struct tenure *tenures; /* indexed by shard */
    int32_t shard_count;
    const char *topic_names[TOPIC_COUNT]; /* for the dead letters' headers */
    struct intake_item *items;            /* room for a batch */
    struct intake_item *sorted;           /* the same, to sort into */
    int32_t capacity;
    struct arena *arena; /* of the two above */
    struct letters letters;
};

void intake_open(struct intake *in, int32_t batch_records, struct arena *arena);

void intake_close(struct intake *in);

/* Takes a whole batch in. Not while letters wait: see letters.h. */
void intake_take(struct intake *in, const struct record_batch *batch);
