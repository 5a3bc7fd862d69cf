/* redis_errors_test.c - what Redis may answer, and what we make of it. */
#include "redis/redis_errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void each_known_error_has_its_status(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
        bool reconnect;
    } cases[] = {
        { "OOM command not allowed when used memory > 'maxmemory'.", STATUS_FULL, false },
        { "READONLY You can't write against a read only replica.", STATUS_UNAVAILABLE, true },
        { "MOVED 3999 127.0.0.1:6381", STATUS_UNAVAILABLE, true },
        { "LOADING Redis is loading the dataset in memory", STATUS_UNAVAILABLE, false },
        { "BUSY Redis is busy running a script.", STATUS_UNAVAILABLE, false },
        { "MISCONF Redis is configured to save RDB snapshots", STATUS_UNAVAILABLE, false },
        { "NOSCRIPT No matching script.", STATUS_UNAVAILABLE, false },
        { "WRONGPASS invalid username-password pair", STATUS_REFUSED, true },
        { "NOAUTH Authentication required.", STATUS_REFUSED, true },
        { "NOPERM this user has no permissions", STATUS_REFUSED, false },
        { "WRONGTYPE Operation against a key", STATUS_MALFORMED, false },
        { "ERR unknown command", STATUS_UNAVAILABLE, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct redis_error *e = redis_errors_find(cases[i].text);
        assert_int_equal(e->status, cases[i].status);
        assert_int_equal(e->reconnect, cases[i].reconnect);
        assert_int_equal(strncmp(cases[i].text, e->code, strlen(e->code)), 0);
    }
}

static void an_error_inside_a_script_of_an_older_redis_is_found(void **state)
{
    (void)state;
    const struct redis_error *e = redis_errors_find(
        "ERR Error running script (call to f_11d3): @user_script:118: @user_script: 118: "
        "-OOM command not allowed when used memory > 'maxmemory'.");
    assert_string_equal(e->code, "OOM");
    assert_int_equal(e->status, STATUS_FULL);
}

static void an_unknown_error_is_treated_as_ERR(void **state)
{
    (void)state;
    assert_string_equal(redis_errors_find("NEVERSEEN before")->code, "ERR");
    assert_string_equal(redis_errors_find("")->code, "ERR");
    assert_string_equal(redis_errors_find("OOMPH something else")->code, "ERR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_known_error_has_its_status),
        cmocka_unit_test(an_error_inside_a_script_of_an_older_redis_is_found),
        cmocka_unit_test(an_unknown_error_is_treated_as_ERR),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
