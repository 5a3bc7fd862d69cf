/* command_generate_test.c - a story that cannot be told is refused before it begins. */
#include "app/command_generate.h"
#include "app/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS_MAX = 12 };

static char told[4096];

static int redirect(FILE *stream, FILE *to)
{
    (void)fflush(stream);
    const int kept = dup(fileno(stream));
    assert_true(kept >= 0 && dup2(fileno(to), fileno(stream)) >= 0);
    return kept;
}

static void restore(FILE *stream, int kept)
{
    (void)fflush(stream);
    assert_true(dup2(kept, fileno(stream)) >= 0);
    (void)close(kept);
}

/* Runs the verb with these words behind --json; what it says is in `told`. */
static int generate(const char *line)
{
    char words[256] = "generate --json ";
    char *argv[WORDS_MAX + 1] = { NULL };
    int argc = 0;
    (void)strncat(words, line, sizeof words - strlen(words) - 1);
    char *rest = words;
    for (char *word = strsep(&rest, " "); word != NULL && argc < WORDS_MAX;
         word = strsep(&rest, " "))
        argv[argc++] = word;
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_true(out != NULL && err != NULL);
    const int kept_out = redirect(stdout, out);
    const int kept_err = redirect(stderr, err);
    const int code = command_generate(argc, argv);
    restore(stdout, kept_out);
    restore(stderr, kept_err);
    rewind(err);
    told[fread(told, 1, sizeof told - 1, err)] = '\0';
    (void)fclose(out);
    (void)fclose(err);
    return code;
}

static void story_that_ends_before_it_begins_is_a_mistake(void **state)
{
    (void)state;
    assert_int_equal(generate("--start 2026-02-01 --until 2026-01-01"), COMMANDS_USAGE);
    assert_string_equal(told, "sellerwatch generate: --until is before the begin of the story; "
                              "--start it earlier\n");
    assert_int_equal(generate("--until 2000-01-01"), COMMANDS_USAGE);
    assert_int_equal(generate("--start 2026-01-01 --until 2026-01-02"), COMMANDS_DONE);
}

static void more_sellers_that_turn_than_there_are_is_a_mistake(void **state)
{
    (void)state;
    assert_int_equal(generate("--events 1 --sellers 3 --turning 4"), COMMANDS_USAGE);
    assert_string_equal(told, "sellerwatch generate: --turning 4 is more than there are "
                              "sellers (3); give more --sellers\n");
    assert_int_equal(generate("--events 1 --sellers 3 --turning 3"), COMMANDS_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(story_that_ends_before_it_begins_is_a_mistake),
        cmocka_unit_test(more_sellers_that_turn_than_there_are_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
