/* sim_watch.c - how often what is rare occurs; see counts.def. */
#include "sim/sim.h"

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

/* Has the worker loaded the shard since the last look? */
static void watch_loads(struct sim *s, int32_t number, int32_t shard)
{
    if (!little_world_works(s->world.workers[number], shard))
        return;
    const uint64_t claim = s->world.workers[number]->pipeline.tenures[shard].generation;
    if (claim == s->claims[number][shard])
        return;
    s->claims[number][shard] = claim;
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
            watch_loads(s, i, shard);
    }
    count(s, SIM_COUNT_two_copies, two);
    count(s, SIM_COUNT_many_processes, processes(s) > 1);
    count(s, SIM_COUNT_held_by_memory, anything_held(s, HOLD_MEMORY));
    count(s, SIM_COUNT_held_by_skew, anything_held(s, HOLD_AHEAD));
    count(s, SIM_COUNT_held_by_schema, anything_held(s, HOLD_SCHEMA));
}
