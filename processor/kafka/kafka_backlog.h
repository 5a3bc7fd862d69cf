/* kafka_backlog.h - the records a sink was given and has not handed back yet.
 *
 * DESIGN
 * ------
 * A fixed number of slots; each stands in exactly one of three lists:
 *
 *      free ──add──▶ pending (oldest first) ──acknowledge──▶ done ──take──▶ free
 *                       └──────────────────── give up ────────▲
 *                     │ handed to the client … │ not yet │
 *                                              ▲ unsent
 *
 * Every step is O(1). Free slots keep their memory up to a bound together, and those
 * with memory are used first, so that a steady stream of records allocates nothing.
 * The bytes that are pending are bounded, too. One thread.
 */
#pragma once

#include "flow/ports.h"

enum {
    KAFKA_BACKLOG_BYTES = 64 << 20,    /* pending: more is FULL, but one record always fits */
    KAFKA_BACKLOG_KEEP_BYTES = 1 << 20 /* memory that the free slots keep together */
};

struct kafka_slot {
    struct kafka_slot *previous; /* in its list */
    struct kafka_slot *next;
    struct delivery delivery;
    int32_t partition; /* for who sends it */
    bool handed;       /* the client has it */
    bool has_key;      /* a key of no bytes is not the same as no key */
    bool has_value;    /* nor is an empty value a tombstone */
    size_t key_size;   /* the key begins the bytes */
    size_t value_size; /* then comes the value, then name and value of each header */
    int32_t header_count;
    struct buffer bytes; /* does not move while the slot is pending */
};

struct kafka_slots {
    struct kafka_slot *first;
    struct kafka_slot *last;
};

struct kafka_backlog {
    struct kafka_slot *all; /* owned */
    int32_t slot_count;
    struct kafka_slots free;
    struct kafka_slots pending;
    struct kafka_slots done;
    struct kafka_slot *unsent; /* the first pending one that the client does not have */
    int32_t handed_count;      /* pending ones that the client has */
    size_t pending_bytes;
    size_t kept_bytes; /* capacity of all free slots */
};

void kafka_backlog_open(struct kafka_backlog *b, int32_t slot_count);

void kafka_backlog_close(struct kafka_backlog *b);

bool kafka_backlog_full(const struct kafka_backlog *b);

/* A copy of the record, as the newest pending one. Not when full. */
struct kafka_slot *kafka_backlog_add(struct kafka_backlog *b, const struct outgoing *record);

/* The client has taken the first unsent one. */
void kafka_backlog_handed(struct kafka_backlog *b);

/* The client gave it back undelivered: it stays where it was, but is not handed. */
void kafka_backlog_failed(struct kafka_backlog *b, struct kafka_slot *slot);

/* The broker has it, at this offset. */
void kafka_backlog_acknowledge(struct kafka_backlog *b, struct kafka_slot *slot,
                               int64_t offset);

/* The client is gone: everything pending is unsent again. */
void kafka_backlog_rewind(struct kafka_backlog *b);

/* After a rewind: everything pending is done, undelivered. */
void kafka_backlog_give_up(struct kafka_backlog *b);

/* The oldest records that are done, at most `max`; returns how many. */
int32_t kafka_backlog_take(struct kafka_backlog *b, struct delivery *ret_deliveries,
                           int32_t max);

struct span kafka_backlog_key(const struct kafka_slot *slot);   /* at NULL: no key */
struct span kafka_backlog_value(const struct kafka_slot *slot); /* at NULL: tombstone */

/* All headers: names and values alternate, each a string of reader.h. */
struct span kafka_backlog_headers(const struct kafka_slot *slot);
