/* replay_lines.h - several files of JSON lines, read as one story.
 *
 * DESIGN
 * ------
 * Each file shows its next event; the earliest of them comes next. A file is in order
 * of arrival, so a late event stands behind younger ones and must stay there: a line
 * counts as told when the newest event of its file up to it happened.
 *
 *      orders.jsonl      ... [12:00] [12:07] [09:30, late: told 12:07] [12:10]
 *      shipments.jsonl   ... [12:05] [12:09]
 */
#pragma once

#include "base/reason.h"
#include "base/status.h"
#include "kpi/event.h"

struct replay_lines;

/* The files in the order given; "-" is standard input. NULL: one cannot be opened. */
struct replay_lines *replay_lines_open(char *const *paths, int count, enum topic topic,
                                       struct reason *why);

/* Accepts NULL. */
void replay_lines_close(struct replay_lines *lines);

/* Adds so much to every time of every event from now on. */
void replay_lines_shift(struct replay_lines *lines, int64_t ms);

/* OK: the next event, borrowed until the next call, and when it was told. MALFORMED:
 * *why says FILE:LINE, what is wrong and what would be right; the line is behind us.
 * MISSING: there are no more. UNAVAILABLE: a file cannot be read any further. */
enum status replay_lines_next(struct replay_lines *lines, struct event *ret_event,
                              event_time *ret_told, struct reason *why);

/* The topic whose name a file's name begins with ("orders-2026.jsonl"); TOPIC_COUNT: none. */
enum topic replay_lines_topic(const char *path);
