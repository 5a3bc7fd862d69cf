/* screen_test.c - the live picture says what is known, and fits its terminal. */
#include "app/screen.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct name name(const char *text)
{
    return name_of(span_of_text(text));
}

static struct screen some_screen(void)
{
    struct screen s = { .start = { INT64_C(1780272000000) }, /* 2026-06-01 */
                        .now = { INT64_C(1780272000000) + 36 * HOUR_MS },
                        .events = 1234,
                        .pairs = 104,
                        .seconds_left = 7,
                        .worst_count = 1,
                        .planted_count = 2 };
    s.worst[0] = (struct screen_seller){ .seller = name("seller-00001"),
                                         .storefront = name("de"),
                                         .kpi = KPI_DISPATCH_LATE,
                                         .window = name("7d"),
                                         .bad = 31,
                                         .total = 250,
                                         .value = { true, 124000 },
                                         .limit = { true, 40000 },
                                         .state = name("critical") };
    s.planted[0] = (struct screen_planted){ .seller = "seller-00001",
                                            .fault = "dispatch",
                                            .kpi = "dispatch_late",
                                            .turns = { s.start.ms + 12 * HOUR_MS },
                                            .found = { s.start.ms + 24 * HOUR_MS } };
    s.planted[1] = (struct screen_planted){ .seller = "seller-00002",
                                            .fault = "stock",
                                            .kpi = "cancellation",
                                            .turns = { s.start.ms + 4 * DAY_MS },
                                            .found = { TIME_NEVER } };
    return s;
}

/* The picture as a C text; free with buffer_free. */
static const char *draw(const struct screen *s, struct screen_look look, struct buffer *b)
{
    buffer_clear(b);
    screen_text(s, &look, b);
    buffer_add_u8(b, 0);
    return (const char *)b->at;
}

static const struct screen_look wide = { .columns = 160, .line_end = "" };

static void assert_shows(const char *picture, const char *text)
{
    if (strstr(picture, text) == NULL)
        fail_msg("'%s' is not in\n%s", text, picture);
}

static void a_seller_stands_there_with_value_counts_limit_and_state(void **state)
{
    (void)state;
    const struct screen s = some_screen();
    struct buffer b = { 0 };
    const char *picture = draw(&s, wide, &b);
    assert_shows(picture, "seller-00001");
    assert_shows(picture, "dispatch_late 7d");
    assert_shows(picture, "12.40 %  31 bad of 250");
    assert_shows(picture, "> 4.00 %    critical");
    assert_shows(picture, "story: 2026-06-02 12:00 UTC, day 1.5");
    assert_shows(picture, "1234 events of 104 pairs of seller and storefront");
    assert_shows(picture, "ends in 7 s");
    buffer_free(&b);
}

static void a_planted_seller_says_when_it_was_found_or_that_its_time_will_come(void **state)
{
    (void)state;
    const struct screen s = some_screen();
    struct buffer b = { 0 };
    const char *picture = draw(&s, wide, &b);
    assert_shows(picture, "turned bad on day  0.5   found by dispatch_late after 0.5 days");
    assert_shows(picture, "turns bad  on day  4.0");
    buffer_free(&b);
}

static void no_line_is_longer_than_the_terminal_is_wide(void **state)
{
    (void)state;
    const struct screen s = some_screen();
    struct buffer b = { 0 };
    const struct screen_look narrow = { .columns = 40, .line_end = "" };
    for (const char *at = draw(&s, narrow, &b); *at != '\0'; at += strcspn(at, "\n") + 1)
        assert_in_range(strcspn(at, "\n"), 0, 40);
    buffer_free(&b);
}

/* A picture that changes its height would jump on the terminal. */
static void the_picture_is_as_high_with_nothing_known_as_with_everything(void **state)
{
    (void)state;
    struct screen s = some_screen();
    struct buffer b = { 0 };
    int full = 0, empty = 0;
    for (const char *at = draw(&s, wide, &b); *at != '\0'; at++)
        full += *at == '\n';
    s.worst_count = 0;
    s.now.ms = TIME_NEVER_YET;
    for (const char *at = draw(&s, wide, &b); *at != '\0'; at++)
        empty += *at == '\n';
    assert_int_equal(full, empty);
    buffer_free(&b);
}

static void a_low_terminal_shows_fewer_sellers_and_alerts_but_the_whole_truth(void **state)
{
    (void)state;
    struct screen s = some_screen();
    struct buffer b = { 0 };
    for (int rows = 17; rows <= 40; rows++) {
        const struct screen_look low = { .columns = 160, .rows = rows, .line_end = "" };
        int lines = 0;
        const char *picture = draw(&s, low, &b);
        for (const char *at = picture; *at != '\0'; at++)
            lines += *at == '\n';
        assert_true(lines < rows);
        assert_shows(picture, "found by dispatch_late");
        assert_shows(picture, "12.40 %");
    }
    buffer_free(&b);
}

static void colours_are_written_only_when_wanted(void **state)
{
    (void)state;
    const struct screen s = some_screen();
    struct buffer b = { 0 };
    assert_null(strchr(draw(&s, wide, &b), '\033'));
    const struct screen_look colourful = { .columns = 160, .colour = true, .line_end = "" };
    assert_shows(draw(&s, colourful, &b), "\033[1;31m seller-00001");
    buffer_free(&b);
}

static void amounts_are_told_in_the_units_of_their_kpi(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    screen_amount(KPI_DELIVERY_LATE, (struct kpi_value){ true, 108108 }, &b);
    screen_amount(KPI_DELIVERY_OVERDUE, (struct kpi_value){ true, 12 }, &b);
    screen_amount(KPI_RESPONSE_TIME, (struct kpi_value){ true, 36 * HOUR_MS + MINUTE_MS }, &b);
    screen_amount(KPI_RESPONSE_TIME, (struct kpi_value){ false, 0 }, &b);
    buffer_add_u8(&b, 0);
    assert_string_equal((const char *)b.at, "10.81 %1236 h 01 min-");
    buffer_free(&b);
}

static void those_who_are_no_terminal_get_one_line(void **state)
{
    (void)state;
    const struct screen s = some_screen();
    struct buffer b = { 0 };
    screen_line(&s, &b);
    assert_ptr_equal(memchr(b.at, '\n', b.size), b.at + b.size - 1);
    buffer_add_u8(&b, 0);
    assert_shows((const char *)b.at, "1 of 1 that turned bad found, 1 to turn");
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seller_stands_there_with_value_counts_limit_and_state),
        cmocka_unit_test(a_planted_seller_says_when_it_was_found_or_that_its_time_will_come),
        cmocka_unit_test(no_line_is_longer_than_the_terminal_is_wide),
        cmocka_unit_test(the_picture_is_as_high_with_nothing_known_as_with_everything),
        cmocka_unit_test(a_low_terminal_shows_fewer_sellers_and_alerts_but_the_whole_truth),
        cmocka_unit_test(colours_are_written_only_when_wanted),
        cmocka_unit_test(amounts_are_told_in_the_units_of_their_kpi),
        cmocka_unit_test(those_who_are_no_terminal_get_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
