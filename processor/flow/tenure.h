/* tenure.h - one shard, for as long as it is ours.
 *
 * DESIGN
 * ------
 * From the assignment of a shard to its revocation it goes through stages; a
 * stage is a function that does one thing and names the next:
 *
 *      FLUSH ──▶ CLAIM ──▶ LOAD ──▶ ADOPT ──▶ START ──▶ WORK ◀─┐ steps, saves
 *        ▲                                               │     │
 *        └─────────── fenced: drop everything ───────────┘─────┘
 *
 *   FLUSH  what an earlier owner in this process sent is acknowledged
 *   CLAIM  raise the epoch: from here every save of an older owner is refused
 *   LOAD   parts and log, applied in order
 *   ADOPT  what stands in the alerts topic but not in the state
 *   START  seek the inputs to the stored offsets
 *   WORK   read, apply, tick, save, publish
 *
 * A stage that finds the world unwell is tried again later; nothing is lost by
 * waiting. Why it waits stands in `why`, for diagnosis.h.
 */
#pragma once

#include "flow/backoff.h"
#include "flow/metrics.h"
#include "flow/ports.h"
#include "kpi/shard.h"

enum tenure_stage {
    TENURE_FLUSH,
    TENURE_CLAIM,
    TENURE_LOAD,
    TENURE_ADOPT,
    TENURE_START,
    TENURE_WORK,
};

/* Why an input does not deliver at the moment; bit set. */
enum {
    HOLD_AHEAD = 1u << 0,   /* the others are further behind than max_skew */
    HOLD_SCHEMA = 1u << 1,  /* a record waits for its schema */
    HOLD_MEMORY = 1u << 2,  /* the memory bound is reached */
    HOLD_LETTERS = 1u << 3, /* dead letters wait for room in the sink */
};

struct input {
    int64_t next;          /* offset of the next record to apply; OFFSET_NONE: not known */
    unsigned holds;        /* HOLD_* */
    bool held;             /* what the source was told last */
    bool rewind;           /* a record of it was not applied: read again from `next` */
    struct backoff schema; /* when to try the waiting record again */
    wall_time waits_since; /* of that record, for its schema; 0: none waits */
};

/* The save under way, kept until it is acknowledged: a lost reply is answered by
 * sending the very same save again. */
struct pending_save {
    bool active;
    bool must_resend;
    struct shard_header header;
    struct buffer log;
    struct buffer parts;      /* the bytes of all parts, one after the other */
    struct saved_part *spans; /* PARTS of them; at: set when sent */
    struct buffer gone;       /* view_batch_note_gone */
    int32_t part_count;
    uint64_t oldest_part_version;
    wall_time begun;
    struct reason why; /* must_resend: what went wrong */
};

/* How much of what its shard has counted the metrics have: shards come and go, what
 * was counted stays. */
struct tenure_counts {
    uint64_t foreign;
    uint64_t abandoned;
    uint64_t corrections;
    uint64_t changes[KPI_COUNT][ALERT_EVENT_TYPE_COUNT];
};

struct tenure {
    int32_t shard;
    bool active; /* ours */
    enum tenure_stage stage;
    struct backoff backoff;
    struct reason why; /* the stage failed when last tried; empty: it did not */
    struct arena *arena;
    struct shard *state;
    bool state_open;
    char writer[WRITER_BYTES];
    uint64_t generation;        /* of the claim: tells deliveries of older claims apart, also
                                   those of an earlier tenure in this process */
    struct shard_header header; /* as claimed; version: the acknowledged one */
    struct input inputs[TOPIC_COUNT];
    bool progressed; /* offsets moved since the last save */
    int64_t letters_unacknowledged;
    bool unsettled;         /* changes that wait may have been sent: only the topic knows */
    struct reason held_why; /* alert changes are held back; empty: they are not */
    wall_time held_since;
    struct tenure_counts counted;
    struct pending_save save;
    wall_time last_save;
    wall_time claimed_at;
    uint64_t part_versions[PARTS]; /* 0: never written */
    size_t part_bytes[PARTS];
    int32_t next_part;
    uint64_t part_credit; /* parts owed to the round, in 1/2^20 */
};

/* What the stages need from their worker. */
struct tenure_world {
    const struct ports *ports;
    const struct rules *rules;
    struct metrics *metrics;
    const char *instance; /* unique for this process */
    struct backoff_bounds retry;
};

void tenure_open(struct tenure *t, int32_t shard, struct arena *arena);

/* Drops the working copy; the tenure may begin again with tenure_open. */
void tenure_close(struct tenure *t, const struct tenure_world *world);

/* One stage on, if it is not at WORK yet and its back-off is over. Other than
 * OK: as the port said it, with *why. */
enum status tenure_advance(struct tenure *t, const struct tenure_world *world,
                           struct reason *why);

/* Drops the working copy and begins again with FLUSH, after a pause. */
void tenure_reload(struct tenure *t, const struct tenure_world *world, wall_time now);

static inline bool tenure_works(const struct tenure *t)
{
    return t->active && t->stage == TENURE_WORK;
}
