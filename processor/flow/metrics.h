/* metrics.h - what the program says about itself in numbers.
 *
 * DESIGN
 * ------
 * metrics.def names every metric with its labels. A label takes its values from
 * a closed set (an enum), so how many numbers a metric has is known when the
 * program is compiled, and all numbers of one worker are one array:
 *
 *      cells:  [ events, one a kind ][ records, one a topic ][ ... ][ buckets, sum ]
 *                ^ METRICS_AT_EVENTS   ^ METRICS_AT_RECORDS
 *
 * Counting is a load and a store at an index, without a lock: each worker has a
 * struct metrics of its own and is the only one to write it. Any thread reads;
 * metrics_render adds the workers up. The price is that the numbers of one
 * scrape are not of one instant, which nobody can see.
 *
 * No label ever holds an id of a seller: labels are bounded, sellers are not.
 */
#pragma once

#include "base/buffer.h"
#include "base/status.h"
#include "kpi/alert_change.h"
#include "kpi/catalogue.h"
#include "kpi/entity.h"
#include "kpi/event.h"
#include "kpi/reject.h"

/* The label sets. The values are: EVENT enum event_kind, TOPIC enum topic, REASON
 * enum reject, WHAT enum metrics_what, STATUS enum status, TYPE enum
 * alert_event_type, KPI enum kpi, ENTITY enum entity_kind. */
enum metrics_label {
    METRICS_LABEL_NONE,
    METRICS_LABEL_EVENT,
    METRICS_LABEL_TOPIC,
    METRICS_LABEL_REASON,
    METRICS_LABEL_WHAT,
    METRICS_LABEL_STATUS,
    METRICS_LABEL_TYPE,
    METRICS_LABEL_KPI,
    METRICS_LABEL_ENTITY,
    METRICS_LABEL_VERSION,
    METRICS_LABEL_COUNT
};

/* Values of METRICS_LABEL_WHAT: what we did not know. */
enum metrics_what {
    METRICS_WHAT_STOREFRONT,   /* a storefront without a calendar of its own */
    METRICS_WHAT_TICKET_TOPIC, /* a ticket's topic */
    METRICS_WHAT_ENUM,         /* a symbol of an enumeration */
    METRICS_WHAT_COUNT
};

enum metrics_type {
    METRICS_COUNTER,
    METRICS_GAUGE,     /* several workers: their sum */
    METRICS_GAUGE_MAX, /* several workers: the highest */
    METRICS_HISTOGRAM,
};

enum metrics_unit { METRICS_COUNT, METRICS_BYTES, METRICS_MS, METRICS_US };

enum metric {
#define METRIC(id, name, type, unit, first, second, help) METRIC_##id,
#include "flow/metrics.def"
#undef METRIC
    METRIC_COUNT
};

/* How many values each label set has. */
enum {
    METRICS_SIZE_NONE = 1,
    METRICS_SIZE_EVENT = EVENT_KIND_COUNT,
    METRICS_SIZE_TOPIC = TOPIC_COUNT,
    METRICS_SIZE_REASON = REJECT_COUNT,
    METRICS_SIZE_WHAT = METRICS_WHAT_COUNT,
    METRICS_SIZE_STATUS = STATUS_COUNT,
    METRICS_SIZE_TYPE = ALERT_EVENT_TYPE_COUNT,
    METRICS_SIZE_KPI = KPI_COUNT,
    METRICS_SIZE_ENTITY = ENTITY_KIND_COUNT,
    METRICS_SIZE_VERSION = 1,
};

enum {
    METRICS_TIME_BOUNDS = 18, /* 100 us to 60 s; one bucket more for what is above */
    METRICS_BYTE_BOUNDS = 11, /* 256 bytes to 256 MiB, times four */
};

/* Cells of a metric. A histogram has its buckets, then its sum. */
#define METRICS_CELLS_COUNTER(unit, first, second)                                             \
    (METRICS_SIZE_##first * METRICS_SIZE_##second)
#define METRICS_CELLS_GAUGE(unit, first, second) METRICS_CELLS_COUNTER(unit, first, second)
#define METRICS_CELLS_GAUGE_MAX(unit, first, second) METRICS_CELLS_COUNTER(unit, first, second)
#define METRICS_CELLS_HISTOGRAM(unit, first, second) (METRICS_BOUNDS_##unit + 2)
#define METRICS_BOUNDS_US METRICS_TIME_BOUNDS
#define METRICS_BOUNDS_BYTES METRICS_BYTE_BOUNDS

/* Where each metric's cells begin. */
enum {
#define METRIC(id, name, type, unit, first, second, help)                                      \
    METRICS_AT_##id,                                                                           \
        METRICS_END_##id = METRICS_AT_##id + METRICS_CELLS_##type(unit, first, second) - 1,
#include "flow/metrics.def"
#undef METRIC
    METRICS_CELLS
};

/* One writer's numbers; starts as { 0 }. The writer is one thread, readers are
 * any. Cache lines are not shared between workers. */
struct metrics {
    _Alignas(64) _Atomic int64_t cells[METRICS_CELLS];
};

/* Counts `by` (>= 0) more. The `_of` forms name the labels' values. */
void metrics_add(struct metrics *m, enum metric metric, int64_t by);
void metrics_add_of(struct metrics *m, enum metric metric, unsigned label, int64_t by);
void metrics_add_of2(struct metrics *m, enum metric metric, unsigned first, unsigned second,
                     int64_t by);

/* Says what a gauge stands at (or a counter that somebody else counts). */
void metrics_set(struct metrics *m, enum metric metric, int64_t value);
void metrics_set_of(struct metrics *m, enum metric metric, unsigned label, int64_t value);

/* One more observation of a histogram, in its unit: microseconds or bytes. Below
 * 0 counts as 0. */
void metrics_observe(struct metrics *m, enum metric metric, int64_t value);

/* What one writer's cell holds now; for tests and for a live view. */
int64_t metrics_value(const struct metrics *m, enum metric metric, unsigned first,
                      unsigned second);

/* What a scrape is made of. */
struct metrics_scrape {
    const struct metrics *const *parts; /* one a writer */
    int32_t part_count;
    const char *version; /* for build_info */
};

/* Adds the scrape as Prometheus text, version 0.0.4, to `ret_text`. Every
 * number appears from the start, as 0. */
void metrics_render(const struct metrics_scrape *scrape, struct buffer *ret_text);

/* Adds the table of all metrics, in Markdown, to `ret_text`. */
void metrics_document(struct buffer *ret_text);
