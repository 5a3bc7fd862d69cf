/* command_demo.c - `sellerwatch demo`: the whole program against an invented marketplace.
 *
 * DESIGN
 * ------
 *      market ──▶ feeder thread ──▶ mock Kafka ──▶ runtime's worker ──▶ private Redis
 *                                       │                                  │
 *                                     alerts ──▶  the picture  ◀── ranks and hashes
 *
 * Everything but Redis is in this process; what was started is ended in reverse order,
 * whatever happened in between. The picture is drawn by the main thread.
 */
#include "app/command_demo.h"

#include "app/alert_stream.h"
#include "app/clock.h"
#include "app/commands.h"
#include "app/demo_feeder.h"
#include "app/demo_settings.h"
#include "app/demo_tally.h"
#include "app/demo_worst.h"
#include "app/feeding.h"
#include "app/options.h"
#include "app/private_redis.h"
#include "app/progress.h"
#include "app/runtime.h"
#include "app/stop_signal.h"
#include "base/log.h"
#include "kafka/kafka_mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    SELLERS_DEFAULT = 60,
    SELLERS_MAX = 2000,
    UNITS_PER_DAY = 20,
    TURN_DAYS = 4,
    STORY_BEGAN_DAYS = 60, /* before today */
    PARTITIONS = 4,
    SECONDS_MAX = 86400,
    DRAW_MS = 250,
    LINE_MS = 1000,
    LOOK_MS = 20,
    CATCH_UP_MS = 3000, /* for the processor to read what was sent, at the end */
    ALERTS_AT_ONCE = 2000,
    COLUMNS_DEFAULT = 120,
    HOST_BYTES = 256,
};

static const char shown_window[] = "7d";

/* Everything that is open; closed in reverse order. */
struct demo {
    int64_t seconds; /* 0: until Ctrl-C */
    int64_t sellers;
    int64_t seed;
    const char *speed_text;
    int64_t speed_milli;
    bool drawn; /* on a terminal */
    struct private_redis redis;
    struct kafka_mock *kafka;
    struct settings settings;
    bool settings_open;
    struct market *market;
    struct runtime *runtime;
    struct alert_stream *alerts;
    char redis_host[HOST_BYTES];
    struct redis_reader *reader;
    struct demo_worst *worst;
    struct demo_feeder feeder;
    struct demo_tally tally;
    struct screen screen;
    struct progress clock;
    int64_t drawn_ms;
    int64_t drawn_events;
};

/* ---- opening ----------------------------------------------------------------------------- */

static bool open_kafka(struct demo *d, struct reason *why)
{
    d->kafka = kafka_mock_open(why);
    if (d->kafka == NULL)
        return false;
    const struct demo_settings_place place = { .folder = d->redis.folder,
                                               .socket = d->redis.socket,
                                               .brokers = kafka_mock_brokers(d->kafka) };
    d->settings_open = demo_settings_make(&place, &d->settings, why);
    if (!d->settings_open)
        return false;
    const struct settings *s = &d->settings;
    const char *const topics[] = { s->kafka_topic_orders, s->kafka_topic_messages,
                                   s->kafka_topic_shipments, s->kafka_topic_alerts,
                                   s->kafka_topic_deadletter };
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        if (!kafka_mock_topic(d->kafka, topics[i], PARTITIONS, why))
            return false;
    }
    return true;
}

static void open_market(struct demo *d)
{
    const int64_t today = clock_now().ms / DAY_MS * DAY_MS;
    d->screen.start.ms = today - STORY_BEGAN_DAYS * DAY_MS;
    d->screen.now.ms = TIME_NEVER_YET;
    const int64_t planted = (d->sellers + MARKET_TURNING_ONE_IN - 1) / MARKET_TURNING_ONE_IN;
    d->market = market_open(&(struct market_options){
        .seed = (uint64_t)d->seed,
        .start = d->screen.start,
        .sellers = (int32_t)d->sellers,
        .turning = (int32_t)(planted < SCREEN_PLANTED_MAX ? planted : SCREEN_PLANTED_MAX),
        .units_per_day = UNITS_PER_DAY,
        .turn_days = TURN_DAYS,
    });
    demo_tally_open(&d->tally, d->market, (int32_t)d->sellers);
}

static bool open_views(struct demo *d, struct reason *why)
{
    const struct alert_stream_options alerts = { .settings = &d->settings, .follow = true };
    if (alert_stream_open(&alerts, &d->alerts, why) != STATUS_OK)
        return false;
    const struct redis_options redis =
        adapters_redis(&d->settings, d->redis_host, sizeof d->redis_host);
    d->reader = redis_reader_open(&redis, why);
    if (d->reader == NULL)
        return false;
    d->worst = demo_worst_open(d->reader, PARTITIONS, shown_window);
    return true;
}

static bool open_all(struct demo *d, struct reason *why)
{
    enum status ignored;
    if (!private_redis_open(&d->redis, why) || !open_kafka(d, why))
        return false;
    open_market(d);
    d->runtime = runtime_open(&d->settings, stop_signal_flag(), &ignored, why);
    if (d->runtime == NULL || !open_views(d, why))
        return false;
    const struct demo_feeder_options feeder = { .settings = &d->settings,
                                                .market = d->market,
                                                .speed_milli = d->speed_milli };
    return demo_feeder_open(&d->feeder, &feeder, why);
}

static void close_all(struct demo *d)
{
    demo_feeder_close(&d->feeder);
    demo_worst_close(d->worst);
    redis_reader_close(d->reader);
    alert_stream_close(d->alerts);
    runtime_close(d->runtime);
    market_close(d->market);
    if (d->settings_open)
        settings_free(&d->settings);
    kafka_mock_close(d->kafka);
    private_redis_close(&d->redis);
}

/* ---- looking ----------------------------------------------------------------------------- */

static int64_t sum_of(const struct demo *d, enum metric metric, unsigned labels)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < labels; i++)
        sum += runtime_metric(d->runtime, metric, i);
    return sum;
}

static void read_alerts(struct demo *d)
{
    struct alert_change change;
    struct reason ignored;
    for (int i = 0; i < ALERTS_AT_ONCE; i++) {
        const enum status s = alert_stream_next(d->alerts, 0, &change, NULL, &ignored);
        if (s == STATUS_OK)
            demo_tally_add(&d->tally, &change);
        else if (s != STATUS_MALFORMED)
            return;
    }
}

/* The story's time is the clock minus how far stream time is behind it. */
static event_time stream_time(const struct demo *d)
{
    const int64_t lag = runtime_metric(d->runtime, METRIC_STREAM_TIME_LAG, 0);
    if (sum_of(d, METRIC_EVENTS, EVENT_KIND_COUNT) == 0 || lag <= 0)
        return (event_time){ TIME_NEVER_YET };
    return event_time_max(d->screen.now, (event_time){ clock_now().ms - lag });
}

static void take_numbers(struct demo *d)
{
    struct screen *s = &d->screen;
    const int64_t now = progress_elapsed_ms(&d->clock);
    const int64_t sent = atomic_load(&d->feeder.sent);
    s->events = sum_of(d, METRIC_EVENTS, EVENT_KIND_COUNT);
    s->events_per_second =
        (s->events - d->drawn_events) * SECOND_MS / (now > d->drawn_ms ? now - d->drawn_ms : 1);
    s->lag = sent - atomic_load(&d->feeder.read);
    s->lag = s->lag > 0 ? s->lag : 0;
    s->pairs = runtime_metric(d->runtime, METRIC_SELLERS, 0);
    s->firing = sum_of(d, METRIC_ALERTS_FIRING, KPI_COUNT);
    s->now = stream_time(d);
    if (d->tally.newest_count > 0) /* metrics are taken now and then, alerts at once */
        s->now = event_time_max(s->now, d->tally.newest[0].evaluated);
    s->seconds_left = d->seconds > 0 ? d->seconds - now / SECOND_MS : -1;
    d->drawn_ms = now;
    d->drawn_events = s->events;
    s->newest_count = d->tally.newest_count;
    s->planted_count = d->tally.planted_count;
    for (int32_t i = 0; i < s->newest_count; i++)
        s->newest[i] = d->tally.newest[i];
    for (int32_t i = 0; i < s->planted_count; i++)
        s->planted[i] = d->tally.planted[i];
}

/* ---- drawing ----------------------------------------------------------------------------- */

static struct screen_look terminal(void)
{
    struct winsize size = { 0 };
    struct screen_look look = { .columns = COLUMNS_DEFAULT,
                                .colour = true,
                                .line_end = "\033[K" };
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        look.columns = size.ws_col;
        look.rows = size.ws_row;
    }
    return look;
}

/* The other screen of the terminal, without a cursor; what stood there comes back. */
static void begin_drawing(const struct demo *d)
{
    if (d->drawn)
        (void)fputs("\033[?1049h\033[?25l", stdout);
}

static void end_drawing(const struct demo *d)
{
    if (d->drawn)
        (void)fputs("\033[?25h\033[?1049l", stdout);
    (void)fflush(stdout);
}

static void draw(struct demo *d)
{
    struct buffer text = { 0 };
    const struct screen_look look = terminal();
    if (d->drawn) {
        demo_worst_read(d->worst, &d->screen);
        buffer_printf(&text, "\033[H");
        screen_text(&d->screen, &look, &text);
        buffer_printf(&text, "\033[J");
    } else
        screen_line(&d->screen, &text);
    (void)fwrite(text.at, 1, text.size, stdout);
    (void)fflush(stdout);
    buffer_free(&text);
}

static void look(struct demo *d)
{
    const int64_t every = d->drawn ? DRAW_MS : LINE_MS;
    atomic_store(&d->feeder.read, sum_of(d, METRIC_RECORDS, TOPIC_COUNT));
    read_alerts(d);
    if (progress_elapsed_ms(&d->clock) - d->drawn_ms < every)
        return;
    take_numbers(d);
    draw(d);
}

/* ---- running ------------------------------------------------------------------------- */

static bool is_over(const struct demo *d)
{
    return *stop_signal_flag() ||
           (d->seconds > 0 && progress_elapsed_ms(&d->clock) >= d->seconds * SECOND_MS);
}

static bool watch(struct demo *d, struct reason *why)
{
    enum status ignored;
    progress_open(&d->clock, "demo");
    runtime_start(d->runtime);
    demo_feeder_start(&d->feeder);
    begin_drawing(d);
    bool good = true;
    while (good && !is_over(d)) {
        look(d);
        clock_sleep(LOOK_MS);
        if (runtime_ended(d->runtime, &ignored, why))
            good = false;
        if (atomic_load(&d->feeder.ended)) {
            *why = d->feeder.why;
            good = false;
        }
    }
    end_drawing(d);
    return good;
}

/* The processor reads what was sent, saves and publishes; then the last alerts are read. */
static void finish(struct demo *d)
{
    demo_feeder_stop(&d->feeder);
    const int64_t deadline = progress_elapsed_ms(&d->clock) + CATCH_UP_MS;
    while (sum_of(d, METRIC_RECORDS, TOPIC_COUNT) < atomic_load(&d->feeder.sent) &&
           progress_elapsed_ms(&d->clock) < deadline)
        clock_sleep(LOOK_MS);
    atomic_store(&d->feeder.read, sum_of(d, METRIC_RECORDS, TOPIC_COUNT));
    take_numbers(d);
    runtime_stop(d->runtime);
    clock_sleep(DRAW_MS);
    read_alerts(d);
}

static void say_summary(const struct demo *d)
{
    struct buffer text = { 0 };
    demo_tally_text(&d->tally, &d->screen, &text);
    (void)fwrite(text.at, 1, text.size, stdout);
    (void)fflush(stdout);
    buffer_free(&text);
}

static int demo(struct demo *d)
{
    struct reason why = { "" };
    log_open(LOG_ERROR, false);
    stop_signal_listen();
    d->drawn = isatty(STDOUT_FILENO) == 1;
    bool good = open_all(d, &why);
    if (good) {
        good = watch(d, &why);
        finish(d);
        say_summary(d);
    }
    close_all(d);
    if (good || *stop_signal_flag())
        return COMMANDS_DONE;
    (void)fprintf(stderr, "sellerwatch demo: %s\n", why.text);
    return COMMANDS_WORLD;
}

int command_demo(int argc, char **argv)
{
    static const char speed_preset[] = "43200";
    struct demo *d = calloc(1, sizeof *d);
    if (d == NULL)
        return COMMANDS_WORLD;
    *d = (struct demo){ .sellers = SELLERS_DEFAULT, .seed = 1, .speed_text = speed_preset };
    const struct options_row rows[] = {
        OPTIONS_NUMBER("seconds", 's', "N", &d->seconds, 1, SECONDS_MAX,
                       "Ends by itself after so long; else with Ctrl-C."),
        OPTIONS_NUMBER("sellers", 0, "N", &d->sellers, 1, SELLERS_MAX,
                       "How many sellers sell; 60 if not given."),
        OPTIONS_TEXT("speed", 0, "N", &d->speed_text,
                     "Seconds of the story in a second; 43200, half a day, if not given; max: "
                     "as fast as this machine judges."),
        OPTIONS_NUMBER("seed", 0, "N", &d->seed, 0, INT32_MAX,
                       "Another number, another story."),
    };
    const struct options_manual manual = {
        .verb = "demo",
        .summary = "Shows the whole program at work, with nothing to set up.",
        .text =
            "Starts a Kafka inside this process and a redis-server of its own in a "
            "temporary folder, invents a marketplace whose sellers partly turn bad, judges "
            "them, and shows live who stands worst, the newest alerts, and whether those "
            "that turned bad were found. Where the output is no terminal, it says a line "
            "each second.\n\nAt the end there is a summary, and everything that was started "
            "is gone. It needs redis-server in PATH, and no network.\n\nEnds with 0, or "
            "with 2 if something could not be started.",
        .examples = "  sellerwatch demo\n"
                    "  sellerwatch demo --seconds 30 | tee demo.txt\n",
        .rows = rows,
        .row_count = sizeof rows / sizeof rows[0],
    };
    struct operands none;
    struct reason why = { "" };
    const enum options_outcome outcome = options_read(&manual, argc, argv, &none);
    int code = options_exit_code(outcome);
    if (outcome == OPTIONS_GO && feeding_speed(d->speed_text, false, &d->speed_milli, &why))
        code = demo(d);
    else if (outcome == OPTIONS_GO) {
        (void)fprintf(stderr, "sellerwatch demo: %s\n", why.text);
        code = COMMANDS_USAGE;
    }
    free(d);
    return code;
}
