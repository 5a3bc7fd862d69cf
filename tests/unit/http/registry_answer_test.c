/* registry_answer_test.c - each answer of a registry means one thing. */
#include "http/registry_answer.h"

#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct reason why;

static struct registry_answer answer_of(long code, const char *body)
{
    return (struct registry_answer){ .code = code, .body = span_of_text(body) };
}

static enum status id_status(long code, const char *body)
{
    const struct registry_answer a = answer_of(code, body);
    int32_t id = -1;
    const enum status status = registry_answer_id(&a, &id, &why);
    assert_true(status == STATUS_OK || id == -1);
    return status;
}

static enum status schema_status(long code, const char *body)
{
    const struct registry_answer a = answer_of(code, body);
    struct buffer text = { 0 };
    const enum status status = registry_answer_schema(&a, &text, &why);
    assert_int_equal(status == STATUS_OK, text.size > 0);
    buffer_free(&text);
    return status;
}

static void escapes_in_a_schema_are_undone(void **state)
{
    (void)state;
    const struct registry_answer a =
        answer_of(200, "{\"subject\":\"x\",\"schema\":\"{\\\"doc\\\":\\n\\\"\\u00fc\\\"}\"}");
    struct buffer text = { 0 };
    buffer_add(&text, span_of_text("before "));
    assert_int_equal(registry_answer_schema(&a, &text, &why), STATUS_OK);
    assert_true(
        span_equal(buffer_span(&text), span_of_text("before {\"doc\":\n\"\xc3\xbc\"}")));
    buffer_free(&text);
}

static void only_the_registrys_own_404_means_that_an_id_is_missing(void **state)
{
    (void)state;
    assert_int_equal(schema_status(404, "{\"error_code\":40403,\"message\":\"no\"}"),
                     STATUS_MISSING);
    assert_int_equal(schema_status(404, "{\"error_code\":404,\"message\":\"no page\"}"),
                     STATUS_UNAVAILABLE);
    assert_non_null(strstr(why.text, "base path"));
    assert_int_equal(schema_status(500, "{\"error_code\":40403}"), STATUS_UNAVAILABLE);
    assert_int_equal(schema_status(404, "{}"), STATUS_UNAVAILABLE);
    assert_int_equal(schema_status(404, "not found"), STATUS_UNAVAILABLE);
}

static void a_refused_fetch_waits_for_the_right_to_come_back(void **state)
{
    (void)state;
    assert_int_equal(schema_status(401, "{\"error_code\":401,\"message\":\"who?\"}"),
                     STATUS_UNAVAILABLE);
    assert_int_equal(id_status(401, "{\"error_code\":401,\"message\":\"who?\"}"),
                     STATUS_REFUSED);
}

static void an_id_is_a_number_that_fits(void **state)
{
    (void)state;
    assert_int_equal(id_status(200, "{\"id\":0}"), STATUS_OK);
    assert_int_equal(id_status(200, "{\"id\":2147483647}"), STATUS_OK);
    assert_int_equal(id_status(200, "{\"id\":2147483648}"), STATUS_UNAVAILABLE);
    assert_int_equal(id_status(200, "{\"id\":-1}"), STATUS_UNAVAILABLE);
    assert_int_equal(id_status(200, "{\"id\":\"7\"}"), STATUS_UNAVAILABLE);
    assert_int_equal(id_status(200, "{}"), STATUS_UNAVAILABLE);
}

static void a_conflict_is_refused_with_the_registrys_words(void **state)
{
    (void)state;
    assert_int_equal(id_status(409, "{\"error_code\":409,\"message\":\"field x\\nwent away\"}"),
                     STATUS_REFUSED);
    assert_non_null(strstr(why.text, "field x went away"));
    assert_int_equal(id_status(422, "{\"error_code\":42201,\"message\":\"bad\"}"),
                     STATUS_REFUSED);
    assert_int_equal(id_status(409, "conflict"), STATUS_UNAVAILABLE);
}

static void a_very_long_message_is_cut(void **state)
{
    (void)state;
    char body[4096];
    memset(body, 'm', sizeof body);
    memcpy(body, "{\"message\":\"", 12);
    memcpy(body + sizeof body - 3, "\"}", 3);
    assert_int_equal(id_status(409, body), STATUS_REFUSED);
    assert_true(strlen(why.text) < REASON_BYTES - 1);
    assert_non_null(strstr(why.text, "(409)"));
}

static void schemas_are_compared_by_what_they_say(void **state)
{
    (void)state;
    assert_true(registry_answer_same(span_of_text("{\"a\": 1, \"b\": [ 2 ]}"),
                                     span_of_text("{\"b\":[2],\"a\":1}")));
    assert_true(registry_answer_same(span_of_text("\"string\""), span_of_text(" \"string\"")));
    assert_false(
        registry_answer_same(span_of_text("{\"b\":[2,3]}"), span_of_text("{\"b\":[3,2]}")));
    assert_false(registry_answer_same(span_of_text("{"), span_of_text("{")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_in_a_schema_are_undone),
        cmocka_unit_test(only_the_registrys_own_404_means_that_an_id_is_missing),
        cmocka_unit_test(a_refused_fetch_waits_for_the_right_to_come_back),
        cmocka_unit_test(an_id_is_a_number_that_fits),
        cmocka_unit_test(a_conflict_is_refused_with_the_registrys_words),
        cmocka_unit_test(a_very_long_message_is_cut),
        cmocka_unit_test(schemas_are_compared_by_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
