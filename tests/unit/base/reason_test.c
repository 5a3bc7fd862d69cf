/* reason_test.c - sentences for people fit, and replace one another. */
#include "base/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void new_sentence_replaces_the_old_one(void **state)
{
    (void)state;
    struct reason why;
    reason_set(&why, "cannot reach Redis at %s:%d", "127.0.0.1", 6379);
    reason_set(&why, "port %d is taken", 9090);
    assert_string_equal(why.text, "port 9090 is taken");
}

static void sentence_too_long_is_cut_and_still_ends(void **state)
{
    (void)state;
    struct {
        struct reason why;
        char behind;
    } room = { .behind = '!' };

    reason_set(&room.why, "%2000d", 1);
    assert_int_equal(strlen(room.why.text), REASON_BYTES - 1);
    assert_int_equal(room.behind, '!');
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    reason_set(NULL, "nobody asked %d", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_sentence_replaces_the_old_one),
        cmocka_unit_test(sentence_too_long_is_cut_and_still_ends),
        cmocka_unit_test(nobody_has_to_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
