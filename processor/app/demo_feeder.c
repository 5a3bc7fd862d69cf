/* demo_feeder.c - see demo_feeder.h. */
#include "app/demo_feeder.h"

#include "base/check.h"

#include <signal.h>
#include <time.h>

enum {
    AHEAD_MAX = 5000, /* records that wait to be read: about 1 MiB in all partitions */
    WAIT_MS_MAX = 20,
    BEHIND_WAIT_MS = 2,
};

static int64_t steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

bool demo_feeder_open(struct demo_feeder *f, const struct demo_feeder_options *options,
                      struct reason *why)
{
    enum status ignored;
    *f = (struct demo_feeder){ .market = options->market,
                               .pace = { .speed_milli = options->speed_milli } };
    const struct event_output_options output = { .settings = options->settings,
                                                 .stop = &f->stop };
    f->output = event_output_open(&output, &ignored, why);
    return f->output != NULL;
}

static void wait_for_reader(struct demo_feeder *f)
{
    while (!f->stop && atomic_load(&f->sent) - atomic_load(&f->read) > AHEAD_MAX)
        event_output_wait(f->output, BEHIND_WAIT_MS);
}

static void wait_for_time(struct demo_feeder *f, event_time at)
{
    int64_t wait = pace_wait_ms(&f->pace, at, steady_ms());
    while (!f->stop && wait > 0) {
        event_output_wait(f->output, wait < WAIT_MS_MAX ? wait : WAIT_MS_MAX);
        wait = pace_wait_ms(&f->pace, at, steady_ms());
    }
}

static void *feed(void *arg)
{
    struct demo_feeder *f = arg;
    struct event event;
    enum status s = STATUS_OK;
    while (!f->stop && s == STATUS_OK) {
        const event_time arrival = market_next(f->market, &event);
        wait_for_time(f, arrival);
        wait_for_reader(f);
        s = event_output_send(f->output, &event, &f->why);
        if (s == STATUS_OK)
            atomic_fetch_add(&f->sent, 1);
    }
    struct reason late;
    if (s == STATUS_OK || s == STATUS_PENDING)
        (void)event_output_finish(f->output, &late); /* asked to stop: what comes, comes */
    if (!f->stop)
        atomic_store(&f->ended, true);
    return NULL;
}

/* Signals are for the main thread. */
void demo_feeder_start(struct demo_feeder *f)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    CHECK(pthread_create(&f->thread, NULL, feed, f) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    f->started = true;
}

void demo_feeder_stop(struct demo_feeder *f)
{
    f->stop = true;
    if (f->started)
        CHECK(pthread_join(f->thread, NULL) == 0);
    f->started = false;
}

void demo_feeder_close(struct demo_feeder *f)
{
    demo_feeder_stop(f);
    event_output_close(f->output);
    f->output = NULL;
}
