/* schemas.h - which program decodes a record: the cache of writer schemas.
 *
 * DESIGN
 * ------
 * A record names its schema by an id. The first record of an id and topic asks
 * a source for the text, which takes a while: until then the answer is PENDING,
 * however many records ask, and the source is asked at most once at a time.
 *
 *      asked for ──▶ FETCHING ──▶ READY         a program; an id's text never changes
 *                       │  ▲ └──▶ INCOMPATIBLE  it cannot be our event; never changes
 *                       │  │ └──▶ MISSING       "no such id", believed for missing_ms
 *                       └──┘ the source is unwell: ask again, waiting longer each time
 *
 * An id is compiled for the topic it arrives on: the same text may be an event
 * of one topic and nonsense on another. The cache has a fixed number of places, in
 * sets of a few: a new id takes a free place of its set, else that of a MISSING or
 * INCOMPATIBLE one, else the one unused for longest. Ids made up by a broken
 * producer thus cannot push out all that work.
 *
 * One instance per worker; nothing in it is shared between threads, but for the
 * lock around avro-c.
 */
#pragma once

#include "codec/schema_program.h"
#include "flow/ports.h"

/* Where the text of an id comes from. */
struct schemas_source {
    void *self;

    /* OK: the text is in *ret_json. PENDING: asked for, ask again. MISSING: the
     * source is sure that there is no such id. MALFORMED: there is one, but it is
     * no Avro schema or not whole; why is in *why. UNAVAILABLE: it does not answer, or
     * not sensibly; why is in *why; ask again later. Never blocks. */
    enum status (*fetch)(void *self, int32_t id, struct buffer *ret_json, struct reason *why);
};

/* A schema that needs no source; borrowed while the instance lives. */
struct schemas_local {
    int32_t id;
    struct span json;
};

struct schemas_options {
    struct schemas_source source;       /* fetch NULL: only the local ones exist */
    const struct schemas_local *locals; /* looked at first */
    int32_t local_count;
    wall_time (*now)(void);
    int64_t missing_ms;       /* how long "no such id" is believed; 0: 60 s */
    int64_t retry_first_ms;   /* pause after the first failure of the source; 0: 100 ms */
    int64_t retry_longest_ms; /* it doubles up to this; 0: 10 s */
    pthread_mutex_t *lock;    /* around avro-c; shared by all instances of the process */
};

struct schemas;

struct schemas *schemas_open(const struct schemas_options *options);

/* Accepts NULL. Events that were decoded must not be used any more. */
void schemas_close(struct schemas *schemas);

/* The whole way from record to event: framing, schema, decoding, checks. Anything
 * but PENDING is final. While the source is unwell the answer is PENDING too: a
 * registry that does not answer is not bad input; `troubled` tells of it. */
struct decoder_port schemas_port(struct schemas *schemas);
