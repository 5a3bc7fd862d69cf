/* name_test.c - ids by value, and the order of bytes. */
#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void name_of_64_bytes_is_kept_whole(void **state)
{
    (void)state;
    char id[NAME_BYTES_MAX];
    memset(id, 'x', sizeof id);

    const struct name n = name_of(span_of(id, sizeof id));
    assert_int_equal(n.size, NAME_BYTES_MAX);
    assert_true(span_equal(name_span(&n), span_of(id, sizeof id)));
}

static void longer_name_is_cut_at_64_bytes(void **state)
{
    (void)state;
    char id[300];
    memset(id, 'x', sizeof id);
    assert_int_equal(name_of(span_of(id, sizeof id)).size, NAME_BYTES_MAX);
}

/* Names are compared and hashed as structs in places: no rest of an old value. */
static void bytes_behind_a_name_are_zero(void **state)
{
    (void)state;
    const struct name n = name_of(span_of_text("de"));
    for (int i = 2; i < NAME_BYTES_MAX; i++)
        assert_int_equal(n.text[i], 0);
}

static void empty_spans_are_equal_wherever_they_point(void **state)
{
    (void)state;
    assert_true(span_equal(span_of(NULL, 0), span_of("x", 0)));
    assert_int_equal(span_compare(span_of(NULL, 0), span_of("x", 0)), 0);
    assert_false(span_equal(span_of(NULL, 0), span_of("x", 1)));
}

static void prefix_sorts_before_the_longer_name(void **state)
{
    (void)state;
    assert_true(span_compare(span_of_text("de"), span_of_text("de1")) < 0);
    assert_true(span_compare(span_of_text("de1"), span_of_text("de")) > 0);
    assert_int_equal(span_compare(span_of_text("de"), span_of_text("de")), 0);
    assert_true(span_compare(span_of_text("b"), span_of_text("abc")) > 0);
}

static void bytes_above_127_sort_behind_letters(void **state)
{
    (void)state;
    assert_true(span_compare(span_of_text("z"), span_of_text("\xc3\xa4")) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_of_64_bytes_is_kept_whole),
        cmocka_unit_test(longer_name_is_cut_at_64_bytes),
        cmocka_unit_test(bytes_behind_a_name_are_zero),
        cmocka_unit_test(empty_spans_are_equal_wherever_they_point),
        cmocka_unit_test(prefix_sorts_before_the_longer_name),
        cmocka_unit_test(bytes_above_127_sort_behind_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
