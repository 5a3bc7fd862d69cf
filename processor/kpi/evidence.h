/* evidence.h - the very units and tickets behind a number.
 *
 * For every cell and every bad fact the newest EVIDENCE_KEPT ids with the time
 * at which they count, newest first. An alert shows up to EVIDENCE_MAX of them;
 * the few more that are kept stand in when late knowledge takes one back. A
 * shorter window shows the ones it holds.
 *
 * How slow a response must be to be bad is said for each window and storefront, and
 * for all storefronts together. So slow responses stand in one list with the bucket of
 * their duration, the newest EVIDENCE_KEPT of each limit that they pass, and an alert
 * is shown those that its own limit counts.
 *
 * A list goes when its newest entry has left the longest window.
 */
#pragma once

#include "kpi/alert_change.h"
#include "kpi/deadline.h"
#include "kpi/seller.h"

enum {
    EVIDENCE_KEPT = 24,
    EVIDENCE_LIST_MAX = EVIDENCE_KEPT * (2 * WINDOWS_MAX + 1), /* with a limit each */
};

struct evidence_list {
    struct entity entity;
    uint32_t cell;
    uint32_t first; /* entry, newest */
    uint8_t fact;
    uint16_t count;
};

struct evidence_entry {
    uint32_t next;
    uint16_t bucket; /* slow responses: of the duration; else 0 */
    struct name id;
    event_time at;
};

struct evidences {
    struct entities *entities;
    struct sellers *sellers;
    struct pool lists;
    struct pool entries;
    struct deadlines ends; /* stream time at which a list's newest entry leaves */
    int64_t longest_window_ms;
    uint32_t facts; /* facts that are evidence of some KPI, without slow responses: bit set */
};

/* What an alert asks for. */
struct evidence_ask {
    uint32_t facts; /* any of these: bit set */
    event_time from;
    int64_t warn_limit; /* what is bad by a duration must be certainly above */
};

void evidences_open(struct evidences *es, struct entities *entities, struct sellers *sellers);

void evidences_close(struct evidences *es);

/* Remembers a fact that counts at `at`; facts that are nobody's evidence are ignored. */
void evidences_add(struct evidences *es, uint32_t cell, enum fact fact, event_time at,
                   struct span id);

/* Remembers a response by the bucket of its duration, if that is slow by any limit. */
void evidences_add_response(struct evidences *es, uint32_t cell, event_time at, struct span id,
                            uint16_t bucket);

/* Forgets it again; no error if it is not among the newest. */
void evidences_take_back(struct evidences *es, uint32_t cell, enum fact fact, event_time at,
                         struct span id);

/* Drops lists whose newest entry no window holds. */
void evidences_expire(struct evidences *es, event_time stream_time);

/* The newest entries that are asked for, of one cell or, for a total cell, of all cells of the
 * seller. Newest first, then by id; returns how many (<= EVIDENCE_MAX). */
int32_t evidences_collect(const struct evidences *es, uint32_t cell, struct evidence_ask ask,
                          struct evidence ret_newest[EVIDENCE_MAX]);

/* Puts one more into a newest-first array of at most EVIDENCE_MAX. */
int32_t evidence_insert(struct evidence *newest, int32_t count, const struct evidence *one);

void evidence_encode(const struct evidences *es, uint32_t ref, struct buffer *out);

bool evidence_decode(struct evidences *es, struct reader *in);
