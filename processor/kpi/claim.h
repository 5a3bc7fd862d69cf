/* claim.h - order units and tickets by id, and whose an id is.
 *
 * DESIGN
 * ------
 * Events of one id that name different sellers or storefronts are kept apart as
 * *claims*. The claim with the lowest first event owns the id, the others are
 * disowned and count nothing (rule 2.9.7):
 *
 *      id 4711   seller A, de   first event 9:00   owns it
 *                seller B, de   first event 9:05   disowned
 *
 * The owner is remembered for as long as any other claim on its id: else a disowned
 * one would take its place, and with it all that it says would count.
 *
 * Claims on one id have one hash, so they are neighbours in their table. Every
 * unit and ticket begins with a struct claim, as every entity begins with a
 * struct entity.
 *
 * COSTS: almost every id has one claim, and each function takes O(1) steps. One that
 * k sellers claim ("unknown") costs O(k) steps wherever a function walks the rivals:
 * to find, to leave, to name the owner or the latest. So an event asks for each a
 * fixed number of times, and nobody asks for every rival in turn.
 */
#pragma once

#include "base/name.h"
#include "kpi/event.h"
#include "kpi/image.h"
#include "kpi/overdue.h"
#include "kpi/stamp.h"

struct claim {
    struct entity entity;
    struct name id;
    uint32_t cell;
    bool contested; /* there are other claims on this id */
    bool disowned;  /* another claim is older */
};

/* All claims of one kind. */
struct claims {
    enum entity_kind kind;
    struct entities *entities;
    struct sellers *sellers;
    const struct pool *objects;
    const struct pool *stamps;
    size_t first; /* offset in the object: ref of its first event's stamp */
};

static inline struct claim *claim_at(const struct claims *cs, uint32_t ref)
{
    return pool_at(cs->objects, ref);
}

/* The claim of that cell on the id; 0: none. */
uint32_t claim_find(const struct claims *cs, struct span id, uint32_t cell);

/* Makes a new object the cell's claim on an id, and findable. */
void claim_join(const struct claims *cs, uint32_t ref, struct span id, uint32_t cell);

/* Takes the object out again, before it is freed. */
void claim_leave(const struct claims *cs, uint32_t ref);

/* Its image goes into the next save. */
void claim_touch(const struct claims *cs, uint32_t ref);

/* Does anybody else claim its id? */
bool claim_has_rival(const struct claims *cs, uint32_t ref);

/* The oldest claim on its id: the owner. */
uint32_t claim_owner(const struct claims *cs, uint32_t ref);

/* The latest of what `time_of` says of each claim on the id. */
int64_t claim_latest(const struct claims *cs, uint32_t ref,
                     int64_t (*time_of)(const void *self, uint32_t ref), const void *self);

/* What becomes of an object when it was won or lost. */
struct claim_judgement {
    void (*look_again)(void *self, uint32_t ref);
    void *self;
};

/* Settles every claim on the id of `ref`. Looks again at those for whom that changed anything:
 * at most the newcomer, who owned the id and who owns it now, and not at the owner because of
 * what became of the others. O(k). */
void claim_arbitrate(const struct claims *cs, uint32_t ref, struct claim_judgement after);

/* The time of its first event: what times in its image are relative to. */
int64_t claim_base(const struct claims *cs, uint32_t ref);

/* ---- images: id, seller, storefront ---- */

struct claim_key {
    uint8_t layout;
    struct span id;
    struct cell_key cell;
};

/* Begins the image of `ref`: layout and key. */
size_t claim_begin_image(const struct claims *cs, uint32_t ref, uint8_t layout,
                         struct buffer *out);

/* Writes the tombstone of `ref`. */
void claim_bury(const struct claims *cs, uint32_t ref);

/* Layout and key of an image; false: corrupt. */
bool claim_read_key(struct reader *in, uint8_t newest_layout, struct claim_key *ret_key);

/* The claim that an image is about; 0: there is none yet. */
uint32_t claim_of_key(const struct claims *cs, const struct claim_key *key);
