/* story_lead.c - see story_lead.h. */
#include "app/story_lead.h"

#include <math.h>

enum { SAMPLE_EVENTS = 200000 }; /* enough for parcels and tickets to follow the orders */

/* The beginning of the story: how many events it has in how long. */
struct sample {
    double events;
    double story_ms;
};

static struct sample take_sample(const struct story_lead *story)
{
    const int64_t most =
        story->events > 0 && story->events < SAMPLE_EVENTS ? story->events : SAMPLE_EVENTS;
    struct market *market = market_open(&story->market);
    struct event event;
    event_time last = story->market.start;
    int64_t count = 0;
    while (count < most && (count == 0 || last.ms <= story->until.ms)) {
        last = market_next(market, &event);
        count += 1;
    }
    market_close(market);
    const int64_t story_ms = last.ms - story->market.start.ms;
    return (struct sample){ .events = (double)count,
                            .story_ms = story_ms > 0 ? (double)story_ms : 1 };
}

int64_t story_lead_ms(const struct story_lead *story, wall_time now)
{
    const int64_t at_start = story->market.start.ms - now.ms;
    /* What one second of the story takes here; from 1 on, the clock catches up. */
    double slowness =
        story->speed_milli > 0 ? (double)SECOND_MS / (double)story->speed_milli : 0;
    double lasts_ms = story->until.ms == TIME_NEVER
                          ? INFINITY
                          : (double)(story->until.ms - story->market.start.ms);
    if (slowness < 1 && (story->events > 0 || story->rate > 0)) {
        const struct sample sample = take_sample(story);
        if (story->rate > 0)
            slowness = fmax(slowness,
                            sample.events * SECOND_MS / (double)story->rate / sample.story_ms);
        if (story->events > 0)
            lasts_ms = fmin(lasts_ms, sample.story_ms * (double)story->events / sample.events);
    }
    if (slowness >= 1)
        return at_start;
    return isinf(lasts_ms) ? INT64_MAX : at_start + (int64_t)(lasts_ms * (1 - slowness));
}
