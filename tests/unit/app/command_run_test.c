/* command_run_test.c - how `sellerwatch run` ends when it cannot begin. */
#include "app/command_run.h"
#include "app/commands.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct run {
    int code;
    char err[8192];
};

static struct run run;

/* Nobody listens on port 1, and nobody is waited for. */
static void write_config(const char *path, const char *format)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "schemas: {registry: {url: \"http://127.0.0.1:1\"}}\n"
                  "retry: {start: 0s}\n"
                  "http: {enabled: false}\n"
                  "log: {format: %s, level: error}\n",
                  format);
    assert_int_equal(fclose(file), 0);
}

static void run_with(const char *format)
{
    char verb[] = "run";
    char option[] = "--config";
    char path[] = "/tmp/command_run_XXXXXX";
    char *argv[] = { verb, option, path, NULL };
    const int config = mkstemp(path);
    assert_true(config >= 0);
    (void)close(config);
    write_config(path, format);

    FILE *err = tmpfile();
    assert_non_null(err);
    (void)fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && dup2(fileno(err), STDERR_FILENO) >= 0);
    run.code = command_run(3, argv);
    (void)fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    rewind(err);
    run.err[fread(run.err, 1, sizeof run.err - 1, err)] = '\0';
    (void)fclose(err);
    assert_int_equal(unlink(path), 0);
}

static void last_word_is_a_sentence_for_people(void **state)
{
    (void)state;
    run_with("text");
    assert_int_equal(run.code, COMMANDS_WORLD);
    assert_true(strncmp(run.err, "sellerwatch run: gave up after waiting 0s ", 42) == 0);
    assert_true(strchr(run.err, '\n') == run.err + strlen(run.err) - 1);
}

/* Who collects the log as JSON must find in it why there is no more of it. */
static void last_word_is_json_like_the_rest_of_the_log(void **state)
{
    (void)state;
    run_with("json");
    assert_int_equal(run.code, COMMANDS_WORLD);
    json_error_t error;
    json_t *line = json_loads(run.err, 0, &error);
    assert_non_null(line);
    const char *why = json_string_value(json_object_get(line, "why"));
    assert_string_equal(json_string_value(json_object_get(line, "event")), "failed");
    assert_string_equal(json_string_value(json_object_get(line, "level")), "error");
    assert_non_null(why);
    assert_non_null(strstr(why, "the registry at http://127.0.0.1:1"));
    json_decref(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_word_is_a_sentence_for_people),
        cmocka_unit_test(last_word_is_json_like_the_rest_of_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
