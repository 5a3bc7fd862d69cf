/* kafka_source_test.c - duties, records, positions and ends, on a cluster in memory. */
#include "kafka/kafka_source.h"
#include "support/kafka_cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { SHARDS = 2, PATIENCE_MS = 15000, STEP_MS = 50, SEEN_MAX = 4096, MEMBERS = 2 };

static wall_time now(void)
{
    struct timespec t = { 0 };
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (wall_time){ (int64_t)t.tv_sec * SECOND_MS + t.tv_nsec / 1000000 };
}

struct seen {
    int32_t shard;
    enum topic topic;
    int64_t offset;
    char value[32];
};

/* One worker, as far as the source knows it. */
struct member {
    struct kafka_source *source;
    struct source_port port;
    bool owned[SHARDS];
    bool revoked; /* a DUTY_REVOKED waits for its release */
    struct seen seen[SEEN_MAX];
    int count;
    enum status status; /* of the last read */
    struct reason why;
};

struct world {
    struct kafka_cluster *cluster;
    struct kafka_source_options options;
    struct member members[MEMBERS];
};

/* The group of the cluster in memory waits for members that do not come back for
 * as long as their session: short, so that tests are. */
static const struct kafka_property quick[] = {
    { "session.timeout.ms", "4000" },
    { "heartbeat.interval.ms", "100" },
    { "log_level", "0" },
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->cluster = kafka_cluster_open(1);
    kafka_cluster_topics(w->cluster, SHARDS);
    w->options = (struct kafka_source_options){
        .kafka = kafka_cluster_options(w->cluster),
        .topics = { "orders", "messages", "shipments" },
        .shard_count = SHARDS,
        .batch_records = 100,
        .probe_interval_ms = 100,
        .from_beginning = true,
        .now = now,
    };
    w->options.kafka.properties = quick;
    w->options.kafka.property_count = sizeof quick / sizeof quick[0];
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < MEMBERS; i++)
        kafka_source_close(w->members[i].source);
    kafka_cluster_close(w->cluster);
    free(w);
    return 0;
}

static void join(struct world *w, int member)
{
    struct member *m = &w->members[member];
    m->source = kafka_source_open(&w->options, &m->why);
    assert_non_null(m->source);
    m->port = kafka_source_port(m->source);
}

static void note(struct member *m, const struct record *r)
{
    assert_true(m->count < SEEN_MAX);
    struct seen *s = &m->seen[m->count++];
    s->shard = r->shard;
    s->topic = r->topic;
    s->offset = r->offset;
    (void)snprintf(s->value, sizeof s->value, "%.*s", (int)r->value.size,
                   (const char *)r->value.at);
}

static void read_once(struct member *m)
{
    struct record_batch batch = { 0 };
    m->status = m->port.read(m->port.self, STEP_MS, &batch, &m->why);
    if (m->status != STATUS_OK)
        return;
    for (int32_t i = 0; i < batch.duty_count; i++) {
        m->owned[batch.duties[i].shard] = batch.duties[i].kind == DUTY_ASSIGNED;
        m->revoked = m->revoked || batch.duties[i].kind == DUTY_REVOKED;
    }
    for (int32_t i = 0; i < batch.record_count; i++)
        note(m, &batch.records[i]);
}

/* Reads until `condition`, or fails after a while. */
#define READ_UNTIL(m, condition)                                                               \
    do {                                                                                       \
        const int64_t until = now().ms + PATIENCE_MS;                                          \
        while (!(condition)) {                                                                 \
            assert_true(now().ms < until);                                                     \
            read_once(m);                                                                      \
        }                                                                                      \
    } while (0)

static void read_for(struct member *m, int ms)
{
    const int64_t until = now().ms + ms;
    while (now().ms < until)
        read_once(m);
}

static const int64_t from_start[TOPIC_COUNT] = { OFFSET_NONE, OFFSET_NONE, OFFSET_NONE };

static void start_all(struct member *m)
{
    READ_UNTIL(m, m->owned[0] && m->owned[1]);
    for (int32_t shard = 0; shard < SHARDS; shard++)
        assert_int_equal(m->port.start(m->port.self, shard, from_start, &m->why), STATUS_OK);
}

static int64_t position(struct member *m, int32_t shard, enum topic topic)
{
    return m->port.position(m->port.self, shard, topic);
}

static struct log_end log_end(struct member *m, int32_t shard, enum topic topic)
{
    return m->port.log_end(m->port.self, shard, topic);
}

/* ---- promises ------------------------------------------------------------------------ */

static void a_shard_is_not_read_before_it_is_started(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    kafka_cluster_fill(w->cluster, "orders", 0, "a", 3);
    join(w, 0);
    READ_UNTIL(m, m->owned[0] && m->owned[1]);
    read_for(m, 300);
    assert_int_equal(m->count, 0);
    assert_int_equal(position(m, 0, TOPIC_ORDERS), OFFSET_NONE);

    assert_int_equal(m->port.start(m->port.self, 0, from_start, &m->why), STATUS_OK);
    assert_int_equal(position(m, 0, TOPIC_ORDERS), 0);
    READ_UNTIL(m, m->count == 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(m->seen[i].offset, i);
        assert_int_equal(m->seen[i].topic, TOPIC_ORDERS);
        assert_int_equal(m->seen[i].shard, 0);
    }
    assert_string_equal(m->seen[2].value, "a2");
    assert_int_equal(position(m, 0, TOPIC_ORDERS), 3);
}

static void reading_begins_at_the_given_offsets(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    kafka_cluster_fill(w->cluster, "orders", 1, "o", 10);
    kafka_cluster_fill(w->cluster, "messages", 1, "m", 10);
    join(w, 0);
    READ_UNTIL(m, m->owned[1]);
    const int64_t offsets[TOPIC_COUNT] = { 8, 9, OFFSET_NONE };
    assert_int_equal(m->port.start(m->port.self, 1, offsets, &m->why), STATUS_OK);
    READ_UNTIL(m, m->count == 3);
    read_for(m, 200);
    assert_int_equal(m->count, 3);
    for (int i = 0; i < 3; i++)
        assert_true(m->seen[i].offset >= (m->seen[i].topic == TOPIC_ORDERS ? 8 : 9));
}

static void with_latest_only_what_comes_after_the_start_is_read(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    w->options.from_beginning = false;
    kafka_cluster_fill(w->cluster, "orders", 0, "old", 5);
    join(w, 0);
    start_all(m);
    assert_int_equal(position(m, 0, TOPIC_ORDERS), 5);
    kafka_cluster_append(w->cluster, "orders", 0, "k", "new");
    READ_UNTIL(m, m->count == 1);
    assert_string_equal(m->seen[0].value, "new");
}

static void a_held_input_keeps_its_records_for_later(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    kafka_cluster_fill(w->cluster, "orders", 0, "o", 150);
    kafka_cluster_fill(w->cluster, "messages", 0, "m", 150);
    join(w, 0);
    start_all(m);
    READ_UNTIL(m, m->count > 0);
    m->port.hold(m->port.self, 0, TOPIC_ORDERS, true);
    m->port.hold(m->port.self, 0, TOPIC_ORDERS, true);
    const int64_t stopped = position(m, 0, TOPIC_ORDERS);
    READ_UNTIL(m, position(m, 0, TOPIC_MESSAGES) == 150);
    kafka_cluster_fill(w->cluster, "orders", 0, "p", 10);
    read_for(m, 200);
    assert_int_equal(position(m, 0, TOPIC_ORDERS), stopped);

    m->port.hold(m->port.self, 0, TOPIC_ORDERS, false);
    READ_UNTIL(m, position(m, 0, TOPIC_ORDERS) == 160);
    int64_t next[TOPIC_COUNT] = { 0 };
    for (int i = 0; i < m->count; i++)
        assert_int_equal(m->seen[i].offset, next[m->seen[i].topic]++);
    assert_int_equal(next[TOPIC_ORDERS], 160);
}

static void a_seek_delivers_nothing_of_what_was_fetched_before(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    kafka_cluster_fill(w->cluster, "orders", 0, "o", 500);
    join(w, 0);
    start_all(m);
    READ_UNTIL(m, m->count > 0);
    const int64_t back[TOPIC_COUNT] = { 7, OFFSET_NONE, OFFSET_NONE };
    assert_int_equal(m->port.start(m->port.self, 0, back, &m->why), STATUS_OK);
    assert_int_equal(position(m, 0, TOPIC_ORDERS), 7);
    m->count = 0;
    READ_UNTIL(m, m->count == 493);
    for (int i = 0; i < m->count; i++)
        assert_int_equal(m->seen[i].offset, 7 + i);
}

static void the_end_of_an_input_is_told_with_the_time_of_asking(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    kafka_cluster_fill(w->cluster, "shipments", 1, "s", 4);
    const wall_time before = now();
    join(w, 0);
    assert_false(log_end(m, 1, TOPIC_SHIPMENTS).known);
    start_all(m);
    READ_UNTIL(m, log_end(m, 1, TOPIC_SHIPMENTS).known);
    assert_int_equal(log_end(m, 1, TOPIC_SHIPMENTS).end, 4);
    assert_in_range(log_end(m, 1, TOPIC_SHIPMENTS).asked.ms, before.ms, now().ms);
    READ_UNTIL(m, position(m, 1, TOPIC_SHIPMENTS) == 4);

    const wall_time first = log_end(m, 1, TOPIC_SHIPMENTS).asked;
    READ_UNTIL(m, log_end(m, 1, TOPIC_SHIPMENTS).asked.ms > first.ms);
    assert_int_equal(log_end(m, 1, TOPIC_ORDERS).end, 0);
}

static void without_brokers_no_end_gets_newer_and_the_reason_is_told(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    join(w, 0);
    start_all(m);
    READ_UNTIL(m, log_end(m, 0, TOPIC_ORDERS).known);
    kafka_cluster_down(w->cluster);
    READ_UNTIL(m, m->status == STATUS_UNAVAILABLE);
    assert_non_null(strstr(m->why.text, kafka_cluster_brokers(w->cluster)));
    const wall_time last = log_end(m, 0, TOPIC_ORDERS).asked;
    read_for(m, 500);
    assert_int_equal(log_end(m, 0, TOPIC_ORDERS).asked.ms, last.ms);

    kafka_cluster_up(w->cluster);
    kafka_cluster_append(w->cluster, "orders", 0, NULL, "back");
    READ_UNTIL(m, m->status == STATUS_OK);
    start_all(m); /* the group may have given up on us meanwhile */
    READ_UNTIL(m, m->count == 1);
    READ_UNTIL(m, log_end(m, 0, TOPIC_ORDERS).end == 1);
    assert_int_equal(m->status, STATUS_OK);
}

static void an_offset_beyond_the_end_is_data_loss_with_both_offsets(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    kafka_cluster_fill(w->cluster, "orders", 0, "o", 5);
    join(w, 0);
    READ_UNTIL(m, m->owned[0]);
    const int64_t offsets[TOPIC_COUNT] = { 77, OFFSET_NONE, OFFSET_NONE };
    assert_int_equal(m->port.start(m->port.self, 0, offsets, &m->why), STATUS_DATA_LOSS);
    assert_non_null(strstr(m->why.text, "offset 77"));
    assert_non_null(strstr(m->why.text, "ends at 5"));
    assert_int_equal(position(m, 0, TOPIC_ORDERS), OFFSET_NONE);
}

static void skipping_data_loss_goes_on_at_the_oldest_record(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    w->options.skip_on_data_loss = true;
    kafka_cluster_fill(w->cluster, "orders", 0, "o", 5);
    join(w, 0);
    READ_UNTIL(m, m->owned[0]);
    const int64_t offsets[TOPIC_COUNT] = { 77, OFFSET_NONE, OFFSET_NONE };
    assert_int_equal(m->port.start(m->port.self, 0, offsets, &m->why), STATUS_OK);
    READ_UNTIL(m, m->count == 5);
    assert_int_equal(m->seen[0].offset, 0);
}

static void a_second_member_gets_its_share_only_after_the_first_lets_go(void **state)
{
    struct world *w = *state;
    struct member *a = &w->members[0];
    struct member *b = &w->members[1];
    w->options.kafka.instance_id = "a";
    join(w, 0);
    start_all(a);
    w->options.kafka.instance_id = "b";
    join(w, 1);
    READ_UNTIL(b, (read_once(a), a->revoked));
    assert_false(a->owned[0] || a->owned[1]);
    assert_int_equal(a->port.start(a->port.self, 0, from_start, &a->why), STATUS_UNAVAILABLE);
    kafka_cluster_fill(w->cluster, "orders", 0, "o", 3);
    read_for(a, 300);
    assert_int_equal(a->count, 0);
    assert_false(b->owned[0] || b->owned[1]);

    a->port.release(a->port.self);
    READ_UNTIL(b, (read_once(a), a->owned[0] + a->owned[1] == 1 &&
                                     b->owned[0] + b->owned[1] == 1));
    assert_int_not_equal(a->owned[0], b->owned[0]);
    struct member *heir = a->owned[0] ? a : b;
    assert_int_equal(heir->port.start(heir->port.self, 0, from_start, &heir->why), STATUS_OK);
    READ_UNTIL(heir, heir->count == 3);
}

static void a_member_that_closes_hands_over_at_once(void **state)
{
    struct world *w = *state;
    struct member *a = &w->members[0];
    struct member *b = &w->members[1];
    w->options.kafka.instance_id = "a";
    join(w, 0);
    READ_UNTIL(a, a->owned[0] && a->owned[1]);
    kafka_source_close(a->source);
    a->source = NULL;
    w->options.kafka.instance_id = "b";
    join(w, 1);
    READ_UNTIL(b, b->owned[0] && b->owned[1]);
}

static void progress_may_be_noted_at_any_time(void **state)
{
    struct world *w = *state;
    struct member *m = &w->members[0];
    const int64_t offsets[TOPIC_COUNT] = { 1, OFFSET_NONE, 0 };
    join(w, 0);
    m->port.note_progress(m->port.self, 0, offsets); /* not ours: ignored */
    start_all(m);
    m->port.note_progress(m->port.self, 0, offsets);
    m->port.note_progress(m->port.self, 0, offsets);
    read_for(m, 100);
    assert_int_equal(m->status, STATUS_OK);
}

#define PROMISE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_shard_is_not_read_before_it_is_started),
        PROMISE(reading_begins_at_the_given_offsets),
        PROMISE(with_latest_only_what_comes_after_the_start_is_read),
        PROMISE(a_held_input_keeps_its_records_for_later),
        PROMISE(a_seek_delivers_nothing_of_what_was_fetched_before),
        PROMISE(the_end_of_an_input_is_told_with_the_time_of_asking),
        PROMISE(without_brokers_no_end_gets_newer_and_the_reason_is_told),
        PROMISE(an_offset_beyond_the_end_is_data_loss_with_both_offsets),
        PROMISE(skipping_data_loss_goes_on_at_the_oldest_record),
        PROMISE(a_second_member_gets_its_share_only_after_the_first_lets_go),
        PROMISE(a_member_that_closes_hands_over_at_once),
        PROMISE(progress_may_be_noted_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
