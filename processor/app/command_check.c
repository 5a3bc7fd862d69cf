/* command_check.c - says every mistake of a configuration in one go.
 *
 * It loads the file exactly as `run` does, environment included, and goes one step
 * further: the calendars' tables are built, so that a missing tz database shows here
 * and not in the middle of a deployment.
 */
#include "app/command_check.h"

#include "app/commands.h"
#include "app/kpis_document.h"
#include "app/options.h"
#include "app/settings.h"
#include "app/timezone.h"
#include "flow/metrics.h"

#include <stdio.h>
#include <unistd.h>

/* A generated page, on stdout. */
static int print_document(void (*document)(struct buffer *ret_text))
{
    struct buffer text = { 0 };
    document(&text);
    const bool written = fwrite(text.at, 1, text.size, stdout) == text.size;
    buffer_free(&text);
    return written && fflush(stdout) == 0 ? COMMANDS_DONE : COMMANDS_WORLD;
}

static int say_mistakes(const struct settings_problems *problems)
{
    struct buffer text = { 0 };
    settings_problems_text(problems, &text);
    (void)fwrite(text.at, 1, text.size, stderr);
    buffer_free(&text);
    return COMMANDS_USAGE;
}

static void say_valid(const char *path, const struct settings *settings)
{
    printf(
        "%s is valid: %d settings given, %d windows, %d calendars, %d storefronts, rules %s\n",
        path, (int)settings->given, (int)settings->windows.count, (int)settings->calendar_count,
        (int)settings->storefront_count, settings->rule_version);
}

static int check_calendars(const char *path, const struct settings *settings)
{
    struct timezone_calendars calendars;
    struct reason why = { "" };
    if (!timezone_calendars_open(settings, &calendars, &why)) {
        (void)fprintf(stderr, "%s: %s\n", path, why.text);
        return COMMANDS_USAGE;
    }
    timezone_calendars_free(&calendars);
    return COMMANDS_DONE;
}

static int check_file(const char *path)
{
    struct settings settings;
    struct settings_problems problems = { 0 };
    if (!settings_load(path, environ, &settings, &problems)) {
        const int code = say_mistakes(&problems);
        settings_problems_free(&problems);
        return code;
    }
    const int code = check_calendars(path, &settings);
    if (code == COMMANDS_DONE)
        say_valid(path, &settings);
    settings_free(&settings);
    return code;
}

int command_check(int argc, char **argv)
{
    bool settings = false;
    bool metrics = false;
    bool kpis = false;
    const struct options_row rows[] = {
        OPTIONS_FLAG("settings-reference", 0, &settings,
                     "Prints the text of config/SETTINGS.md instead: every setting with type, "
                     "default and range."),
        OPTIONS_FLAG("metrics-reference", 0, &metrics,
                     "Prints the text of config/METRICS.md instead: every metric of /metrics."),
        OPTIONS_FLAG("kpis-reference", 0, &kpis,
                     "Prints the text of config/KPIS.md instead: every KPI with its sum and "
                     "its limits."),
    };
    const struct options_manual manual = {
        .verb = "check",
        .operands = "FILE",
        .operands_high = 1,
        .summary = "Validates a configuration and says every mistake in one go.",
        .text = "Each mistake is one line on stderr: file, line and column, what is wrong, and "
                "what would be right. SELLERWATCH_ variables of the environment are checked "
                "with the file, as they win over it.\n\nEnds with 0 if the configuration is "
                "valid, else with 1.",
        .examples = "  sellerwatch check /etc/sellerwatch/sellerwatch.yaml\n",
        .rows = rows,
        .row_count = sizeof rows / sizeof rows[0],
    };
    struct operands files;
    const enum options_outcome outcome = options_read(&manual, argc, argv, &files);
    if (outcome != OPTIONS_GO)
        return options_exit_code(outcome);
    if (settings)
        return print_document(settings_document);
    if (metrics)
        return print_document(metrics_document);
    if (kpis)
        return print_document(kpis_document);
    if (files.count == 1)
        return check_file(files.at[0]);
    (void)fprintf(stderr,
                  "sellerwatch check: no file is named; write sellerwatch check FILE\n");
    return COMMANDS_USAGE;
}
