/* redis_link_test.c - options that cannot work are told at once, in a sentence. */
#include "redis/redis_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_refused(const struct redis_options *options, const char *says)
{
    struct reason why = { 0 };
    struct redis_store *store = redis_store_open(options, &why);
    assert_null(store);
    assert_non_null(strstr(why.text, says));
}

static void options_that_cannot_work_are_refused_with_what_would(void **state)
{
    (void)state;
    struct redis_options o = redis_link_default_options();
    o.host = "";
    assert_refused(&o, "set a host and port");
    o = redis_link_default_options();
    o.user = "watcher";
    assert_refused(&o, "password_file");
    o = redis_link_default_options();
    o.prefix = "{sw}";
    assert_refused(&o, "without blanks and braces");
}

static void tls_is_refused_where_hiredis_has_none(void **state)
{
    (void)state;
    if (HIREDIS_MAJOR >= 1)
        skip();
    struct redis_options o = redis_link_default_options();
    o.tls = true;
    assert_refused(&o, "without hiredis_ssl");
}

static void the_default_options_open(void **state)
{
    (void)state;
    const struct redis_options o = redis_link_default_options();
    struct redis_store *store = redis_store_open(&o, NULL);
    assert_non_null(store);
    assert_false(redis_store_is_connected(store));
    redis_store_close(store);
    redis_store_close(NULL);
}

/* After a failure the link does not knock again at once, and pauses double. */
static void a_failed_connection_is_not_tried_again_before_its_pause(void **state)
{
    (void)state;
    struct redis_options o = redis_link_default_options();
    o.unix_path = "/tmp/sellerwatch-no-such-socket";
    o.backoff_first_ms = 50;
    o.backoff_last_ms = 100;
    struct redis_link *link = redis_link_open(&o, NULL);
    struct reason why = { 0 };
    assert_int_equal(redis_link_ensure(link, &why), STATUS_UNAVAILABLE);
    const uint64_t tried = redis_link_generation(link);
    assert_int_equal(redis_link_ensure(link, &why), STATUS_UNAVAILABLE);
    assert_true(redis_link_generation(link) == tried);
    assert_non_null(strstr(why.text, o.unix_path));

    const int64_t begun = redis_link_clock_ms();
    while (redis_link_generation(link) < tried + 3)
        redis_link_ensure(link, &why);
    assert_true(redis_link_clock_ms() - begun >= 50 + 100 + 100 - 20);
    redis_link_close(link);
}

static void who_is_in_a_hurry_is_not_kept_waiting_once(void **state)
{
    (void)state;
    struct redis_options o = redis_link_default_options();
    o.unix_path = "/tmp/sellerwatch-no-such-socket";
    o.backoff_first_ms = 60000;
    o.backoff_last_ms = 60000;
    struct redis_link *link = redis_link_open(&o, NULL);
    struct reason why = { 0 };
    (void)redis_link_ensure(link, &why);
    const uint64_t tried = redis_link_generation(link);
    redis_link_hurry(link);
    for (int i = 0; i < 3; i++)
        (void)redis_link_ensure(link, &why);
    assert_true(redis_link_generation(link) == tried + 1);
    redis_link_close(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_cannot_work_are_refused_with_what_would),
        cmocka_unit_test(tls_is_refused_where_hiredis_has_none),
        cmocka_unit_test(the_default_options_open),
        cmocka_unit_test(a_failed_connection_is_not_tried_again_before_its_pause),
        cmocka_unit_test(who_is_in_a_hurry_is_not_kept_waiting_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
