/* letters.h - dead letters: records that nobody can understand or believe, set aside.
 *
 * DESIGN
 * ------
 * A letter goes to the sink at once. While the sink has no room (Kafka is away, or the
 * topic cannot be written to) it waits here, with a copy of its bytes; then nothing more is
 * read, so no more wait than one batch has records:
 *
 *      record ──set aside──▶ sink                     usual
 *                  └───────▶ waiting ──each step──▶ sink
 *
 * The worker goes on meanwhile: time passes, duties come and go, it can be stopped. Nothing
 * behind a letter is saved before the letter is acknowledged, so one that still waits when
 * its shard leaves is dropped: whoever owns the shard next reads the record again.
 */
#pragma once

#include "flow/tenure.h"

/* A letter that waits; where its bytes are in the buffer. */
struct waiting_letter {
    struct record record; /* its spans are made when it is sent */
    bool has_key;
    size_t key_size;
    size_t value_size;
    enum reject reject;
    int32_t schema_id;
    uint64_t generation; /* of the tenure that set it aside */
    wall_time rejected_at;
};

struct letters {
    const struct tenure_world *world;
    struct tenure *tenures;         /* indexed by shard */
    const char *const *topic_names; /* TOPIC_COUNT, for the headers */
    struct arena *arena;            /* of the list */
    struct waiting_letter *waiting; /* oldest first */
    int32_t capacity;
    int32_t count;
    int32_t sent; /* of these, and dropped ones */
    struct buffer bytes;
    size_t bytes_sent; /* where those of waiting[sent] begin */
};

/* The first three fields are set. At most `capacity` may wait. */
void letters_open(struct letters *l, int32_t capacity, struct arena *arena);

void letters_close(struct letters *l);

/* The record is borrowed for the call. */
void letters_set_aside(struct letters *l, const struct record *record, enum reject reject,
                       int32_t schema_id);

/* Sends what waits, as far as the sink takes it. */
void letters_send(struct letters *l);

/* Does any wait? Then nothing more may be read. */
bool letters_wait(const struct letters *l);
