/* shard_clock.c - see shard_clock.h. */
#include "kpi/shard_clock.h"

#include "base/check.h"

void shard_clock_open(struct shard_clock *c)
{
    *c = (struct shard_clock){ .stream_time = TIME_NEVER_YET, .watermark = TIME_NEVER_YET };
    for (int t = 0; t < TOPIC_COUNT; t++)
        c->inputs[t] =
            (struct input_clock){ .highest = TIME_NEVER_YET, .proven = TIME_NEVER_YET };
}

void shard_clock_saw(struct shard_clock *c, enum topic topic, event_time at)
{
    CHECK(topic < TOPIC_COUNT);
    if (at.ms > c->inputs[topic].highest)
        c->inputs[topic].highest = at.ms;
    if (at.ms > c->stream_time)
        c->stream_time = at.ms;
}

void shard_clock_at_end(struct shard_clock *c, enum topic topic, wall_time asked)
{
    CHECK(topic < TOPIC_COUNT);
    c->inputs[topic].at_end = true;
    if (asked.ms > c->inputs[topic].proven)
        c->inputs[topic].proven = asked.ms;
}

void shard_clock_not_at_end(struct shard_clock *c, enum topic topic)
{
    CHECK(topic < TOPIC_COUNT);
    c->inputs[topic].at_end = false;
}

bool shard_clock_caught_up(const struct shard_clock *c)
{
    for (int t = 0; t < TOPIC_COUNT; t++) {
        if (c->inputs[t].proven == TIME_NEVER_YET)
            return false;
    }
    return true;
}

static int64_t least_proven(const struct shard_clock *c)
{
    int64_t least = TIME_NEVER;
    for (int t = 0; t < TOPIC_COUNT; t++) {
        if (c->inputs[t].proven < least)
            least = c->inputs[t].proven;
    }
    CHECK(least != TIME_NEVER);
    return least;
}

/* How far the inputs are known, by wall-clock proofs and by their events. */
static int64_t known_by_wall(const struct shard_clock *c)
{
    int64_t least = TIME_NEVER;
    for (int t = 0; t < TOPIC_COUNT; t++) {
        const struct input_clock *input = &c->inputs[t];
        const int64_t known = input->highest > input->proven ? input->highest : input->proven;
        if (known < least)
            least = known;
    }
    return least;
}

/* The same by events alone. */
static int64_t known_by_events(const struct shard_clock *c)
{
    int64_t least = TIME_NEVER;
    for (int t = 0; t < TOPIC_COUNT; t++) {
        if (!c->inputs[t].at_end && c->inputs[t].highest < least)
            least = c->inputs[t].highest;
    }
    return least == TIME_NEVER ? c->stream_time : least;
}

void shard_clock_advance(struct shard_clock *c, const struct rules *rules)
{
    if (rules->wall_time && shard_clock_caught_up(c) && least_proven(c) > c->stream_time)
        c->stream_time = least_proven(c);
    const int64_t known = rules->wall_time ? known_by_wall(c) : known_by_events(c);
    if (known == TIME_NEVER_YET)
        return;
    CHECK(known > TIME_NEVER_YET + rules->max_delay_ms);
    if (known - rules->max_delay_ms > c->watermark)
        c->watermark = known - rules->max_delay_ms;
}
