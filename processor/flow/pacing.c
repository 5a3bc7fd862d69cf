/* pacing.c - see pacing.h. */
#include "flow/pacing.h"

#include "base/check.h"

/* Are we at the end of an input, as last asked? */
static bool is_at_end(const struct tenure *t, const struct source_port *source, int i,
                      const struct log_end *end)
{
    const int64_t position = source->position(source->self, t->shard, (enum topic)i);
    const bool waits = (t->inputs[i].holds & HOLD_SCHEMA) != 0 || t->inputs[i].rewind;
    return end->known && !waits && position != OFFSET_NONE && position >= end->end;
}

/* Has any input been read past the end that was last asked? Then what stood at the
 * ends then says nothing about what was appended beside the records read since. */
static bool is_outdated(const struct tenure *t, const struct source_port *source,
                        const struct log_end ends[TOPIC_COUNT])
{
    for (int i = 0; i < TOPIC_COUNT; i++) {
        const int64_t position = source->position(source->self, t->shard, (enum topic)i);
        if (!ends[i].known || position > ends[i].end)
            return true;
    }
    return false;
}

void pacing_observe(struct tenure *t, const struct rules *rules,
                    const struct source_port *source)
{
    CHECK(tenure_works(t));
    struct shard_clock *clock = &t->state->clock;
    struct log_end ends[TOPIC_COUNT];
    for (int i = 0; i < TOPIC_COUNT; i++)
        ends[i] = source->log_end(source->self, t->shard, (enum topic)i);
    /* By the wall clock a proof has a date and stays true; by events it has none. */
    const bool outdated = !rules->wall_time && is_outdated(t, source, ends);
    for (int i = 0; i < TOPIC_COUNT; i++) {
        if (!outdated && is_at_end(t, source, i, &ends[i]))
            shard_clock_at_end(clock, (enum topic)i, ends[i].asked);
        else
            shard_clock_not_at_end(clock, (enum topic)i);
    }
}

void pacing_forget_ends(struct tenure *t)
{
    CHECK(tenure_works(t));
    for (int i = 0; i < TOPIC_COUNT; i++)
        shard_clock_not_at_end(&t->state->clock, (enum topic)i);
}

/* The event time up to which the slowest unfinished input has been read. */
static int64_t slowest(const struct shard_clock *clock)
{
    int64_t least = TIME_NEVER;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        if (!clock->inputs[i].at_end && clock->inputs[i].highest < least)
            least = clock->inputs[i].highest;
    }
    return least;
}

static bool is_ahead(const struct shard_clock *clock, int i, int64_t max_skew_ms)
{
    const int64_t least = slowest(clock);
    if (least == TIME_NEVER || clock->inputs[i].highest <= least)
        return false;
    /* An input that has delivered nothing yet holds every other one. */
    return least == TIME_NEVER_YET || clock->inputs[i].highest - least > max_skew_ms;
}

static bool is_too_much(const struct pacing *p, const struct tenure *t, bool furthest_behind)
{
    if (p->memory_limit == 0 || t->arena->taken <= p->memory_limit)
        return false;
    return !furthest_behind || t->arena->taken > p->memory_limit + p->memory_limit / 10;
}

void pacing_apply(const struct pacing *p, struct tenure *t, const struct ports *ports,
                  bool furthest_behind)
{
    CHECK(tenure_works(t));
    const bool too_much = is_too_much(p, t, furthest_behind);
    for (int i = 0; i < TOPIC_COUNT; i++) {
        struct input *input = &t->inputs[i];
        input->holds &= ~(unsigned)(HOLD_AHEAD | HOLD_MEMORY | HOLD_LETTERS);
        if (is_ahead(&t->state->clock, i, p->max_skew_ms))
            input->holds |= HOLD_AHEAD;
        if (too_much)
            input->holds |= HOLD_MEMORY;
        if (p->letters_wait)
            input->holds |= HOLD_LETTERS;
        const bool held = input->holds != 0;
        if (held == input->held)
            continue;
        ports->source.hold(ports->source.self, t->shard, (enum topic)i, held);
        input->held = held;
    }
}
