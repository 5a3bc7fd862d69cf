/* log_contract_test.c - do the log in memory and Kafka keep the same promises to a
 * reader? One suite, run on the fake and on librdkafka's cluster in memory or, if
 * SELLERWATCH_TEST_KAFKA=host:port names one, on a real broker.
 *
 * What differs between the worlds - how a record gets there, how a member comes
 * and goes - stands in the section "the three worlds"; the promises below do not
 * know it.
 */
#include "base/hash.h"
#include "kafka/kafka_source.h"
#include "support/fake_log.h"
#include "support/kafka_broker.h"
#include "support/kafka_cluster.h"
#include "support/source_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

enum {
    SHARDS = 2,
    MEMBERS = 2,
    BATCH = 40,
    NAME_BYTES = 128,
    FLUSH_MS = 10000,
    QUIET_MS = 400,
    BRIEF_MS = 1000,
    TOGETHER = 10
};

struct world {
    struct source_reader readers[MEMBERS];
    struct fake_log *log; /* NULL: Kafka */
    struct fake_member *members[MEMBERS];
    struct kafka_cluster *cluster; /* NULL: a real broker, or none */
    struct kafka_source *sources[MEMBERS];
    struct kafka_source_options options;
    rd_kafka_t *producer;
    char group[NAME_BYTES / 2];
    char id[NAME_BYTES];
    char names[TOPIC_COUNT][NAME_BYTES];
    bool skip_on_data_loss; /* like what follows set before the first member joins */
    bool small_fetches;     /* little is fetched ahead of what is read */
    bool brief_session;     /* of BRIEF_MS */
};

static const int64_t from_start[TOPIC_COUNT] = { OFFSET_NONE, OFFSET_NONE, OFFSET_NONE };

/* ---- the three worlds ------------------------------------------------------------------ */

static wall_time fake_now(void *arg)
{
    (void)arg;
    return source_reader_now();
}

/* A cluster in memory waits for a member that does not come back as long as its session. */
static const struct kafka_property in_memory[] = { { "session.timeout.ms", "4000" },
                                                   { "heartbeat.interval.ms", "100" },
                                                   { "log_level", "0" } };
static const struct kafka_property on_broker[] = { { "session.timeout.ms", "6000" } };
static const struct kafka_property small_fetches[] = { { "queued.max.messages.kbytes", "1" },
                                                       { "queued.min.messages", "1" },
                                                       { "fetch.message.max.bytes", "1000" } };
static const struct kafka_property brief_session[] = { { "session.timeout.ms", "1000" },
                                                       { "heartbeat.interval.ms", "100" },
                                                       { "max.poll.interval.ms", "1000" } };

static struct world *new_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    *state = w;
    return w;
}

static int set_up_fake(void **state)
{
    (void)new_world(state);
    return 0; /* the log is opened by the first who needs it: see log_of */
}

static struct fake_log *log_of(struct world *w)
{
    const struct fake_log_options options = {
        .shard_count = SHARDS,
        .batch_records = BATCH,
        .skip_on_data_loss = w->skip_on_data_loss,
        .now = fake_now,
    };
    if (w->log == NULL)
        w->log = fake_log_open(&options);
    return w->log;
}

static void open_producer(struct world *w)
{
    char error[256] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", w->options.kafka.brokers,
                                       error, sizeof error),
                     RD_KAFKA_CONF_OK);
    w->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    assert_non_null(w->producer);
}

static void set_up_source(struct world *w, const char *brokers)
{
    (void)snprintf(w->group, sizeof w->group, "log-%d-%lld", (int)getpid(),
                   (long long)source_reader_now().ms);
    w->options = (struct kafka_source_options){
        .kafka = { .brokers = brokers, .group = w->group },
        .shard_count = SHARDS,
        .batch_records = BATCH,
        .probe_interval_ms = 100,
        .from_beginning = true,
        .now = source_reader_now,
    };
    for (int i = 0; i < TOPIC_COUNT; i++) {
        (void)snprintf(w->names[i], sizeof w->names[i], "%s-%s", w->group,
                       topic_label((enum topic)i));
        w->options.topics[i] = w->names[i];
    }
    open_producer(w);
}

static int set_up_cluster(void **state)
{
    struct world *w = new_world(state);
    w->cluster = kafka_cluster_open(1);
    set_up_source(w, kafka_cluster_brokers(w->cluster));
    w->options.kafka.properties = in_memory;
    w->options.kafka.property_count = sizeof in_memory / sizeof in_memory[0];
    for (int i = 0; i < TOPIC_COUNT; i++)
        kafka_cluster_topic(w->cluster, w->names[i], SHARDS);
    return 0;
}

static int set_up_broker(void **state)
{
    struct world *w = new_world(state);
    set_up_source(w, kafka_broker_address());
    w->options.kafka.properties = on_broker;
    w->options.kafka.property_count = sizeof on_broker / sizeof on_broker[0];
    w->options.kafka.lease = true;
    for (int i = 0; i < TOPIC_COUNT; i++)
        kafka_broker_topic(w->names[i], SHARDS);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < MEMBERS; i++)
        kafka_source_close(w->sources[i]);
    if (w->producer != NULL)
        rd_kafka_destroy(w->producer);
    kafka_cluster_close(w->cluster);
    fake_log_close(w->log);
    free(w);
    return 0;
}

static bool is_fake(const struct world *w)
{
    return w->producer == NULL;
}

static void choose_properties(struct world *w)
{
    w->options.skip_on_data_loss = w->skip_on_data_loss;
    if (w->small_fetches) {
        w->options.kafka.properties = small_fetches;
        w->options.kafka.property_count = sizeof small_fetches / sizeof small_fetches[0];
    }
    if (w->brief_session) {
        w->options.kafka.properties = brief_session;
        w->options.kafka.property_count = sizeof brief_session / sizeof brief_session[0];
    }
}

static struct source_reader *join(struct world *w, int member)
{
    struct source_reader *r = &w->readers[member];
    if (is_fake(w)) {
        w->members[member] = fake_log_join(log_of(w));
        r->port = fake_log_source(w->members[member]);
        return r;
    }
    (void)snprintf(w->id, sizeof w->id, "member-%d", member);
    w->options.kafka.instance_id = w->id;
    choose_properties(w);
    w->sources[member] = kafka_source_open(&w->options, &r->why);
    assert_non_null(w->sources[member]);
    r->port = kafka_source_port(w->sources[member]);
    return r;
}

static void leave(struct world *w, int member)
{
    if (is_fake(w)) {
        fake_log_leave(w->members[member]);
        return;
    }
    kafka_source_close(w->sources[member]);
    w->sources[member] = NULL;
}

/* It sleeps for longer than its session lasts. */
static void oversleep(struct world *w, int member)
{
    if (is_fake(w))
        fake_log_expire(w->members[member]);
    else
        (void)usleep(3 * BRIEF_MS * 1000);
}

static void append_record(struct world *w, const struct fake_record *record)
{
    if (is_fake(w)) {
        (void)fake_log_append(log_of(w), record);
        return;
    }
    rd_kafka_topic_t *to = rd_kafka_topic_new(w->producer, w->names[record->topic], NULL);
    assert_non_null(to);
    void *value = (void *)(uintptr_t)record->value.at;
    assert_int_equal(rd_kafka_produce(to, record->shard, RD_KAFKA_MSG_F_COPY, value,
                                      record->value.size, record->key.at, record->key.size,
                                      NULL),
                     0);
    rd_kafka_topic_destroy(to);
}

static void flush(struct world *w)
{
    if (!is_fake(w))
        assert_int_equal(rd_kafka_flush(w->producer, FLUSH_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* Records with the values "0", "1" ...; what is fetched at once is at least what was sent at
 * once, so with small fetches it is little. */
static void append(struct world *w, enum topic topic, int32_t shard, int count)
{
    char value[SOURCE_READER_VALUE_BYTES];
    for (int i = 0; i < count; i++) {
        const int size = snprintf(value, sizeof value, "%d", i);
        append_record(w, &(struct fake_record){ .topic = topic,
                                                .shard = shard,
                                                .value = span_of(value, (size_t)size),
                                                .timestamp = { 1 } });
        if (w->small_fetches && i % TOGETHER == 0)
            flush(w);
    }
    flush(w);
}

/* As retention does. */
static void delete_before(struct world *w, enum topic topic, int32_t shard, int64_t offset)
{
    if (is_fake(w))
        fake_log_truncate(log_of(w), shard, topic, offset);
    else
        kafka_broker_delete_before(w->names[topic], shard, offset);
}

/* ---- helpers --------------------------------------------------------------------------------
 */

static int owned_count(const struct source_reader *r)
{
    return r->owned[0] + r->owned[1];
}

/* Brokers may need a moment for new topics: then the worker asks again. */
static void start(struct source_reader *r, int32_t shard, const int64_t offsets[TOPIC_COUNT])
{
    SOURCE_READER_UNTIL(r, source_reader_start(r, shard, offsets) == STATUS_OK);
}

static struct source_reader *join_and_start(struct world *w)
{
    struct source_reader *r = join(w, 0);
    SOURCE_READER_UNTIL(r, owned_count(r) == SHARDS);
    for (int32_t shard = 0; shard < SHARDS; shard++)
        start(r, shard, from_start);
    return r;
}

static void assert_in_order_from(const struct source_reader *r, int64_t first)
{
    int64_t next[SHARDS][TOPIC_COUNT];
    for (int shard = 0; shard < SHARDS; shard++)
        for (int topic = 0; topic < TOPIC_COUNT; topic++)
            next[shard][topic] = first;
    for (int i = 0; i < r->count; i++) {
        const struct source_seen *s = &r->seen[i];
        char value[SOURCE_READER_VALUE_BYTES];
        assert_int_equal(s->offset, next[s->shard][s->topic]++);
        (void)snprintf(value, sizeof value, "%d", (int)s->offset);
        assert_string_equal(s->value, value);
    }
}

/* ---- promises -------------------------------------------------------------------------------
 */

static void a_shard_is_not_read_before_it_is_started(void **state)
{
    struct world *w = *state;
    append(w, TOPIC_ORDERS, 0, 3);
    append(w, TOPIC_ORDERS, 1, 3);
    struct source_reader *r = join(w, 0);
    SOURCE_READER_UNTIL(r, owned_count(r) == SHARDS);
    source_reader_steps(r, QUIET_MS);
    assert_int_equal(r->count, 0);
    assert_int_equal(source_reader_position(r, 0, TOPIC_ORDERS), OFFSET_NONE);

    start(r, 0, from_start);
    SOURCE_READER_UNTIL(r, r->count == 3);
    source_reader_steps(r, QUIET_MS);
    assert_int_equal(r->count, 3);
    for (int i = 0; i < r->count; i++)
        assert_int_equal(r->seen[i].shard, 0);
}

static void every_record_of_every_input_comes_once_and_in_order(void **state)
{
    enum { EACH = 150 };
    struct world *w = *state;
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        for (int32_t shard = 0; shard < SHARDS; shard++)
            append(w, (enum topic)topic, shard, EACH);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count >= EACH * SHARDS * TOPIC_COUNT);
    source_reader_steps(r, QUIET_MS);
    assert_int_equal(r->count, EACH * SHARDS * TOPIC_COUNT);
    assert_in_order_from(r, 0);
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        assert_int_equal(source_reader_position(r, 1, (enum topic)topic), EACH);
}

static void reading_begins_at_the_stored_offsets(void **state)
{
    struct world *w = *state;
    const int64_t offsets[TOPIC_COUNT] = { 7, 9, 10 };
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        append(w, (enum topic)topic, 1, 10);
    struct source_reader *r = join(w, 0);
    SOURCE_READER_UNTIL(r, r->owned[1]);
    start(r, 1, offsets);
    assert_int_equal(source_reader_position(r, 1, TOPIC_ORDERS), 7);
    SOURCE_READER_UNTIL(r, r->count == 4);
    source_reader_steps(r, QUIET_MS);
    assert_int_equal(r->count, 4);
    for (int i = 0; i < r->count; i++)
        assert_true(r->seen[i].offset >= offsets[r->seen[i].topic]);
}

static void a_held_input_keeps_its_records_for_later(void **state)
{
    struct world *w = *state;
    append(w, TOPIC_ORDERS, 0, 200);
    append(w, TOPIC_MESSAGES, 0, 200);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count > 0);
    r->port.hold(r->port.self, 0, TOPIC_ORDERS, true);
    r->port.hold(r->port.self, 0, TOPIC_ORDERS, true);
    const int64_t stopped = source_reader_position(r, 0, TOPIC_ORDERS);
    SOURCE_READER_UNTIL(r, source_reader_position(r, 0, TOPIC_MESSAGES) == 200);
    source_reader_steps(r, QUIET_MS);
    assert_int_equal(source_reader_position(r, 0, TOPIC_ORDERS), stopped);

    r->port.hold(r->port.self, 0, TOPIC_ORDERS, false);
    SOURCE_READER_UNTIL(r, source_reader_position(r, 0, TOPIC_ORDERS) == 200);
    assert_int_equal(r->count, 400);
    assert_in_order_from(r, 0);
}

static void a_seek_delivers_again_from_there_and_nothing_fetched_before(void **state)
{
    struct world *w = *state;
    const int64_t back[TOPIC_COUNT] = { 7, OFFSET_NONE, OFFSET_NONE };
    append(w, TOPIC_ORDERS, 0, 300);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count > 0);
    start(r, 0, back);
    r->count = 0;
    assert_int_equal(source_reader_position(r, 0, TOPIC_ORDERS), 7);
    SOURCE_READER_UNTIL(r, source_reader_position(r, 0, TOPIC_ORDERS) == 300);
    assert_int_equal(r->count, 293);
    assert_in_order_from(r, 7);
}

static void a_held_input_stays_held_when_it_is_sought(void **state)
{
    struct world *w = *state;
    append(w, TOPIC_ORDERS, 0, 10);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count == 10);
    r->port.hold(r->port.self, 0, TOPIC_ORDERS, true);
    start(r, 0, from_start);
    r->count = 0;
    source_reader_steps(r, QUIET_MS);
    assert_int_equal(r->count, 0);
    assert_int_equal(source_reader_position(r, 0, TOPIC_ORDERS), 0);
    r->port.hold(r->port.self, 0, TOPIC_ORDERS, false);
    SOURCE_READER_UNTIL(r, r->count == 10);
}

static void an_end_is_told_with_the_time_at_which_it_was_asked(void **state)
{
    struct world *w = *state;
    append(w, TOPIC_SHIPMENTS, 1, 4);
    const wall_time before = source_reader_now();
    struct source_reader *r = join(w, 0);
    assert_false(source_reader_end(r, 1, TOPIC_SHIPMENTS).known);
    SOURCE_READER_UNTIL(r, owned_count(r) == SHARDS);
    SOURCE_READER_UNTIL(r, source_reader_end(r, 1, TOPIC_SHIPMENTS).known);
    const struct log_end first = source_reader_end(r, 1, TOPIC_SHIPMENTS);
    assert_int_equal(first.end, 4);
    assert_in_range(first.asked.ms, before.ms, source_reader_now().ms);

    append(w, TOPIC_SHIPMENTS, 1, 1);
    const wall_time appended = source_reader_now();
    SOURCE_READER_UNTIL(r, source_reader_end(r, 1, TOPIC_SHIPMENTS).asked.ms > appended.ms);
    assert_int_equal(source_reader_end(r, 1, TOPIC_SHIPMENTS).end, 5);
}

static void an_empty_input_is_at_its_end_where_reading_began(void **state)
{
    struct world *w = *state;
    struct source_reader *r = join_and_start(w);
    assert_int_equal(source_reader_position(r, 0, TOPIC_MESSAGES), 0);
    SOURCE_READER_UNTIL(r, source_reader_at_end(r, 0, TOPIC_MESSAGES));
    assert_int_equal(source_reader_position(r, 0, TOPIC_MESSAGES), 0);
    assert_int_equal(r->count, 0);
}

static void an_offset_beyond_the_end_is_data_loss_with_both_offsets(void **state)
{
    struct world *w = *state;
    const int64_t offsets[TOPIC_COUNT] = { OFFSET_NONE, 77, OFFSET_NONE };
    append(w, TOPIC_MESSAGES, 0, 5);
    struct source_reader *r = join(w, 0);
    SOURCE_READER_UNTIL(r, r->owned[0]);
    enum status s = STATUS_UNAVAILABLE;
    SOURCE_READER_UNTIL(r, (s = source_reader_start(r, 0, offsets)) != STATUS_UNAVAILABLE);
    assert_int_equal(s, STATUS_DATA_LOSS);
    assert_non_null(strstr(r->why.text, "77"));
    assert_non_null(strstr(r->why.text, "ends at 5"));
    source_reader_steps(r, QUIET_MS);
    assert_int_equal(r->count, 0);
}

static void skipping_data_loss_goes_on_at_the_oldest_record(void **state)
{
    struct world *w = *state;
    const int64_t offsets[TOPIC_COUNT] = { OFFSET_NONE, 77, OFFSET_NONE };
    w->skip_on_data_loss = true;
    append(w, TOPIC_MESSAGES, 0, 5);
    struct source_reader *r = join(w, 0);
    SOURCE_READER_UNTIL(r, r->owned[0]);
    start(r, 0, offsets);
    SOURCE_READER_UNTIL(r, r->count == 5);
    assert_in_order_from(r, 0);
}

static void a_second_member_gets_its_share_only_after_the_first_let_go(void **state)
{
    struct world *w = *state;
    struct source_reader *a = join_and_start(w);
    struct source_reader *b = join(w, 1);
    SOURCE_READER_UNTIL(b, (source_reader_step(a), a->revoked));
    assert_int_equal(owned_count(a), 0);
    assert_int_equal(source_reader_start(a, 0, from_start), STATUS_UNAVAILABLE);
    append(w, TOPIC_ORDERS, 0, 3);
    append(w, TOPIC_ORDERS, 1, 3);
    source_reader_steps(a, QUIET_MS);
    source_reader_steps(b, QUIET_MS);
    assert_int_equal(a->count + b->count + owned_count(b), 0);

    a->port.release(a->port.self);
    SOURCE_READER_UNTIL(b, (source_reader_step(a), owned_count(a) == 1 && owned_count(b) == 1));
    assert_int_not_equal(a->owned[0], b->owned[0]);
    start(a, a->owned[0] ? 0 : 1, from_start);
    start(b, b->owned[0] ? 0 : 1, from_start);
    SOURCE_READER_UNTIL(b, (source_reader_step(a), a->count == 3 && b->count == 3));
    for (int i = 0; i < 3; i++) {
        assert_true(a->owned[a->seen[i].shard]);
        assert_true(b->owned[b->seen[i].shard]);
    }
}

static void who_leaves_hands_over_to_the_others(void **state)
{
    struct world *w = *state;
    struct source_reader *a = join_and_start(w);
    SOURCE_READER_UNTIL(a, owned_count(a) == SHARDS);
    leave(w, 0);
    struct source_reader *b = join(w, 1);
    SOURCE_READER_UNTIL(b, owned_count(b) == SHARDS);
    assert_false(b->revoked || b->lost);
}

static void a_member_that_overslept_learns_that_its_shards_are_lost_and_comes_back(void **state)
{
    struct world *w = *state;
    w->brief_session = true;
    append(w, TOPIC_ORDERS, 0, 3);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count == 3);
    oversleep(w, 0);
    append(w, TOPIC_ORDERS, 0, 2);
    SOURCE_READER_UNTIL(r, r->lost);
    assert_false(r->revoked);
    SOURCE_READER_UNTIL(r, owned_count(r) == SHARDS);
    source_reader_steps(r, QUIET_MS);
    assert_int_equal(r->count, 3); /* what was lost is not read before it is started again */
    start(r, 0, from_start);
    SOURCE_READER_UNTIL(r, r->count == 3 + 5);
}

static void a_member_has_a_lease_until_the_group_gives_it_up(void **state)
{
    struct world *w = *state;
    w->brief_session = true;
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->port.lease_ms(r->port.self) > 0);
    assert_true(is_fake(w) || r->port.lease_ms(r->port.self) < BRIEF_MS);
    oversleep(w, 0);
    assert_int_equal(r->port.lease_ms(r->port.self), 0); /* though it has not heard of it */
    assert_false(r->lost);
    SOURCE_READER_UNTIL(r, r->lost);
    SOURCE_READER_UNTIL(r, owned_count(r) == SHARDS);
    SOURCE_READER_UNTIL(r, r->port.lease_ms(r->port.self) > 0);
}

static void progress_may_be_noted_at_any_time(void **state)
{
    struct world *w = *state;
    const int64_t offsets[TOPIC_COUNT] = { 1, OFFSET_NONE, 0 };
    append(w, TOPIC_ORDERS, 0, 2);
    struct source_reader *r = join(w, 0);
    r->port.note_progress(r->port.self, 0, offsets); /* not ours yet: ignored */
    SOURCE_READER_UNTIL(r, owned_count(r) == SHARDS);
    start(r, 0, from_start);
    r->port.note_progress(r->port.self, 0, offsets);
    SOURCE_READER_UNTIL(r, r->count == 2); /* and it moves nothing */
    assert_int_equal(source_reader_position(r, 0, TOPIC_ORDERS), 2);
}

static struct span pattern(size_t size)
{
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 31 % 251);
    return span_of(bytes, size);
}

/* Poison comes to the decoder as it is; none and empty are two things. */
static void keys_and_values_come_as_they_are_none_empty_or_large(void **state)
{
    enum { COUNT = 5, LARGE = 900000 };
    struct world *w = *state;
    const struct span none = { 0 };
    const struct span empty = span_of("", 0);
    const struct span text = span_of("a\0b", 3);
    const struct span large = pattern(LARGE);
    const struct span keys[COUNT] = { none, empty, text, text, none };
    const struct span values[COUNT] = { text, none, empty, large, none };
    for (int i = 0; i < COUNT; i++)
        append_record(w, &(struct fake_record){
                             .topic = TOPIC_ORDERS, .key = keys[i], .value = values[i] });
    flush(w);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count == COUNT);
    for (int i = 0; i < COUNT; i++) {
        const struct source_seen *s = &r->seen[i];
        assert_int_equal(s->key_size, keys[i].at == NULL ? -1 : (int64_t)keys[i].size);
        assert_int_equal(s->value_size, values[i].at == NULL ? -1 : (int64_t)values[i].size);
        assert_true(s->value_hash == hash_bytes(values[i]));
    }
    free((void *)(uintptr_t)large.at);
}

/* ---- retention; the cluster in memory has none ---------------------------------------------
 */

static void an_offset_that_retention_took_is_data_loss_with_both_offsets(void **state)
{
    struct world *w = *state;
    const int64_t offsets[TOPIC_COUNT] = { 2, OFFSET_NONE, OFFSET_NONE };
    append(w, TOPIC_ORDERS, 0, 10);
    delete_before(w, TOPIC_ORDERS, 0, 6);
    struct source_reader *r = join(w, 0);
    SOURCE_READER_UNTIL(r, r->owned[0]);
    assert_int_equal(source_reader_start(r, 0, offsets), STATUS_DATA_LOSS);
    assert_non_null(strstr(r->why.text, "offset 2"));
    assert_non_null(strstr(r->why.text, "begins at 6"));
}

static void skipping_goes_on_behind_what_retention_took(void **state)
{
    struct world *w = *state;
    const int64_t offsets[TOPIC_COUNT] = { 2, OFFSET_NONE, OFFSET_NONE };
    w->skip_on_data_loss = true;
    append(w, TOPIC_ORDERS, 0, 10);
    delete_before(w, TOPIC_ORDERS, 0, 6);
    struct source_reader *r = join(w, 0);
    SOURCE_READER_UNTIL(r, r->owned[0]);
    start(r, 0, offsets);
    SOURCE_READER_UNTIL(r, r->count == 4);
    assert_in_order_from(r, 6);
}

/* No offset was stored, so there is nothing that could have been lost. */
static void a_first_start_begins_where_retention_left_the_topic(void **state)
{
    struct world *w = *state;
    append(w, TOPIC_ORDERS, 0, 10);
    delete_before(w, TOPIC_ORDERS, 0, 6);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count == 4);
    assert_in_order_from(r, 6);
}

static struct source_reader *fall_behind_retention(struct world *w)
{
    w->small_fetches = true;
    append(w, TOPIC_ORDERS, 0, 400);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count > 0);
    r->port.hold(r->port.self, 0, TOPIC_ORDERS, true);
    delete_before(w, TOPIC_ORDERS, 0, 395);
    source_reader_steps(r, QUIET_MS);
    r->port.hold(r->port.self, 0, TOPIC_ORDERS, false);
    return r;
}

static void records_that_go_while_an_input_is_held_are_data_loss(void **state)
{
    struct world *w = *state;
    struct source_reader *r = fall_behind_retention(w);
    SOURCE_READER_UNTIL(r, r->status == STATUS_DATA_LOSS);
    assert_non_null(strstr(r->why.text, "begins at 395"));
    assert_true(r->count < 395);
    assert_in_order_from(r, 0); /* what came before came without a hole */
    source_reader_step(r);
    assert_int_equal(r->status, STATUS_DATA_LOSS); /* it stays so */
}

static void skipping_passes_over_what_goes_while_an_input_is_held(void **state)
{
    struct world *w = *state;
    w->skip_on_data_loss = true;
    struct source_reader *r = fall_behind_retention(w);
    SOURCE_READER_UNTIL(r, source_reader_position(r, 0, TOPIC_ORDERS) == 400);
    assert_in_range(r->count, 6, 399);
    for (int i = 0; i < 5; i++)
        assert_int_equal(r->seen[r->count - 5 + i].offset, 395 + i);
}

/* Deleted, and made anew when the reader has seen that it is gone. */
static void remake(struct world *w, struct source_reader *r, enum topic topic)
{
    if (is_fake(w)) {
        fake_log_remake(log_of(w), topic);
        return;
    }
    kafka_broker_delete_topic(w->names[topic]);
    source_reader_steps(r, 4 * QUIET_MS);
    kafka_broker_topic(w->names[topic], SHARDS);
}

/* Its offsets begin again at 0: what is appended below our position would never be read. */
static void a_topic_that_is_made_anew_under_us_is_data_loss(void **state)
{
    struct world *w = *state;
    append(w, TOPIC_ORDERS, 0, 10);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count == 10);
    SOURCE_READER_UNTIL(r, source_reader_end(r, 0, TOPIC_ORDERS).end == 10);
    remake(w, r, TOPIC_ORDERS);
    SOURCE_READER_UNTIL(r, r->status == STATUS_DATA_LOSS);
    assert_non_null(strstr(r->why.text, "offset 10"));
    assert_non_null(strstr(r->why.text, "ends at 0"));
}

static void skipping_reads_a_topic_that_is_made_anew_from_its_beginning(void **state)
{
    struct world *w = *state;
    w->skip_on_data_loss = true;
    append(w, TOPIC_ORDERS, 0, 10);
    struct source_reader *r = join_and_start(w);
    SOURCE_READER_UNTIL(r, r->count == 10);
    SOURCE_READER_UNTIL(r, source_reader_end(r, 0, TOPIC_ORDERS).end == 10);
    remake(w, r, TOPIC_ORDERS);
    SOURCE_READER_UNTIL(r, source_reader_position(r, 0, TOPIC_ORDERS) == 0);
    r->count = 0;
    append(w, TOPIC_ORDERS, 0, 3);
    SOURCE_READER_UNTIL(r, r->count == 3);
    assert_in_order_from(r, 0);
}

/* ---- the suite
 * ------------------------------------------------------------------------------------ */

#define ON_FAKE(f)                                                                             \
    {                                                                                          \
        "fake: " #f, f, set_up_fake, tear_down, NULL                                           \
    }
#define ON_CLUSTER(f)                                                                          \
    {                                                                                          \
        "cluster: " #f, f, set_up_cluster, tear_down, NULL                                     \
    }
#define ON_BROKER(f)                                                                           \
    {                                                                                          \
        "broker: " #f, f, set_up_broker, tear_down, NULL                                       \
    }

static const struct CMUnitTest on_fake[] = {
#define PROMISE(f) ON_FAKE(f),
#define PROMISE_OF_BROKERS(f) ON_FAKE(f),
#include "contract/log_promises.def"
#undef PROMISE
#undef PROMISE_OF_BROKERS
};

static const struct CMUnitTest on_cluster[] = {
#define PROMISE(f) ON_CLUSTER(f),
#define PROMISE_OF_BROKERS(f)
#include "contract/log_promises.def"
#undef PROMISE
#undef PROMISE_OF_BROKERS
};

static const struct CMUnitTest on_real_broker[] = {
#define PROMISE(f) ON_BROKER(f),
#define PROMISE_OF_BROKERS(f) ON_BROKER(f),
#include "contract/log_promises.def"
#undef PROMISE
#undef PROMISE_OF_BROKERS
};

int main(void)
{
    if (kafka_broker_address() != NULL)
        return cmocka_run_group_tests_name("log_contract: broker", on_real_broker, NULL, NULL);
    return cmocka_run_group_tests_name("log_contract: fake", on_fake, NULL, NULL) +
           cmocka_run_group_tests_name("log_contract: cluster", on_cluster, NULL, NULL);
}
