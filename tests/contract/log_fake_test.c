/* log_fake_test.c - the faults of the log in memory do what they say; a simulation is
 * only as good as they are. What it has in common with Kafka: log_contract_test.c.
 */
#include "support/fake_log.h"
#include "support/source_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SHARDS = 2, MEMBERS = 2, BATCH = 40 };

struct world {
    struct fake_log *log;
    struct fake_member *members[MEMBERS];
    struct source_reader readers[MEMBERS];
};

static const int64_t from_start[TOPIC_COUNT] = { OFFSET_NONE, OFFSET_NONE, OFFSET_NONE };

static wall_time now(void *arg)
{
    (void)arg;
    return source_reader_now();
}

static int set_up(void **state)
{
    const struct fake_log_options options = { .shard_count = SHARDS,
                                              .batch_records = BATCH,
                                              .now = now };
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->log = fake_log_open(&options);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    fake_log_close(w->log);
    free(w);
    return 0;
}

static struct source_reader *join(struct world *w, int member)
{
    struct source_reader *r = &w->readers[member];
    w->members[member] = fake_log_join(w->log);
    r->port = fake_log_source(w->members[member]);
    return r;
}

static int owned_count(const struct source_reader *r)
{
    return r->owned[0] + r->owned[1];
}

static struct source_reader *join_and_start(struct world *w, int member)
{
    struct source_reader *r = join(w, member);
    SOURCE_READER_UNTIL(r, owned_count(r) == SHARDS);
    for (int32_t shard = 0; shard < SHARDS; shard++)
        assert_int_equal(source_reader_start(r, shard, from_start), STATUS_OK);
    return r;
}

static void append(struct world *w, enum topic topic, int32_t shard, int count)
{
    const struct fake_record record = { .topic = topic, .shard = shard };
    for (int i = 0; i < count; i++)
        (void)fake_log_append(w->log, &record);
}

static void offsets_without_a_record_do_not_keep_an_input_from_its_end(void **state)
{
    struct world *w = *state;
    append(w, TOPIC_ORDERS, 0, 2);
    fake_log_append_gap(w->log, 0, TOPIC_ORDERS, 3);
    struct source_reader *r = join_and_start(w, 0);
    SOURCE_READER_UNTIL(r, r->count == 2);
    assert_int_equal(source_reader_position(r, 0, TOPIC_ORDERS), 5);
    assert_true(source_reader_at_end(r, 0, TOPIC_ORDERS));
}

static void what_an_owner_went_on_without_is_lost(void **state)
{
    struct world *w = *state;
    const int64_t offsets[TOPIC_COUNT] = { 3, OFFSET_NONE, OFFSET_NONE };
    append(w, TOPIC_ORDERS, 0, 10);
    append(w, TOPIC_MESSAGES, 0, 10);
    fake_log_truncate(w->log, 0, TOPIC_ORDERS, 6);
    fake_log_truncate(w->log, 0, TOPIC_MESSAGES, 1);
    struct source_reader *r = join(w, 0);
    SOURCE_READER_UNTIL(r, r->owned[0]);
    assert_int_equal(source_reader_start(r, 0, offsets), STATUS_DATA_LOSS);
    assert_false(fake_log_is_lost(w->log, 0, TOPIC_ORDERS, 3));

    fake_log_skip_losses(w->log, true);
    assert_int_equal(source_reader_start(r, 0, offsets), STATUS_OK);
    assert_false(fake_log_is_lost(w->log, 0, TOPIC_ORDERS, 2)); /* read before */
    assert_true(fake_log_is_lost(w->log, 0, TOPIC_ORDERS, 3));
    assert_true(fake_log_is_lost(w->log, 0, TOPIC_ORDERS, 5));
    assert_false(fake_log_is_lost(w->log, 0, TOPIC_ORDERS, 6));
    assert_true(fake_log_is_lost(w->log, 0, TOPIC_MESSAGES, 0)); /* never read */
    assert_false(fake_log_is_lost(w->log, 0, TOPIC_MESSAGES, 1));
}

static void lag_delivers_up_to_the_limit_and_proves_no_end(void **state)
{
    struct world *w = *state;
    append(w, TOPIC_ORDERS, 0, 10);
    fake_log_limit(w->log, 0, TOPIC_ORDERS, 4);
    struct source_reader *r = join_and_start(w, 0);
    source_reader_steps(r, 1);
    assert_int_equal(r->count, 4);
    assert_false(source_reader_at_end(r, 0, TOPIC_ORDERS));
    fake_log_limit(w->log, 0, TOPIC_ORDERS, -1);
    source_reader_step(r);
    assert_int_equal(r->count, 10);
    assert_true(source_reader_at_end(r, 0, TOPIC_ORDERS));
}

static void silence_of_the_broker_gives_no_newer_end(void **state)
{
    struct world *w = *state;
    struct source_reader *r = join_and_start(w, 0);
    source_reader_step(r);
    const struct log_end last = source_reader_end(r, 0, TOPIC_ORDERS);
    fake_log_silence(w->log, true);
    append(w, TOPIC_ORDERS, 0, 1);
    source_reader_steps(r, 5);
    assert_int_equal(source_reader_end(r, 0, TOPIC_ORDERS).asked.ms, last.asked.ms);
    assert_int_equal(source_reader_end(r, 0, TOPIC_ORDERS).end, 0);
}

static void killed_member_keeps_its_shards_until_its_session_ends(void **state)
{
    struct world *w = *state;
    (void)join_and_start(w, 0);
    fake_log_kill(w->members[0]);
    struct source_reader *b = join(w, 1);
    source_reader_steps(b, 5);
    assert_int_equal(owned_count(b), 0);
    fake_log_expire(w->members[0]);
    source_reader_step(b);
    assert_int_equal(owned_count(b), SHARDS);
}

static void expired_member_learns_that_its_shards_are_lost_and_comes_back(void **state)
{
    struct world *w = *state;
    struct source_reader *a = join_and_start(w, 0);
    fake_log_expire(w->members[0]);
    source_reader_step(a);
    assert_true(a->lost);
    SOURCE_READER_UNTIL(a, owned_count(a) == SHARDS);
}

static void cut_member_is_unavailable_as_often_as_wanted(void **state)
{
    struct world *w = *state;
    struct source_reader *r = join_and_start(w, 0);
    fake_log_cut(w->members[0], 2);
    source_reader_step(r);
    assert_int_equal(r->status, STATUS_UNAVAILABLE);
    assert_int_equal(source_reader_start(r, 0, from_start), STATUS_UNAVAILABLE);
    source_reader_step(r);
    assert_int_equal(r->status, STATUS_OK);
}

#define PROMISE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(offsets_without_a_record_do_not_keep_an_input_from_its_end),
        PROMISE(what_an_owner_went_on_without_is_lost),
        PROMISE(lag_delivers_up_to_the_limit_and_proves_no_end),
        PROMISE(silence_of_the_broker_gives_no_newer_end),
        PROMISE(killed_member_keeps_its_shards_until_its_session_ends),
        PROMISE(expired_member_learns_that_its_shards_are_lost_and_comes_back),
        PROMISE(cut_member_is_unavailable_as_often_as_wanted),
    };
    return cmocka_run_group_tests_name("log_fake", tests, NULL, NULL);
}
