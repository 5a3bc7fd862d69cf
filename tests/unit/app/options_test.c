/* options_test.c - the command line says what is wrong and what would be right. */
#include "app/options.h"

#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 8 };

/* What a test command was told. */
static struct {
    const char *config;
    bool follow;
    int64_t sellers;
    int64_t speed;
    event_time start;
} given;

static const struct options_row rows[] = {
    OPTIONS_TEXT("config", 'c', "FILE", &given.config, "Where the settings are."),
    OPTIONS_FLAG("follow", 'f', &given.follow, "Waits for what comes next."),
    OPTIONS_NUMBER("sellers", 0, "N", &given.sellers, 1, 1000,
                   "How many sellers sell; each of them has a quality of its own, and a few "
                   "turn bad at a known time."),
    OPTIONS_FACTOR("speed", 0, "X", &given.speed, 1, 1000000,
                   "How much faster than real time."),
    OPTIONS_INSTANT("start", 0, "TIME", &given.start, "When the first event happens."),
};

static const struct options_manual manual = {
    .verb = "watch",
    .operands = "FILE...",
    .operands_low = 1,
    .operands_high = 2,
    .summary = "Watches files.",
    .text = "First paragraph.\n\nSecond paragraph.",
    .examples = "  sellerwatch watch a.json\n",
    .rows = rows,
    .row_count = sizeof rows / sizeof rows[0],
};

/* Reads a command line of words separated by single blanks. */
static enum options_outcome reads(const char *line, struct operands *ret_operands,
                                  struct reason *why)
{
    static char words[256];
    static char *argv[WORDS_MAX + 1];
    int argc = 0;
    char *rest = words;

    memset(&given, 0, sizeof given);
    memset(why, 0, sizeof *why);
    assert_true(strlen(line) < sizeof words);
    memcpy(words, line, strlen(line) + 1);
    while (rest != NULL) {
        assert_true(argc < WORDS_MAX);
        argv[argc++] = strsep(&rest, " ");
    }
    argv[argc] = NULL;
    return options_parse(&manual, argc, argv, ret_operands, why);
}

static void assert_wrong(const char *line, const char *sentence)
{
    struct operands files;
    struct reason why;
    assert_int_equal(reads(line, &files, &why), OPTIONS_WRONG);
    assert_string_equal(why.text, sentence);
}

static void every_kind_of_option_reaches_its_target(void **state)
{
    (void)state;
    struct operands files;
    struct reason why;

    assert_int_equal(
        reads("watch --config a.yaml -f --sellers=12 --speed 2.5 x.json", &files, &why),
        OPTIONS_GO);
    assert_string_equal(given.config, "a.yaml");
    assert_true(given.follow);
    assert_int_equal(given.sellers, 12);
    assert_int_equal(given.speed, 2500);
    assert_int_equal(files.count, 1);
    assert_string_equal(files.at[0], "x.json");
}

static void options_may_stand_behind_operands(void **state)
{
    (void)state;
    struct operands files;
    struct reason why;

    assert_int_equal(reads("watch x.json -c a.yaml y.json", &files, &why), OPTIONS_GO);
    assert_string_equal(given.config, "a.yaml");
    assert_int_equal(files.count, 2);
    assert_string_equal(files.at[1], "y.json");
}

static void words_behind_two_dashes_are_operands(void **state)
{
    (void)state;
    struct operands files;
    struct reason why;

    assert_int_equal(reads("watch -- --follow", &files, &why), OPTIONS_GO);
    assert_false(given.follow);
    assert_string_equal(files.at[0], "--follow");
}

static void unknown_option_names_the_nearest_right_one(void **state)
{
    (void)state;
    assert_wrong("watch --selers 3 x", "there is no option --selers; did you mean --sellers?");
    assert_wrong("watch --versoin x", "there is no option --versoin; did you mean --version?");
}

static void unknown_option_like_no_other_names_the_manual(void **state)
{
    (void)state;
    assert_wrong("watch --qqqqqqqqqq x",
                 "there is no option --qqqqqqqqqq; 'sellerwatch watch --help' lists them");
    assert_wrong("watch -q x", "there is no option -q; 'sellerwatch watch --help' lists them");
}

static void option_without_its_value_says_what_it_wants(void **state)
{
    (void)state;
    assert_wrong("watch x --config", "--config needs a value: FILE");
    assert_wrong("watch x -c", "--config needs a value: FILE");
    assert_wrong("watch x --follow=yes", "--follow takes no value");
}

static void number_out_of_range_says_the_range(void **state)
{
    (void)state;
    assert_wrong("watch x --sellers 0", "--sellers 0: wants a whole number from 1 to 1000");
    assert_wrong("watch x --sellers 1001",
                 "--sellers 1001: wants a whole number from 1 to 1000");
    assert_wrong("watch x --sellers 3x", "--sellers 3x: wants a whole number from 1 to 1000");
    assert_wrong("watch x --sellers 99999999999999999999",
                 "--sellers 99999999999999999999: wants a whole number from 1 to 1000");
}

static void factor_keeps_three_decimals_exactly(void **state)
{
    (void)state;
    struct operands files;
    struct reason why;

    assert_int_equal(reads("watch x --speed 0.125", &files, &why), OPTIONS_GO);
    assert_int_equal(given.speed, 125);
    assert_int_equal(reads("watch x --speed 1000", &files, &why), OPTIONS_GO);
    assert_int_equal(given.speed, 1000000);
    assert_wrong("watch x --speed 1.2345",
                 "--speed 1.2345: wants a number from 0.001 to 1000, with at most 3 decimals");
    assert_wrong("watch x --speed -1",
                 "--speed -1: wants a number from 0.001 to 1000, with at most 3 decimals");
}

static void instant_is_a_day_or_a_second_in_utc(void **state)
{
    (void)state;
    struct operands files;
    struct reason why;

    assert_int_equal(reads("watch x --start 2026-11-23", &files, &why), OPTIONS_GO);
    assert_int_equal(given.start.ms, INT64_C(1795392000000));
    assert_int_equal(reads("watch x --start 2026-11-23T09:15:02Z", &files, &why), OPTIONS_GO);
    assert_int_equal(given.start.ms, INT64_C(1795425302000));
}

static void day_that_no_calendar_has_is_refused(void **state)
{
    (void)state;
    assert_wrong("watch x --start 2026-02-30",
                 "--start 2026-02-30: wants a day like 2026-11-23 or an instant like "
                 "2026-11-23T09:15:00Z");
    assert_wrong("watch x --start yesterday",
                 "--start yesterday: wants a day like 2026-11-23 or an instant like "
                 "2026-11-23T09:15:00Z");
}

static void operands_missing_or_too_many_are_a_mistake(void **state)
{
    (void)state;
    assert_wrong("watch", "FILE... is missing; 'sellerwatch watch --help' says how it goes");
    assert_wrong("watch a b c",
                 "'c' is one word too many; 'sellerwatch watch --help' says how it goes");
}

static void help_and_version_are_answered_before_mistakes_behind_them(void **state)
{
    (void)state;
    struct operands files;
    struct reason why;

    assert_int_equal(reads("watch --help --nonsense", &files, &why), OPTIONS_HELP);
    assert_int_equal(reads("watch -h", &files, &why), OPTIONS_HELP);
    assert_int_equal(reads("watch --version", &files, &why), OPTIONS_VERSION);
    assert_int_equal(options_exit_code(OPTIONS_HELP), 0);
    assert_int_equal(options_exit_code(OPTIONS_WRONG), 1);
}

static void manual_shows_every_option_in_eighty_columns(void **state)
{
    (void)state;
    static const char expected[] =
        "Usage: sellerwatch watch [OPTION]... FILE...\n"
        "\n"
        "Watches files.\n"
        "\n"
        "First paragraph.\n"
        "\n"
        "Second paragraph.\n"
        "\n"
        "Options:\n"
        "  -c, --config FILE       Where the settings are.\n"
        "  -f, --follow            Waits for what comes next.\n"
        "      --sellers N         How many sellers sell; each of them has a quality of\n"
        "                          its own, and a few turn bad at a known time.\n"
        "      --speed X           How much faster than real time.\n"
        "      --start TIME        When the first event happens.\n"
        "  -h, --help              Prints this manual and ends.\n"
        "      --version           Prints the version and ends.\n"
        "\n"
        "Examples:\n"
        "  sellerwatch watch a.json\n";
    struct buffer text = { 0 };

    options_manual_text(&manual, &text);
    buffer_add_u8(&text, 0);
    assert_string_equal((const char *)text.at, expected);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_option_reaches_its_target),
        cmocka_unit_test(options_may_stand_behind_operands),
        cmocka_unit_test(words_behind_two_dashes_are_operands),
        cmocka_unit_test(unknown_option_names_the_nearest_right_one),
        cmocka_unit_test(unknown_option_like_no_other_names_the_manual),
        cmocka_unit_test(option_without_its_value_says_what_it_wants),
        cmocka_unit_test(number_out_of_range_says_the_range),
        cmocka_unit_test(factor_keeps_three_decimals_exactly),
        cmocka_unit_test(instant_is_a_day_or_a_second_in_utc),
        cmocka_unit_test(day_that_no_calendar_has_is_refused),
        cmocka_unit_test(operands_missing_or_too_many_are_a_mistake),
        cmocka_unit_test(help_and_version_are_answered_before_mistakes_behind_them),
        cmocka_unit_test(manual_shows_every_option_in_eighty_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
