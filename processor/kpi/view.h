/* view.h - the rolling KPI windows, for people and other programs.
 *
 * DESIGN
 * ------
 * Every cell has a public hash, `kpi:<seller>|<storefront>`, whose fields are
 *
 *      <kpi>:<window>  ->  "bad total value threshold state"
 *      delivery_late:7d -> "3 37 81081 70000 warning"
 *
 * and a place in `rank:<kpi>:<window>`, by how far its value is beyond the
 * warning limit (the worst first). Gauges have the window `now`. The value is
 * in ppm, a count or ms, as the KPI is; `-` where there is none. A gauge's total
 * is 1. A field stands there as long as it has facts or an alert. The states: ok,
 * not_enough_data, pending, warning, critical, recovering: they are the alert's, so
 * a value beyond its limit is not_enough_data with fewer decided facts than
 * min_denominator, and ok with enough of them but fewer bad ones than min_bad.
 *
 * With each `response_time:<window>` that has facts stands the median,
 * `response_time_p50:<window>`; nobody is alerted of it: its limit is `-`, it is
 * always ok, and its bad ones are those of response_time.
 *
 * A view is refreshed with a save: at most `view_batch` cells a save and a cell
 * at most once a `view_interval`, the rest next time; a cell with an alert that
 * changed at once. All text of a batch is in one buffer of fixed size: when it
 * is full, the batch is.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"

struct alerts;

/* One cell's line in the public view; replaces the hash as a whole. */
struct saved_view {
    struct span seller_storefront; /* "<seller>|<storefront>" */
    bool gone;                     /* delete it */
    const struct span *fields;     /* field, value, field, value ... */
    int32_t field_count;           /* spans in `fields`: twice the number of pairs */
};

/* A higher score is worse. */
struct saved_rank {
    struct span kpi_window; /* "<kpi>:<window>" */
    struct span member;     /* "<seller>|<storefront>" */
    bool gone;
    int64_t score;
};

struct view_batch {
    struct arena *arena;
    struct text text;
    struct span *fields;
    int32_t field_count;
    struct saved_view *views;
    int32_t view_count;
    struct saved_rank *ranks;
    int32_t rank_count;
    int32_t capacity; /* cells */
};

/* Memory for `cells` cells a batch, from the arena: one batch a worker. */
void view_batch_open(struct view_batch *b, int32_t cells, struct arena *arena);

void view_batch_close(struct view_batch *b);

/* Takes cells off the queue of views and fills the batch; drops cells that
 * nothing names any more. Spans live until the next call. */
void view_batch_fill(struct view_batch *b, struct alerts *as, wall_time now);

/* Appends what the batch takes away, so that a save that is repeated can do it again: the
 * cells are forgotten by then, and nobody else would. */
void view_batch_note_gone(const struct view_batch *b, struct buffer *out);

/* Fills the batch with nothing but what was noted, and borrows it. */
void view_batch_fill_gone(struct view_batch *b, struct span noted);

/* After a load nothing is known of what the store shows: everything is rewritten. */
void view_rewrite_all(struct alerts *as);
