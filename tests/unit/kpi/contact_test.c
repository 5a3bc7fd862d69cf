/* contact_test.c - who stands before whom on an order unit, however many they are. */
#include "kpi/claim.h"
#include "kpi/contact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { CROWD = 200000, SAMPLES = 24, FEW = 60 };

/* Tickets of one order unit; openings[i] is that of the ticket i + 1. */
struct crowd {
    struct arena arena;
    struct pool tickets;
    struct contacts contacts;
    struct opening *openings;
    bool *there;
    uint32_t count;
    uint64_t random;
};

static const struct hash128 unit = { .low = 1, .high = 2 };

static uint32_t below(struct crowd *c, uint32_t limit)
{
    c->random = hash_mix(c->random, 0);
    return (uint32_t)(c->random % limit);
}

/* Several are opened at each instant, and their ids do not rise with their numbers. */
static void crowd_open(struct crowd *c, uint32_t count)
{
    *c = (struct crowd){ .count = count, .random = count };
    pool_open(&c->tickets, &c->arena, sizeof(struct claim));
    contacts_open(&c->contacts, &c->arena, &c->tickets);
    c->openings = calloc(count, sizeof *c->openings);
    c->there = calloc(count, sizeof *c->there);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t ticket = pool_new(&c->tickets);
        char id[NAME_BYTES_MAX];
        const int size = snprintf(id, sizeof id, "t%u-%u", below(c, 100), ticket);
        ((struct claim *)pool_at(&c->tickets, ticket))->id = name_of(span_of(id, (size_t)size));
        c->openings[i] = (struct opening){ .at = below(c, count / 4), .ticket = i + 1 };
        assert_int_equal(ticket, i + 1);
    }
}

static void crowd_close(struct crowd *c)
{
    contacts_close(&c->contacts);
    pool_close(&c->tickets);
    free(c->openings);
    free(c->there);
}

/* Who comes when. */
static uint32_t *shuffled(struct crowd *c)
{
    uint32_t *order = calloc(c->count, sizeof *order);
    for (uint32_t i = 0; i < c->count; i++) {
        const uint32_t at = below(c, i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    return order;
}

static bool earlier(const struct crowd *c, struct opening a, struct opening b)
{
    const struct claim *one = pool_at(&c->tickets, a.ticket);
    const struct claim *other = pool_at(&c->tickets, b.ticket);
    return a.at != b.at ? a.at < b.at
                        : span_compare(name_span(&one->id), name_span(&other->id)) < 0;
}

/* The nearest before or behind the ticket `of` among all that are there; 0: none. */
static uint32_t neighbour(const struct crowd *c, uint32_t of, bool before)
{
    uint32_t nearest = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        const struct opening one = c->openings[i];
        if (!c->there[i] || i == of || earlier(c, one, c->openings[of]) != before)
            continue;
        if (nearest == 0 || earlier(c, c->openings[nearest - 1], one) == before)
            nearest = one.ticket;
    }
    return nearest;
}

static uint32_t known_before(const struct crowd *c, uint32_t of)
{
    struct opening before;
    if (!contacts_before(&c->contacts, unit, c->openings[of], &before))
        return 0;
    assert_int_equal(before.at, c->openings[before.ticket - 1].at);
    return before.ticket;
}

static void come(struct crowd *c, uint32_t who)
{
    c->there[who] = true;
    contacts_put(&c->contacts, unit, c->openings[who]);
}

static void go(struct crowd *c, uint32_t who)
{
    c->there[who] = false;
    contacts_remove(&c->contacts, unit, c->openings[who]);
}

static void assert_samples_are_known(struct crowd *c)
{
    for (int i = 0; i < SAMPLES; i++) {
        const uint32_t who = below(c, c->count);
        assert_int_equal(known_before(c, who), c->there[who] ? neighbour(c, who, true) : 0);
    }
}

/* A seller whose tickets all name the order unit "unknown". If the work for each grew with what
 * is there, this would take minutes. */
static void placeholder_unit_of_a_big_seller_knows_who_came_before(void **state)
{
    (void)state;
    struct crowd c;
    crowd_open(&c, CROWD);
    uint32_t *order = shuffled(&c);
    for (uint32_t i = 0; i < CROWD; i++)
        come(&c, order[i]);
    assert_samples_are_known(&c);
    for (uint32_t i = 0; i < CROWD / 2; i++)
        go(&c, order[i]);
    assert_samples_are_known(&c);
    for (uint32_t i = CROWD / 2; i < CROWD; i++)
        go(&c, order[i]);
    assert_int_equal(c.contacts.openings.live, 0);
    assert_int_equal(c.contacts.contacts.live, 0);
    free(order);
    crowd_close(&c);
}

static void openings_in_order_of_time_know_who_came_before(void **state)
{
    (void)state;
    struct crowd c;
    crowd_open(&c, CROWD / 4);
    for (uint32_t i = 0; i < c.count; i++) {
        c.openings[i].at = i;
        come(&c, i);
        assert_int_equal(known_before(&c, i), i);
    }
    for (uint32_t i = 0; i + 1 < c.count; i++) {
        go(&c, i);
        assert_int_equal(known_before(&c, i + 1), 0);
    }
    crowd_close(&c);
}

/* Whoever comes or goes names the one behind it: it has another one before it now. */
static void whoever_comes_or_goes_names_the_one_behind(void **state)
{
    (void)state;
    struct crowd c;
    crowd_open(&c, FEW);
    for (int step = 0; step < 2000; step++) {
        const uint32_t who = below(&c, FEW);
        const uint32_t behind = neighbour(&c, who, false);
        c.there[who] = !c.there[who];
        const struct opening opening = c.openings[who];
        assert_int_equal(c.there[who] ? contacts_put(&c.contacts, unit, opening)
                                      : contacts_remove(&c.contacts, unit, opening),
                         behind);
        for (uint32_t i = 0; i < FEW; i++)
            assert_int_equal(known_before(&c, i), c.there[i] ? neighbour(&c, i, true) : 0);
    }
    crowd_close(&c);
}

static void who_is_not_there_goes_without_an_error(void **state)
{
    (void)state;
    struct crowd c;
    crowd_open(&c, FEW);
    assert_int_equal(contacts_remove(&c.contacts, unit, c.openings[0]), 0);
    come(&c, 1);
    assert_int_equal(contacts_remove(&c.contacts, unit, c.openings[0]), 0);
    assert_int_equal(known_before(&c, 1), 0);
    assert_int_equal(c.contacts.openings.live, 1);
    crowd_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholder_unit_of_a_big_seller_knows_who_came_before),
        cmocka_unit_test(openings_in_order_of_time_know_who_came_before),
        cmocka_unit_test(whoever_comes_or_goes_names_the_one_behind),
        cmocka_unit_test(who_is_not_there_goes_without_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
