/* feeding.h - what `generate` and `replay` share: events out, at a pace, and a count. */
#pragma once

#include "app/event_output.h"
#include "app/pace.h"
#include "app/progress.h"

#include <stdatomic.h>

struct feeding {
    struct event_output *output; /* borrowed */
    const atomic_bool *stop;
    struct pace pace;
    struct progress progress;
    int64_t total; /* events to come in all; 0: not known */
    int64_t counts[TOPIC_COUNT];
    int64_t count;
    event_time first; /* the earliest and the latest event that was sent */
    event_time last;
};

/* `verb` is borrowed. */
void feeding_open(struct feeding *f, struct event_output *output, const char *verb,
                  const atomic_bool *stop);

/* Waits until its time has come by `told`, then sends. PENDING: asked to stop. */
enum status feeding_send(struct feeding *f, const struct event *event, event_time told,
                         struct reason *why);

/* Waits for acknowledgements, then says on stderr what was done. */
enum status feeding_finish(struct feeding *f, struct reason *why);

/* "1500", "max" (0) in thousandths; `recorded`: and "recorded" (1), which only a story that
 * was recorded can be told at. False and *why for anything else. */
bool feeding_speed(const char *text, bool recorded, int64_t *ret_speed_milli,
                   struct reason *why);

/* "5000" or "max" (0) events a second. */
bool feeding_rate(const char *text, int64_t *ret_rate, struct reason *why);
