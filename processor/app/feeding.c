/* feeding.c - see feeding.h. */
#include "app/feeding.h"

#include "app/options.h"
#include "base/check.h"
#include "codec/alert_unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS_MAX = 50, SPEED_MILLI_MAX = 1000000000, RATE_MAX = 10000000 };

void feeding_open(struct feeding *f, struct event_output *output, const char *verb,
                  const atomic_bool *stop)
{
    *f = (struct feeding){
        .output = output, .stop = stop, .first = { TIME_NEVER }, .last = { TIME_NEVER_YET }
    };
    progress_open(&f->progress, verb);
}

enum status feeding_send(struct feeding *f, const struct event *event, event_time told,
                         struct reason *why)
{
    int64_t wait = pace_wait_ms(&f->pace, told, progress_elapsed_ms(&f->progress));
    while (wait > 0 && !*f->stop) {
        progress_show(&f->progress, f->count, f->total, told);
        event_output_wait(f->output, wait < WAIT_MS_MAX ? wait : WAIT_MS_MAX);
        wait = pace_wait_ms(&f->pace, told, progress_elapsed_ms(&f->progress));
    }
    if (*f->stop)
        return STATUS_PENDING;
    const enum status s = event_output_send(f->output, event, why);
    if (s != STATUS_OK)
        return s;
    pace_passed(&f->pace);
    f->count += 1;
    f->counts[event->topic] += 1;
    f->first = event_time_min(f->first, event->ts_event);
    f->last = event_time_max(f->last, event->ts_event);
    progress_show(&f->progress, f->count, f->total, told);
    return STATUS_OK;
}

static void say_summary(const struct feeding *f)
{
    const int64_t ms = progress_elapsed_ms(&f->progress);
    (void)fprintf(stderr,
                  "%s: %" PRId64 " events in %" PRId64 ".%" PRId64 " s (%" PRId64 " a second)",
                  f->progress.verb, f->count, ms / SECOND_MS, ms % SECOND_MS / 100,
                  f->count * SECOND_MS / ms);
    for (unsigned t = 0; t < TOPIC_COUNT; t++)
        (void)fprintf(stderr, "%s %s %" PRId64, t == 0 ? ":" : ",",
                      event_output_topic(f->output, (enum topic)t), f->counts[t]);
    if (f->count > 0) {
        char first[ALERT_UNIT_TIME_BYTES], last[ALERT_UNIT_TIME_BYTES];
        alert_unit_time(f->first.ms, first);
        alert_unit_time(f->last.ms, last);
        (void)fprintf(stderr, "; dated %s to %s", first, last);
    }
    (void)fprintf(stderr, "\n");
}

enum status feeding_finish(struct feeding *f, struct reason *why)
{
    const enum status s = event_output_finish(f->output, why);
    progress_clear(&f->progress);
    say_summary(f);
    return s;
}

bool feeding_speed(const char *text, bool recorded, int64_t *ret_speed_milli,
                   struct reason *why)
{
    const struct options_row row =
        OPTIONS_FACTOR("speed", 0, "N", ret_speed_milli, 1, SPEED_MILLI_MAX, "");
    if (strcmp(text, "max") == 0)
        *ret_speed_milli = 0;
    else if (recorded && strcmp(text, "recorded") == 0)
        *ret_speed_milli = SECOND_MS;
    else if (!options_value_set(&row, text, why)) {
        reason_set(why, "--speed %s: wants max, %sor a factor from 0.001 to 1000000", text,
                   recorded ? "recorded, " : "");
        return false;
    }
    return true;
}

bool feeding_rate(const char *text, int64_t *ret_rate, struct reason *why)
{
    const struct options_row row = OPTIONS_NUMBER("rate", 0, "N", ret_rate, 1, RATE_MAX, "");
    if (strcmp(text, "max") == 0)
        *ret_rate = 0;
    else if (!options_value_set(&row, text, why)) {
        reason_set(why, "--rate %s: wants max, or events a second from 1 to 10000000", text);
        return false;
    }
    return true;
}
