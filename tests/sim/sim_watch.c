/* sim_watch.c - what must hold from one step to the next, and how often what is rare occurs
 * (counts.def). */
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void count(struct sim *s, enum sim_count what, bool happened)
{
    s->tally.counts[what] += happened;
}

static int32_t processes(const struct sim *s)
{
    int32_t alive = 0;
    for (int32_t i = 0; i < s->world.worker_count; i++)
        alive += s->world.workers[i]->alive;
    return alive;
}

static int32_t copies(const struct sim *s, int32_t shard)
{
    int32_t count = 0;
    for (int32_t i = 0; i < s->world.worker_count; i++)
        count += little_world_works(s->world.workers[i], shard);
    return count;
}

static bool anything_held(const struct sim *s, unsigned why)
{
    for (int32_t i = 0; i < s->world.worker_count; i++) {
        for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++) {
            if (!little_world_works(s->world.workers[i], shard))
                continue;
            const struct tenure *t = &s->world.workers[i]->pipeline.tenures[shard];
            for (int topic = 0; topic < TOPIC_COUNT; topic++) {
                if ((t->inputs[topic].holds & why) != 0)
                    return true;
            }
        }
    }
    return false;
}

/* While a claim lasts, neither time nor what is saved goes back. */
static void goes_on(const struct sim_glimpse *before, const struct sim_glimpse *now)
{
    assert_true(now->version >= before->version);
    assert_true(now->stream_time >= before->stream_time);
    assert_true(now->watermark >= before->watermark);
}

/* Looks at the working copy of a shard, which may have been loaded since the last look. */
static void watch_shard(struct sim *s, int32_t number, int32_t shard)
{
    if (!little_world_works(s->world.workers[number], shard))
        return;
    const struct tenure *t = &s->world.workers[number]->pipeline.tenures[shard];
    const struct sim_glimpse now = { .claim = t->generation,
                                     .version = t->header.version,
                                     .stream_time = t->state->clock.stream_time,
                                     .watermark = t->state->clock.watermark };
    const struct sim_glimpse before = s->seen[number][shard];
    s->seen[number][shard] = now;
    if (now.claim == before.claim) {
        goes_on(&before, &now);
        return;
    }
    count(s, SIM_COUNT_loads, true);
    count(s, SIM_COUNT_trimmed_loads, fake_store_is_trimmed(s->world.store, shard));
    const int32_t part = fake_store_newest_part(s->world.store, shard);
    if (part >= 0)
        s->tally.phases[part / 64] |= UINT64_C(1) << (part % 64);
}

void sim_watch(struct sim *s)
{
    bool two = false;
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++) {
        two |= copies(s, shard) > 1;
        for (int32_t i = 0; i < s->world.worker_count; i++)
            watch_shard(s, i, shard);
    }
    count(s, SIM_COUNT_two_copies, two);
    count(s, SIM_COUNT_many_processes, processes(s) > 1);
    count(s, SIM_COUNT_held_by_memory, anything_held(s, HOLD_MEMORY));
    count(s, SIM_COUNT_held_by_skew, anything_held(s, HOLD_AHEAD));
    count(s, SIM_COUNT_held_by_schema, anything_held(s, HOLD_SCHEMA));
}
