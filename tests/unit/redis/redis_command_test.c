/* redis_command_test.c - commands in Redis' own format. */
#include "base/name.h"
#include "redis/redis_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_command_is_its_count_and_then_each_argument_with_its_size(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    struct redis_command c = redis_command_begin(&out, 4);
    redis_command_text(&c, "SET");
    redis_command_bytes(&c, span_of("a\0\r\n", 4));
    redis_command_number(&c, INT64_MIN);
    redis_command_text(&c, "");
    redis_command_end(&c);
    static const char expected[] = "*4\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n"
                                   "$20\r\n-9223372036854775808\r\n$0\r\n\r\n";
    assert_int_equal(out.size, sizeof expected - 1);
    assert_memory_equal(out.at, expected, out.size);
    buffer_free(&out);
}

static void a_versioned_value_comes_apart_again(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    struct redis_command c = redis_command_begin(&out, 1);
    redis_command_versioned(&c, UINT64_C(0x0102030405060708), span_of_text("images"));
    redis_command_end(&c);
    static const char head[] = "*1\r\n$22\r\n";
    const struct span value = span_of(out.at + strlen(head), 22);
    static const uint8_t prefix[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    assert_memory_equal(value.at, prefix, sizeof prefix);

    uint64_t version = 0;
    struct span bytes = { 0 };
    assert_int_equal(redis_command_split(value, &version, &bytes), STATUS_OK);
    assert_true(version == UINT64_C(0x0102030405060708));
    assert_true(span_equal(bytes, span_of_text("images")));
    for (size_t i = 0; i < value.size; i++) { /* no byte may be another one */
        out.at[strlen(head) + i] ^= 0x40;
        assert_int_equal(redis_command_split(value, &version, &bytes), STATUS_MALFORMED);
        out.at[strlen(head) + i] ^= 0x40;
    }
    buffer_free(&out);
}

static void a_value_too_short_for_a_version_is_none(void **state)
{
    (void)state;
    uint64_t version = 0;
    struct span bytes = { 0 };
    const struct span shorter = span_of("123456789012345", REDIS_STAMP_BYTES - 1);
    assert_int_equal(redis_command_split(shorter, &version, &bytes), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_its_count_and_then_each_argument_with_its_size),
        cmocka_unit_test(a_versioned_value_comes_apart_again),
        cmocka_unit_test(a_value_too_short_for_a_version_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
