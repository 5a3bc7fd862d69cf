/* story_lead.c - see story_lead.h. */
#include "app/story_lead.h"

enum { SAMPLE_EVENTS = 200000 }; /* enough for parcels and tickets to follow the orders */

/* The beginning of the story: so many events last so long there, and so long here. */
struct sample {
    double events;
    double story_ms;
    double wall_ms;
};

static struct sample take_sample(const struct story_lead *story)
{
    const int64_t most =
        story->events > 0 && story->events < SAMPLE_EVENTS ? story->events : SAMPLE_EVENTS;
    struct market *market = market_open(&story->market);
    struct event event;
    event_time last = story->market.start;
    int64_t count = 0;
    while (count < most && last.ms <= story->until.ms) {
        last = market_next(market, &event);
        count += 1;
    }
    market_close(market);
    struct sample sample = { .events = (double)count,
                             .story_ms = (double)(last.ms - story->market.start.ms) };
    if (story->speed_milli > 0)
        sample.wall_ms = sample.story_ms * SECOND_MS / (double)story->speed_milli;
    if (story->rate > 0 && sample.wall_ms < sample.events * SECOND_MS / (double)story->rate)
        sample.wall_ms = sample.events * SECOND_MS / (double)story->rate;
    return sample;
}

int64_t story_lead_ms(const struct story_lead *story, wall_time now)
{
    const int64_t at_start = story->market.start.ms - now.ms;
    const struct sample sample = take_sample(story);
    if (sample.story_ms <= sample.wall_ms) /* the clock catches up */
        return at_start;
    if (story->events == 0 && story->until.ms == TIME_NEVER)
        return INT64_MAX;
    double lasts_ms = (double)(story->until.ms - story->market.start.ms);
    if (story->events > 0) {
        const double by_events = sample.story_ms * (double)story->events / sample.events;
        lasts_ms = story->until.ms != TIME_NEVER && lasts_ms < by_events ? lasts_ms : by_events;
    }
    return at_start + (int64_t)(lasts_ms * (1 - sample.wall_ms / sample.story_ms));
}
