/* story.h - tells the domain what happened to a seller, and asks what follows.
 *
 * DESIGN
 * ------
 * A story owns a shard with the program's own default rules, which a test may
 * change until it tells the first event:
 *
 *      story_open(&s);  ──▶  s.rules, s.thresholds  ──▶  story_order(&s, "u1", noon) ...
 *
 * Two things differ from the defaults, so that a test can name instants exactly:
 * time is told by the events alone, and max_delay is 0, so the watermark is
 * where story_pass_time_to() says. Everything that a test says is said of
 * `s.seller` in `s.storefront`; changing these two changes the subject.
 *
 * Alert changes leave the outbox at the end of a step, as if they were saved
 * and delivered at once, and stand in `s.changes`, oldest first.
 */
#pragma once

#include "app/domain_rules.h"
#include "kpi/shard.h"

/* Monday 2026-06-01 12:00 UTC: no holiday far and wide, on the edge of every pane. */
#define STORY_NOON INT64_C(1780315200000)

enum { STORY_NAMES = 8192, STORY_NAME_BYTES = 24 };

#define STORY_NOT_TOLD INT64_MIN

/* What the buyer is told, counted from the order, or STORY_NOT_TOLD. */
struct story_promise {
    int64_t ship_by;
    int64_t deliver_from;
    int64_t deliver_by;
    int64_t handling_days;
};

struct story {
    struct settings settings;
    struct domain_rules domain;
    struct rules *rules;                /* a twin's are the ones of its origin */
    struct threshold_table *thresholds; /* global */
    struct threshold_table own;         /* for story_own_thresholds */
    bool is_twin;
    struct arena arena;
    struct shard *shard;
    const char *seller;
    const char *storefront;
    struct story_promise promise; /* of the orders to come */
    wall_time now;
    wall_time shown; /* when story_views looked last: refreshes are not due at once */
    bool post;       /* changes leave the outbox with every step */
    uint64_t version;
    struct alert_change *changes;
    int32_t change_count;
    int32_t change_capacity;
    char names[STORY_NAMES][STORY_NAME_BYTES]; /* used round and round */
    unsigned name_count;
    uint64_t random; /* state of story_random; not 0 */
};

void story_open(struct story *s);
void story_close(struct story *s);

/* cmocka's: *state is a fresh story. */
int story_setup(void **state);
int story_teardown(void **state);

/* "2026-05-15T15:00:00Z" */
int64_t story_utc(const char *text);

/* ---- events ------------------------------------------------------------------------- */

/* Events to be changed before they are told. Names must live until then. */
struct event story_order_event(struct story *s, const char *unit, int64_t at);
struct event story_shipment_event(struct story *s, enum event_kind kind, const char *unit,
                                  int64_t at);
struct event story_message_event(struct story *s, enum event_kind kind, const char *ticket,
                                 int64_t at);

/* Takes the event in; ends the step before it if it enters a new pane. */
enum reject story_try(struct story *s, const struct event *event);

/* The same, and it must be accepted. */
void story_tell(struct story *s, const struct event *event);

void story_order(struct story *s, const char *unit, int64_t at);
void story_status(struct story *s, const char *unit, enum order_status status, int64_t at);
void story_cancel(struct story *s, const char *unit, const char *reason, int64_t at);
void story_sent(struct story *s, const char *unit, int64_t at);
void story_scan(struct story *s, const char *unit, int64_t at);
void story_delivered(struct story *s, const char *unit, int64_t at);
void story_parcel(struct story *s, enum event_kind kind, const char *unit, const char *number,
                  int64_t at);

void story_ticket_opened(struct story *s, const char *ticket, int64_t at);
void story_ticket_about(struct story *s, const char *ticket, const char *unit, int64_t at);
void story_ticket_topic(struct story *s, const char *ticket, const char *topic, int64_t at);
void story_reply(struct story *s, const char *ticket, int64_t at);
void story_message(struct story *s, const char *ticket, enum author_role from, int64_t at);
void story_ticket_status(struct story *s, const char *ticket, enum ticket_status status,
                         int64_t at);

/* Units of new names, ordered five days before and promised for `at`: attempted
 * in time and a millisecond late. All facts count at `at`. */
void story_deliveries(struct story *s, int good, int late, int64_t at);

/* `count` new units created at `at`, the first `cancelled` of them cancelled then by
 * the seller's fault. */
void story_creations(struct story *s, int count, int cancelled, int64_t at);

/* ---- time ----------------------------------------------------------------------------- */

/* The end of a step. */
void story_tick(struct story *s);

/* Every input is known up to `at`, and no further: stream time and watermark. */
void story_pass_time_to(struct story *s, int64_t at);

/* The same in steps, as a program that runs all the while sees it. */
void story_live_to(struct story *s, int64_t at, int64_t step_ms);

/* ---- what follows ------------------------------------------------------------------------ */

int32_t story_window(const struct story *s, const char *window);

/* Facts of the subject in a window ("7d"); 0 if nothing is known of it. */
int64_t story_count(const struct story *s, const char *window, enum fact fact);

/* The same for the longest window. */
int64_t story_facts(const struct story *s, enum fact fact);

/* How many facts of all kinds the subject has in a window. */
int64_t story_facts_in(const struct story *s, const char *window);

struct reading story_reading(const struct story *s, enum kpi kpi, const char *window);

int64_t story_gauge(const struct story *s, enum kpi kpi);

/* NULL: there is none. Gauges have any window. */
const struct alert *story_alert(const struct story *s, enum kpi kpi, const char *window);

enum alert_status story_alert_status(const struct story *s, enum kpi kpi, const char *window);

/* Changes of the subject's alert since the last story_forget_changes. */
int32_t story_change_count(const struct story *s, enum kpi kpi, const char *window);

/* The n-th of these, from 0; negative: from the end, -1 the newest. */
const struct alert_change *story_change(const struct story *s, enum kpi kpi, const char *window,
                                        int32_t n);

void story_forget_changes(struct story *s);

/* All public views as sorted lines "seller|storefront field value", but for when they
 * were written; free it. */
char *story_views(struct story *s);

/* ---- rules
 * ----------------------------------------------------------------------------------- */

/* No other KPI, and no other window, has an alert. */
void story_watch_only(struct story *s, enum kpi kpi, const char *window);

/* The threshold of a KPI and window that holds everywhere. */
struct threshold *story_threshold(struct story *s, enum kpi kpi, const char *window);

/* A table of thresholds for one storefront: a copy of the global one, to be changed. */
struct threshold_table *story_own_thresholds(struct story *s, const char *storefront);

/* ---- store --------------------------------------------------------------------------------
 */

/* What a store keeps beside the images: makes `to` a shard of the same time. */
void story_copy_header(const struct shard *from, struct shard *to);

/* A story that goes on from the images of all parts, as after a takeover. Closed
 * before its origin. */
void story_twin(const struct story *origin, struct story *ret_twin);

/* A twin from other images than the parts. */
void story_twin_from(const struct story *origin, struct span images, struct story *ret_twin);

/* Begins again with nothing stored, under the rules as they are now. */
void story_restart(struct story *s);

/* Goes on as its own twin. */
void story_reload(struct story *s);

/* The same, with rules that changed between the last save and the load. */
void story_reload_with(struct story *s, void (*change_rules)(struct story *s));

/* Both know the same: views, entities, times. */
void story_assert_same(struct story *a, struct story *b);

/* Both told the same changes since the last story_forget_changes; alerts that changed in
 * one step may stand in any order. */
void story_assert_same_changes(const struct story *a, const struct story *b);

/* ---- chance ----------------------------------------------------------------------------- */

/* 0 .. below - 1, from `s->random`. */
int64_t story_random(struct story *s, int64_t below);

/* Anything that may happen to one of three sellers at that time: to a few dozen units
 * and tickets, in three storefronts. */
struct event story_any_event(struct story *s, int64_t at);

/* "<prefix><number>", which lives for some thousand calls. */
const char *story_name(struct story *s, const char *prefix, int64_t number);
