/* screen.c - see screen.h. */
#include "app/screen.h"

#include "codec/alert_text.h"
#include "codec/alert_unit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    AMOUNT_BYTES = 64,
    MINUTES_OF_TIME = 16, /* "2026-11-23T09:15" */
    OTHER_LINES = 11,     /* headings, pauses, and the row below the last line */
    LEAST_LINES_SHOWN = 2,
};

static const double ppm_of_percent = 10000.0;

static const char bold[] = "\033[1m";
static const char dim[] = "\033[2m";
static const char red[] = "\033[1;31m";
static const char yellow[] = "\033[33m";
static const char green[] = "\033[32m";
static const char plain[] = "\033[0m";

/* ---- lines ---------------------------------------------------------------------------- */

/* Ends a line that began at `begin`: cuts it to the width, counting letters and not the
 * bytes of UTF-8, and puts its colour around it. */
static void end_line(const struct screen_look *look, struct buffer *b, size_t begin,
                     const char *colour)
{
    size_t at = begin;
    for (int letters = 0; at < b->size; at++) {
        if ((b->at[at] & 0xc0) != 0x80 && ++letters > look->columns)
            break;
    }
    b->size = at;
    if (look->colour && colour != NULL) {
        const struct span text = span_of(b->at + begin, b->size - begin);
        struct buffer copy = { 0 };
        buffer_add(&copy, text);
        b->size = begin;
        buffer_printf(b, "%s%.*s%s", colour, (int)copy.size, (const char *)copy.at, plain);
        buffer_free(&copy);
    }
    buffer_printf(b, "%s\n", look->line_end);
}

__attribute__((format(printf, 4, 5))) static void line(const struct screen_look *look,
                                                       struct buffer *b, const char *colour,
                                                       const char *format, ...)
{
    char text[512];
    const size_t begin = b->size;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buffer_printf(b, "%s", text);
    end_line(look, b, begin, colour);
}

/* ---- values ---------------------------------------------------------------------------- */

void screen_amount(enum kpi kpi, struct kpi_value value, struct buffer *b)
{
    if (!value.known) {
        buffer_printf(b, "-");
        return;
    }
    switch (catalogue_row(kpi)->kind) {
    case KPI_RATIO:
        buffer_printf(b, "%.2f %%", (double)value.amount / ppm_of_percent);
        return;
    case KPI_GAUGE:
        buffer_printf(b, "%" PRId64, value.amount);
        return;
    case KPI_DURATION:
        buffer_printf(b, "%" PRId64 " h %02d min", value.amount / HOUR_MS,
                      (int)(value.amount % HOUR_MS / MINUTE_MS));
        return;
    }
}

static void amount_text(enum kpi kpi, struct kpi_value value, char ret_text[AMOUNT_BYTES])
{
    struct buffer b = { 0 };
    screen_amount(kpi, value, &b);
    (void)snprintf(ret_text, AMOUNT_BYTES, "%.*s", (int)b.size, (const char *)b.at);
    buffer_free(&b);
}

static double days(const struct screen *s, event_time at)
{
    return (double)(at.ms - s->start.ms) / (double)DAY_MS;
}

static void story_time(const struct screen *s, char ret_text[ALERT_UNIT_TIME_BYTES])
{
    (void)snprintf(ret_text, ALERT_UNIT_TIME_BYTES, "not begun");
    if (s->now.ms == TIME_NEVER_YET)
        return;
    alert_unit_time(s->now.ms, ret_text);
    ret_text[MINUTES_OF_TIME] = '\0';
    ret_text[strlen("2026-11-23")] = ' ';
}

/* ---- parts ------------------------------------------------------------------------------ */

static void add_head(const struct screen *s, const struct screen_look *look, struct buffer *b)
{
    char now[ALERT_UNIT_TIME_BYTES];
    story_time(s, now);
    line(look, b, bold,
         " sellerwatch demo   story: %s UTC, day %.1f   %" PRId64 " alerts firing", now,
         s->now.ms == TIME_NEVER_YET ? 0.0 : days(s, s->now), s->firing);
    line(look, b, NULL,
         " %" PRId64 " events of %" PRId64 " pairs of seller and storefront, %" PRId64
         " a second, %" PRId64 " waiting in the topics",
         s->events, s->pairs, s->events_per_second, s->lag);
    line(look, b, NULL, "%s", "");
}

static const char *state_colour(struct span state)
{
    if (span_equal(state, span_of_text("critical")))
        return red;
    if (span_equal(state, span_of_text("warning")) ||
        span_equal(state, span_of_text("recovering")))
        return yellow;
    return span_equal(state, span_of_text("ok")) ? green : dim;
}

static void add_seller(const struct screen_seller *w, const struct screen_look *look,
                       struct buffer *b)
{
    char value[AMOUNT_BYTES], limit[AMOUNT_BYTES], counts[AMOUNT_BYTES] = "", where[140];
    const struct kpi_row *row = catalogue_row(w->kpi);
    amount_text(w->kpi, w->value, value);
    amount_text(w->kpi, w->limit, limit);
    if (row->kind == KPI_RATIO)
        (void)snprintf(counts, sizeof counts, "%" PRId64 " bad of %" PRId64, w->bad, w->total);
    (void)snprintf(where, sizeof where, "%s %.*s", row->name, (int)w->window.size,
                   w->window.text);
    line(look, b, state_colour(name_span(&w->state)),
         " %-13.*s %-3.*s %-35s %14s  %-17s %2s %-9s %.*s", (int)w->seller.size, w->seller.text,
         (int)w->storefront.size, w->storefront.text, where, value, counts,
         comparison_sign(row->warn_op), limit, (int)w->state.size, w->state.text);
}

static void add_worst(const struct screen *s, const struct screen_look *look, int32_t most,
                      struct buffer *b)
{
    const int32_t count = s->worst_count < most ? s->worst_count : most;
    line(look, b, bold, " %-13s %-3s %-35s %14s  %-17s %-12s %s", "WORST SELLERS", "", "KPI",
         "VALUE", "", "WARNS IF", "STATE");
    for (int32_t i = 0; i < count; i++)
        add_seller(&s->worst[i], look, b);
    for (int32_t i = count; i < most; i++)
        line(look, b, NULL, "%s", "");
    line(look, b, NULL, "%s", "");
}

static const char *change_colour(const struct alert_change *a)
{
    if (a->status == ALERT_RESOLVED || a->status == ALERT_OK)
        return green;
    return a->severity == SEVERITY_CRITICAL ? red : yellow;
}

static void add_newest(const struct screen *s, const struct screen_look *look, int32_t most,
                       struct buffer *b)
{
    const int32_t count = s->newest_count < most ? s->newest_count : most;
    line(look, b, bold, " NEWEST ALERTS");
    for (int32_t i = 0; i < count; i++) {
        const size_t begin = b->size;
        buffer_printf(b, " ");
        alert_text_line(&s->newest[i], false, b);
        b->size -= 1; /* its newline: ours follows */
        end_line(look, b, begin, change_colour(&s->newest[i]));
    }
    for (int32_t i = count; i < most; i++)
        line(look, b, NULL, "%s", "");
    line(look, b, NULL, "%s", "");
}

static void add_one_planted(const struct screen *s, const struct screen_planted *p,
                            const struct screen_look *look, struct buffer *b)
{
    const bool turned = s->now.ms >= p->turns.ms;
    if (p->found.ms != TIME_NEVER)
        line(look, b, green,
             " %-13s %-9s turned bad on day %4.1f   found by %s after %.1f days", p->seller,
             p->fault, days(s, p->turns), p->kpi, days(s, p->found) - days(s, p->turns));
    else
        line(look, b, turned ? yellow : dim, " %-13s %-9s %s on day %4.1f%s", p->seller,
             p->fault, turned ? "turned bad" : "turns bad ", days(s, p->turns),
             turned ? "   not found yet" : "");
}

static void add_planted(const struct screen *s, const struct screen_look *look,
                        struct buffer *b)
{
    line(look, b, bold, " THE TRUTH  (what the invented marketplace knows)");
    for (int32_t i = 0; i < s->planted_count; i++)
        add_one_planted(s, &s->planted[i], look, b);
    line(look, b, NULL, "%s", "");
    if (s->seconds_left >= 0)
        line(look, b, dim, " ends in %" PRId64 " s; Ctrl-C ends now", s->seconds_left);
    else
        line(look, b, dim, " Ctrl-C ends");
}

/* What the terminal is too low for: alerts and sellers in turn. Two of each stay, and
 * the truth, which a demo is about. */
static void fit(const struct screen *s, int rows, int32_t *ret_sellers, int32_t *ret_alerts)
{
    *ret_sellers = SCREEN_SELLERS_MAX;
    *ret_alerts = SCREEN_ALERTS_MAX;
    if (rows == 0)
        return;
    const int32_t left = rows - OTHER_LINES - s->planted_count;
    while (*ret_sellers + *ret_alerts > left &&
           *ret_sellers + *ret_alerts > 2 * LEAST_LINES_SHOWN) {
        if (*ret_alerts > *ret_sellers / 2 && *ret_alerts > LEAST_LINES_SHOWN)
            *ret_alerts -= 1;
        else
            *ret_sellers -= 1;
    }
}

void screen_text(const struct screen *s, const struct screen_look *look, struct buffer *b)
{
    int32_t sellers, alerts;
    fit(s, look->rows, &sellers, &alerts);
    add_head(s, look, b);
    add_worst(s, look, sellers, b);
    add_newest(s, look, alerts, b);
    add_planted(s, look, b);
}

void screen_line(const struct screen *s, struct buffer *b)
{
    char now[ALERT_UNIT_TIME_BYTES];
    story_time(s, now);
    int32_t turned = 0, found = 0;
    for (int32_t i = 0; i < s->planted_count; i++) {
        turned += s->now.ms >= s->planted[i].turns.ms;
        found += s->planted[i].found.ms != TIME_NEVER;
    }
    buffer_printf(b,
                  "story %s, %" PRId64 " events, %" PRId64 " a second, lag %" PRId64
                  ", %" PRId64 " alerts firing, %d of %d that turned bad found, %d to turn\n",
                  now, s->events, s->events_per_second, s->lag, s->firing, found, turned,
                  s->planted_count - turned);
}
