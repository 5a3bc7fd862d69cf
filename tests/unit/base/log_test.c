/* log_test.c - log lines: both formats, escaping, and what is left out. */
#include "base/log.h"
#include "base/log_limit.h"
#include "base/log_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char line[LOG_LINE_BYTES + 1];

static const char *render(bool json, int64_t suppressed, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static const char *render(bool json, int64_t suppressed, const char *format, ...)
{
    const struct log_line_head head = { .at = { INT64_C(1795425302123) },
                                        .level = "warn",
                                        .event = "redis_unreachable",
                                        .suppressed = suppressed,
                                        .json = json };
    va_list arguments;
    va_start(arguments, format);
    const size_t size = log_line_write(&head, line, format, arguments);
    va_end(arguments);
    line[size] = '\0';
    return line;
}

static void line_is_key_and_value_with_utc_time(void **state)
{
    (void)state;
    assert_string_equal(render(false, 0, "address=%s retry_ms=%d", "localhost:6379", 200),
                        "ts=2026-11-23T09:15:02.123Z level=warn event=redis_unreachable "
                        "address=localhost:6379 retry_ms=200\n");
}

static void json_line_keeps_numbers_as_numbers_and_texts_as_texts(void **state)
{
    (void)state;
    assert_string_equal(
        render(true, 0, "retry_ms=%d share=%.2f tls=%s id=\"%s\" code=%s", 200, 0.5, "true",
               "17", "007"),
        "{\"ts\":\"2026-11-23T09:15:02.123Z\",\"level\":\"warn\","
        "\"event\":\"redis_unreachable\",\"retry_ms\":200,\"share\":0.50,\"tls\":true,"
        "\"id\":\"17\",\"code\":\"007\"}\n");
}

static void value_cannot_pretend_to_be_another_field(void **state)
{
    (void)state;
    const char *evil = "x\" level=\"error";
    assert_non_null(strstr(render(false, 0, "why=\"%s\" end=%d", evil, 1),
                           " why=\"x\\\" level=\\\"error\" end=1\n"));
    assert_non_null(strstr(render(true, 0, "why=\"%s\" end=%d", evil, 1),
                           ",\"why\":\"x\\\" level=\\\"error\",\"end\":1}\n"));
}

static void value_with_a_blank_is_quoted_even_if_the_format_forgot(void **state)
{
    (void)state;
    assert_non_null(strstr(render(false, 0, "why=%s n=%d", "a b", 2), " why=\"a b\" n=2\n"));
    assert_non_null(strstr(render(false, 0, "why=%s n=%d", "", 2), " why=\"\" n=2\n"));
}

static void line_ends_and_broken_utf8_stay_inside_one_line(void **state)
{
    (void)state;
    const char *text = render(true, 0, "why=\"%s\"", "a\nb\x01\xff\xc3\xa4\xed\xa0\x80");
    assert_non_null(strstr(text, "\"a\\nb\\u0001\xEF\xBF\xBD\xc3\xa4"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void every_integer_width_is_written_as_it_is(void **state)
{
    (void)state;
    assert_non_null(strstr(render(false, 0, "a=%zu b=%lld c=%lu d=%u e=%x f=%ld g=%c h=%d%%",
                                  (size_t)5, -7LL, 8UL, 4000000000u, 255u, -9L, 'z', 3),
                           " a=5 b=-7 c=8 d=4000000000 e=ff f=-9 g=z h=3%\n"));
    assert_non_null(strstr(render(false, 0, "topic=%.*s", 3, "orders"), " topic=ord\n"));
}

static void overlong_values_are_cut_and_the_line_still_ends(void **state)
{
    (void)state;
    char big[3000];
    memset(big, '"', sizeof big);
    big[sizeof big - 1] = '\0';
    for (int json = 0; json < 2; json++) {
        const char *text =
            render(json == 1, 99, "a=\"%s\" b=\"%s\" c=\"%s\" d=%d", big, big, big, 1);
        const size_t size = strlen(text);
        assert_true(size <= LOG_LINE_BYTES);
        assert_string_equal(text + size - (json == 1 ? 2 : 1), json == 1 ? "}\n" : "\n");
        assert_non_null(strstr(text, json == 1 ? "\"suppressed\":99}" : " suppressed=99\n"));
    }
}

/* ---- the limit --------------------------------------------------------------------- */

static void sixth_line_of_an_event_waits_for_the_next_period(void **state)
{
    (void)state;
    static struct log_limit limit;
    int64_t suppressed = -1;
    for (int i = 0; i < LOG_BURST; i++) {
        assert_true(log_limit_allows(&limit, "a", 1000 + i, &suppressed));
        assert_int_equal(suppressed, 0);
    }
    assert_false(log_limit_allows(&limit, "a", 2000, &suppressed));
    assert_false(log_limit_allows(&limit, "a", 1000 + LOG_PERIOD_MS - 1, &suppressed));
    assert_true(log_limit_allows(&limit, "a", 1000 + LOG_PERIOD_MS, &suppressed));
    assert_int_equal(suppressed, 2);
    assert_true(log_limit_allows(&limit, "a", 1001 + LOG_PERIOD_MS, &suppressed));
    assert_int_equal(suppressed, 0);
}

static void noisy_event_does_not_silence_another(void **state)
{
    (void)state;
    static struct log_limit limit;
    int64_t suppressed = 0;
    for (int i = 0; i < 100; i++)
        (void)log_limit_allows(&limit, "noisy", 5, &suppressed);
    assert_true(log_limit_allows(&limit, "quiet", 5, &suppressed));
}

static void more_events_than_slots_push_out_the_longest_silent(void **state)
{
    (void)state;
    static struct log_limit limit;
    int64_t suppressed = 0;
    char event[24];
    for (int i = 0; i < LOG_LIMIT_SLOTS + 10; i++) {
        (void)snprintf(event, sizeof event, "event%d", i);
        assert_true(log_limit_allows(&limit, event, i, &suppressed));
    }
    for (int i = 1; i < LOG_BURST; i++)
        assert_true(log_limit_allows(&limit, event, 100, &suppressed));
    assert_false(log_limit_allows(&limit, event, 100, &suppressed));
}

/* ---- the real thing ---------------------------------------------------------------- */

/* What log_write puts on stderr while `write_lines` runs. */
static size_t captured(void (*write_lines)(void), char *ret_text, size_t room)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const int kept = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    write_lines();
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    (void)close(ends[1]);
    const ssize_t size = read(ends[0], ret_text, room - 1);
    (void)close(ends[0]);
    assert_true(size >= 0);
    ret_text[size] = '\0';
    return (size_t)size;
}

static void ten_of_a_kind(void)
{
    log_open(LOG_INFO, false);
    for (int i = 0; i < 10; i++)
        log_write(LOG_WARN, "ten_of_a_kind", "i=%d", i);
    log_write(LOG_DEBUG, "not_asked_for", "i=%d", 1);
}

static void burst_is_written_and_the_rest_and_lower_levels_are_not(void **state)
{
    (void)state;
    static char text[8192];
    (void)captured(ten_of_a_kind, text, sizeof text);
    assert_non_null(strstr(text, "event=ten_of_a_kind i=4\n"));
    assert_null(strstr(text, "i=5"));
    assert_null(strstr(text, "not_asked_for"));
}

static void one_as_json(void)
{
    log_open(LOG_DEBUG, true);
    log_write(LOG_DEBUG, "one_as_json", "shard=%d", 3);
}

static void format_and_level_are_chosen_at_start(void **state)
{
    (void)state;
    static char text[1024];
    (void)captured(one_as_json, text, sizeof text);
    assert_memory_equal(text, "{\"ts\":\"20", 9);
    assert_non_null(
        strstr(text, "\"level\":\"debug\",\"event\":\"one_as_json\",\"shard\":3}\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_is_key_and_value_with_utc_time),
        cmocka_unit_test(json_line_keeps_numbers_as_numbers_and_texts_as_texts),
        cmocka_unit_test(value_cannot_pretend_to_be_another_field),
        cmocka_unit_test(value_with_a_blank_is_quoted_even_if_the_format_forgot),
        cmocka_unit_test(line_ends_and_broken_utf8_stay_inside_one_line),
        cmocka_unit_test(every_integer_width_is_written_as_it_is),
        cmocka_unit_test(overlong_values_are_cut_and_the_line_still_ends),
        cmocka_unit_test(sixth_line_of_an_event_waits_for_the_next_period),
        cmocka_unit_test(noisy_event_does_not_silence_another),
        cmocka_unit_test(more_events_than_slots_push_out_the_longest_silent),
        cmocka_unit_test(burst_is_written_and_the_rest_and_lower_levels_are_not),
        cmocka_unit_test(format_and_level_are_chosen_at_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
