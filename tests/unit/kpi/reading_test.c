/* reading_test.c - one number of a seller: how it is shown, and how it is compared. */
#include "support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* Of `total` deliveries `late` were late. */
static struct reading late_of(uint32_t late, uint32_t total)
{
    static const struct sellers nobody;
    struct cell cell = { 0 };
    cell.sums[0].counts[FACT_DELIVERY_LATE] = late;
    cell.sums[0].counts[FACT_DELIVERY_ON_TIME] = total - late;
    return reading_take(&nobody, &cell, KPI_DELIVERY_LATE, 0, THRESHOLD_OFF);
}

static struct reading on_time_of(uint32_t good, uint32_t total)
{
    static const struct sellers nobody;
    struct cell cell = { 0 };
    cell.sums[0].counts[FACT_DELIVERY_EARLY] = total - good;
    cell.sums[0].counts[FACT_DELIVERY_ON_TIME] = good;
    return reading_take(&nobody, &cell, KPI_DELIVERY_ON_TIME, 0, THRESHOLD_OFF);
}

/* ---- showing (rule 2.9.11) ------------------------------------------------------------- */

static void ratio_is_shown_in_ppm_rounded_half_up(void **state)
{
    (void)state;
    assert_int_equal(late_of(1, 3).value.amount, 333333);
    assert_int_equal(late_of(2, 3).value.amount, 666667);
    assert_int_equal(late_of(1, 2000000).value.amount, 1); /* half a ppm */
    assert_int_equal(late_of(1, 2000001).value.amount, 0);
    assert_int_equal(late_of(3, 3).value.amount, 1000000);
}

static void good_side_is_shown_where_more_is_better(void **state)
{
    (void)state;
    const struct reading r = on_time_of(9, 10);
    assert_int_equal(r.value.amount, 900000);
    assert_int_equal(r.numerator, 9);
    assert_int_equal(r.bad, 1);
    assert_int_equal(r.denominator, 10);
}

static void nothing_decided_is_no_value_and_no_breach(void **state)
{
    (void)state;
    const struct reading r = late_of(0, 0);
    assert_false(r.value.known);
    assert_false(reading_beyond(&r, OP_GE, 0));
    assert_false(reading_beyond(&r, OP_LT, 1000000));
}

/* Three tickets on one unit created: 300 % is a value like any other. */
static void ratio_may_be_more_than_one(void **state)
{
    struct story *s = *state;
    story_order(s, "u1", STORY_NOON);
    for (int i = 0; i < 3; i++)
        story_ticket_topic(s, story_name(s, "t", i), "delivery_delayed", STORY_NOON);
    assert_int_equal(story_reading(s, KPI_AVOIDABLE_ENQUIRIES, "7d").value.amount, 3000000);
    assert_int_equal(story_reading(s, KPI_AVOIDABLE_DELAYED, "7d").value.amount, 3000000);
    assert_int_equal(story_reading(s, KPI_AVOIDABLE_INVOICE, "7d").value.amount, 0);
}

/* ---- comparing --------------------------------------------------------------------------- */

static void comparison_is_exact_at_the_limit(void **state)
{
    (void)state;
    const struct reading late = late_of(7, 100);
    assert_false(reading_beyond(&late, OP_GT, 70000));
    assert_true(reading_beyond(&late, OP_GE, 70000));
    const struct reading good = on_time_of(93, 100);
    assert_false(reading_beyond(&good, OP_LT, 930000));
    assert_true(reading_beyond(&good, OP_LT, 930001));
}

/* 7.00000005 % is shown as 7 % and is above it. */
static void comparison_never_rounds(void **state)
{
    (void)state;
    const struct reading r = late_of(140000001, 2000000000);
    assert_int_equal(r.value.amount, 70000);
    assert_true(reading_beyond(&r, OP_GT, 70000));
    const struct reading below = late_of(139999999, 2000000000);
    assert_int_equal(below.value.amount, 70000);
    assert_false(reading_beyond(&below, OP_GE, 70000));
}

static void limit_that_is_off_is_never_crossed(void **state)
{
    (void)state;
    const struct reading r = late_of(10, 10);
    assert_false(reading_beyond(&r, OP_GT, THRESHOLD_OFF));
    assert_false(reading_beyond(&r, OP_GE, THRESHOLD_OFF));
    assert_false(reading_beyond_milli(&r, OP_GT, THRESHOLD_OFF));
}

static void clear_limit_lies_a_part_of_the_way_to_perfect(void **state)
{
    (void)state;
    assert_int_equal(reading_clear_limit_milli(KPI_DELIVERY_ON_TIME, OP_LT, 930000, 100),
                     937000000);
    assert_int_equal(reading_clear_limit_milli(KPI_DELIVERY_LATE, OP_GT, 70000, 100), 63000000);
    assert_int_equal(reading_clear_limit_milli(KPI_RESPONSE_OVERDUE, OP_GE, 5, 100), 4500);
    assert_int_equal(reading_clear_limit_milli(KPI_DELIVERY_LATE, OP_GT, 70000, 0), 70000000);
    assert_int_equal(reading_clear_limit_milli(KPI_DELIVERY_LATE, OP_GT, THRESHOLD_OFF, 100),
                     THRESHOLD_OFF);
}

/* ---- durations (rule 2.9.12)
 * ----------------------------------------------------------------- */

/* `count` tickets of Monday noon, each answered after `ms`. */
static void answer_after(struct story *s, int count, int64_t ms)
{
    for (int i = 0; i < count; i++) {
        const char *ticket = story_name(s, "t", s->name_count);
        story_ticket_opened(s, ticket, STORY_NOON);
        story_reply(s, ticket, STORY_NOON + ms);
    }
}

/* Shown a bucket's width too high at most, never too low. */
static void assert_p95(struct story *s, int64_t ms)
{
    const struct reading r = story_reading(s, KPI_RESPONSE_TIME, "7d");
    assert_true(r.value.known);
    assert_true(r.value.amount >= ms);
    assert_true(r.value.amount <= ms + ms / 100);
    assert_true(r.least <= ms);
}

static void quantile_is_the_nearest_rank(void **state)
{
    struct story *s = *state;
    answer_after(s, 19, HOUR_MS);
    answer_after(s, 1, 10 * HOUR_MS);
    assert_p95(s, HOUR_MS); /* the 19th of 20 */
    answer_after(s, 1, 10 * HOUR_MS);
    assert_p95(s, 10 * HOUR_MS); /* the 20th of 21 */
}

static void replies_slower_than_the_warning_are_bad_ones(void **state)
{
    struct story *s = *state;
    answer_after(s, 7, 10 * HOUR_MS);
    answer_after(s, 3, 40 * HOUR_MS);
    const struct reading r = story_reading(s, KPI_RESPONSE_TIME, "7d");
    assert_int_equal(r.denominator, 10);
    assert_int_equal(r.bad, 3);
    assert_true(reading_beyond(&r, OP_GT, 36 * HOUR_MS));
    assert_false(reading_beyond(&r, OP_GT, 48 * HOUR_MS));
}

/* Ten replies exactly at the limit: their bucket reaches beyond it, they do not. */
static void reply_at_the_limit_is_no_breach(void **state)
{
    struct story *s = *state;
    answer_after(s, 10, 36 * HOUR_MS);
    const struct reading r = story_reading(s, KPI_RESPONSE_TIME, "7d");
    assert_false(reading_beyond(&r, OP_GT, 36 * HOUR_MS));
    assert_int_equal(r.bad, 0);
}

/* ---- gauges
 * ------------------------------------------------------------------------------------- */

static void gauge_counts_now_at_the_watermark_in_the_storefront_and_in_all(void **state)
{
    struct story *s = *state;
    story_ticket_opened(s, "t1", STORY_NOON);
    s->storefront = "fr";
    story_ticket_opened(s, "t2", STORY_NOON);
    story_pass_time_to(s, STORY_NOON + 40 * DAY_MS); /* no window holds it any more */
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 1);
    s->storefront = "*";
    assert_int_equal(story_gauge(s, KPI_RESPONSE_OVERDUE), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_setup, story_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratio_is_shown_in_ppm_rounded_half_up),
        cmocka_unit_test(good_side_is_shown_where_more_is_better),
        cmocka_unit_test(nothing_decided_is_no_value_and_no_breach),
        TEST(ratio_may_be_more_than_one),
        cmocka_unit_test(comparison_is_exact_at_the_limit),
        cmocka_unit_test(comparison_never_rounds),
        cmocka_unit_test(limit_that_is_off_is_never_crossed),
        cmocka_unit_test(clear_limit_lies_a_part_of_the_way_to_perfect),
        TEST(quantile_is_the_nearest_rank),
        TEST(replies_slower_than_the_warning_are_bad_ones),
        TEST(reply_at_the_limit_is_no_breach),
        TEST(gauge_counts_now_at_the_watermark_in_the_storefront_and_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
