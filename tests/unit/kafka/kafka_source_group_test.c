/* kafka_source_group_test.c - long stories of one reader of Kafka: going back, holding and
 * letting go again and again, brokers that go away at the worst moment. The short ones stand
 * in kafka_source_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"
#include "kafka/kafka_source.h"
#include "support/kafka_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SHARDS = 2,
    BATCH = 64,
    READ_MS = 100,
    PATIENCE_MS = 30000,
    PROBE_MS = 100,
    VALUES_MAX = 4096,
    VALUE_BYTES = 16,
};

static const int64_t from_nothing[TOPIC_COUNT] = { OFFSET_NONE, OFFSET_NONE, OFFSET_NONE };
static const char *const topic_names[TOPIC_COUNT] = { "orders", "messages", "shipments" };

/* A worker with a memory: what it was handed out, in order. */
struct reader {
    struct kafka_source *source;
    struct source_port port;
    bool ours[SHARDS];
    struct {
        int32_t shard;
        enum topic topic;
        int64_t offset;
        char value[VALUE_BYTES];
    } seen[VALUES_MAX];
    int32_t seen_count;
};

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(int ms)
{
    const struct timespec pause = { .tv_nsec = (long)ms * 1000000 };
    nanosleep(&pause, NULL);
}

static wall_time wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (wall_time){ (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 };
}

/* ---- the reader --------------------------------------------------------------------- */

static struct kafka_source_options source_options(const struct kafka_cluster *c,
                                                  const char *instance)
{
    struct kafka_source_options o = { .kafka = kafka_cluster_options(c),
                                      .shard_count = SHARDS,
                                      .batch_records = BATCH,
                                      .probe_interval_ms = PROBE_MS,
                                      .from_beginning = true,
                                      .now = wall_now };
    o.kafka.instance_id = instance;
    for (int i = 0; i < TOPIC_COUNT; i++)
        o.topics[i] = topic_names[i];
    return o;
}

static struct reader *open_with(const struct kafka_source_options *o)
{
    struct reason why = { "" };
    struct reader *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->source = kafka_source_open(o, &why);
    assert_string_equal(why.text, "");
    assert_non_null(r->source);
    r->port = kafka_source_port(r->source);
    return r;
}

static struct reader *open_reader(const struct kafka_cluster *c, const char *instance)
{
    const struct kafka_source_options o = source_options(c, instance);
    return open_with(&o);
}

static void close_reader(struct reader *r)
{
    kafka_source_close(r->source);
    free(r);
}

static void remember(struct reader *r, const struct record *record)
{
    assert_true(r->seen_count < VALUES_MAX);
    assert_true(record->value.size < VALUE_BYTES);
    r->seen[r->seen_count].shard = record->shard;
    r->seen[r->seen_count].topic = record->topic;
    r->seen[r->seen_count].offset = record->offset;
    memcpy(r->seen[r->seen_count].value, record->value.at, record->value.size);
    r->seen[r->seen_count].value[record->value.size] = '\0';
    r->seen_count += 1;
}

static void follow(struct reader *r, const struct record_batch *batch)
{
    bool release = false;
    for (int32_t i = 0; i < batch->duty_count; i++) {
        const struct duty *d = &batch->duties[i];
        r->ours[d->shard] = d->kind == DUTY_ASSIGNED;
        release |= d->kind == DUTY_REVOKED;
    }
    if (release)
        r->port.release(r->port.self);
}

static enum status step(struct reader *r, struct reason *why)
{
    struct record_batch batch = { 0 };
    const enum status s = r->port.read(r->port.self, READ_MS, &batch, why);
    if (s != STATUS_OK)
        return s;
    assert_true(batch.record_count <= BATCH);
    for (int32_t i = 0; i < batch.record_count; i++)
        remember(r, &batch.records[i]);
    follow(r, &batch);
    return s;
}

static void read_for(struct reader *r, int ms)
{
    struct reason why = { "" };
    for (const int64_t until = clock_ms() + ms; clock_ms() < until;)
        assert_int_equal(step(r, &why), STATUS_OK);
}

static void read_until_seen(struct reader *r, int32_t count)
{
    struct reason why = { "" };
    const int64_t until = clock_ms() + PATIENCE_MS;
    while (r->seen_count < count && clock_ms() < until)
        assert_int_equal(step(r, &why), STATUS_OK);
    assert_int_equal(r->seen_count, count);
}

static void read_until_owned(struct reader *r, int32_t count)
{
    struct reason why = { "" };
    const int64_t until = clock_ms() + PATIENCE_MS;
    while (r->ours[0] + r->ours[1] != count && clock_ms() < until)
        assert_int_equal(step(r, &why), STATUS_OK);
    assert_int_equal(r->ours[0] + r->ours[1], count);
}

/* Right after the assignment the brokers may still have to be asked. */
static enum status start_at(struct reader *r, int32_t shard, const int64_t *offsets,
                            struct reason *why)
{
    enum status s = STATUS_UNAVAILABLE;
    const int64_t until = clock_ms() + PATIENCE_MS;
    while (s == STATUS_UNAVAILABLE && clock_ms() < until)
        s = r->port.start(r->port.self, shard, offsets, why);
    return s;
}

static void start(struct reader *r, int32_t shard, const int64_t *offsets)
{
    struct reason why = { "" };
    assert_int_equal(start_at(r, shard, offsets, &why), STATUS_OK);
}

/* Of this input exactly the offsets [from, to) were seen since `since`, in order. */
static void assert_seen(const struct reader *r, int32_t since, enum topic topic, int64_t from,
                        int64_t to)
{
    int64_t next = from;
    for (int32_t i = since; i < r->seen_count; i++) {
        if (r->seen[i].topic != topic || r->seen[i].shard != 0)
            continue;
        assert_int_equal(r->seen[i].offset, next);
        next += 1;
    }
    assert_int_equal(next, to);
}

static int open_cluster(void **state)
{
    *state = kafka_cluster_open(1);
    kafka_cluster_topics(*state, SHARDS);
    return 0;
}

static int close_cluster(void **state)
{
    kafka_cluster_close(*state);
    return 0;
}

/* ---- promises -------------------------------------------------------------------------- */

static void a_record_comes_as_it_was_written(void **state)
{
    kafka_cluster_append(*state, "messages", 1, "seller-7", "hello");
    struct reader *r = open_reader(*state, "one");
    read_until_owned(r, SHARDS);
    start(r, 1, from_nothing);
    struct record_batch batch = { 0 };
    struct reason why = { "" };
    const int64_t until = clock_ms() + PATIENCE_MS;
    while (batch.record_count == 0 && clock_ms() < until)
        assert_int_equal(r->port.read(r->port.self, READ_MS, &batch, &why), STATUS_OK);
    assert_int_equal(batch.record_count, 1);
    const struct record *record = &batch.records[0];
    assert_int_equal(record->shard, 1);
    assert_int_equal(record->topic, TOPIC_MESSAGES);
    assert_int_equal(record->offset, 0);
    assert_int_equal(record->key.size, strlen("seller-7"));
    assert_memory_equal(record->key.at, "seller-7", record->key.size);
    assert_int_equal(record->value.size, strlen("hello"));
    assert_memory_equal(record->value.at, "hello", record->value.size);
    assert_true(llabs(record->timestamp.ms - wall_now().ms) < PATIENCE_MS);
    close_reader(r);
}

/* A worker that must decode a record again goes back; what was read ahead before
 * must not slip in. */
static void a_second_start_delivers_again_from_its_offset(void **state)
{
    const int64_t back[TOPIC_COUNT] = { 100, 0, 0 };
    kafka_cluster_fill(*state, "orders", 0, "v", 1000);
    struct reader *r = open_reader(*state, "one");
    read_until_owned(r, SHARDS);
    start(r, 0, from_nothing);
    struct reason why = { "" };
    while (r->seen_count < 300)
        assert_int_equal(step(r, &why), STATUS_OK);
    for (int round = 0; round < 3; round++) {
        const int32_t since = r->seen_count;
        start(r, 0, back);
        read_until_seen(r, since + 900);
        assert_seen(r, since, TOPIC_ORDERS, 100, 1000);
    }
    close_reader(r);
}

static void a_held_input_is_silent_and_loses_and_doubles_nothing(void **state)
{
    kafka_cluster_fill(*state, "orders", 0, "v", 2000);
    kafka_cluster_fill(*state, "shipments", 0, "v", 500);
    struct reader *r = open_reader(*state, "one");
    read_until_owned(r, SHARDS);
    start(r, 0, from_nothing);
    struct reason why = { "" };
    while (r->seen_count < 200)
        assert_int_equal(step(r, &why), STATUS_OK);
    for (int round = 0; round < 4; round++) {
        r->port.hold(r->port.self, 0, TOPIC_ORDERS, true);
        r->port.hold(r->port.self, 0, TOPIC_ORDERS, true);
        const int64_t at = r->port.position(r->port.self, 0, TOPIC_ORDERS);
        read_for(r, 3 * READ_MS);
        assert_int_equal(r->port.position(r->port.self, 0, TOPIC_ORDERS), at);
        r->port.hold(r->port.self, 0, TOPIC_ORDERS, false);
        for (int i = 0; i < 3; i++)
            assert_int_equal(step(r, &why), STATUS_OK);
    }
    read_until_seen(r, 2500);
    assert_seen(r, 0, TOPIC_ORDERS, 0, 2000);
    assert_seen(r, 0, TOPIC_SHIPMENTS, 0, 500);
    close_reader(r);
}

/* They go right after the start, while an answer of theirs is still on its way: it is
 * no sign of life. */
static void silent_brokers_are_unavailable_until_they_answer_again(void **state)
{
    struct reason why = { "" };
    struct reader *r = open_reader(*state, "one");
    read_until_owned(r, SHARDS);
    start(r, 0, from_nothing);
    pause_ms(3 * PROBE_MS);
    kafka_cluster_down(*state);
    pause_ms(PROBE_MS);
    enum status s = STATUS_OK;
    int64_t until = clock_ms() + PATIENCE_MS;
    while (s == STATUS_OK && clock_ms() < until)
        s = step(r, &why);
    assert_int_equal(s, STATUS_UNAVAILABLE);
    assert_non_null(strstr(why.text, kafka_cluster_brokers(*state)));

    kafka_cluster_up(*state);
    kafka_cluster_append(*state, "orders", 0, NULL, "v");
    until = clock_ms() + PATIENCE_MS;
    while (r->seen_count == 0 && clock_ms() < until)
        (void)step(r, &why);
    assert_int_equal(r->seen_count, 1);
    until = clock_ms() + PATIENCE_MS;
    while ((s = step(r, &why)) != STATUS_OK && clock_ms() < until)
        continue; /* the group may hear of it later than the reader */
    assert_int_equal(s, STATUS_OK);
    close_reader(r);
}

static void closing_without_brokers_is_bounded(void **state)
{
    enum { CLOSE_MS = 10000 };
    struct reader *r = open_reader(*state, "one");
    read_until_owned(r, SHARDS);
    kafka_cluster_down(*state);
    const int64_t begun = clock_ms();
    close_reader(r);
    assert_true(clock_ms() - begun < CLOSE_MS);
}

#define WITH_CLUSTER(test) cmocka_unit_test_setup_teardown(test, open_cluster, close_cluster)

int main(void)
{
    log_open(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(a_record_comes_as_it_was_written),
        WITH_CLUSTER(a_second_start_delivers_again_from_its_offset),
        WITH_CLUSTER(a_held_input_is_silent_and_loses_and_doubles_nothing),
        WITH_CLUSTER(silent_brokers_are_unavailable_until_they_answer_again),
        WITH_CLUSTER(closing_without_brokers_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
