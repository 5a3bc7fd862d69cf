/* contact.h - which tickets share an order unit.
 *
 * DESIGN
 * ------
 * For every (seller, order unit) that a ticket names, the tickets by opening, at
 * one instant by id:
 *
 *      unit A:  [Mon 9:00 #17] <-> [Mon 14:00 #23] <-> [Sat 8:00 #40]
 *
 * A ticket repeats another one if the ticket before it in such a list was opened
 * in the seven days before; those farther back are older still. So one that comes
 * or goes changes nothing but itself and the ticket behind it.
 *
 * An opening costs a node for each order unit of its ticket, of which there are
 * few, so the lists need no bound of their own, and the result is that of the set
 * of openings. They follow from the tickets and are not stored: a ticket is
 * remembered for as long as another one may be a repeat of it.
 */
#pragma once

#include "base/hash.h"
#include "base/pool.h"
#include "base/table.h"

struct opening {
    int64_t at; /* UTC ms */
    uint32_t ticket;
};

struct contacts {
    struct arena *arena;
    const struct pool *tickets; /* each begins with a struct claim, which names it */
    struct pool contacts;       /* one an order unit */
    struct pool openings;
    struct table table;
};

void contacts_open(struct contacts *cs, struct arena *arena, const struct pool *tickets);

void contacts_close(struct contacts *cs);

/* Says that the ticket, which is not there, was opened at `at`. Returns the ticket behind
 * it, whose predecessor it is now; 0: none. */
uint32_t contacts_put(struct contacts *cs, struct hash128 key, struct opening opening);

/* Returns the ticket that stood behind it; 0: none. No error if it is not there. */
uint32_t contacts_remove(struct contacts *cs, struct hash128 key, uint32_t ticket);

/* The opening before the ticket's own; false: it is the first, or not there. */
bool contacts_before(const struct contacts *cs, struct hash128 key, uint32_t ticket,
                     struct opening *ret_before);
