/* command_generate.c - `sellerwatch generate`: an invented marketplace into topics.
 *
 * The marketplace is market.h; here are its options, its pace, and the ground truth
 * that is told at the end.
 */
#include "app/command_generate.h"

#include "app/clock.h"
#include "app/commands.h"
#include "app/connection.h"
#include "app/feeding.h"
#include "app/market.h"
#include "app/stop_signal.h"
#include "app/story_lead.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    PARTITIONS_DEFAULT = 6,
    PARTITIONS_MAX = 10000,
    SELLERS_MAX = 100000,
    UNITS_PER_DAY_MAX = 100000,
    TURN_DAYS_MAX = 3650,
    TURNING_DEFAULT = -1,
};

/* The command line as it was read; numbers have the width that options.h gives them. */
struct generating {
    struct connection_options connection;
    const char *speed_text;
    const char *rate_text;
    const char *truth_path;
    int64_t seed;
    int64_t events; /* 0: without end */
    int64_t sellers;
    int64_t turning;
    int64_t turn_days;
    int64_t units_per_day;
    event_time start;
    event_time until; /* TIME_NEVER: without end */
    int64_t speed_milli;
    int64_t rate;
    bool json;
    bool create_topics;
    int64_t partitions;
};

static int say(const char *what, int code)
{
    (void)fprintf(stderr, "sellerwatch generate: %s\n", what);
    return code;
}

/* ---- the truth ------------------------------------------------------------------------- */

static FILE *open_truth(const struct generating *g, struct reason *why)
{
    if (g->truth_path == NULL)
        return g->json ? NULL : stdout;
    FILE *file = fopen(g->truth_path, "w");
    if (file == NULL)
        reason_set(why, "--truth %s cannot be written: %s", g->truth_path, strerror(errno));
    return file;
}

static bool write_truth(const struct market *market, FILE *file, struct reason *why)
{
    struct buffer json = { 0 };
    market_truth(market, &json);
    const bool written = fwrite(json.at, 1, json.size, file) == json.size;
    const bool closed = file == stdout ? fflush(file) == 0 : fclose(file) == 0;
    buffer_free(&json);
    if (!written || !closed)
        reason_set(why, "the truth cannot be written: %s", strerror(errno));
    return written && closed;
}

/* ---- feeding --------------------------------------------------------------------------- */

static struct market_options market_of(const struct generating *g)
{
    const int64_t turning =
        g->turning >= 0 ? g->turning
                        : (g->sellers + MARKET_TURNING_ONE_IN - 1) / MARKET_TURNING_ONE_IN;
    return (struct market_options){
        .seed = (uint64_t)g->seed,
        .start = g->start,
        .sellers = (int32_t)g->sellers,
        .turning = (int32_t)turning,
        .units_per_day = (int32_t)g->units_per_day,
        .turn_days = (int32_t)g->turn_days,
    };
}

/* Else the processor refuses events, and nobody knows why. */
static void warn_of_lead(const struct generating *g, const struct settings *settings)
{
    const struct story_lead story = { .market = market_of(g),
                                      .events = g->events,
                                      .until = g->until,
                                      .speed_milli = g->speed_milli,
                                      .rate = g->rate };
    if (g->json || settings->time_source != TIME_FROM_WALL)
        return;
    const int64_t lead = story_lead_ms(&story, clock_now());
    if (lead <= settings->max_future_ms)
        return;
    char how_far[64] = "ever further";
    if (lead != INT64_MAX)
        (void)snprintf(how_far, sizeof how_far, "about %.1f days", (double)lead / DAY_MS);
    (void)fprintf(stderr,
                  "sellerwatch generate: the story will run ahead of the clock, %s: a "
                  "processor whose time.source is wall refuses what is dated more than "
                  "max_future (%" PRId64 " min) ahead; --start it earlier, or end it with "
                  "--until\n",
                  how_far, settings->max_future_ms / MINUTE_MS);
}

static enum status send_all(const struct generating *g, struct market *market,
                            struct feeding *f, struct reason *why)
{
    struct event event;
    while (g->events == 0 || f->count < g->events) {
        const event_time arrival = market_next(market, &event);
        if (arrival.ms > g->until.ms)
            break;
        const enum status s = feeding_send(f, &event, arrival, why);
        if (s != STATUS_OK)
            return s == STATUS_PENDING ? STATUS_OK : s;
    }
    return STATUS_OK;
}

static enum status feed(const struct generating *g, struct event_output *output,
                        struct market *market, struct reason *why)
{
    struct feeding feeding;
    feeding_open(&feeding, output, "generate", stop_signal_flag());
    feeding.pace.speed_milli = g->speed_milli;
    feeding.pace.rate = g->rate;
    feeding.total = g->events;
    const enum status sent = send_all(g, market, &feeding, why);
    if (sent != STATUS_OK)
        return sent;
    return feeding_finish(&feeding, why);
}

static int generate(const struct generating *g, const struct settings *settings, FILE *truth)
{
    struct reason why = { "" };
    enum status status = STATUS_OK;
    const struct event_output_options options = { .settings = settings,
                                                  .json = g->json,
                                                  .create_topics = g->create_topics,
                                                  .partitions = (int32_t)g->partitions,
                                                  .stop = stop_signal_flag() };
    stop_signal_listen();
    warn_of_lead(g, settings);
    struct event_output *output = event_output_open(&options, &status, &why);
    if (output == NULL)
        return *options.stop ? COMMANDS_DONE : say(why.text, COMMANDS_WORLD);
    const struct market_options invented = market_of(g);
    struct market *market = market_open(&invented);
    status = feed(g, output, market, &why);
    const bool told = truth == NULL || write_truth(market, truth, &why);
    market_close(market);
    event_output_close(output);
    return status == STATUS_OK && told ? COMMANDS_DONE : say(why.text, COMMANDS_WORLD);
}

/* ---- the command line ------------------------------------------------------------------ */

static enum options_outcome read_options(struct generating *g, int argc, char **argv)
{
    const struct options_row rows[] = {
        CONNECTION_CONFIG(&g->connection),
        CONNECTION_BROKERS(&g->connection),
        CONNECTION_REGISTRY(&g->connection),
        CONNECTION_SCHEMAS(&g->connection),
        OPTIONS_NUMBER("seed", 0, "N", &g->seed, 0, INT32_MAX,
                       "The same seed, sellers and start give the same events; 1 if not "
                       "given."),
        OPTIONS_NUMBER("events", 'n', "N", &g->events, 0, INT64_MAX,
                       "Ends after so many events; 0 (the default): never."),
        OPTIONS_NUMBER("sellers", 0, "N", &g->sellers, 1, SELLERS_MAX,
                       "How many sellers sell; 60 if not given."),
        OPTIONS_NUMBER("units-per-day", 0, "N", &g->units_per_day, 1, UNITS_PER_DAY_MAX,
                       "Order units that an average seller sells a day; 20 if not given."),
        OPTIONS_NUMBER("turning", 0, "N", &g->turning, 0, SELLERS_MAX,
                       "How many sellers turn bad; one in ten if not given."),
        OPTIONS_NUMBER("turn-days", 0, "N", &g->turn_days, 0, TURN_DAYS_MAX,
                       "The first turns bad after so many days, then one each half day; 10 if "
                       "not given."),
        OPTIONS_INSTANT("start", 0, "INSTANT", &g->start,
                        "When the story begins, in UTC; now if not given."),
        OPTIONS_INSTANT("until", 0, "INSTANT", &g->until, "Ends when the story is there."),
        OPTIONS_TEXT("speed", 0, "N", &g->speed_text,
                     "Seconds of the story in a second, or max; 1 if not given, max with "
                     "--rate and --json."),
        OPTIONS_TEXT("rate", 0, "N", &g->rate_text,
                     "Most events in a second, or max (the default)."),
        OPTIONS_FLAG("create-topics", 0, &g->create_topics,
                     "Creates the five topics if they are not there."),
        OPTIONS_NUMBER("partitions", 'p', "N", &g->partitions, 1, PARTITIONS_MAX,
                       "Partitions of topics that are created; 6 if not given."),
        OPTIONS_FLAG("json", 'j', &g->json,
                     "Writes JSON lines to standard output instead, as replay reads them."),
        OPTIONS_TEXT("truth", 0, "FILE", &g->truth_path,
                     "Where the truth is written; standard output if not given, nowhere with "
                     "--json."),
    };
    const struct options_manual manual = {
        .verb = "generate",
        .summary = "Invents a marketplace and sends its events into the topics.",
        .text = "Sellers are good, average, poor or bursty. A few good and average ones turn "
                "bad at a known time in a known way. At the end the truth is told as JSON: "
                "each seller's quality, and of those that turned bad when, how, and which KPI "
                "must show it.\n\nOne event in fifty comes twice, one in a hundred up to 12 "
                "hours late. Answers come in working hours.\n\nA running processor whose "
                "time.source is wall refuses events dated ahead of its clock: with a --speed "
                "above 1, let the story --start far enough in the past, and end before "
                "now.\n\nEnds with 0 when all was "
                "acknowledged, 1 for a mistake on the command line, 2 if Kafka or the "
                "registry cannot be used.",
        .examples =
            "  sellerwatch generate --create-topics --start 2026-06-01 --until 2026-08-01 "
            "--speed 86400\n"
            "  sellerwatch generate --start 2026-06-01 --rate 5000 --events 1000000 "
            "--sellers 500\n"
            "  sellerwatch generate --json --events 1000 > events.jsonl\n",
        .rows = rows,
        .row_count = sizeof rows / sizeof rows[0],
    };
    struct operands none;
    return options_read(&manual, argc, argv, &none);
}

static bool read_limits(struct generating *g, struct reason *why)
{
    const bool hurry = g->rate_text != NULL || g->json;
    const char *speed = g->speed_text != NULL ? g->speed_text : hurry ? "max" : "1";
    return feeding_speed(speed, false, &g->speed_milli, why) &&
           feeding_rate(g->rate_text != NULL ? g->rate_text : "max", &g->rate, why);
}

/* Options that are right alone and make no story together. */
static bool check_story(const struct generating *g, struct reason *why)
{
    if (g->until.ms < g->start.ms)
        reason_set(why, "--until is before the begin of the story; --start it earlier");
    else if (g->turning > g->sellers)
        reason_set(why,
                   "--turning %lld is more than there are sellers (%lld); give more --sellers",
                   (long long)g->turning, (long long)g->sellers);
    return why->text[0] == '\0';
}

int command_generate(int argc, char **argv)
{
    struct generating g = { .seed = 1,
                            .sellers = MARKET_SELLERS_DEFAULT,
                            .turning = TURNING_DEFAULT,
                            .turn_days = MARKET_TURN_DAYS_DEFAULT,
                            .units_per_day = MARKET_UNITS_PER_DAY_DEFAULT,
                            .start = { clock_now().ms / SECOND_MS * SECOND_MS },
                            .until = { TIME_NEVER },
                            .partitions = PARTITIONS_DEFAULT };
    struct reason why = { "" };
    const enum options_outcome outcome = read_options(&g, argc, argv);
    if (outcome != OPTIONS_GO)
        return options_exit_code(outcome);
    FILE *truth = NULL;
    if (read_limits(&g, &why) && check_story(&g, &why))
        truth = open_truth(&g, &why);
    if (why.text[0] != '\0')
        return say(why.text, COMMANDS_USAGE);
    struct settings settings;
    if (!connection_settings(&g.connection, "generate", &settings))
        return COMMANDS_USAGE;
    const int code = generate(&g, &settings, truth);
    settings_free(&settings);
    return code;
}
