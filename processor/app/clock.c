/* clock.c - see clock.h. */
#include "app/clock.h"

#include "base/check.h"

#include <time.h>

wall_time clock_now(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (wall_time){ (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000 };
}

void clock_sleep(int64_t ms)
{
    const struct timespec wait = { .tv_sec = (time_t)(ms / SECOND_MS),
                                   .tv_nsec = (long)(ms % SECOND_MS) * 1000000 };
    nanosleep(&wait, NULL);
}
