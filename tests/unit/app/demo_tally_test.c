/* demo_tally_test.c - a planted seller counts as found only by the right alert in time. */
#include "app/demo_tally.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SELLERS = 12, PLANTED = 6 };

static struct market *market;
static struct demo_tally tally;

static int set_up(void **state)
{
    (void)state;
    market = market_open(&(struct market_options){ .seed = 1,
                                                   .start = { INT64_C(1780272000000) },
                                                   .sellers = SELLERS,
                                                   .turning = PLANTED,
                                                   .units_per_day = 10,
                                                   .turn_days = 4 });
    demo_tally_open(&tally, market, SELLERS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    market_close(market);
    return 0;
}

static struct alert_change firing(const char *seller, enum kpi kpi, int64_t at)
{
    return (struct alert_change){ .type = ALERT_EVENT_FIRING,
                                  .seller = name_of(span_of_text(seller)),
                                  .kpi = kpi,
                                  .evaluated = { at } };
}

static void every_planted_seller_is_known_and_not_found_at_first(void **state)
{
    (void)state;
    assert_int_equal(tally.planted_count, PLANTED);
    for (int i = 0; i < PLANTED; i++)
        assert_true(tally.planted[i].found.ms == TIME_NEVER);
}

static void an_alert_on_the_planted_kpi_after_the_turn_finds_the_seller(void **state)
{
    (void)state;
    const struct screen_planted *p = &tally.planted[MARKET_FAULT_DISPATCH];
    const struct alert_change late = firing(p->seller, KPI_DISPATCH_LATE, p->turns.ms + 20);
    const struct alert_change early = firing(p->seller, KPI_DISPATCH_LATE, p->turns.ms + 10);
    demo_tally_add(&tally, &late);
    demo_tally_add(&tally, &early);
    assert_int_equal(p->found.ms, p->turns.ms + 10);
    assert_int_equal(tally.fired[KPI_DISPATCH_LATE], 2);
}

static void an_alert_before_the_turn_or_on_another_kpi_finds_nobody(void **state)
{
    (void)state;
    const struct screen_planted *p = &tally.planted[MARKET_FAULT_DISPATCH];
    const struct alert_change before = firing(p->seller, KPI_DISPATCH_LATE, p->turns.ms - 1);
    const struct alert_change other = firing(p->seller, KPI_ESCALATION, p->turns.ms + 1);
    struct alert_change resolved = firing(p->seller, KPI_DISPATCH_LATE, p->turns.ms + 1);
    resolved.type = ALERT_EVENT_RESOLVED;
    demo_tally_add(&tally, &before);
    demo_tally_add(&tally, &other);
    demo_tally_add(&tally, &resolved);
    assert_true(p->found.ms == TIME_NEVER);
}

static void a_class_of_avoidable_enquiries_finds_who_sells_bad_goods(void **state)
{
    (void)state;
    const struct screen_planted *p = &tally.planted[MARKET_FAULT_GOODS];
    const struct alert_change change = firing(p->seller, KPI_AVOIDABLE_DEFECT, p->turns.ms);
    demo_tally_add(&tally, &change);
    assert_int_equal(p->found.ms, p->turns.ms);
}

static void only_the_newest_alerts_are_kept_the_newest_first(void **state)
{
    (void)state;
    for (int i = 0; i < SCREEN_ALERTS_MAX + 3; i++) {
        const struct alert_change change = firing("seller-00002", KPI_ESCALATION, i);
        demo_tally_add(&tally, &change);
    }
    assert_int_equal(tally.newest_count, SCREEN_ALERTS_MAX);
    assert_int_equal(tally.newest[0].evaluated.ms, SCREEN_ALERTS_MAX + 2);
    assert_int_equal(tally.newest[SCREEN_ALERTS_MAX - 1].evaluated.ms, 3);
    assert_int_equal(tally.changes, SCREEN_ALERTS_MAX + 3);
}

/* An alert that comes and goes is one that began, however often it fires again. */
static void an_alert_that_fires_again_out_of_recovery_began_once(void **state)
{
    (void)state;
    struct alert_change change = firing("seller-00002", KPI_ESCALATION, 1);
    demo_tally_add(&tally, &change);
    change.previous_status = ALERT_RECOVERING;
    demo_tally_add(&tally, &change);
    demo_tally_add(&tally, &change);
    assert_int_equal(tally.fired[KPI_ESCALATION], 1);
    change.previous_status = ALERT_RESOLVED;
    demo_tally_add(&tally, &change);
    assert_int_equal(tally.fired[KPI_ESCALATION], 2);
}

/* It began in a storm and is first told when it recovers already. */
static void an_alert_that_is_first_told_in_recovery_began_once(void **state)
{
    (void)state;
    struct alert_change change = firing("seller-00002", KPI_ESCALATION, 1);
    change.type = ALERT_EVENT_RECOVERING;
    demo_tally_add(&tally, &change);
    change.type = ALERT_EVENT_FIRING;
    change.previous_status = ALERT_RECOVERING;
    demo_tally_add(&tally, &change);
    change.type = ALERT_EVENT_RECOVERING;
    change.previous_status = ALERT_FIRING;
    demo_tally_add(&tally, &change);
    assert_int_equal(tally.fired[KPI_ESCALATION], 1);
}

static void a_story_before_the_first_turn_says_that_nobody_had_turned(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    const struct screen s = { .now = { tally.planted[0].turns.ms - 1 } };
    demo_tally_text(&tally, &s, &b);
    buffer_add_u8(&b, 0);
    assert_non_null(strstr((const char *)b.at, "  0 of 0 found; 6 had not turned bad yet\n"));
    buffer_free(&b);
}

static void the_summary_counts_only_those_that_had_turned(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    const struct screen_planted *first = &tally.planted[0];
    const struct alert_change change =
        firing(first->seller, KPI_DISPATCH_LATE, first->turns.ms);
    demo_tally_add(&tally, &change);
    const struct screen s = { .start = { INT64_C(1780272000000) },
                              .now = tally.planted[1].turns };
    demo_tally_text(&tally, &s, &b);
    buffer_add_u8(&b, 0);
    assert_non_null(strstr((const char *)b.at, "  1 of 2 found; 4 had not turned bad yet\n"));
    assert_non_null(strstr((const char *)b.at, "turned bad      1  (6 sellers)"));
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_planted_seller_is_known_and_not_found_at_first,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_alert_on_the_planted_kpi_after_the_turn_finds_the_seller, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_alert_before_the_turn_or_on_another_kpi_finds_nobody,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_class_of_avoidable_enquiries_finds_who_sells_bad_goods, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_newest_alerts_are_kept_the_newest_first,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_alert_that_fires_again_out_of_recovery_began_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_alert_that_is_first_told_in_recovery_began_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_story_before_the_first_turn_says_that_nobody_had_turned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_summary_counts_only_those_that_had_turned, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
