/* status_test.c - each status of the world has one reaction. */
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_status_has_a_name_and_a_meaning_of_its_own(void **state)
{
    (void)state;
    for (unsigned a = 0; a < STATUS_COUNT; a++) {
        assert_true(strlen(status_name((enum status)a)) > 0);
        assert_true(strlen(status_meaning((enum status)a)) > 0);
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(status_name((enum status)a), status_name((enum status)b));
    }
}

static void sick_world_is_retried_and_bad_data_set_aside(void **state)
{
    (void)state;
    assert_int_equal(status_reaction(STATUS_OK), REACTION_PROCEED);
    assert_int_equal(status_reaction(STATUS_UNAVAILABLE), REACTION_RETRY);
    assert_int_equal(status_reaction(STATUS_MALFORMED), REACTION_QUARANTINE);
    assert_int_equal(status_reaction(STATUS_FENCED), REACTION_RELOAD);
    assert_int_equal(status_reaction(STATUS_DATA_LOSS), REACTION_STOP);
    assert_int_equal(status_reaction(STATUS_REFUSED), REACTION_STOP);
}

static void nothing_that_heals_by_waiting_stops_the_program(void **state)
{
    (void)state;
    assert_int_equal(status_reaction(STATUS_FULL), REACTION_RETRY);
    assert_int_equal(status_reaction(STATUS_PENDING), REACTION_PROCEED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_and_a_meaning_of_its_own),
        cmocka_unit_test(sick_world_is_retried_and_bad_data_set_aside),
        cmocka_unit_test(nothing_that_heals_by_waiting_stops_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
