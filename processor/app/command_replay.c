/* command_replay.c - `sellerwatch replay`: JSON lines into topics.
 *
 * A line that is no event is a mistake of its file, told with its number: by default
 * nothing behind it is sent, because half a story judges sellers wrongly.
 */
#include "app/command_replay.h"

#include "app/clock.h"
#include "app/commands.h"
#include "app/connection.h"
#include "app/feeding.h"
#include "app/replay_lines.h"
#include "app/stop_signal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PARTITIONS_DEFAULT = 6, PARTITIONS_MAX = 10000 };

struct replaying {
    struct connection_options connection;
    const char *topic_text;
    const char *speed_text;
    enum topic topic; /* TOPIC_COUNT: file or line says it */
    int64_t speed_milli;
    bool rebase;
    bool skip_bad;
    bool create_topics;
    int64_t partitions;
    int64_t bad_lines;
};

static int say(const char *what, int code)
{
    (void)fprintf(stderr, "sellerwatch replay: %s\n", what);
    return code;
}

/* ---- rebasing -------------------------------------------------------------------------- */

/* The newest event of all files; lines that are none are told in the second reading. */
static bool find_newest(const struct operands *files, enum topic topic, event_time *ret_newest,
                        struct reason *why)
{
    struct event event;
    event_time told;
    struct reason ignored;
    *ret_newest = (event_time){ TIME_NEVER_YET };
    struct replay_lines *lines = replay_lines_open(files->at, files->count, topic, why);
    if (lines == NULL)
        return false;
    enum status s = STATUS_OK;
    while (s == STATUS_OK || s == STATUS_MALFORMED) {
        s = replay_lines_next(lines, &event, &told, &ignored);
        if (s == STATUS_OK)
            *ret_newest = event_time_max(*ret_newest, told);
    }
    replay_lines_close(lines);
    return true;
}

static bool rebase(const struct operands *files, enum topic topic, struct replay_lines *lines,
                   struct reason *why)
{
    event_time newest;
    for (int i = 0; i < files->count; i++) {
        if (strcmp(files->at[i], "-") == 0) {
            reason_set(why, "--rebase reads the files twice, which standard input does not "
                            "allow; write the lines to a file first");
            return false;
        }
    }
    if (!find_newest(files, topic, &newest, why))
        return false;
    if (newest.ms != TIME_NEVER_YET)
        replay_lines_shift(lines, clock_now().ms - newest.ms);
    return true;
}

/* ---- sending --------------------------------------------------------------------------- */

/* A bad line: go on with the next, or not. */
static bool accept_bad_line(struct replaying *r, const struct feeding *f,
                            const struct reason *why)
{
    progress_clear(&f->progress);
    (void)fprintf(stderr, "%s\n", why->text);
    r->bad_lines += 1;
    return r->skip_bad;
}

static enum status send_all(struct replaying *r, struct replay_lines *lines, struct feeding *f,
                            struct reason *why)
{
    struct event event;
    event_time told;
    for (;;) {
        enum status s = replay_lines_next(lines, &event, &told, why);
        if (s == STATUS_MALFORMED && accept_bad_line(r, f, why))
            continue;
        if (s == STATUS_OK)
            s = feeding_send(f, &event, told, why);
        if (s != STATUS_OK)
            return s == STATUS_MISSING ? STATUS_OK : s;
    }
}

static int end(const struct replaying *r, enum status sent, enum status finished,
               const struct reason *why)
{
    if (r->bad_lines > 0)
        (void)fprintf(stderr, "replay: %" PRId64 " bad line%s%s\n", r->bad_lines,
                      r->bad_lines == 1 ? "" : "s",
                      r->skip_bad ? " left out" : "; --skip-bad goes on behind it");
    if (sent == STATUS_MALFORMED)
        return COMMANDS_USAGE;
    const bool stopped = sent == STATUS_PENDING;
    if (sent != STATUS_OK && !stopped)
        return say(why->text, COMMANDS_WORLD);
    return finished == STATUS_OK ? COMMANDS_DONE : say(why->text, COMMANDS_WORLD);
}

static int feed(struct replaying *r, const struct settings *settings,
                struct replay_lines *lines)
{
    struct reason why = { "" };
    enum status status = STATUS_OK;
    const struct event_output_options options = { .settings = settings,
                                                  .create_topics = r->create_topics,
                                                  .partitions = (int32_t)r->partitions,
                                                  .stop = stop_signal_flag() };
    struct event_output *output = event_output_open(&options, &status, &why);
    if (output == NULL)
        return *options.stop ? COMMANDS_DONE : say(why.text, COMMANDS_WORLD);
    struct feeding feeding;
    feeding_open(&feeding, output, "replay", options.stop);
    feeding.pace.speed_milli = r->speed_milli;
    const enum status sent = send_all(r, lines, &feeding, &why);
    const enum status finished = feeding_finish(&feeding, &why);
    event_output_close(output);
    return end(r, sent, finished, &why);
}

static int replay(struct replaying *r, const struct settings *settings,
                  const struct operands *files)
{
    struct reason why = { "" };
    struct replay_lines *lines = replay_lines_open(files->at, files->count, r->topic, &why);
    if (lines == NULL)
        return say(why.text, COMMANDS_USAGE);
    stop_signal_listen();
    const bool ready = !r->rebase || rebase(files, r->topic, lines, &why);
    const int code = ready ? feed(r, settings, lines) : say(why.text, COMMANDS_USAGE);
    replay_lines_close(lines);
    return code;
}

/* ---- the command line ------------------------------------------------------------------ */

static bool read_topic(struct replaying *r, struct reason *why)
{
    r->topic = TOPIC_COUNT;
    if (r->topic_text == NULL)
        return true;
    for (unsigned t = 0; t < TOPIC_COUNT; t++) {
        if (strcmp(r->topic_text, topic_label((enum topic)t)) == 0)
            r->topic = (enum topic)t;
    }
    if (r->topic == TOPIC_COUNT)
        reason_set(why, "--topic %s: wants orders, messages or shipments", r->topic_text);
    return r->topic != TOPIC_COUNT;
}

static enum options_outcome read_options(struct replaying *r, int argc, char **argv,
                                         struct operands *ret_files)
{
    const struct options_row rows[] = {
        CONNECTION_CONFIG(&r->connection),
        CONNECTION_BROKERS(&r->connection),
        CONNECTION_REGISTRY(&r->connection),
        CONNECTION_SCHEMAS(&r->connection),
        OPTIONS_TEXT("topic", 't', "NAME", &r->topic_text,
                     "orders, messages or shipments: what all lines are. Without it the "
                     "beginning of the file's name says it (orders-may.jsonl), else each "
                     "line by kafka_topic or event_name."),
        OPTIONS_TEXT("speed", 0, "N", &r->speed_text,
                     "max (the default): as fast as Kafka takes it; recorded: as it happened; "
                     "a factor: so many times that."),
        OPTIONS_FLAG("rebase", 0, &r->rebase,
                     "Moves all times by the same amount, so that the newest event is dated "
                     "now."),
        OPTIONS_FLAG("skip-bad", 0, &r->skip_bad,
                     "Says each line that is no event, and goes on; else the first one ends "
                     "the replay."),
        OPTIONS_FLAG("create-topics", 0, &r->create_topics,
                     "Creates the five topics if they are not there."),
        OPTIONS_NUMBER("partitions", 'p', "N", &r->partitions, 1, PARTITIONS_MAX,
                       "Partitions of topics that are created; 6 if not given."),
    };
    const struct options_manual manual = {
        .verb = "replay",
        .operands = "FILE...",
        .operands_high = OPTIONS_MANY,
        .summary = "Sends recorded events, one JSON object a line, into the topics.",
        .text = "Fields are named as in the Avro schemas; a field with a default may be left "
                "out, and names beginning with '_' are notes. '-' is standard input. Several "
                "files are told as one story, the earliest event first; each file keeps its "
                "own order.\n\nThe key of each record is its id_seller, placed as Kafka's Java "
                "client does.\n\nA line that is no event is told as FILE:LINE with what would "
                "be right.\n\nEnds with 0 when all was acknowledged, 1 for a mistake on the "
                "command line or in a file, 2 if Kafka or the registry cannot be used.",
        .examples = "  sellerwatch replay --create-topics orders.jsonl messages.jsonl\n"
                    "  zcat day.jsonl.gz | sellerwatch replay --speed 60 -\n",
        .rows = rows,
        .row_count = sizeof rows / sizeof rows[0],
    };
    return options_read(&manual, argc, argv, ret_files);
}

int command_replay(int argc, char **argv)
{
    struct replaying r = { .speed_text = "max", .partitions = PARTITIONS_DEFAULT };
    struct operands files;
    struct reason why = { "" };
    const enum options_outcome outcome = read_options(&r, argc, argv, &files);
    if (outcome != OPTIONS_GO)
        return options_exit_code(outcome);
    if (files.count == 0)
        return say("no file is named; write sellerwatch replay FILE", COMMANDS_USAGE);
    if (!read_topic(&r, &why) || !feeding_speed(r.speed_text, true, &r.speed_milli, &why))
        return say(why.text, COMMANDS_USAGE);
    struct settings settings;
    if (!connection_settings(&r.connection, "replay", &settings))
        return COMMANDS_USAGE;
    const int code = replay(&r, &settings, &files);
    settings_free(&settings);
    return code;
}
