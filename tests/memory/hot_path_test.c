/* hot_path_test.c - an event costs no allocation between Kafka and Redis.
 *
 * STORY
 * -----
 * Half a year of a small marketplace, encoded before anything is counted, goes through the
 * real decoder, intake, domain and saving, between a source that hands out what is in memory
 * and a store that says yes. After the warm-up units are forgotten as fast as new ones come;
 * from then on allocations of the whole process are counted, libc's and the libraries'
 * included. What is left then is growth: a shard's entities lie in 256 tables of each kind,
 * and one that holds more than ever before is doubled. It comes through the arena, which
 * counts it, and becomes rare; anything else would be an allocation that events cost.
 */
#include "memory/allocations.h"

#include "app/domain_rules.h"
#include "app/market.h"
#include "base/check.h"
#include "base/name.h"
#include "codec/event_encode.h"
#include "codec/event_schema.h"
#include "codec/schemas.h"
#include "flow/pipeline.h"
#include "schemas_embedded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum {
    EVENTS = 60000,
    WARM_UP = 40000, /* events: over two months of the story */
    SELLERS = 6,
    UNITS_PER_DAY = 20,
    BATCH = 500,
    STEP_MS = 100,              /* of the clock, a step */
    EVENTS_A_GROWTH_LEAST = 50, /* between two growths of a table, on average */
};

#define STORY_BEGIN INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

/* ---- a source, a store and a sink that allocate nothing ------------------------------- */

struct world {
    struct buffer bytes;
    struct record records[EVENTS];
    size_t begins[2 * EVENTS + 1]; /* in bytes: key and value of each */
    int32_t handed_out;
    bool assigned;
    bool started;
    bool saving;
    struct save_result answer;
    int64_t saves;
    int64_t changes; /* alert changes */
    struct delivery delivery;
    bool delivered;
    int64_t now_ms;
};

static struct world world;

static wall_time now(void)
{
    return (wall_time){ STORY_BEGIN + world.now_ms };
}

static enum status read_batch(void *self, int patience_ms, struct record_batch *ret_batch,
                              struct reason *why)
{
    static const struct duty assigned = { .kind = DUTY_ASSIGNED, .shard = 0 };
    (void)self;
    (void)patience_ms;
    (void)why;
    *ret_batch = (struct record_batch){ 0 };
    if (!world.assigned) {
        ret_batch->duties = &assigned;
        ret_batch->duty_count = 1;
        world.assigned = true;
    }
    if (!world.started)
        return STATUS_OK;
    const int32_t left = EVENTS - world.handed_out;
    ret_batch->records = &world.records[world.handed_out];
    ret_batch->record_count = left < BATCH ? left : BATCH;
    world.handed_out += ret_batch->record_count;
    return STATUS_OK;
}

static enum status start(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT],
                         struct reason *why)
{
    (void)self;
    (void)offsets;
    (void)why;
    CHECK(shard == 0);
    world.started = true;
    return STATUS_OK;
}

static void release(void *self)
{
    (void)self;
}

/* Never obeyed: the inputs come in one order, so what runs ahead is met by the next batch. */
static void hold(void *self, int32_t shard, enum topic topic, bool held)
{
    (void)self;
    (void)shard;
    (void)topic;
    (void)held;
}

static struct log_end log_end(void *self, int32_t shard, enum topic topic)
{
    (void)self;
    (void)shard;
    (void)topic;
    return (struct log_end){ .known = true, .end = EVENTS, .asked = now() };
}

static int64_t position(void *self, int32_t shard, enum topic topic)
{
    (void)self;
    (void)shard;
    (void)topic;
    return world.handed_out;
}

static void note_progress(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT])
{
    (void)self;
    (void)shard;
    (void)offsets;
}

static enum status claim(void *self, int32_t shard, const char *writer,
                         struct shard_header *ret_header, struct reason *why)
{
    (void)self;
    (void)shard;
    (void)writer;
    (void)why;
    *ret_header = (struct shard_header){ .epoch = 1,
                                         .stream_time = TIME_NEVER_YET,
                                         .watermark = TIME_NEVER_YET,
                                         .alerts_offset = OFFSET_NONE,
                                         .next_shard_sequence = 1 };
    for (int t = 0; t < TOPIC_COUNT; t++) {
        ret_header->highest[t] = TIME_NEVER_YET;
        ret_header->offsets[t] = OFFSET_NONE;
    }
    return STATUS_OK;
}

static enum status load(void *self, int32_t shard, const struct shard_header *header,
                        enum status (*each)(void *arg, struct span images), void *arg,
                        struct reason *why)
{
    (void)self;
    (void)shard;
    (void)header;
    (void)each;
    (void)arg;
    (void)why;
    return STATUS_OK;
}

static enum status save(void *self, const struct save *save, struct reason *why)
{
    (void)self;
    (void)why;
    CHECK(!world.saving);
    world.saving = true;
    world.saves++;
    world.answer = (struct save_result){ .shard = save->shard,
                                         .version = save->header.version,
                                         .status = STATUS_OK };
    return STATUS_PENDING;
}

static int32_t poll_store(void *self, int patience_ms, struct save_result *ret_results,
                          int32_t max)
{
    (void)self;
    (void)patience_ms;
    if (!world.saving || max < 1)
        return 0;
    world.saving = false;
    ret_results[0] = world.answer;
    return 1;
}

/* One record at a time: the next one waits for its delivery. */
static enum status send(void *self, const struct outgoing *record, struct reason *why)
{
    (void)self;
    (void)why;
    CHECK(record->kind == OUTGOING_ALERT);
    if (world.delivered)
        return STATUS_FULL;
    world.changes++;
    world.delivery = (struct delivery){
        .kind = record->kind,
        .shard = record->shard,
        .cookie = record->cookie,
        .delivered = true,
        .offset = -1,
    };
    world.delivered = true;
    return STATUS_OK;
}

static int32_t poll_sink(void *self, struct delivery *ret_deliveries, int32_t max)
{
    (void)self;
    if (!world.delivered || max < 1)
        return 0;
    world.delivered = false;
    ret_deliveries[0] = world.delivery;
    return 1;
}

static enum status flush(void *self, enum outgoing_kind kind, int patience_ms)
{
    (void)self;
    (void)kind;
    (void)patience_ms;
    return STATUS_OK;
}

static void give_up(void *self)
{
    (void)self;
}

static bool never_troubled(void *self, struct reason *why)
{
    (void)self;
    (void)why;
    return false;
}

static int32_t lease_ms(void *self)
{
    (void)self;
    return 1;
}

static enum status read_tail(void *self, int32_t shard, int64_t from,
                             void (*each)(void *arg, const struct feed_record *record),
                             void *arg, int64_t *ret_end, struct reason *why)
{
    (void)self;
    (void)shard;
    (void)from;
    (void)each;
    (void)arg;
    (void)why;
    *ret_end = 0;
    return STATUS_OK;
}

/* Avro's encoder may allocate: changes are rare. */
static enum status encode(void *self, const struct alert_change *change,
                          struct outgoing *ret_record, struct reason *why)
{
    (void)self;
    (void)change;
    (void)why;
    ret_record->value = span_of_text("a change");
    return STATUS_OK;
}

static enum status decode_change(void *self, struct span value, struct alert_change *ret_change)
{
    (void)self;
    (void)value;
    (void)ret_change;
    return STATUS_MALFORMED;
}

static void hurry(void *self)
{
    (void)self;
}

static const struct ports ports_but_decoder = {
    .source = { .read = read_batch,
                .start = start,
                .release = release,
                .hold = hold,
                .log_end = log_end,
                .position = position,
                .note_progress = note_progress,
                .lease_ms = lease_ms,
                .troubled = never_troubled },
    .sink = { .send = send,
              .poll = poll_sink,
              .flush = flush,
              .give_up = give_up,
              .troubled = never_troubled },
    .feed = { NULL, read_tail },
    .store = { NULL, claim, load, save, poll_store, hurry },
    .encoder = { NULL, encode, decode_change },
    .now = now,
};

/* ---- the marketplace ----------------------------------------------------------------- */

static void fill_records(void)
{
    const struct market_options options = { .seed = 1,
                                            .start = { STORY_BEGIN },
                                            .sellers = SELLERS,
                                            .units_per_day = UNITS_PER_DAY,
                                            .turn_days = 10 };
    struct reader_schema *schemas[TOPIC_COUNT];
    struct market *market = market_open(&options);
    for (int t = 0; t < TOPIC_COUNT; t++)
        schemas[t] = event_schema_open((enum topic)t);
    for (int32_t i = 0; i < EVENTS; i++) {
        struct event event;
        (void)market_next(market, &event);
        world.begins[2 * i] = world.bytes.size;
        buffer_add(&world.bytes, event.id_seller);
        world.begins[2 * i + 1] = world.bytes.size;
        event_encode(schemas[event.topic], (int32_t)event.topic + 1, &event, &world.bytes);
        world.records[i] = (struct record){ .topic = event.topic, .offset = i };
    }
    world.begins[2 * EVENTS] = world.bytes.size;
    for (int32_t i = 0; i < EVENTS; i++) {
        const size_t *at = &world.begins[2 * i];
        world.records[i].key = span_of(world.bytes.at + at[0], at[1] - at[0]);
        world.records[i].value = span_of(world.bytes.at + at[1], at[2] - at[1]);
    }
    for (int t = 0; t < TOPIC_COUNT; t++)
        reader_schema_close(schemas[t]);
    market_close(market);
}

static struct schemas *open_decoder(pthread_mutex_t *lock)
{
    static struct schemas_local locals[TOPIC_COUNT];
    const char *const texts[TOPIC_COUNT] = { embedded_order_event_avsc,
                                             embedded_message_event_avsc,
                                             embedded_shipment_event_avsc };
    for (int t = 0; t < TOPIC_COUNT; t++)
        locals[t] = (struct schemas_local){ t + 1, span_of_text(texts[t]) };
    const struct schemas_options options = {
        .locals = locals, .local_count = TOPIC_COUNT, .now = now, .lock = lock
    };
    return schemas_open(&options);
}

static void run_until(struct pipeline *pipeline, int32_t handed_out)
{
    while (world.handed_out < handed_out) {
        struct reason why = { "" };
        assert_int_equal(pipeline_step(pipeline, &why), STATUS_OK);
        world.now_ms += STEP_MS;
    }
}

static uint64_t growths(const struct pipeline *p)
{
    return p->arena.takings + p->fixed.takings;
}

static void events_allocate_only_while_state_grows(void **state)
{
    static struct settings settings;
    static struct domain_rules rules;
    static struct metrics metrics;
    static struct pipeline pipeline;
    (void)state;
    fill_records();
    struct reason why = { "" };
    settings_defaults(&settings);
    assert_true(settings_set(&settings, "time.source", "events", &why));
    assert_true(settings_set(&settings, "abandon_after", "7d", &why));
    assert_true(domain_rules_open(&settings, &rules, &why));
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct schemas *schemas = open_decoder(&lock);
    struct ports ports = ports_but_decoder;
    ports.decoder = schemas_port(schemas);
    const struct pipeline_options options = { .ports = &ports,
                                              .rules = &rules.rules,
                                              .metrics = &metrics,
                                              .instance = "hot",
                                              .shard_count = 1,
                                              .topic_names = { "o", "m", "s" },
                                              .batch_records = BATCH,
                                              .batch_wait_ms = 10,
                                              .commit_interval_ms = 2 * STEP_MS,
                                              .catch_up_interval_ms = 2 * STEP_MS,
                                              .retry = { 100, 10000 },
                                              .alert_interval_ms = STEP_MS,
                                              .max_skew_ms = DAY_MS };
    pipeline_open(&pipeline, &options);

    run_until(&pipeline, WARM_UP);
    const int64_t saves = world.saves;
    const uint64_t grown_before = growths(&pipeline);
    const uint64_t before = allocations_so_far();
    run_until(&pipeline, EVENTS);
    const uint64_t allocations = allocations_so_far() - before;
    const uint64_t grown = growths(&pipeline) - grown_before;

    assert_true(world.saves > saves + 10 && world.changes > 0);
    assert_int_equal(allocations - grown, 0);
    assert_true(grown < (EVENTS - WARM_UP) / EVENTS_A_GROWTH_LEAST);

    pipeline_close(&pipeline);
    schemas_close(schemas);
    domain_rules_close(&rules);
    settings_free(&settings);
    buffer_free(&world.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_allocate_only_while_state_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
