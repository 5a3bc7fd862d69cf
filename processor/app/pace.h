/* pace.h - how fast events are sent: as they happened, N times that, so many a second.
 *
 * The first event begins the count: at a speed of 2, an event dated an hour after
 * it is due half an hour after it was sent. Both limits may hold at once.
 */
#pragma once

#include "base/units.h"

struct pace {
    int64_t speed_milli; /* thousandths of the events' own speed; 0: no such limit */
    int64_t rate;        /* events a second; 0: no such limit */
    bool begun;
    event_time first;
    int64_t began_ms; /* when the first was due, on the caller's steady clock */
    int64_t passed;   /* events that were let go */
};

/* How long to wait before an event of that time may go; 0: it may go now. `now_ms` never
 * goes back. Events dated before the first one are not held back by the speed. */
int64_t pace_wait_ms(struct pace *p, event_time at, int64_t now_ms);

/* One was let go. */
void pace_passed(struct pace *p);
