/* contact.h - which tickets share an order unit.
 *
 * DESIGN
 * ------
 * For every (seller, order unit) that a ticket names, the tickets by opening, at
 * one instant by id:
 *
 *      unit A:  Mon 9:00 #17  <  Mon 14:00 #23  <  Sat 8:00 #40
 *
 * A ticket repeats another one if the ticket before it in that order was opened
 * in the seven days before; those farther back are older still. So one that comes
 * or goes changes nothing but itself and the ticket behind it.
 *
 * Most units have one ticket or two, but "unknown" may be the unit of all tickets
 * of a big seller. So the order is a tree, one node an opening:
 *
 *                  [Mon 14:00 #23]
 *          earlier /             \ later
 *      [Mon 9:00 #17]       [Sat 8:00 #40]
 *
 * It is kept flat by chance (a treap): who is nearer to the root is decided by a
 * hash of the node's number, in whatever order the openings come. A node costs as
 * much as one of a linked list would; what it cannot do is be found by its ticket
 * alone, so a ticket leaves before its opening moves.
 *
 * The result is that of the set of openings. They follow from the tickets and are
 * not stored: a ticket is remembered for as long as another one may be a repeat
 * of it.
 *
 * COSTS: with n openings on the order unit, each function takes O(log n) steps,
 * to be expected of all orders of arrival alike; n openings O(n log n).
 */
#pragma once

#include "base/hash.h"
#include "base/pool.h"
#include "base/table.h"

struct opening {
    int64_t at; /* UTC ms; TIME_NEVER is nowhere */
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

/* Says that the ticket, which is not there, was opened then. Returns the ticket behind it,
 * whose predecessor it is now; 0: none. */
uint32_t contacts_put(struct contacts *cs, struct hash128 key, struct opening opening);

/* Takes it out, as it was put. Returns the ticket that stood behind it; 0: none. No error if
 * it is not there. */
uint32_t contacts_remove(struct contacts *cs, struct hash128 key, struct opening opening);

/* The opening before that one; false: it is the first, or not there. */
bool contacts_before(const struct contacts *cs, struct hash128 key, struct opening opening,
                     struct opening *ret_before);
