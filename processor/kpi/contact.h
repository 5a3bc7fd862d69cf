/* contact.h - which tickets share an order unit.
 *
 * DESIGN
 * ------
 * For every (seller, order unit) that a ticket names, the tickets by opening:
 *
 *      unit A:  [Mon 9:00 #17] [Mon 14:00 #23] [Sat 8:00 #40]
 *
 * At most OPENINGS_MAX are kept a unit, the earliest ones. The lists follow from
 * the tickets and are not stored: a ticket is remembered for as long as another
 * one may be a repeat of it.
 */
#pragma once

#include "base/hash.h"
#include "base/pool.h"
#include "base/table.h"

enum { OPENINGS_MAX = 16 };

struct opening {
    int64_t at; /* UTC ms */
    uint32_t ticket;
};

struct contact {
    struct hash128 key;
    uint32_t count;
    struct opening openings[OPENINGS_MAX]; /* by time */
};

struct contacts {
    struct arena *arena;
    struct pool pool;
    struct table table;
};

void contacts_open(struct contacts *cs, struct arena *arena);

void contacts_close(struct contacts *cs);

/* NULL if nobody named that unit. */
struct contact *contacts_find(const struct contacts *cs, struct hash128 key);

/* Says that the ticket was opened at `at`; moves it if that was known otherwise. */
void contacts_put(struct contacts *cs, struct hash128 key, uint32_t ticket, int64_t at);

/* No error if it is not there. */
void contacts_remove(struct contacts *cs, struct hash128 key, uint32_t ticket);
