/* alert_stream.h - alert changes as they stand in the alerts topic. */
#pragma once

#include "app/adapters.h"
#include "kpi/alert_change.h"

#include <stdatomic.h>

struct alert_stream;

struct alert_stream_options {
    const struct settings *settings; /* outlives the stream */
    bool from_end;                   /* else from the beginning */
    bool follow;                     /* else to the end that the topic has now */
    const atomic_bool *stop;         /* ends the opening; NULL: nothing does */
    void (*waiting)(void *self);     /* called once, if no broker answers soon; NULL: nobody */
    void *self;
};

/* OK: to be closed. MISSING: there is no such topic; UNAVAILABLE, REFUSED: *why. */
enum status alert_stream_open(const struct alert_stream_options *options,
                              struct alert_stream **ret_stream, struct reason *why);

/* Accepts NULL. */
void alert_stream_close(struct alert_stream *s);

/* OK: *ret_change, and in *ret_body (may be NULL) the record that it stands in, borrowed
 * until the next call. PENDING: none within patience. MALFORMED: a record that is no alert
 * change; it is behind us, *why says where it stands. UNAVAILABLE passes by itself. */
enum status alert_stream_next(struct alert_stream *s, int patience_ms,
                              struct alert_change *ret_change, struct span *ret_body,
                              struct reason *why);

/* Everything was read; never while following. */
bool alert_stream_finished(const struct alert_stream *s);
