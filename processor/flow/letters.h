/* letters.h - dead letters: records that nobody can understand or believe, set aside.
 *
 * DESIGN
 * ------
 * A letter goes to the sink at once. While the sink has no room (Kafka is away, or the
 * topic cannot be written to) it waits here, with a copy of its bytes; then nothing more is
 * read, so no more wait than one batch has records. One that the sink refuses for its size
 * goes without the value, then without the key:
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

/* What becomes of the key, or of the value, of the record. */
enum letter_part {
    LETTER_LACKS,      /* the record has none */
    LETTER_TAKES,      /* along, as it was read */
    LETTER_LEAVES_OUT, /* it is too large; a header tells how large */
};

struct waiting_letter {
    struct record record; /* its spans are made when it is sent */
    enum letter_part key;
    enum letter_part value;
    size_t key_size; /* of the record */
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
    int32_t sent;          /* of these, and dropped ones */
    struct reason why;     /* the oldest waits */
    wall_time waits_since; /* while any waits */
    struct buffer bytes;   /* what those that wait take along, one after the other */
    size_t bytes_sent;     /* where those of waiting[sent] begin */
};

/* The first three fields are set. At most `capacity` may wait. */
void letters_open(struct letters *l, int32_t capacity, struct arena *arena);

void letters_close(struct letters *l);

/* The record is borrowed for the call. */
void letters_set_aside(struct letters *l, const struct record *record, enum reject reject,
                       int32_t schema_id);

/* Sends what waits, as far as the sink takes it. Other than OK: some still wait, as the
 * sink says in *why. REFUSED: for ever, because it takes not even a letter's headers. */
enum status letters_send(struct letters *l, struct reason *why);

/* Does any wait? Then nothing more may be read. */
bool letters_wait(const struct letters *l);
