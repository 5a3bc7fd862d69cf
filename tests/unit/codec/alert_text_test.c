/* alert_text_test.c - what people read. */
#include "alert_support.h"

#include "codec/alert_text.h"

static const char *line(const struct alert_change *change, bool colour, struct buffer *b)
{
    buffer_clear(b);
    alert_text_line(change, colour, b);
    buffer_add_u8(b, 0);
    return (const char *)b->at;
}

static void ratio_is_shown_with_its_sum_and_its_limit(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    const struct alert_change a = sample_alert();
    assert_string_equal(
        line(&a, false, &b),
        "2026-01-01T00:00:55.123Z  FIRING     CRITICAL  4711 de  delivery_late 7d"
        "  12.40 % (31 of 250)  limit > 10.00 %  storefront:de  FLAPPING\n");
    buffer_free(&b);
}

static void gauge_and_duration_are_shown_in_their_units(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    struct alert_change a = sample_alert();
    a.kpi = KPI_RESPONSE_OVERDUE;
    a.comparison = OP_GE;
    a.value.amount = 7;
    a.threshold = 5;
    assert_non_null(strstr(line(&a, false, &b), "  7  limit >= 5  "));
    a.kpi = KPI_RESPONSE_TIME;
    a.value.amount = 50 * HOUR_MS + 5 * MINUTE_MS;
    a.threshold = 48 * HOUR_MS;
    assert_non_null(strstr(line(&a, false, &b), "  50 h 05 min  limit >= 48 h 00 min  "));
    a.value.known = false;
    assert_non_null(strstr(line(&a, false, &b), "  no value  "));
    buffer_free(&b);
}

static void reason_is_named_when_it_is_not_the_threshold(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    struct alert_change a = sample_alert();
    a.reason = ALERT_REASON_DATA_CORRECTED;
    assert_non_null(strstr(line(&a, false, &b), "DATA_CORRECTED"));
    buffer_free(&b);
}

static void colour_is_only_there_when_asked_for(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    const struct alert_change a = sample_alert();
    assert_null(strchr(line(&a, false, &b), '\033'));
    assert_non_null(strstr(line(&a, true, &b), "\033[1;31mFIRING"));
    buffer_free(&b);
}

static void id_with_escape_codes_cannot_play_with_the_terminal(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    struct alert_change a = sample_alert();
    a.seller = name_of(span_of_text("\033[2Jevil\n"));
    assert_non_null(strstr(line(&a, false, &b), "?[2Jevil?"));
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratio_is_shown_with_its_sum_and_its_limit),
        cmocka_unit_test(gauge_and_duration_are_shown_in_their_units),
        cmocka_unit_test(reason_is_named_when_it_is_not_the_threshold),
        cmocka_unit_test(colour_is_only_there_when_asked_for),
        cmocka_unit_test(id_with_escape_codes_cannot_play_with_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
