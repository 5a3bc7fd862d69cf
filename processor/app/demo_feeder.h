/* demo_feeder.h - the invented marketplace of the demo, on a thread of its own.
 *
 * It waits when the processor falls behind: the Kafka inside this process keeps only
 * a few MiB a partition, and what it forgets nobody judges.
 */
#pragma once

#include "app/event_output.h"
#include "app/market.h"
#include "app/pace.h"

#include <pthread.h>
#include <stdatomic.h>

struct demo_feeder_options {
    const struct settings *settings; /* outlives the feeder, like the market */
    struct market *market;
    int64_t speed_milli; /* of the story, in thousandths of real time */
};

struct demo_feeder {
    struct event_output *output;
    struct market *market;
    struct pace pace;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    _Atomic int64_t sent;
    _Atomic int64_t read; /* by the processor; told by the main thread */
    _Atomic bool ended;   /* by itself: something is wrong */
    struct reason why;    /* once ended */
};

/* False: *why. */
bool demo_feeder_open(struct demo_feeder *f, const struct demo_feeder_options *options,
                      struct reason *why);

void demo_feeder_start(struct demo_feeder *f);

/* No event is sent after it. */
void demo_feeder_stop(struct demo_feeder *f);

/* Accepts a zeroed one; stops it first. */
void demo_feeder_close(struct demo_feeder *f);
