/* private_redis_test.c - a server of our own leaves nothing behind. */
#include "app/private_redis.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NO_SERVER = 77 };

static void it_listens_on_its_socket_and_is_gone_with_its_folder_when_closed(void **state)
{
    (void)state;
    struct private_redis redis;
    struct reason why = { "" };
    struct stat what;
    assert_true(private_redis_open(&redis, &why));
    assert_int_equal(stat(redis.socket, &what), 0);
    assert_true(S_ISSOCK(what.st_mode));
    const struct private_redis was = redis;
    private_redis_close(&redis);
    assert_int_equal(stat(was.folder, &what), -1);
    assert_int_equal(kill(was.pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void without_a_redis_server_the_sentence_says_what_to_install(void **state)
{
    (void)state;
    struct private_redis redis;
    struct reason why = { "" };
    char path[4096];
    snprintf(path, sizeof path, "%s", getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    assert_false(private_redis_open(&redis, &why));
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_non_null(strstr(why.text, "redis-server"));
    assert_non_null(strstr(why.text, "install"));
    assert_int_equal(redis.folder[0], '\0');
}

static void closing_one_that_never_ran_is_harmless(void **state)
{
    (void)state;
    struct private_redis redis = { 0 };
    private_redis_close(&redis);
    assert_int_equal(redis.pid, 0);
}

int main(void)
{
    struct private_redis trial;
    struct reason why = { "" };
    if (!private_redis_open(&trial, &why)) {
        fprintf(stderr, "skipped: %s\n", why.text);
        return NO_SERVER;
    }
    private_redis_close(&trial);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_listens_on_its_socket_and_is_gone_with_its_folder_when_closed),
        cmocka_unit_test(without_a_redis_server_the_sentence_says_what_to_install),
        cmocka_unit_test(closing_one_that_never_ran_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
