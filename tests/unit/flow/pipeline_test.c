/* pipeline_test.c - a process: each event counts once, each alert change appears
 * once, whatever happens in between.
 */
#include "support/little_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOON LITTLE_NOON
#define FIELD "cancellation:7d"

static void a_cancelled_order_is_counted_and_told(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);

    assert_string_equal(little_world_view(w, "4711", FIELD), "1 1 1000000 10000 critical");
    assert_int_equal(little_world_feed(w), 1);
    little_world_check_feed(w);
}

/* NTP, a resumed machine, somebody at the console: the clock goes back an hour. What is
 * read then is saved within the usual interval, not an hour later. */
static void a_clock_that_is_set_back_holds_no_save_back(void **state)
{
    struct little_world *w = *state;
    (void)little_world_start(w);
    little_world_cancelled_unit(w, "4711", "u1", NOON);
    little_world_run(w, 20);

    little_world_set_clock((wall_time){ little_world_now().ms - HOUR_MS });
    little_world_cancelled_unit(w, "4711", "u2", NOON);
    little_world_run(w, 20);

    assert_string_equal(little_world_view(w, "4711", FIELD), "2 2 1000000 10000 critical");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cancelled_order_is_counted_and_told,
                                        little_world_setup, little_world_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back_holds_no_save_back,
                                        little_world_setup, little_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
