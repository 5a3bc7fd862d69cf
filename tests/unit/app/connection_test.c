/* connection_test.c - options that stand for settings are told as what was typed. */
#include "app/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char told[4096];

static bool reads(const struct connection_options *options, struct settings *ret_settings)
{
    FILE *err = tmpfile();
    assert_non_null(err);
    (void)fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && dup2(fileno(err), STDERR_FILENO) >= 0);
    const bool read = connection_settings(options, "generate", ret_settings);
    (void)fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    rewind(err);
    told[fread(told, 1, sizeof told - 1, err)] = '\0';
    (void)fclose(err);
    return read;
}

static void assert_told(const struct connection_options *options, const char *expected)
{
    struct settings settings;
    assert_false(reads(options, &settings));
    assert_string_equal(told, expected);
}

static void options_win_over_the_settings(void **state)
{
    (void)state;
    struct settings settings;
    const struct connection_options options = { .brokers = "a:1",
                                                .registry = "https://r",
                                                .schemas = "files" };
    assert_true(reads(&options, &settings));
    assert_string_equal(settings.kafka_brokers, "a:1");
    assert_string_equal(settings.schemas_registry_url, "https://r");
    assert_int_equal(settings.schemas_source, SCHEMAS_FROM_FILES);
    settings_free(&settings);
}

static void mistake_in_an_option_names_the_option(void **state)
{
    (void)state;
    assert_told(&(struct connection_options){ .schemas = "file" },
                "sellerwatch generate: --schemas: \"file\" is not one of registry, "
                "files; did you mean files?\n");
    assert_told(&(struct connection_options){ .brokers = "" },
                "sellerwatch generate: --brokers: must not be empty; write such as "
                "127.0.0.1:9092\n");
    assert_told(&(struct connection_options){ .registry = "" },
                "sellerwatch generate: --registry: \"\" is no address; write http://... or "
                "https://...\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_win_over_the_settings),
        cmocka_unit_test(mistake_in_an_option_names_the_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
