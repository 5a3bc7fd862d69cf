/* sim_faults.c - what breaks, and how the world heals; see faults.def. */
#include "sim/sim.h"

#include "base/check.h"

#include <inttypes.h>

enum {
    INJECT_ONCE_IN = 4,
    SLEEP_STEPS = 25,
    JUMP_MINUTES = 60,
    JUMP_BACK_MINUTES = 9,
    TIGHT_MEMORY = 1,
};

/* ---- who --------------------------------------------------------------------------- */

static int32_t alive_count(const struct sim *s)
{
    int32_t count = 0;
    for (int32_t i = 0; i < s->world.worker_count; i++)
        count += s->world.workers[i]->alive;
    return count;
}

/* The number of one of those that live. */
static int32_t draw_worker(struct sim *s)
{
    int64_t nth = sim_draw(s, alive_count(s));
    int32_t i = 0;
    while (!s->world.workers[i]->alive || nth-- > 0)
        i++;
    return i;
}

static struct little_worker *any_worker(struct sim *s)
{
    return s->world.workers[draw_worker(s)];
}

static int32_t any_shard(struct sim *s)
{
    return (int32_t)sim_draw(s, LITTLE_SHARDS);
}

/* ---- processes
 * --------------------------------------------------------------------------------
 */

static void fault_death(struct sim *s)
{
    struct little_worker *worker = any_worker(s);
    worker->die_at = worker->effects + sim_draw(s, 40);
}

static void fault_somebody_comes(struct sim *s)
{
    if (alive_count(s) < SIM_WORKERS_MOST && s->world.worker_count < LITTLE_WORKERS - 1)
        (void)little_world_start(&s->world);
}

static void fault_somebody_leaves(struct sim *s)
{
    if (alive_count(s) > 1)
        little_world_stop(any_worker(s));
}

/* What was on its way is given up before others can take over: some of it landed. */
static void give_up_alerts(struct sim *s, const struct little_worker *worker)
{
    const int32_t in_flight = fake_sink_in_flight(worker->sink);
    fake_sink_give_up(worker->sink, (int32_t)sim_draw(s, in_flight + 1));
}

static void end_session(struct sim *s, const struct little_worker *worker)
{
    give_up_alerts(s, worker);
    fake_log_expire(worker->member);
}

static void fault_session_ends(struct sim *s)
{
    end_session(s, any_worker(s));
}

static void fault_lease_is_unknown(struct sim *s)
{
    fake_log_deny_lease(any_worker(s)->member, sim_once_in(s, 2));
}

/* It does not know that another one took over until it wakes up. */
static void fault_somebody_sleeps(struct sim *s)
{
    const int32_t number = draw_worker(s);
    s->asleep[number] = 1 + (int32_t)sim_draw(s, SLEEP_STEPS);
    if (sim_once_in(s, 2))
        end_session(s, s->world.workers[number]);
}

static void fault_rebalance(struct sim *s)
{
    fake_log_rebalance(s->world.log);
}

/* ---- the store
 * ----------------------------------------------------------------------------------
 */

static void fail_store(struct sim *s, enum fake_fault fault, int64_t most_calls)
{
    const int32_t after = (int32_t)sim_draw(s, 4);
    const int32_t calls = 1 + (int32_t)sim_draw(s, most_calls);
    fake_store_fail(s->world.store, fault, after, calls);
}

static void fault_request_is_lost(struct sim *s)
{
    fail_store(s, FAKE_LOST_REQUEST, 6);
}

static void fault_reply_is_lost(struct sim *s)
{
    fail_store(s, FAKE_LOST_REPLY, 6);
}

static void fault_store_is_full(struct sim *s)
{
    fail_store(s, FAKE_FULL, 60);
}

static void fault_store_is_read_only(struct sim *s)
{
    fail_store(s, FAKE_READ_ONLY, 60);
}

static void fault_store_is_away(struct sim *s)
{
    fail_store(s, FAKE_UNAVAILABLE, 60);
}

static void fault_store_forgets(struct sim *s)
{
    const int32_t shard = any_shard(s);
    const int32_t saves = 1 + (int32_t)sim_draw(s, 6);
    struct shard_header before;
    struct shard_header after;
    if (!fake_store_header(s->world.store, shard, &before))
        return;
    (void)fake_store_lose_saves(s->world.store, shard, saves);
    (void)fake_store_header(s->world.store, shard, &after);
    s->tally.counts[SIM_COUNT_epochs_back] += after.epoch < before.epoch;
}

static void fault_store_is_slow(struct sim *s)
{
    fake_store_delay(s->world.store, (int32_t)sim_draw(s, 4));
}

/* ---- topics
 * -------------------------------------------------------------------------------------
 */

static void fault_sink_is_slow(struct sim *s)
{
    fake_sink_delay(any_worker(s)->sink, (int32_t)sim_draw(s, 6));
}

static void fault_sink_is_cut(struct sim *s)
{
    struct fake_sink *sink = any_worker(s)->sink;
    fake_sink_cut(sink, sim_once_in(s, 3));
    fake_sink_give_up_lands(sink, (int32_t)sim_draw(s, 4));
}

static void fault_sink_gives_up(struct sim *s)
{
    give_up_alerts(s, any_worker(s));
}

/* For as long as brokers may wait for it; whoever takes over meanwhile waits longer. */
static void fault_replica_hangs(struct sim *s)
{
    fake_topics_hide(s->world.topics, true);
    s->world.hidden_until_ms = little_world_now().ms + s->world.settle_ms;
}

static void fault_tail_breaks(struct sim *s)
{
    fake_sink_break_tail(any_worker(s)->sink, (int32_t)sim_draw(s, 3));
}

static void fault_brokers_are_gone(struct sim *s)
{
    fake_log_cut(any_worker(s)->member, 1 + (int32_t)sim_draw(s, 4));
}

static void fault_start_fails(struct sim *s)
{
    any_worker(s)->start_failures = 1 + (int)sim_draw(s, 3);
}

static void fault_input_lags(struct sim *s)
{
    const int32_t shard = any_shard(s);
    const enum topic topic = (enum topic)sim_draw(s, TOPIC_COUNT);
    const int64_t end = fake_log_end(s->world.log, shard, topic);
    fake_log_limit(s->world.log, shard, topic, sim_once_in(s, 2) ? -1 : end);
}

static void fault_ends_are_unknown(struct sim *s)
{
    fake_log_silence(s->world.log, sim_once_in(s, 2));
}

static bool anybody_sleeps(const struct sim *s)
{
    bool sleeps = false;
    for (int32_t i = 0; i < s->world.worker_count; i++)
        sleeps |= s->world.workers[i]->alive && s->asleep[i] > 0;
    return sleeps;
}

/* Only what neither a rollback of the store nor somebody who sleeps can ask for again. */
static void fault_retention(struct sim *s)
{
    const int32_t shard = any_shard(s);
    struct shard_header header;
    if (anybody_sleeps(s) || !fake_store_oldest_header(s->world.store, shard, &header))
        return;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        if (header.offsets[i] > fake_log_low(s->world.log, shard, (enum topic)i))
            fake_log_truncate(s->world.log, shard, (enum topic)i, header.offsets[i]);
    }
}

/* Retention that was too short: whoever has not read and saved them must stop, or go on
 * without them. */
static void fault_unread_is_gone(struct sim *s)
{
    const int32_t shard = any_shard(s);
    const enum topic topic = (enum topic)sim_draw(s, TOPIC_COUNT);
    const int64_t low = fake_log_low(s->world.log, shard, topic);
    const int64_t end = fake_log_end(s->world.log, shard, topic);
    const bool all = sim_once_in(s, 2);
    if (end > low)
        fake_log_truncate(s->world.log, shard, topic,
                          all ? end : low + 1 + sim_draw(s, end - low));
}

/* ---- the rest
 * -----------------------------------------------------------------------------------
 */

static void fault_registry_is_down(struct sim *s)
{
    s->world.registry_down = sim_once_in(s, 2);
}

/* Hanging takes as long whatever clocks say; one that jumps ahead ends it here, for nobody
 * could wait for it then. */
static void set_clock(struct sim *s, int64_t to_ms)
{
    const int64_t back = little_world_now().ms - to_ms;
    if (back > 0 && s->world.hidden_until_ms != 0)
        s->world.hidden_until_ms -= back;
    little_world_set_clock((wall_time){ to_ms });
}

/* Back by less than max_future in all: an event that was read in its time must not come
 * from the future when it is read again. */
static void fault_clock_jumps(struct sim *s)
{
    const int64_t now = little_world_now().ms;
    if (now > s->latest_ms)
        s->latest_ms = now;
    const int64_t earliest = s->latest_ms - JUMP_BACK_MINUTES * MINUTE_MS;
    const int64_t jumped = now + (sim_draw(s, 2 * JUMP_MINUTES) - JUMP_MINUTES) * MINUTE_MS;
    set_clock(s, jumped > earliest ? jumped : earliest);
}

static void fault_memory_is_full(struct sim *s)
{
    any_worker(s)->pipeline.pacing.memory_limit = sim_once_in(s, 2) ? TIGHT_MEMORY : 0;
}

static void inject_one(struct sim *s);

static void fault_two_at_once(struct sim *s)
{
    inject_one(s);
    inject_one(s);
}

/* ---- drawing
 * ------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    void (*inject)(struct sim *s);
    int32_t weight;
} faults[SIM_FAULT_COUNT] = {
#define FAULT(name, weight, text) { #name, fault_##name, weight },
#include "sim/faults.def"
#undef FAULT
};

/* What a store forgot and brokers hide nobody knows of: a life has the one or the other
 * (ARCHITECTURE.md, weak spots). */
static int32_t weight_of(const struct sim *s, int32_t fault)
{
    const bool hides = s->world.settle_ms > 0;
    const bool never = (fault == SIM_FAULT_store_forgets && hides) ||
                       (fault == SIM_FAULT_replica_hangs && !hides);
    return never ? 0 : faults[fault].weight;
}

static enum sim_fault draw_fault(struct sim *s, int32_t kinds)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < kinds; i++)
        sum += weight_of(s, i);
    int64_t at = sim_draw(s, sum);
    int32_t i = 0;
    while (at >= weight_of(s, i))
        at -= weight_of(s, i++);
    return (enum sim_fault)i;
}

static void inject(struct sim *s, enum sim_fault fault)
{
    little_world_note(&s->world, "fault   %s", faults[fault].name);
    s->tally.faults[fault] += 1;
    faults[fault].inject(s);
}

/* Any but the last, which is two of these. */
static void inject_one(struct sim *s)
{
    inject(s, draw_fault(s, SIM_FAULT_two_at_once));
}

void sim_inject(struct sim *s)
{
    if (sim_once_in(s, INJECT_ONCE_IN))
        inject(s, draw_fault(s, SIM_FAULT_COUNT));
}

/* ---- healing
 * ------------------------------------------------------------------------------------
 */

static void heal_worker(struct little_worker *worker)
{
    worker->die_at = -1;
    worker->start_failures = 0;
    if (!worker->alive)
        return;
    worker->pipeline.pacing.memory_limit = 0;
    fake_log_cut(worker->member, 0);
    fake_log_deny_lease(worker->member, false);
    fake_sink_cut(worker->sink, false);
    fake_sink_delay(worker->sink, 0);
    fake_sink_break_tail(worker->sink, -1);
}

void sim_heal(struct sim *s)
{
    struct little_world *w = &s->world;
    little_world_note(w, "%s", "the world heals");
    fake_store_fail(w->store, FAKE_WORKS, 0, 0);
    fake_store_delay(w->store, 0);
    fake_topics_hide(w->topics, false);
    fake_log_silence(w->log, false);
    w->registry_down = false;
    for (int32_t i = 0; i < LITTLE_SHARDS * TOPIC_COUNT; i++)
        fake_log_limit(w->log, i / TOPIC_COUNT, (enum topic)(i % TOPIC_COUNT), -1);
    for (int32_t i = 0; i < w->worker_count; i++) {
        s->asleep[i] = 0;
        heal_worker(w->workers[i]);
    }
}
