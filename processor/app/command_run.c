/* command_run.c - `sellerwatch run`: the processor, until a signal or a reason to stop.
 *
 * SIGTERM and SIGINT: the workers finish their batch, save, publish what is saved,
 * and leave the group. A second signal ends the process at once; that is safe, too.
 */
#include "app/command_run.h"

#include "app/clock.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/runtime.h"
#include "app/stop_signal.h"
#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 100 };

static int exit_code(enum status status)
{
    switch (status_reaction(status)) {
    case REACTION_PROCEED:
        return COMMANDS_DONE;
    case REACTION_STOP:
        return status == STATUS_DATA_LOSS ? COMMANDS_DATA_LOSS : COMMANDS_WORLD;
    case REACTION_RETRY:
    case REACTION_QUARANTINE:
    case REACTION_RELOAD:
        break;
    }
    return COMMANDS_WORLD;
}

static enum status work(struct runtime *runtime, const atomic_bool *stop, struct reason *why)
{
    enum status status = STATUS_OK;
    runtime_start(runtime);
    log_write(LOG_INFO, "running", "version=%s", SELLERWATCH_VERSION);
    while (!*stop && !runtime_ended(runtime, &status, why))
        clock_sleep(LOOK_EVERY_MS);
    log_write(LOG_INFO, "stopping", "asked=%d", (int)*stop);
    runtime_stop(runtime);
    return status;
}

/* In the form of the log, so that who reads that by machine finds the reason, too. */
static void say_why(const struct settings *settings, const struct reason *why)
{
    if (settings->log_format == LOG_FORMAT_JSON)
        log_write(LOG_ERROR, "failed", "why=\"%s\"", why->text);
    else
        fprintf(stderr, "sellerwatch run: %s\n", why->text);
}

static int run(const struct settings *settings)
{
    log_open((enum log_level)settings->log_level, settings->log_format == LOG_FORMAT_JSON);
    stop_signal_listen();
    const atomic_bool *stop = stop_signal_flag();
    enum status status = STATUS_OK;
    struct reason why = { 0 };
    struct runtime *runtime = runtime_open(settings, stop, &status, &why);
    if (runtime != NULL)
        status = work(runtime, stop, &why);
    runtime_close(runtime);
    if (status != STATUS_OK && !*stop)
        say_why(settings, &why);
    return *stop ? COMMANDS_DONE : exit_code(status);
}

int command_run(int argc, char **argv)
{
    const char *config = NULL;
    const struct options_row rows[] = {
        OPTIONS_TEXT("config", 'c', "FILE", &config,
                     "The configuration; see config/sellerwatch.yaml. Needed."),
    };
    const struct options_manual manual = {
        .verb = "run",
        .summary =
            "Watches sellers: reads the topics, keeps the KPI windows, publishes alerts.",
        .text = "Runs until SIGTERM or SIGINT, then saves, publishes and leaves its consumer "
                "group. It may be killed at any time: what was not saved is read again.\n\n"
                "Ends with 0 when it was asked to stop, 1 if the configuration is wrong, 2 if "
                "Kafka, Redis or the registry cannot be used, 3 if unread input is gone.",
        .examples = "  sellerwatch run --config /etc/sellerwatch/sellerwatch.yaml\n",
        .rows = rows,
        .row_count = sizeof rows / sizeof rows[0],
    };
    struct operands operands;
    const enum options_outcome outcome = options_read(&manual, argc, argv, &operands);
    if (outcome != OPTIONS_GO)
        return options_exit_code(outcome);
    if (config == NULL) {
        fprintf(stderr,
                "sellerwatch run: no configuration; write sellerwatch run --config FILE\n");
        return COMMANDS_USAGE;
    }
    struct settings settings;
    struct settings_problems problems = { 0 };
    if (!settings_load(config, environ, &settings, &problems)) {
        struct buffer text = { 0 };
        settings_problems_text(&problems, &text);
        fwrite(text.at, 1, text.size, stderr);
        buffer_free(&text);
        settings_problems_free(&problems);
        return COMMANDS_USAGE;
    }
    const int code = run(&settings);
    settings_free(&settings);
    return code;
}
