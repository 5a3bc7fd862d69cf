/* progress.c - see progress.h. */
#include "app/progress.h"

#include "codec/alert_unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { DRAW_EVERY_MS = 250, PERCENT = 100 };

static int64_t steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

void progress_open(struct progress *p, const char *verb)
{
    *p = (struct progress){ .verb = verb, .shown = isatty(STDERR_FILENO) == 1 };
    p->began_ms = steady_ms();
    p->drawn_ms = p->began_ms;
}

void progress_show(struct progress *p, int64_t count, int64_t total, event_time at)
{
    const int64_t now = steady_ms();
    if (!p->shown || now - p->drawn_ms < DRAW_EVERY_MS)
        return;
    char when[ALERT_UNIT_TIME_BYTES];
    alert_unit_time(at.ms, when);
    const int64_t rate = (count - p->drawn_count) * SECOND_MS / (now - p->drawn_ms);
    (void)fprintf(stderr, "\r\033[K%s: %" PRId64 " events", p->verb, count);
    if (total > 0)
        (void)fprintf(stderr, " (%" PRId64 " %%)", count * PERCENT / total);
    (void)fprintf(stderr, ", %" PRId64 " a second, at %s", rate, when);
    (void)fflush(stderr);
    p->drawn_ms = now;
    p->drawn_count = count;
}

void progress_clear(const struct progress *p)
{
    if (p->shown)
        (void)fprintf(stderr, "\r\033[K");
}

int64_t progress_elapsed_ms(const struct progress *p)
{
    const int64_t elapsed = steady_ms() - p->began_ms;
    return elapsed > 0 ? elapsed : 1;
}
