/* reader_test.c - what was packed comes back; what was not is found out. */
#include "base/reader.h"

#include "base/buffer.h"
#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const int64_t numbers[] = {
    0,    1,    -1,        63,        64,        -64,       -65,           127,          128,
    8191, 8192, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, INT64_MAX / 2, INT64_MIN / 2
};

enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };

static void every_number_comes_back_as_it_was_packed(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    for (int i = 0; i < NUMBER_COUNT; i++) {
        buffer_add_signed(&b, numbers[i]);
        buffer_add_varint(&b, (uint64_t)numbers[i]);
    }

    struct reader r = reader_of(buffer_span(&b));
    for (int i = 0; i < NUMBER_COUNT; i++) {
        assert_true(reader_signed(&r) == numbers[i]);
        assert_true(reader_varint(&r) == (uint64_t)numbers[i]);
    }
    assert_true(reader_at_end(&r));
    assert_false(r.broken);
    buffer_free(&b);
}

static void string_is_borrowed_from_the_bytes(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    buffer_add_string(&b, span_of_text("seller-1"));
    buffer_add_u8(&b, 9);

    struct reader r = reader_of(buffer_span(&b));
    const struct span text = reader_string(&r);
    assert_ptr_equal(text.at, b.at + 1);
    assert_true(span_equal(text, span_of_text("seller-1")));
    assert_int_equal(reader_u8(&r), 9);
    assert_true(reader_at_end(&r));
    buffer_free(&b);
}

/* Every cut of a record is found out, and nothing behind the cut is read
 * (the sanitizers watch: each cut is its own allocation). */
static void cut_anywhere_is_broken_and_reads_zeros(void **state)
{
    (void)state;
    struct buffer whole = { 0 };
    buffer_add_varint(&whole, 1u << 20);
    buffer_add_signed(&whole, INT64_MIN);
    buffer_add_string(&whole, span_of_text("abcdef"));

    for (size_t size = 0; size < whole.size; size++) {
        struct buffer cut = { 0 };
        buffer_add(&cut, span_of(whole.at, size));
        struct reader r = reader_of(buffer_span(&cut));
        (void)reader_varint(&r);
        (void)reader_signed(&r);
        (void)reader_string(&r);
        assert_true(r.broken);
        assert_int_equal(reader_u8(&r), 0);
        assert_int_equal(reader_string(&r).size, 0);
        buffer_free(&cut);
    }
    buffer_free(&whole);
}

static void number_of_more_than_64_bits_is_broken(void **state)
{
    (void)state;
    static const uint8_t eleven[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                      0x80, 0x80, 0x80, 0x80, 0x01 };
    static const uint8_t bit_65[] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02
    };

    struct reader r = reader_of(span_of(eleven, sizeof eleven));
    assert_true(reader_varint(&r) == 0);
    assert_true(r.broken);
    r = reader_of(span_of(bit_65, sizeof bit_65));
    assert_true(reader_varint(&r) == 0);
    assert_true(r.broken);
}

static void length_beyond_the_end_is_broken(void **state)
{
    (void)state;
    static const uint8_t greedy[] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01
    };
    static const uint8_t one_short[] = { 3, 'a', 'b' };

    struct reader r = reader_of(span_of(greedy, sizeof greedy));
    assert_int_equal(reader_string(&r).size, 0);
    assert_true(r.broken);
    r = reader_of(span_of(one_short, sizeof one_short));
    assert_int_equal(reader_string(&r).size, 0);
    assert_true(r.broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_comes_back_as_it_was_packed),
        cmocka_unit_test(string_is_borrowed_from_the_bytes),
        cmocka_unit_test(cut_anywhere_is_broken_and_reads_zeros),
        cmocka_unit_test(number_of_more_than_64_bits_is_broken),
        cmocka_unit_test(length_beyond_the_end_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
