/* buffer_test.c - bytes are kept as they were added, and numbers come back. */
#include "base/buffer.h"

#include "base/name.h"
#include "base/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void bytes_stay_in_order_while_the_buffer_grows(void **state)
{
    (void)state;
    struct buffer b = { 0 };

    for (int i = 0; i < 10000; i++)
        buffer_add_u8(&b, (uint8_t)(i % 251));
    assert_int_equal(b.size, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(b.at[i], i % 251);
    buffer_free(&b);
}

static void emptied_buffer_keeps_its_memory(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    (void)buffer_extend(&b, 5000);
    const uint8_t *before = b.at;
    const size_t capacity = b.capacity;

    buffer_clear(&b);
    assert_int_equal(b.size, 0);
    (void)buffer_extend(&b, 5000);
    assert_ptr_equal(b.at, before);
    assert_int_equal(b.capacity, capacity);
    buffer_free(&b);
}

static void freed_buffer_may_be_freed_and_used_again(void **state)
{
    (void)state;
    struct buffer b = { 0 };

    buffer_free(&b);
    buffer_add_u8(&b, 7);
    buffer_free(&b);
    assert_null(b.at);
    assert_int_equal(b.size, 0);
    assert_int_equal(b.capacity, 0);
}

static void varint_is_seven_bits_a_byte_low_bits_first(void **state)
{
    (void)state;
    static const uint8_t expected[] = { 0x00, 0x7f, 0x80, 0x01, 0xac, 0x02 };
    struct buffer b = { 0 };

    buffer_add_varint(&b, 0);
    buffer_add_varint(&b, 127);
    buffer_add_varint(&b, 128);
    buffer_add_varint(&b, 300);
    assert_true(span_equal(buffer_span(&b), span_of(expected, sizeof expected)));
    buffer_free(&b);
}

static void largest_varint_has_ten_bytes(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    buffer_add_varint(&b, UINT64_MAX);
    assert_int_equal(b.size, 10);
    assert_int_equal(b.at[9], 1);
    buffer_free(&b);
}

/* Zigzag, as Avro packs its integers: 0, -1, 1, -2 are 0, 1, 2, 3. */
static void small_magnitudes_are_short_whichever_sign(void **state)
{
    (void)state;
    static const uint8_t expected[] = { 0, 1, 2, 3 };
    struct buffer b = { 0 };

    buffer_add_signed(&b, 0);
    buffer_add_signed(&b, -1);
    buffer_add_signed(&b, 1);
    buffer_add_signed(&b, -2);
    assert_true(span_equal(buffer_span(&b), span_of(expected, sizeof expected)));
    buffer_free(&b);
}

static void printed_text_leaves_no_trailing_nul(void **state)
{
    (void)state;
    struct buffer b = { 0 };

    buffer_printf(&b, "%s=%d", "shard", 7);
    buffer_printf(&b, "%s", "");
    buffer_printf(&b, ";");
    assert_true(span_equal(buffer_span(&b), span_of_text("shard=7;")));
    buffer_free(&b);
}

static void long_printed_text_is_not_cut(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    buffer_printf(&b, "%5000d", 1);
    assert_int_equal(b.size, 5000);
    assert_int_equal(b.at[4999], '1');
    buffer_free(&b);
}

static void empty_span_adds_nothing(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    buffer_add(&b, span_of(NULL, 0));
    assert_int_equal(b.size, 0);
    buffer_add_string(&b, span_of(NULL, 0));
    assert_int_equal(b.size, 1); /* its length, zero */
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_stay_in_order_while_the_buffer_grows),
        cmocka_unit_test(emptied_buffer_keeps_its_memory),
        cmocka_unit_test(freed_buffer_may_be_freed_and_used_again),
        cmocka_unit_test(varint_is_seven_bits_a_byte_low_bits_first),
        cmocka_unit_test(largest_varint_has_ten_bytes),
        cmocka_unit_test(small_magnitudes_are_short_whichever_sign),
        cmocka_unit_test(printed_text_leaves_no_trailing_nul),
        cmocka_unit_test(long_printed_text_is_not_cut),
        cmocka_unit_test(empty_span_adds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
