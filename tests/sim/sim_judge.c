/* sim_judge.c - the judgement at the end of a life. */
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void all_is_read_and_saved(const struct little_world *w)
{
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++) {
        struct shard_header header;
        assert_true(fake_store_header(w->store, shard, &header));
        for (int i = 0; i < TOPIC_COUNT; i++)
            assert_int_equal(header.offsets[i], fake_log_end(w->log, shard, (enum topic)i));
    }
}

/* What is too old may be set aside, if the watermark had come that far. */
static bool may_be_too_late(const struct little_entry *e)
{
    return e->event.ts_event.ms < LITTLE_NOON - 8 * DAY_MS;
}

static void all_rubbish_is_set_aside_and_nothing_else(const struct little_world *w)
{
    for (int32_t i = 0; i < w->entry_count; i++) {
        const struct little_entry *e = w->entries[i];
        const bool rubbish = e->poison || e->misplaced || e->refused;
        if (rubbish || !may_be_too_late(e))
            assert_int_equal(rubbish, little_world_has_letter(w, e));
    }
}

void sim_judge(struct sim *s)
{
    const struct little_world *w = &s->world;
    all_is_read_and_saved(w);
    all_rubbish_is_set_aside_and_nothing_else(w);
    little_world_check_feed(w);
}
