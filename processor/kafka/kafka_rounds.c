/* kafka_rounds.c - see kafka_rounds.h. */
#include "kafka/kafka_rounds.h"

#include "base/check.h"

#include <errno.h>
#include <time.h>

static void lock(struct kafka_rounds *r)
{
    CHECK(pthread_mutex_lock(&r->lock) == 0);
}

static void unlock(struct kafka_rounds *r)
{
    CHECK(pthread_mutex_unlock(&r->lock) == 0);
}

static struct timespec after_ms(int32_t ms)
{
    struct timespec at = { 0 };
    CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Until the next turn is due; false: stop. */
static bool rest(struct kafka_rounds *r)
{
    const struct timespec until = after_ms(r->interval_ms);
    lock(r);
    while (!r->stop && !r->hurry)
        if (pthread_cond_timedwait(&r->wake, &r->lock, &until) == ETIMEDOUT)
            break;
    r->hurry = false;
    const bool go_on = !r->stop;
    unlock(r);
    return go_on;
}

static void *run(void *arg)
{
    struct kafka_rounds *r = arg;
    while (rest(r))
        r->turn(r->arg);
    return NULL;
}

void kafka_rounds_start(struct kafka_rounds *r, int32_t interval_ms, void (*turn)(void *arg),
                        void *arg)
{
    CHECK(interval_ms > 0);
    *r = (struct kafka_rounds){ .interval_ms = interval_ms, .turn = turn, .arg = arg };
    pthread_condattr_t monotonic;
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&r->wake, &monotonic) == 0);
    CHECK(pthread_condattr_destroy(&monotonic) == 0);
    CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
    CHECK(pthread_create(&r->thread, NULL, run, r) == 0);
}

void kafka_rounds_stop(struct kafka_rounds *r)
{
    lock(r);
    r->stop = true;
    unlock(r);
    CHECK(pthread_cond_signal(&r->wake) == 0);
    CHECK(pthread_join(r->thread, NULL) == 0);
    CHECK(pthread_cond_destroy(&r->wake) == 0);
    CHECK(pthread_mutex_destroy(&r->lock) == 0);
}

void kafka_rounds_hurry(struct kafka_rounds *r)
{
    lock(r);
    r->hurry = true;
    unlock(r);
    CHECK(pthread_cond_signal(&r->wake) == 0);
}

bool kafka_rounds_stopping(struct kafka_rounds *r)
{
    lock(r);
    const bool stopping = r->stop;
    unlock(r);
    return stopping;
}
