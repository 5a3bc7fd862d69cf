/* story_lead.h - how far ahead of the clock an invented story will be dated.
 *
 * Told at full speed, a story that begins now is soon dated in weeks to come, and a
 * processor whose time.source is wall refuses it.
 */
#pragma once

#include "app/market.h"

struct story_lead {
    struct market_options market;
    int64_t events;      /* in all; 0: without end */
    event_time until;    /* TIME_NEVER: without end */
    int64_t speed_milli; /* 0: as fast as it can be */
    int64_t rate;        /* events a second; 0: as many as can be */
};

/* By how much its most advanced event will be ahead, if it is told from `now` on; below 0:
 * it stays behind. INT64_MAX: ever further. Where an end is given by a number of events,
 * their beginning says about how long they last. */
int64_t story_lead_ms(const struct story_lead *story, wall_time now);
