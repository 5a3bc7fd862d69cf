/* outbox.h - alert changes on their way out.
 *
 * DESIGN
 * ------
 * A change is born here, is saved with the state that caused it, and may be
 * published only after that save is acknowledged. Its delivery report removes
 * it, in the next save:
 *
 *      born ──▶ saved (version n) ──▶ sent ──▶ delivered: gone
 *
 * Changes go out in the order of their shard sequence. `offset` is where the
 * tail of the topic begins that must be read after a crash: behind the last
 * delivered change before the oldest that still waits.
 */
#pragma once

#include "base/reader.h"
#include "kpi/alert_change.h"
#include "kpi/image.h"

enum waiting_state { WAITING_TO_BE_SAVED, WAITING_TO_BE_SENT, WAITING_FOR_DELIVERY };

struct waiting_change {
    struct entity entity;
    uint64_t version; /* of the save that holds it; 0: none yet */
    enum waiting_state state;
    uint32_t next; /* by shard sequence */
    struct alert_change change;
};

/* Shard sequences fit beside a claim number in what the sink hands back. */
#define OUTBOX_SEQUENCE_MAX ((UINT64_C(1) << 44) - 1)

struct outbox {
    struct entities *entities;
    struct pool pool;
    uint32_t first; /* list by shard sequence */
    uint32_t last;
    uint32_t unsent; /* the oldest that was not handed to the sink; 0: none */
    uint64_t next_sequence;
    int64_t offset; /* in the alerts partition; -1: from its beginning */
    uint32_t waiting;
};

void outbox_open(struct outbox *ob, struct entities *entities);

void outbox_close(struct outbox *ob);

/* Numbers the change and keeps a copy. */
void outbox_add(struct outbox *ob, const struct alert_change *change);

/* Save `version` is being written: it holds every change that waited to be saved. */
void outbox_in_save(struct outbox *ob, uint64_t version);

/* The oldest change whose save is acknowledged and that was not sent; NULL: none. */
const struct alert_change *outbox_next(const struct outbox *ob, uint64_t acknowledged_version);

/* The change that outbox_next gave was handed to the sink. */
void outbox_sent(struct outbox *ob);

/* Nothing that was handed to the sink is on its way any more: what was not delivered is
 * handed over again. */
void outbox_send_again(struct outbox *ob);

/* It stands in the topic at that offset (-1: not known). */
void outbox_delivered(struct outbox *ob, uint64_t shard_sequence, int64_t offset);

/* The waiting change with that identity; 0: none. */
uint64_t outbox_find(const struct outbox *ob, const struct alert_change *like);

void outbox_encode(const struct outbox *ob, uint32_t ref, struct buffer *out);

bool outbox_decode(struct outbox *ob, struct reader *in);

/* After all images: no number is given twice. */
void outbox_loaded(struct outbox *ob);

/* Implementation shared by outbox.c and outbox_image.c. */
uint32_t outbox_insert(struct outbox *ob, uint64_t shard_sequence);
uint32_t outbox_find_sequence(const struct outbox *ob, uint64_t shard_sequence);
void outbox_free(struct outbox *ob, uint32_t ref);
