/* sink_contract_test.c - do the outgoing topics in memory and Kafka keep the same
 * promises to a writer, and to one who reads the alerts back? One suite, run on the
 * fake and on librdkafka's cluster in memory or, if SELLERWATCH_TEST_KAFKA=host:port
 * names one, on a real broker.
 */
#include "kafka/kafka_feed.h"
#include "kafka/kafka_sink.h"
#include "support/fake_sink.h"
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

enum { PARTITIONS = 3, QUEUE = 50, SEEN_MAX = 256, NAME_BYTES = 96, PATIENCE_MS = 20000 };

struct world {
    struct sink_port sink;
    struct feed_port feed;
    struct fake_topics *topics; /* NULL: Kafka */
    struct fake_sink *fake;
    struct kafka_cluster *cluster; /* NULL: a real broker */
    struct kafka_sink *kafka_sink;
    struct kafka_feed *kafka_feed;
    char alerts[NAME_BYTES];
    char deadletter[NAME_BYTES];
    uint64_t next_cookie;
};

/* ---- the three worlds -------------------------------------------------------------------- */

static int set_up_fake(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->topics = fake_topics_open(PARTITIONS);
    w->fake = fake_sink_open(w->topics, QUEUE);
    w->sink = fake_sink_port(w->fake);
    w->feed = fake_sink_feed(w->fake);
    *state = w;
    return 0;
}

static void open_clients(struct world *w, const struct kafka_options *kafka)
{
    struct reason why = { "" };
    const struct kafka_sink_options sink = { .kafka = *kafka,
                                             .alerts_topic = w->alerts,
                                             .deadletter_topic = w->deadletter,
                                             .queue_records = QUEUE };
    const struct kafka_feed_options feed = { .kafka = *kafka, .alerts_topic = w->alerts };
    w->kafka_sink = kafka_sink_open(&sink, &why);
    if (w->kafka_sink == NULL)
        fail_msg("%s", why.text);
    w->kafka_feed = kafka_feed_open(&feed, &why);
    if (w->kafka_feed == NULL)
        fail_msg("%s", why.text);
    w->sink = kafka_sink_port(w->kafka_sink);
    w->feed = kafka_feed_port(w->kafka_feed);
}

static struct world *name_topics(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    const long long now = (long long)source_reader_now().ms;
    (void)snprintf(w->alerts, sizeof w->alerts, "sink-%d-%lld-a", (int)getpid(), now);
    (void)snprintf(w->deadletter, sizeof w->deadletter, "sink-%d-%lld-d", (int)getpid(), now);
    *state = w;
    return w;
}

static int set_up_cluster(void **state)
{
    struct world *w = name_topics(state);
    w->cluster = kafka_cluster_open(1);
    kafka_cluster_topic(w->cluster, w->alerts, PARTITIONS);
    kafka_cluster_topic(w->cluster, w->deadletter, 1);
    const struct kafka_options kafka = kafka_cluster_options(w->cluster);
    open_clients(w, &kafka);
    return 0;
}

static int set_up_broker(void **state)
{
    struct world *w = name_topics(state);
    const struct kafka_options kafka = { .brokers = kafka_broker_address() };
    kafka_broker_topic(w->alerts, PARTITIONS);
    kafka_broker_topic(w->deadletter, 1);
    open_clients(w, &kafka);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    kafka_sink_close(w->kafka_sink);
    kafka_feed_close(w->kafka_feed);
    kafka_cluster_close(w->cluster);
    fake_topics_close(w->topics);
    free(w);
    return 0;
}

/* Somebody else's record: without our headers, and with an offset behind it that holds
 * no record. */
static void add_foreign(struct world *w, int32_t partition, const char *value)
{
    if (w->topics == NULL) {
        kafka_broker_transaction(w->alerts, partition, value);
        return;
    }
    fake_topics_add_foreign(w->topics, partition, span_of(NULL, 0),
                            span_of(value, strlen(value)));
    fake_topics_add_gap(w->topics, partition, 1);
}

/* As retention does. */
static void delete_before(struct world *w, int32_t partition, int64_t offset)
{
    if (w->topics == NULL)
        kafka_broker_delete_before(w->alerts, partition, offset);
    else
        fake_topics_truncate(w->topics, partition, offset);
}

/* ---- helpers
 * --------------------------------------------------------------------------------- */

static struct span text(const char *t)
{
    return span_of(t, strlen(t));
}

static enum status send_alert(struct world *w, int32_t shard, const char *value)
{
    char seq[24];
    char owner[24];
    struct reason why = { "" };
    (void)snprintf(seq, sizeof seq, "%d", (int)w->next_cookie);
    (void)snprintf(owner, sizeof owner, "%d", (int)shard);
    const struct outgoing_header headers[] = { { "shard", text(owner) }, { "seq", text(seq) } };
    const struct outgoing alert = {
        .kind = OUTGOING_ALERT,
        .shard = shard,
        .key = text("seller"),
        .value = text(value),
        .headers = headers,
        .header_count = 2,
        .cookie = w->next_cookie,
    };
    const enum status s = w->sink.send(w->sink.self, &alert, &why);
    w->next_cookie += s == STATUS_OK;
    return s;
}

static enum status send_letter(struct world *w, struct span key, const char *value)
{
    struct reason why = { "" };
    const struct outgoing letter = {
        .kind = OUTGOING_DEAD_LETTER,
        .key = key,
        .value = text(value),
        .cookie = w->next_cookie,
    };
    const enum status s = w->sink.send(w->sink.self, &letter, &why);
    w->next_cookie += s == STATUS_OK;
    return s;
}

/* Polls until `count` deliveries came. */
static void collect(struct world *w, struct delivery *ret_deliveries, int32_t count)
{
    const int64_t until = source_reader_now().ms + PATIENCE_MS;
    int32_t got = 0;
    while (got < count) {
        assert_true(source_reader_now().ms < until);
        got += w->sink.poll(w->sink.self, ret_deliveries + got, count - got);
    }
}

struct seen {
    int count;
    int64_t offsets[SEEN_MAX];
    char values[SEEN_MAX][16];
    char shards[SEEN_MAX][16];
    char seqs[SEEN_MAX][16];
};

static void put(char to[16], struct span bytes)
{
    (void)snprintf(to, 16, "%.*s", (int)bytes.size, (const char *)bytes.at);
}

static void note(void *arg, const struct feed_record *record)
{
    struct seen *seen = arg;
    assert_true(seen->count < SEEN_MAX);
    seen->offsets[seen->count] = record->offset;
    put(seen->values[seen->count], record->value);
    put(seen->shards[seen->count], record->header_shard);
    put(seen->seqs[seen->count], record->header_seq);
    seen->count++;
}

static int64_t read_tail(struct world *w, int32_t shard, int64_t from, struct seen *ret_seen)
{
    struct reason why = { "" };
    int64_t end = -1;
    memset(ret_seen, 0, sizeof *ret_seen);
    const enum status s =
        w->feed.read_tail(w->feed.self, shard, from, note, ret_seen, &end, &why);
    if (s != STATUS_OK)
        fail_msg("%s", why.text);
    return end;
}

/* ---- promises
 * ---------------------------------------------------------------------------------- */

static void alerts_of_a_shard_are_delivered_in_the_order_they_were_sent(void **state)
{
    enum { COUNT = 20 };
    struct world *w = *state;
    struct delivery d[COUNT];
    struct seen seen;
    char value[16];
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(value, sizeof value, "%d", i);
        assert_int_equal(send_alert(w, 1, value), STATUS_OK);
    }
    collect(w, d, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(d[i].kind, OUTGOING_ALERT);
        assert_int_equal(d[i].shard, 1);
        assert_int_equal(d[i].cookie, i);
        assert_true(d[i].delivered);
        assert_int_equal(d[i].offset, i);
    }
    assert_int_equal(read_tail(w, 1, OFFSET_NONE, &seen), COUNT);
    assert_int_equal(seen.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(value, sizeof value, "%d", i);
        assert_string_equal(seen.values[i], value);
        assert_string_equal(seen.seqs[i], value);
        assert_string_equal(seen.shards[i], "1");
    }
}

static void a_shard_above_the_number_of_partitions_wraps_around(void **state)
{
    struct world *w = *state;
    struct delivery d[2];
    struct seen seen;
    assert_int_equal(send_alert(w, 2, "own"), STATUS_OK);
    assert_int_equal(send_alert(w, 2 + PARTITIONS, "far"), STATUS_OK);
    collect(w, d, 2);
    assert_int_equal(read_tail(w, 2 + PARTITIONS, OFFSET_NONE, &seen), 2);
    assert_string_equal(seen.shards[0], "2");
    assert_string_equal(seen.shards[1], "5");
    assert_int_equal(read_tail(w, 0, OFFSET_NONE, &seen), 0);
}

static void a_tail_is_read_from_where_it_is_wanted(void **state)
{
    struct world *w = *state;
    struct delivery d[5];
    struct seen seen;
    for (int i = 0; i < 5; i++)
        assert_int_equal(send_alert(w, 0, "x"), STATUS_OK);
    collect(w, d, 5);
    assert_int_equal(read_tail(w, 0, 3, &seen), 5);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.offsets[0], 3);
    assert_int_equal(read_tail(w, 0, 5, &seen), 5);
    assert_int_equal(seen.count, 0);
    assert_int_equal(send_alert(w, 0, "y"), STATUS_OK);
    collect(w, d, 1);
    assert_int_equal(read_tail(w, 0, 5, &seen), 6);
    assert_string_equal(seen.values[0], "y");
}

static void a_dead_letter_comes_back_with_its_cookie_with_or_without_a_key(void **state)
{
    struct world *w = *state;
    struct delivery d[2];
    assert_int_equal(send_letter(w, text("seller"), "bad"), STATUS_OK);
    assert_int_equal(send_letter(w, span_of(NULL, 0), "worse"), STATUS_OK);
    collect(w, d, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(d[i].kind, OUTGOING_DEAD_LETTER);
        assert_int_equal(d[i].cookie, i);
        assert_int_equal(d[i].offset, i);
    }
}

static void the_queue_is_bounded_until_deliveries_are_taken(void **state)
{
    struct world *w = *state;
    struct delivery d[QUEUE];
    for (int i = 0; i < QUEUE; i++)
        assert_int_equal(send_alert(w, i % PARTITIONS, "x"), STATUS_OK);
    assert_int_equal(send_alert(w, 0, "too many"), STATUS_FULL);
    collect(w, d, QUEUE);
    assert_int_equal(send_alert(w, 0, "fits"), STATUS_OK);
    collect(w, d, 1);
    assert_int_equal(d[0].cookie, QUEUE);
}

static void a_flush_waits_until_everything_is_acknowledged(void **state)
{
    struct world *w = *state;
    struct delivery d[3];
    struct seen seen;
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_alert(w, 0, "x"), STATUS_OK);
    assert_int_equal(w->sink.flush(w->sink.self, OUTGOING_ALERT, PATIENCE_MS), STATUS_OK);
    assert_int_equal(read_tail(w, 0, OFFSET_NONE, &seen), 3);
    assert_int_equal(w->sink.poll(w->sink.self, d, 3), 3); /* still to be taken */
    assert_int_equal(w->sink.poll(w->sink.self, d, 3), 0);
}

/* Some of it may be in the topic; but what is not there then never comes. */
static void what_is_given_up_is_told_and_not_sent_any_more(void **state)
{
    enum { COUNT = 10 };
    struct world *w = *state;
    struct delivery d[COUNT + 1];
    struct seen before;
    struct seen after;
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(send_alert(w, 0, "x"), STATUS_OK);
    w->sink.give_up(w->sink.self);
    collect(w, d, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(d[i].cookie, i);
        assert_true(d[i].delivered || d[i].offset == -1);
        assert_true(i == 0 || d[i - 1].delivered || !d[i].delivered);
    }
    (void)read_tail(w, 0, OFFSET_NONE, &before);
    assert_int_equal(send_alert(w, 0, "next"), STATUS_OK);
    collect(w, d, 1);
    assert_true(d[0].delivered);
    (void)read_tail(w, 0, OFFSET_NONE, &after);
    assert_int_equal(after.count, before.count + 1);
    assert_string_equal(after.values[before.count], "next");
}

static void what_is_sent_is_copied(void **state)
{
    struct world *w = *state;
    struct delivery d[1];
    struct seen seen;
    char value[] = "before";
    assert_int_equal(send_alert(w, 0, value), STATUS_OK);
    memcpy(value, "after!", sizeof value);
    collect(w, d, 1);
    (void)read_tail(w, 0, OFFSET_NONE, &seen);
    assert_string_equal(seen.values[0], "before");
}

static void a_tail_from_beyond_the_end_begins_at_the_oldest(void **state)
{
    struct world *w = *state;
    struct delivery d[2];
    struct seen seen;
    for (int i = 0; i < 2; i++)
        assert_int_equal(send_alert(w, 0, "x"), STATUS_OK);
    collect(w, d, 2);
    assert_int_equal(read_tail(w, 0, 77, &seen), 2);
    assert_int_equal(seen.count, 2);
}

static enum status send_sized(struct world *w, size_t size)
{
    struct reason why = { "" };
    char *value = calloc(1, size);
    assert_non_null(value);
    const struct outgoing letter = { .kind = OUTGOING_DEAD_LETTER,
                                     .value = span_of(value, size),
                                     .cookie = w->next_cookie };
    const enum status s = w->sink.send(w->sink.self, &letter, &why);
    w->next_cookie += s == STATUS_OK;
    free(value);
    return s;
}

/* What Kafka would never take would stand in the way of everything behind it. */
static void what_is_too_large_is_refused_and_a_megabyte_is_delivered(void **state)
{
    enum { MEGABYTE = 1000 * 1000 };
    struct world *w = *state;
    struct delivery d[2];
    assert_int_equal(send_sized(w, 9 * MEGABYTE), STATUS_REFUSED);
    assert_int_equal(send_sized(w, MEGABYTE), STATUS_OK);
    assert_int_equal(send_alert(w, 0, "small"), STATUS_OK);
    collect(w, d, 2);
    assert_int_equal(d[0].cookie + d[1].cookie, 1);
}

/* ---- what the cluster in memory cannot show ------------------------------------------------
 */

static void a_tail_shows_foreign_records_without_headers_and_passes_over_gaps(void **state)
{
    struct world *w = *state;
    struct delivery d[1];
    struct seen seen;
    add_foreign(w, 0, "foreign");
    assert_int_equal(send_alert(w, 0, "ours"), STATUS_OK);
    collect(w, d, 1);
    add_foreign(w, 0, "last");
    assert_int_equal(read_tail(w, 0, OFFSET_NONE, &seen), 5);
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.shards[0], "");
    assert_string_equal(seen.shards[1], "0");
    assert_int_equal(seen.offsets[1], 2);
    assert_string_equal(seen.values[2], "last");
    assert_int_equal(read_tail(w, 0, 4, &seen), 5); /* only a gap is left */
    assert_int_equal(seen.count, 0);
}

static void a_tail_that_retention_shortened_begins_at_the_oldest(void **state)
{
    struct world *w = *state;
    struct delivery d[5];
    struct seen seen;
    for (int i = 0; i < 5; i++)
        assert_int_equal(send_alert(w, 0, "x"), STATUS_OK);
    collect(w, d, 5);
    delete_before(w, 0, 3);
    assert_int_equal(read_tail(w, 0, 1, &seen), 5);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.offsets[0], 3);
    delete_before(w, 0, 5);
    assert_int_equal(read_tail(w, 0, 1, &seen), 5);
    assert_int_equal(seen.count, 0);
}

/* ---- only the fake
 * --------------------------------------------------------------------------------- */

static void fake_delay_holds_acknowledgements_back_in_order(void **state)
{
    struct world *w = *state;
    struct delivery d[2];
    fake_sink_delay(w->fake, 2);
    assert_int_equal(send_alert(w, 0, "slow"), STATUS_OK);
    fake_sink_delay(w->fake, 0);
    assert_int_equal(send_alert(w, 0, "quick"), STATUS_OK);
    assert_int_equal(w->sink.poll(w->sink.self, d, 2), 0);
    assert_int_equal(w->sink.poll(w->sink.self, d, 2), 0);
    assert_int_equal(w->sink.poll(w->sink.self, d, 2), 2);
    assert_int_equal(d[0].cookie, 0);
}

static void fake_death_lets_land_as_many_as_wanted(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_alert(w, 0, "x"), STATUS_OK);
    assert_int_equal(fake_sink_in_flight(w->fake), 3);
    fake_sink_kill(w->fake, 2);
    assert_non_null(fake_topics_alert(w->topics, 0, 1));
    assert_null(fake_topics_alert(w->topics, 0, 2));
}

static void fake_cut_acknowledges_nothing_and_reads_nothing(void **state)
{
    struct world *w = *state;
    struct delivery d[1];
    struct seen seen = { 0 };
    struct reason why = { "" };
    int64_t end = 0;
    fake_sink_cut(w->fake, true);
    assert_int_equal(send_alert(w, 0, "x"), STATUS_OK);
    assert_int_equal(w->sink.poll(w->sink.self, d, 1), 0);
    assert_int_equal(w->sink.flush(w->sink.self, OUTGOING_ALERT, 0), STATUS_UNAVAILABLE);
    assert_int_equal(w->feed.read_tail(w->feed.self, 0, 0, note, &seen, &end, &why),
                     STATUS_UNAVAILABLE);
    fake_sink_cut(w->fake, false);
    assert_int_equal(w->sink.poll(w->sink.self, d, 1), 1);
}

static void fake_tail_breaks_once(void **state)
{
    struct world *w = *state;
    struct seen seen = { 0 };
    struct reason why = { "" };
    int64_t end = 0;
    add_foreign(w, 0, "f");
    add_foreign(w, 0, "g");
    fake_sink_break_tail(w->fake, 1);
    assert_int_equal(w->feed.read_tail(w->feed.self, 0, 0, note, &seen, &end, &why),
                     STATUS_UNAVAILABLE);
    assert_int_equal(seen.count, 1);
    assert_int_equal(read_tail(w, 0, 0, &seen), 4);
    assert_int_equal(seen.count, 2);
}

/* ---- the suite
 * ---------------------------------------------------------------------------------------- */

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
#include "contract/sink_promises.def"
#undef PROMISE
#undef PROMISE_OF_BROKERS
    ON_FAKE(fake_delay_holds_acknowledgements_back_in_order),
    ON_FAKE(fake_death_lets_land_as_many_as_wanted),
    ON_FAKE(fake_cut_acknowledges_nothing_and_reads_nothing),
    ON_FAKE(fake_tail_breaks_once),
};

static const struct CMUnitTest on_cluster[] = {
#define PROMISE(f) ON_CLUSTER(f),
#define PROMISE_OF_BROKERS(f)
#include "contract/sink_promises.def"
#undef PROMISE
#undef PROMISE_OF_BROKERS
};

static const struct CMUnitTest on_real_broker[] = {
#define PROMISE(f) ON_BROKER(f),
#define PROMISE_OF_BROKERS(f) ON_BROKER(f),
#include "contract/sink_promises.def"
#undef PROMISE
#undef PROMISE_OF_BROKERS
};

int main(void)
{
    if (kafka_broker_address() != NULL)
        return cmocka_run_group_tests_name("sink_contract: broker", on_real_broker, NULL, NULL);
    return cmocka_run_group_tests_name("sink_contract: fake", on_fake, NULL, NULL) +
           cmocka_run_group_tests_name("sink_contract: cluster", on_cluster, NULL, NULL);
}
