/* seller_test.c - sellers and cells come with what names them, and go with it. */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void assert_known(const struct story *s, uint32_t sellers, uint32_t cells)
{
    assert_int_equal(s->shard->sellers.sellers.live, sellers);
    assert_int_equal(s->shard->sellers.cells.live, cells);
}

static void seller_has_a_cell_a_storefront_and_one_for_all(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    assert_known(s, 1, 2);
    s->storefront = "fr";
    story_order(s, "u2", STORY_NOON);
    story_order(s, "u3", STORY_NOON);
    assert_known(s, 1, 3);
    s->seller = "4712";
    story_order(s, "u4", STORY_NOON);
    assert_known(s, 2, 5);
}

static void asking_for_a_seller_makes_none(void **state)
{
    struct story *s = *state;
    const struct sellers *ss = &s->shard->sellers;
    assert_int_equal(sellers_find(ss, span_of_text("4711"), span_of_text("de")), 0);
    story_order(s, "u1", STORY_NOON);
    assert_int_equal(sellers_find(ss, span_of_text("4711"), span_of_text("fr")), 0);
    assert_int_not_equal(sellers_find(ss, span_of_text("4711"), span_of_text("de")), 0);
    assert_known(s, 1, 2);
}

static void cell_has_the_calendar_and_the_rule_of_its_storefront(void **state)
{
    struct story *s = *state;
    struct sellers *ss = &s->shard->sellers;
    const struct span seller = span_of_text("4711");
    const struct cell *fr = sellers_cell(ss, sellers_cell_of(ss, seller, span_of_text("fr")));
    const struct cell *xx = sellers_cell(ss, sellers_cell_of(ss, seller, span_of_text("xx")));
    assert_ptr_equal(fr->rule, rules_storefront(s->rules, span_of_text("fr")));
    assert_ptr_equal(fr->calendar, fr->rule->calendar);
    assert_null(xx->rule);
    assert_ptr_equal(xx->calendar, s->rules->default_calendar);
}

/* Half a year later nothing names it, and its view has been deleted. */
static void seller_goes_when_nothing_is_left_of_it(void **state)
{
    struct story *s = *state;
    story_deliveries(s, 27, 3, STORY_NOON);
    s->storefront = "fr";
    story_ticket_opened(s, "t1", STORY_NOON);
    story_tick(s);
    free(story_views(s));
    assert_known(s, 1, 3);
    story_live_to(s, STORY_NOON + 60 * DAY_MS, 6 * HOUR_MS);
    free(story_views(s));
    assert_known(s, 1, 2); /* the open ticket */
    story_live_to(s, STORY_NOON + 180 * DAY_MS, DAY_MS);
    free(story_views(s));
    assert_known(s, 0, 0);
}

static void seller_that_comes_back_is_counted_from_nothing(void **state)
{
    struct story *s = *state;
    const int64_t later = STORY_NOON + 180 * DAY_MS;
    story_deliveries(s, 27, 3, STORY_NOON);
    story_live_to(s, later, DAY_MS);
    free(story_views(s));
    assert_known(s, 0, 0);
    story_order(s, "u1", later);
    assert_known(s, 1, 2);
    assert_int_equal(story_facts_in(s, "30d"), 1);
    story_tick(s);
    assert_null(story_alert(s, KPI_DELIVERY_LATE, "7d"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(seller_has_a_cell_a_storefront_and_one_for_all),
        TEST(asking_for_a_seller_makes_none),
        TEST(cell_has_the_calendar_and_the_rule_of_its_storefront),
        TEST(seller_goes_when_nothing_is_left_of_it),
        TEST(seller_that_comes_back_is_counted_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
