/* framing_test.c - five bytes that say which schema. */
#include "codec/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void record_is_split_into_schema_id_and_body(void **state)
{
    (void)state;
    const uint8_t bytes[] = { 0, 0x01, 0x02, 0x03, 0x04, 'b', 'o', 'd', 'y' };
    struct framed framed;
    assert_int_equal(framing_split(span_of(bytes, sizeof bytes), &framed), REJECT_NONE);
    assert_int_equal(framed.schema_id, 0x01020304);
    assert_int_equal(framed.body.size, 4);
    assert_memory_equal(framed.body.at, "body", 4);
}

static void four_bytes_nothing_and_a_tombstone_are_too_short(void **state)
{
    (void)state;
    const uint8_t bytes[] = { 0, 0, 0, 1 };
    struct framed framed;
    assert_int_equal(framing_split(span_of(bytes, 4), &framed), REJECT_TOO_SHORT);
    assert_int_equal(framing_split(span_of(bytes, 0), &framed), REJECT_TOO_SHORT);
    assert_int_equal(framing_split((struct span){ 0 }, &framed), REJECT_TOO_SHORT);
}

static void body_may_be_empty(void **state)
{
    (void)state;
    const uint8_t bytes[] = { 0, 0, 0, 0, 9 };
    struct framed framed;
    assert_int_equal(framing_split(span_of(bytes, sizeof bytes), &framed), REJECT_NONE);
    assert_int_equal(framed.body.size, 0);
}

static void json_instead_of_avro_has_the_wrong_magic_byte(void **state)
{
    (void)state;
    struct framed framed;
    const char *json = "{\"id_message\":1}";
    assert_int_equal(framing_split(span_of(json, 16), &framed), REJECT_WRONG_MAGIC);
}

static void what_is_written_is_split_again(void **state)
{
    (void)state;
    static const int32_t ids[] = { 0, 1, 255, 65536, INT32_MAX, -1 };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct buffer b = { 0 };
        struct framed framed;
        framing_begin(&b, ids[i]);
        assert_int_equal(framing_split(buffer_span(&b), &framed), REJECT_NONE);
        assert_int_equal(framed.schema_id, ids[i]);
        buffer_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_is_split_into_schema_id_and_body),
        cmocka_unit_test(four_bytes_nothing_and_a_tombstone_are_too_short),
        cmocka_unit_test(body_may_be_empty),
        cmocka_unit_test(json_instead_of_avro_has_the_wrong_magic_byte),
        cmocka_unit_test(what_is_written_is_split_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
