/* kafka_rounds.h - a thread that does something again and again.
 *
 * For questions to brokers that must be waited for. What the thread and others share,
 * its owner guards with a lock of its own.
 */
#pragma once

#include "base/units.h"

#include <pthread.h>

struct kafka_rounds {
    pthread_t thread;
    pthread_mutex_t lock; /* guards stop and hurry */
    pthread_cond_t wake;
    bool stop;
    bool hurry;
    int32_t interval_ms;
    void (*turn)(void *arg);
    void *arg;
};

/* From now on `turn` is called in a thread of its own, first after one interval, then one
 * interval after each return. `rounds` must not move. */
void kafka_rounds_start(struct kafka_rounds *rounds, int32_t interval_ms,
                        void (*turn)(void *arg), void *arg);

/* Waits for the turn under way. */
void kafka_rounds_stop(struct kafka_rounds *rounds);

/* The next turn is due at once. */
void kafka_rounds_hurry(struct kafka_rounds *rounds);

/* Does somebody wait for this turn to end? */
bool kafka_rounds_stopping(struct kafka_rounds *rounds);
