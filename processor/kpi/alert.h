/* alert.h - the life of an alert.
 *
 * DESIGN
 * ------
 *            breach, n enough                    held for `for`
 *   OK ───────────────────────▶ PENDING ─────────────────────────▶ FIRING (warning ⇄ critical)
 *    ▲                             │ breach gone                      │  beyond the clear limit
 *    │                             ▼                                  ▼
 *    └──────────────── OK      RESOLVED ◀──── `keep_firing_for` ── RECOVERING
 *
 * An alert is named by seller, storefront, KPI and window; an *episode* by that
 * and the stream time at which it started. All its timers run in stream time
 * and are part of its image, so a restart changes nothing. What is evaluated is
 * a queue: cells whose counts changed in the step, and alerts whose timer is
 * due; never all.
 *
 * Minimum samples gate the start only (rule 2.9.14): a firing alert is not
 * toggled by having too few facts. To fire again out of recovery is a start,
 * too: the one bad fact of a quiet day that makes no alert wakes none. But it
 * is no recovery either: `keep_firing_for` counts time spent clear only, and
 * begins anew after each time beyond the clear limit. An empty window is clear.
 *
 * A changed rule judges what stands again, in place: an open alert hears of it by a
 * change of its own even where its status stays. The alert of a rule that is gone
 * (switched off, or its window is no longer configured) ends with reason RULE_CHANGED.
 */
#pragma once

#include "kpi/outbox.h"
#include "kpi/reading.h"
#include "kpi/ticket.h"
#include "kpi/unit.h"

enum {
    ALERT_FLAP_STATES = 21,
    ALERT_GONE_WINDOWS_MAX = WINDOWS_MAX, /* as many as the rules before may have had */
};

struct alert {
    struct entity entity;
    uint32_t cell;
    uint8_t kpi;
    uint8_t window; /* index in the rules; gauges: 0; from WINDOWS_MAX on: one that is gone */
    uint8_t status; /* enum alert_status */
    uint8_t severity;
    uint8_t worst;
    bool throttled; /* started in a storm; the feed has not heard of it */
    bool flapping;
    bool relapsed; /* RECOVERING, but beyond its clear limit: `keep_firing_for` stands */
    uint32_t sequence;
    int64_t started;
    int64_t since;      /* start of PENDING, or when a RECOVERING one was clear again */
    int64_t fired;      /* TIME_NEVER_YET: not yet */
    int64_t resolved;   /* like fired */
    uint32_t flap_ring; /* firing or not, a bit a pane, newest lowest */
    int64_t flap_pane;  /* number of the pane sampled last */
    uint64_t rule_version;
    struct kpi_value published; /* value in the last change */
};

struct alerts {
    const struct rules *rules;
    struct entities *entities;
    struct sellers *sellers;
    struct windows *windows;
    struct evidences *evidences;
    struct units *units;
    struct tickets *tickets;
    struct outbox *outbox;
    struct pool pool;
    struct deadlines timers; /* in stream time */
    uint32_t firing[KPI_COUNT];
    bool storm[KPI_COUNT];
    bool live; /* false: held back until the shard has caught up once */
    /* Windows that are no longer configured, while alerts of them are to be ended. */
    struct name gone_windows[ALERT_GONE_WINDOWS_MAX];
    int32_t gone_window_count;
    int64_t now;    /* stream time of the evaluation */
    wall_time wall; /* for `emitted` */
    uint64_t changes[KPI_COUNT][ALERT_EVENT_TYPE_COUNT];
};

void alerts_close(struct alerts *as);

/* Evaluates what changed and what is due, at the end of a step. While not
 * `live`, what changed waits. */
void alerts_evaluate(struct alerts *as, event_time stream_time, wall_time wall);

/* No longer held back: everything in breach fires with the next evaluation. */
void alerts_go_live(struct alerts *as);

/* A change that stands in the topic but that the state does not know: the alert
 * becomes what the topic says, and is evaluated again. False if it was known. */
bool alerts_adopt(struct alerts *as, const struct alert_change *change);

/* NULL: there is none. */
const struct alert *alerts_find(const struct alerts *as, uint32_t cell, enum kpi kpi,
                                int32_t window);

/* What holds for a KPI of a cell, and where it comes from ("global", "storefront:de"). */
const struct threshold *alerts_threshold(const struct alerts *as, const struct cell *cell,
                                         enum kpi kpi, int32_t window);

void alert_encode(const struct alerts *as, uint32_t ref, struct buffer *out);

bool alert_decode(struct alerts *as, struct reader *in);

/* After all images: sets timers, counts what fires, looks at everything again. */
void alerts_loaded(struct alerts *as);

/* Implementation shared by the alert_*.c files. */
static inline struct alert *alert_at(const struct alerts *as, uint32_t ref)
{
    return pool_at(&as->pool, ref);
}
static inline bool alert_window_is_gone(const struct alert *a)
{
    return a->window >= WINDOWS_MAX;
}

/* The window that an alert of this KPI is kept under; -1: of a rule that nobody can know. */
int32_t alert_window_of(struct alerts *as, enum kpi kpi, struct span name);

const struct name *alert_window_name(const struct alerts *as, const struct alert *a);

uint32_t alert_find_ref(const struct alerts *as, uint32_t cell, enum kpi kpi, int32_t window);
uint32_t alert_new(struct alerts *as, uint32_t cell, enum kpi kpi, int32_t window);
void alert_free(struct alerts *as, uint32_t ref);
void alert_bury(struct alerts *as, uint32_t ref);
void alert_arm(struct alerts *as, uint32_t ref);
int64_t alert_forgotten_at(const struct alerts *as, const struct alert *a);

/* Was it adopted as it was at a stream time that we have not come to again? What led there
 * is still to be read: until then our counts say nothing about it. */
static inline bool alert_is_ahead(const struct alerts *as, const struct alert *a)
{
    return a->since > as->now;
}

/* Tells the feed what has become of the alert. `previous` is the status before. */
struct alert_news {
    enum alert_event_type type;
    enum alert_reason reason;
    enum alert_status previous;
};
void alert_publish(struct alerts *as, struct alert *a, const struct reading *r,
                   struct alert_news news);

/* Says what the gap is made of, by the threshold that the change names. */
void alert_contributors(const struct alerts *as, const struct alert *a,
                        struct alert_change *change);

/* Counts one more (1) or one less (-1) firing alert of the KPI; a storm begins
 * or ends with it. */
void alert_count_firing(struct alerts *as, enum kpi kpi, int32_t by);

/* Is that the cell of nobody, whose alerts are the storms? */
bool alert_is_storm(const struct alerts *as, uint32_t cell);

/* Counts one more (1) or one less (-1) alert that was loaded or adopted, as it is,
 * without telling anybody. */
void alert_restore_count(struct alerts *as, const struct alert *a, int32_t by);

/* Samples the alert's state once a pane of its window; says if it flaps. */
void alert_sample(struct alerts *as, struct alert *a);
