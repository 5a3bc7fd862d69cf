/* commands_test.c - the first word finds its verb, and the exit code says how it went. */
#include "app/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What the program would exit with if it were called with these two words. */
static int ends(const char *first, const char *second)
{
    static char program[] = "sellerwatch";
    static char words[2][32];
    char *argv[] = { program, NULL, NULL, NULL };
    int argc = 1;

    if (first != NULL)
        argv[argc++] = strncpy(words[0], first, sizeof words[0] - 1);
    if (second != NULL)
        argv[argc++] = strncpy(words[1], second, sizeof words[1] - 1);
    return commands_run(argc, argv);
}

static void every_verb_has_a_manual(void **state)
{
    (void)state;
    assert_non_null(commands_name(0));
    for (unsigned i = 0; commands_name(i) != NULL; i++) {
        assert_int_equal(ends(commands_name(i), "--help"), COMMANDS_DONE);
        assert_int_equal(ends("help", commands_name(i)), COMMANDS_DONE);
    }
}

static void every_verb_refuses_an_option_it_does_not_know(void **state)
{
    (void)state;
    for (unsigned i = 0; commands_name(i) != NULL; i++)
        assert_int_equal(ends(commands_name(i), "--no-such-option"), COMMANDS_USAGE);
}

static void help_and_version_need_no_verb(void **state)
{
    (void)state;
    assert_int_equal(ends("--help", NULL), COMMANDS_DONE);
    assert_int_equal(ends("-h", NULL), COMMANDS_DONE);
    assert_int_equal(ends("--version", NULL), COMMANDS_DONE);
}

static void no_verb_or_an_unknown_one_is_a_mistake(void **state)
{
    (void)state;
    assert_int_equal(ends(NULL, NULL), COMMANDS_USAGE);
    assert_int_equal(ends("hepl", NULL), COMMANDS_USAGE);
    assert_int_equal(ends("--verbose", NULL), COMMANDS_USAGE);
    assert_int_equal(ends("help", "hepl"), COMMANDS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_has_a_manual),
        cmocka_unit_test(every_verb_refuses_an_option_it_does_not_know),
        cmocka_unit_test(help_and_version_need_no_verb),
        cmocka_unit_test(no_verb_or_an_unknown_one_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
