/* command_check_test.c - what `sellerwatch check` says, and how it ends. */
#include "app/command_check.h"
#include "app/commands.h"
#include "kpi/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct run {
    int code;
    char out[65536];
    char err[65536];
};

static struct run run;

static int redirect(FILE *stream, FILE *to)
{
    (void)fflush(stream);
    const int kept = dup(fileno(stream));
    assert_true(kept >= 0);
    assert_true(dup2(fileno(to), fileno(stream)) >= 0);
    return kept;
}

static void restore(FILE *stream, int kept, FILE *from, char text[65536])
{
    (void)fflush(stream);
    assert_true(dup2(kept, fileno(stream)) >= 0);
    (void)close(kept);
    rewind(from);
    const size_t size = fread(text, 1, 65535, from);
    text[size] = '\0';
    (void)fclose(from);
}

/* Runs the verb with one operand or option, or none (NULL). */
static void check(const char *operand)
{
    char verb[] = "check";
    char word[256] = "";
    (void)snprintf(word, sizeof word, "%s", operand != NULL ? operand : "");
    char *argv[] = { verb, operand != NULL ? word : NULL, NULL };
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_true(out != NULL && err != NULL);
    const int kept_out = redirect(stdout, out);
    const int kept_err = redirect(stderr, err);
    run.code = command_check(operand != NULL ? 2 : 1, argv);
    restore(stdout, kept_out, out, run.out);
    restore(stderr, kept_err, err, run.err);
}

static void sample_configuration_is_valid(void **state)
{
    (void)state;
    check(SOURCE_DIR "/config/sellerwatch.yaml");
    assert_string_equal(run.err, "");
    assert_int_equal(run.code, COMMANDS_DONE);
    assert_non_null(strstr(run.out, "sellerwatch.yaml is valid: "));
    assert_non_null(strstr(run.out, " 4 windows, 10 calendars, 9 storefronts, rules "));
}

/* ---- the samples in config/sellerwatch.yaml ---------------------------------------------- */

static const char secret_of_the_sample[] = "/run/secrets/kafka-password";

/* Prose has one blank behind its #; a sample begins at once, and is indented by two. */
static bool is_sample(const char *line)
{
    const char *mark = line + strspn(line, " ");
    return mark[0] == '#' && mark[1] != '\n' && mark[1] != '\0' &&
           (mark[1] != ' ' || mark[2] == ' ');
}

/* Copies a line into `to`, a sample without its #. The file of the one secret is put
 * in the place of one that every machine has. */
static void uncomment(const char *line, FILE *to)
{
    const char *secret = strstr(line, secret_of_the_sample);
    if (is_sample(line)) {
        const char *mark = strchr(line, '#');
        (void)fprintf(to, "%.*s", (int)(mark - line), line);
        line = mark + 1;
    }
    if (secret == NULL)
        (void)fputs(line, to);
    else
        (void)fprintf(to, "%.*s%s\n", (int)(secret - line), line, SOURCE_DIR "/LICENSE");
}

/* Writes the configuration with the samples of block number `wanted`, or of all (-1),
 * in force. How many blocks there are. */
static int32_t write_uncommented(const char *path, int32_t wanted)
{
    char line[512];
    int32_t blocks = 0;
    bool inside = false;
    FILE *from = fopen(SOURCE_DIR "/config/sellerwatch.yaml", "r");
    FILE *to = fopen(path, "w");
    assert_true(from != NULL && to != NULL);
    while (fgets(line, sizeof line, from) != NULL) {
        blocks += is_sample(line) && !inside ? 1 : 0;
        inside = is_sample(line);
        if (wanted < 0 || blocks - 1 == wanted)
            uncomment(line, to);
        else
            (void)fputs(line, to);
    }
    (void)fclose(from);
    assert_int_equal(fclose(to), 0);
    return blocks;
}

/* Whoever needs what a sample shows removes its # and is done. */
static void every_sample_is_valid_without_its_hash(void **state)
{
    (void)state;
    char folder[] = "/tmp/command_check_XXXXXX";
    char path[128];
    char calendars[128];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/sellerwatch.yaml", folder);
    (void)snprintf(calendars, sizeof calendars, "%s/calendars.yaml", folder);
    assert_int_equal(symlink(SOURCE_DIR "/config/calendars.yaml", calendars), 0);

    const int32_t blocks = write_uncommented(path, -1);
    assert_int_equal(blocks, 6);
    for (int32_t block = -1; block < blocks; block++) {
        (void)write_uncommented(path, block);
        check(path);
        assert_string_equal(run.err, "");
        assert_int_equal(run.code, COMMANDS_DONE);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(calendars), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void each_mistake_is_one_line_with_its_place(void **state)
{
    (void)state;
    char path[] = "/tmp/command_check_XXXXXX";
    char expected[1024];
    const int file = mkstemp(path);
    static const char text[] = "workers: two\nkafka: {groop: x}\n";
    assert_true(file >= 0);
    assert_int_equal(write(file, text, sizeof text - 1), (ssize_t)(sizeof text - 1));
    (void)close(file);

    check(path);
    assert_int_equal(run.code, COMMANDS_USAGE);
    assert_string_equal(run.out, "");
    (void)snprintf(expected, sizeof expected,
                   "%s:1:10: workers: \"two\" is not a whole number; write one from 1 to 64\n"
                   "%s:2:9: there is no setting kafka.groop; did you mean kafka.group?\n",
                   path, path);
    assert_string_equal(run.err, expected);
    assert_int_equal(unlink(path), 0);
}

static void missing_file_is_told_and_ends_with_one(void **state)
{
    (void)state;
    check("/nowhere/x.yaml");
    assert_int_equal(run.code, COMMANDS_USAGE);
    assert_string_equal(run.err,
                        "/nowhere/x.yaml: cannot be opened: No such file or directory\n");
    check("/tmp");
    assert_string_equal(run.err, "/tmp: cannot be read: Is a directory\n");
}

static void no_file_at_all_is_a_mistake_in_the_command_line(void **state)
{
    (void)state;
    check(NULL);
    assert_int_equal(run.code, COMMANDS_USAGE);
    assert_non_null(strstr(run.err, "sellerwatch check FILE"));
}

static void reference_lists_settings_and_kpis(void **state)
{
    (void)state;
    check("--settings-reference");
    assert_int_equal(run.code, COMMANDS_DONE);
    assert_non_null(strstr(run.out, "| `batch.records` | count | `500` | 1 to 10000 |"));
    assert_non_null(strstr(run.out, "| `delivery_on_time` | < 93% | < 90% | 10 | 3 |"));
}

static void kpis_are_told_in_words_and_with_their_sums(void **state)
{
    (void)state;
    check("--kpis-reference");
    assert_int_equal(run.code, COMMANDS_DONE);
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        char line[512];
        const struct kpi_row *row = catalogue_row((enum kpi)k);
        (void)snprintf(line, sizeof line, "| `%s` | %s |\n", row->name, row->text);
        assert_non_null(strstr(run.out, line));
    }
    assert_non_null(strstr(run.out,
                           "| `dispatch_late` | bad / total | units sent late, or not at all | "
                           "units sent in time; units sent late, or not at all | less | > 4% | "
                           "> 10% | 10 | 3 |\n"));
    assert_non_null(strstr(run.out, "| `24h` | 15m | no |\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample_configuration_is_valid),
        cmocka_unit_test(every_sample_is_valid_without_its_hash),
        cmocka_unit_test(each_mistake_is_one_line_with_its_place),
        cmocka_unit_test(missing_file_is_told_and_ends_with_one),
        cmocka_unit_test(no_file_at_all_is_a_mistake_in_the_command_line),
        cmocka_unit_test(reference_lists_settings_and_kpis),
        cmocka_unit_test(kpis_are_told_in_words_and_with_their_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
