/* command_alerts.c - `sellerwatch alerts`: the alerts topic, one line a change. */
#include "app/command_alerts.h"

#include "app/alert_stream.h"
#include "app/commands.h"
#include "app/connection.h"
#include "app/stop_signal.h"
#include "codec/alert_json.h"
#include "codec/alert_text.h"

#include <stdio.h>
#include <unistd.h>

enum { PATIENCE_MS = 200 };

struct reading {
    struct connection_options connection;
    bool follow;
    bool from_beginning;
    bool json;
};

static int say(const char *what, int code)
{
    (void)fprintf(stderr, "sellerwatch alerts: %s\n", what);
    return code;
}

/* Whole lines at once, so that a reader behind a pipe never sees half of one. */
static bool print(const struct alert_json *json, const struct alert_change *change,
                  struct span body, struct buffer *line)
{
    buffer_clear(line);
    if (json != NULL)
        alert_json_line(json, body, line);
    else
        alert_text_line(change, isatty(STDOUT_FILENO) == 1, line);
    return fwrite(line->at, 1, line->size, stdout) == line->size;
}

static int read_all(const struct reading *r, struct alert_stream *stream)
{
    const atomic_bool *stop = stop_signal_flag();
    struct buffer line = { 0 };
    struct alert_change change;
    struct span body;
    struct alert_json *json = r->json ? alert_json_open() : NULL;
    struct reason why = { "" };
    enum status s = STATUS_OK;
    bool writable = true;
    while (!*stop && writable && !alert_stream_finished(stream)) {
        s = alert_stream_next(stream, PATIENCE_MS, &change, &body, &why);
        if (s == STATUS_OK)
            writable = print(json, &change, body, &line);
        else if (s == STATUS_MALFORMED)
            (void)say(why.text, COMMANDS_DONE);
        else if (s == STATUS_PENDING)
            writable = fflush(stdout) == 0;
        else if (status_reaction(s) != REACTION_RETRY)
            break;
    }
    alert_json_close(json);
    buffer_free(&line);
    writable = fflush(stdout) == 0 && writable;
    if (status_reaction(s) == REACTION_STOP)
        return say(why.text, COMMANDS_WORLD);
    /* Who closes the pipe has seen enough. */
    return writable || *stop ? COMMANDS_DONE : COMMANDS_WORLD;
}

static void say_waiting(void *self)
{
    const struct settings *settings = self;
    (void)fprintf(stderr,
                  "sellerwatch alerts: waiting for Kafka at %s, as --brokers or the setting "
                  "kafka.brokers says\n",
                  settings->kafka_brokers);
}

static int alerts(const struct reading *r, struct settings *settings)
{
    struct reason why = { "" };
    struct alert_stream *stream = NULL;
    const struct alert_stream_options options = { .settings = settings,
                                                  .from_end = r->follow && !r->from_beginning,
                                                  .follow = r->follow,
                                                  .stop = stop_signal_flag(),
                                                  .waiting = say_waiting,
                                                  .self = settings };
    stop_signal_listen();
    const enum status s = alert_stream_open(&options, &stream, &why);
    if (s != STATUS_OK)
        return *options.stop ? COMMANDS_DONE : say(why.text, COMMANDS_WORLD);
    const int code = read_all(r, stream);
    alert_stream_close(stream);
    return code;
}

int command_alerts(int argc, char **argv)
{
    struct reading r = { 0 };
    const struct options_row rows[] = {
        CONNECTION_CONFIG(&r.connection),
        CONNECTION_BROKERS(&r.connection),
        OPTIONS_FLAG("follow", 'f', &r.follow,
                     "Goes on with what comes next, until Ctrl-C; begins at the end of the "
                     "topic."),
        OPTIONS_FLAG("from-beginning", 0, &r.from_beginning,
                     "Begins with the oldest change, also with --follow; without --follow "
                     "that is always so."),
        OPTIONS_FLAG("json", 'j', &r.json, "Writes JSON lines with every field of the record."),
    };
    const struct options_manual manual = {
        .verb = "alerts",
        .summary = "Reads the alerts topic: one line for each change in the life of an alert.",
        .text = "A line says when, what happened, how severe it is, the seller and its "
                "storefront, the KPI and its window, the value with its counts, the limit and "
                "where it comes from. On a terminal it has colours.\n\nChanges of one seller "
                "come in order; those of several are in the order of their partitions. Without "
                "--follow it ends where the topic ended when it began.\n\nEnds with 0, or with "
                "2 if Kafka cannot be used.",
        .examples = "  sellerwatch alerts --brokers kafka:9092\n"
                    "  sellerwatch alerts --follow\n"
                    "  sellerwatch alerts --json | jq 'select(.severity == \"CRITICAL\")'\n",
        .rows = rows,
        .row_count = sizeof rows / sizeof rows[0],
    };
    struct operands none;
    const enum options_outcome outcome = options_read(&manual, argc, argv, &none);
    if (outcome != OPTIONS_GO)
        return options_exit_code(outcome);
    struct settings settings;
    if (!connection_settings(&r.connection, "alerts", &settings))
        return COMMANDS_USAGE;
    const int code = alerts(&r, &settings);
    settings_free(&settings);
    return code;
}
