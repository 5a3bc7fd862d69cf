/* screen.h - the live picture of the demo, as text for a terminal.
 *
 * Pure: what is known in, text out. Drawing it again and again is the caller's part.
 */
#pragma once

#include "base/buffer.h"
#include "kpi/alert_change.h"

enum { SCREEN_SELLERS_MAX = 12, SCREEN_ALERTS_MAX = 8, SCREEN_PLANTED_MAX = 8 };

/* A seller and the KPI in which it stands worst, as its public hash shows it. */
struct screen_seller {
    struct name seller;
    struct name storefront;
    enum kpi kpi;
    struct name window;
    int64_t bad;
    int64_t total;
    struct kpi_value value;
    struct kpi_value limit; /* of a warning */
    struct name state;      /* "ok", "warning", ... */
};

/* A seller that turns bad, and when that was seen. */
struct screen_planted {
    const char *seller;
    const char *fault;
    const char *kpi;
    event_time turns;
    event_time found; /* TIME_NEVER: not yet */
};

struct screen {
    event_time start; /* of the story */
    event_time now;   /* stream time; TIME_NEVER_YET: nothing was read */
    int64_t events;
    int64_t events_per_second;
    int64_t lag;   /* records */
    int64_t pairs; /* of seller and storefront: each is judged by itself */
    int64_t firing;
    int64_t seconds_left; /* -1: no end */
    struct screen_seller worst[SCREEN_SELLERS_MAX];
    int32_t worst_count;
    struct alert_change newest[SCREEN_ALERTS_MAX]; /* newest first */
    int32_t newest_count;
    struct screen_planted planted[SCREEN_PLANTED_MAX];
    int32_t planted_count;
};

struct screen_look {
    int columns; /* longer lines are cut */
    int rows;    /* of the terminal: fewer sellers and alerts are shown; 0: no bound */
    bool colour;
    const char *line_end; /* before each newline: "\033[K" clears what stood there */
};

/* The whole picture. */
void screen_text(const struct screen *s, const struct screen_look *look, struct buffer *b);

/* One line for those who are no terminal. */
void screen_line(const struct screen *s, struct buffer *b);

/* "12.40 %", "5", "36 h 00 min", "-" */
void screen_amount(enum kpi kpi, struct kpi_value value, struct buffer *b);
