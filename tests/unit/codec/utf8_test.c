/* utf8_test.c - text is text. */
#include "codec/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static bool valid(const char *text)
{
    return utf8_valid(span_of(text, strlen(text)));
}

static void text_of_every_width_is_text(void **state)
{
    (void)state;
    assert_true(utf8_valid((struct span){ 0 }));
    assert_true(valid("seller-4711, a long plain one"));
    assert_true(valid("M\xc3\xbcller \xe6\xb7\xb1\xe5\x9c\xb3 \xf0\x9f\x9a\x9a"));
    assert_true(valid("\xf4\x8f\xbf\xbf"));         /* the last one, 10FFFF */
    assert_true(valid("\xed\x9f\xbf\xee\x80\x80")); /* beside the surrogates */
}

static void bytes_that_are_no_text_are_found(void **state)
{
    (void)state;
    assert_false(valid("\x80"));
    assert_false(valid("12345678\xff"));
    assert_false(valid("\xc3"));             /* cut */
    assert_false(valid("\xe6\xb7"));         /* cut */
    assert_false(valid("\xf0\x9f\x9a"));     /* cut */
    assert_false(valid("\xc0\xaf"));         /* overlong */
    assert_false(valid("\xe0\x9f\xbf"));     /* overlong */
    assert_false(valid("\xf0\x8f\xbf\xbf")); /* overlong */
    assert_false(valid("\xed\xa0\x80"));     /* surrogate */
    assert_false(valid("\xf4\x90\x80\x80")); /* above 10FFFF */
    assert_false(valid("\xf5\x80\x80\x80"));
    assert_false(valid("\xc3\x28"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_every_width_is_text),
        cmocka_unit_test(bytes_that_are_no_text_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
