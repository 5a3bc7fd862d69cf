/* window.h - rolling windows of event time, kept in panes.
 *
 * DESIGN
 * ------
 * Time is cut into panes; windows that have panes of one length share them and
 * form a *tier* (by default 1 min for 1h, 15 min for 24h, 6 h for 7d and 30d).
 * Pane n of a tier covers [n * length, (n + 1) * length) of UTC. A window holds
 * the panes that start after pane_floor(stream time) - window:
 *
 *      tier 15 min    ...[n-96][n-95] ... ... [n-1][ n ][n+1]...
 *                          out  |<----- 24h ------->|  future
 *
 * A pane exists only where a cell has facts. Every tier keeps, by pane number,
 * the list of all cells' panes of that number. When stream time enters a new
 * pane, the lists of the numbers that leave a window are walked and subtracted
 * from its running sums: work for what changed, never a scan. A fact costs one
 * addition to a pane and to the sums of each window that holds it. Adding is
 * the inverse of taking away, so corrections are exact and order is irrelevant.
 *
 * The price: a window ends on a whole pane, up to one pane too long.
 */
#pragma once

#include "kpi/seller.h"

struct pane {
    struct entity entity;
    uint32_t cell;
    uint8_t tier;
    int64_t number;
    uint32_t next; /* in the list of its number, like the one before */
    uint32_t previous;
    uint32_t counts[FACT_COUNT];
    struct histogram durations;
};

struct tier {
    int64_t pane_ms;
    int64_t longest; /* panes in the longest window */
    int64_t current; /* number of stream time's pane; INT64_MIN: no time yet */
    uint32_t *heads; /* heads[number mod ring]: first pane of that number */
    int64_t ring;
};

struct windows {
    const struct rules *rules;
    struct arena *arena;
    struct entities *entities;
    struct sellers *sellers;
    struct pool panes;
    struct tier tiers[TIERS_MAX];
    int32_t tier_count;
    int32_t tier_of[WINDOWS_MAX];  /* per window */
    int64_t panes_of[WINDOWS_MAX]; /* window length in panes */
};

/* A fact may be dated at most so far ahead of stream time. */
#define WINDOW_FUTURE_MS DAY_MS

/* More facts than a pane ahead of stream time ever holds: bounds what can still
 * enter the sums. */
enum { WINDOW_FUTURE_FACTS_MAX = 1 << 20 };

void windows_open(struct windows *ws, const struct rules *rules, struct entities *entities,
                  struct sellers *sellers);

void windows_close(struct windows *ws);

/* Counts a fact of a cell (not a total) at its time, `sign` 1, or takes it back, -1. A fact
 * before the oldest pane of a tier is not counted there (rule 2.9.13). Returns the windows
 * that hold it now, whose sums changed: a bit each. */
uint32_t windows_add(struct windows *ws, uint32_t cell, enum fact fact, event_time at,
                     int32_t sign);

/* The same for the duration of a response, in ms. */
uint32_t windows_add_duration(struct windows *ws, uint32_t cell, event_time at, int64_t ms,
                              int32_t sign);

/* Moves the end of all windows; never back. */
void windows_advance(struct windows *ws, event_time stream_time);

/* First ms of the oldest pane that the window holds, and the first ms after its
 * newest; stream time must be known. */
event_time windows_start(const struct windows *ws, int32_t window);
event_time windows_end(const struct windows *ws, int32_t window);

void pane_encode(const struct windows *ws, uint32_t ref, struct buffer *out);

/* Replaces or removes a pane by its image, without counting it in any sum; false: corrupt. */
bool pane_decode(struct windows *ws, struct reader *in);

/* After all images: links panes and rebuilds the sums at this stream time. */
void windows_loaded(struct windows *ws, event_time stream_time);
