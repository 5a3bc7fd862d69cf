/* little_world.c - see little_world.h. */
#include "support/little_world.h"

#include "base/check.h"
#include "base/log.h"
#include "base/murmur2.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum {
    SCHEMA_ID = 7,
    COMMIT_MS = 100,
    ALERT_MS = 20,
    SINK_QUEUE = 1000,
    KEPT_SAVES = 8,
    RETRY_FIRST_MS = 50,
    RETRY_LONGEST_MS = 2000,
    STOP_MS = 4000
};

static wall_time the_clock;

wall_time little_world_now(void)
{
    return the_clock;
}

void little_world_wait(int64_t ms)
{
    CHECK(ms >= 0);
    the_clock.ms += ms;
}

void little_world_set_clock(wall_time now)
{
    the_clock = now;
}

void little_world_note(const struct little_world *w, const char *format, ...)
{
    if (w->listen == NULL)
        return;
    char line[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    w->listen(w->listen_arg, line);
}

static wall_time log_now(void *arg)
{
    (void)arg;
    return the_clock;
}

/* ---- opening --------------------------------------------------------------------- */

static void watch_nothing(struct little_world *w)
{
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        for (int32_t i = 0; i < WINDOWS_MAX; i++) {
            w->settings.thresholds.of[k][i].warn = THRESHOLD_OFF;
            w->settings.thresholds.of[k][i].critical = THRESHOLD_OFF;
        }
    }
}

static void open_rules(struct little_world *w)
{
    struct reason why = { "" };
    settings_defaults(&w->settings);
    if (!domain_rules_open(&w->settings, &w->domain, &why))
        fail_msg("%s", why.text);
    w->rules = &w->domain.rules;
    w->rules->wall_time = false;
    w->rules->hold_first_alerts = false;
    w->rules->max_delay_ms = 0;
    w->rules->view_interval_ms = 0;
    w->rules->view_batch = 16;
}

void little_world_open(struct little_world *w)
{
    log_open(LOG_ERROR, false);
    memset(w, 0, sizeof *w);
    open_rules(w);
    the_clock = (wall_time){ LITTLE_NOON };
    w->batch_records = 16;
    w->retry = (struct backoff_bounds){ RETRY_FIRST_MS, RETRY_LONGEST_MS };
    w->sink_queue = SINK_QUEUE;
    w->log_least_bytes = SAVING_LOG_LEAST_BYTES;
    w->max_skew_ms = 30 * DAY_MS;
    w->misplace_on = -1;
    w->random = 1;
    w->log = fake_log_open(&(struct fake_log_options){
        .shard_count = LITTLE_SHARDS, .batch_records = w->batch_records, .now = log_now });
    w->store = fake_store_open();
    fake_store_keep(w->store, KEPT_SAVES);
    w->topics = fake_topics_open(LITTLE_SHARDS);
    w->codec = alert_codec_open(&(struct alert_codec_options){
        .schema_id = SCHEMA_ID, .source = "/sellerwatch/test", .producer = "sellerwatch" });
    watch_nothing(w);
    little_world_watch(w, KPI_CANCELLATION, "7d");
}

static void close_worker(struct little_worker *worker)
{
    if (worker->alive)
        pipeline_close(&worker->pipeline);
    free(worker);
}

void little_world_close(struct little_world *w)
{
    for (int32_t i = 0; i < w->worker_count; i++)
        close_worker(w->workers[i]);
    for (int32_t i = 0; i < w->entry_count; i++)
        free(w->entries[i]);
    free(w->entries);
    alert_codec_close(w->codec);
    fake_topics_close(w->topics);
    fake_store_close(w->store);
    fake_log_close(w->log);
    domain_rules_close(&w->domain);
    settings_free(&w->settings);
}

int little_world_setup(void **state)
{
    struct little_world *w = calloc(1, sizeof *w);
    CHECK(w != NULL);
    little_world_open(w);
    *state = w;
    return 0;
}

int little_world_teardown(void **state)
{
    little_world_close(*state);
    free(*state);
    return 0;
}

static int32_t window_named(const struct little_world *w, const char *name)
{
    for (int32_t i = 0; i < w->rules->window_count; i++) {
        if (span_equal(name_span(&w->rules->windows[i].name), span_of_text(name)))
            return i;
    }
    fail_msg("there is no window %s", name);
    return 0;
}

void little_world_watch(struct little_world *w, enum kpi kpi, const char *window)
{
    const struct kpi_row *row = catalogue_row(kpi);
    const int32_t at = row->kind == KPI_GAUGE ? GAUGE_WINDOW : window_named(w, window);
    w->settings.thresholds.of[kpi][at] = (struct threshold){
        .warn = row->warn, .critical = row->critical, .min_denominator = 1, .min_bad = 1
    };
}

int64_t little_world_random(struct little_world *w, int64_t below)
{
    CHECK(w->random != 0 && below > 0);
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (int64_t)(w->random >> 1) % below;
}

/* ---- input -------------------------------------------------------------------------- */

int32_t little_world_shard(const struct little_world *w, const char *seller)
{
    (void)w;
    return murmur2_partition(span_of_text(seller), LITTLE_SHARDS);
}

static struct little_entry *add_entry(struct little_world *w)
{
    if (w->entry_count == w->entry_capacity) {
        w->entry_capacity = w->entry_capacity == 0 ? 64 : 2 * w->entry_capacity;
        w->entries =
            realloc(w->entries, (size_t)w->entry_capacity * sizeof(struct little_entry *));
        CHECK(w->entries != NULL);
    }
    struct little_entry *e = calloc(1, sizeof *e);
    CHECK(e != NULL);
    w->entries[w->entry_count++] = e;
    return e;
}

static void append(struct little_world *w, struct little_entry *e, struct span seller)
{
    const int32_t number = w->entry_count - 1;
    const size_t size = e->poison && w->poison_bytes > 0 ? w->poison_bytes : sizeof number;
    uint8_t *value = calloc(1, size);
    CHECK(w->entries[number] == e && value != NULL);
    memcpy(value, &number, sizeof number);
    e->shard = murmur2_partition(seller, LITTLE_SHARDS);
    e->misplaced = w->misplace_on >= 0 && w->misplace_on != e->shard;
    if (w->misplace_on >= 0)
        e->shard = w->misplace_on;
    e->offset = fake_log_append(w->log, &(struct fake_record){
                                            .topic = e->topic,
                                            .shard = e->shard,
                                            .key = seller,
                                            .value = span_of(value, size),
                                            .timestamp = the_clock,
                                        });
    free(value);
}

static enum topic topic_of(enum event_kind kind)
{
    if (kind <= EVENT_ORDER_UNIT_STATUS_CHANGED)
        return TOPIC_ORDERS;
    return kind <= EVENT_TICKET_NO_RESPONSE_NEEDED ? TOPIC_MESSAGES : TOPIC_SHIPMENTS;
}

/* Lets the string live as long as the entry. */
static void keep(struct little_entry *e, struct span *string)
{
    CHECK(e->text_size + string->size <= sizeof e->text);
    char *copy = e->text + e->text_size;
    if (string->size > 0)
        memcpy(copy, string->at, string->size);
    string->at = (const uint8_t *)copy;
    e->text_size += string->size;
}

static void keep_strings(struct little_entry *e)
{
    struct event *event = &e->event;
    keep(e, &event->id_message);
    keep(e, &event->id_seller);
    keep(e, &event->storefront);
    if (e->topic == TOPIC_ORDERS) {
        keep(e, &event->order.id_order);
        keep(e, &event->order.id_order_unit);
        keep(e, &event->order.cancel_reason);
        keep(e, &event->order.currency);
    } else if (e->topic == TOPIC_MESSAGES) {
        keep(e, &event->message.id_ticket);
        keep(e, &event->message.open_reason);
        keep(e, &event->message.topic);
        for (int32_t i = 0; i < event->message.order_units; i++)
            keep(e, &event->message.ids_order_units[i]);
    } else {
        keep(e, &event->shipment.id_order);
        keep(e, &event->shipment.id_order_unit);
        keep(e, &event->shipment.tracking_number);
        keep(e, &event->shipment.carrier_code);
    }
}

struct little_entry *little_world_tell_event(struct little_world *w, const struct event *event)
{
    struct little_entry *e = add_entry(w);
    e->event = *event;
    e->event.topic = topic_of(event->kind);
    e->topic = e->event.topic;
    e->new_schema = w->new_schema;
    keep_strings(e);
    append(w, e, e->event.id_seller);
    little_world_note(w, "told    %s@%d %d/%" PRId64 " %.*s of %.*s at %" PRId64 "%s%s",
                      event_kind_name(event->kind), w->entry_count - 1, e->shard, e->offset,
                      (int)e->event.id_message.size, (const char *)e->event.id_message.at,
                      (int)e->event.id_seller.size, (const char *)e->event.id_seller.at,
                      e->event.ts_event.ms, e->new_schema ? " new-schema" : "",
                      e->misplaced ? " misplaced" : "");
    return e;
}

static struct order_fields order_of(struct span id, enum event_kind kind, int64_t at)
{
    const bool fresh = kind == EVENT_ORDER_UNIT_NEW;
    return (struct order_fields){
        .id_order = span_of_text("o"),
        .id_order_unit = id,
        .status = fresh ? ORDER_OPEN : ORDER_CANCELLED,
        .cancel_reason = fresh ? span_of(NULL, 0) : span_of_text("NoInventory"),
        .ts_created = at,
        .ship_by = { fresh, at + DAY_MS },
        .deliver_by = { fresh, at + 4 * DAY_MS },
        .price = 1999,
        .currency = span_of_text("EUR"),
    };
}

static struct message_fields message_of(struct span id)
{
    return (struct message_fields){ .id_ticket = id,
                                    .status = TICKET_OPENED,
                                    .open_reason = span_of_text("question"),
                                    .is_seller_responsible = true,
                                    .author_role = AUTHOR_SELLER };
}

struct little_entry *little_world_tell(struct little_world *w, enum event_kind kind,
                                       const char *seller, const char *id, int64_t at)
{
    char message[LITTLE_NAME_BYTES];
    (void)snprintf(message, sizeof message, "m%d", w->entry_count + 1);
    struct event event = { .kind = kind,
                           .fulfillment = FULFILLMENT_MERCHANT,
                           .ts_event = { at },
                           .id_message = span_of_text(message),
                           .id_seller = span_of_text(seller),
                           .storefront = span_of_text("de") };
    if (topic_of(kind) == TOPIC_ORDERS)
        event.order = order_of(span_of_text(id), kind, at);
    else if (topic_of(kind) == TOPIC_MESSAGES)
        event.message = message_of(span_of_text(id));
    else
        event.shipment = (struct shipment_fields){ .id_order = span_of_text("o"),
                                                   .id_order_unit = span_of_text(id),
                                                   .parcel_count = 1 };
    return little_world_tell_event(w, &event);
}

void little_world_cancelled_unit(struct little_world *w, const char *seller, const char *id,
                                 int64_t at)
{
    (void)little_world_tell(w, EVENT_ORDER_UNIT_NEW, seller, id, at);
    (void)little_world_tell(w, EVENT_ORDER_UNIT_STATUS_CHANGED, seller, id, at + SECOND_MS);
}

struct little_entry *little_world_poison(struct little_world *w, enum topic topic,
                                         const char *seller)
{
    struct little_entry *e = add_entry(w);
    e->poison = true;
    e->topic = topic;
    append(w, e, span_of_text(seller));
    little_world_note(w, "told    poison@%d %s %d/%" PRId64, w->entry_count - 1,
                      topic_label(topic), e->shard, e->offset);
    return e;
}

/* ---- spies: death ------------------------------------------------------------------------ */

#define note(worker, format, ...)                                                              \
    little_world_note((worker)->world, "%-7s " format, (worker)->instance, __VA_ARGS__)

static void end_hiding(struct little_world *w)
{
    if (w->hidden_until_ms == 0 || the_clock.ms < w->hidden_until_ms)
        return;
    fake_topics_hide(w->topics, false);
    w->hidden_until_ms = 0;
}

/* Something is about to be done to the world. */
static struct little_worker *effect(void *self)
{
    struct little_worker *worker = self;
    CHECK(worker->alive);
    end_hiding(worker->world);
    if (worker->effects++ == worker->die_at)
        longjmp(worker->death, 1);
    return worker;
}

/* ---- spies: source ------------------------------------------------------------------------
 */

static enum status spy_read(void *self, int patience_ms, struct record_batch *ret_batch,
                            struct reason *why)
{
    struct little_worker *worker = effect(self);
    const struct source_port *port = &worker->fakes.source;
    const enum status s = port->read(port->self, patience_ms, ret_batch, why);
    if (s != STATUS_OK)
        note(worker, "cannot read: %s", status_name(s));
    for (int32_t i = 0; s == STATUS_OK && i < ret_batch->duty_count; i++)
        note(worker, "duty %d of shard %d", (int)ret_batch->duties[i].kind,
             ret_batch->duties[i].shard);
    for (int32_t i = 0; s == STATUS_OK && i < ret_batch->record_count; i++)
        note(worker, "reads %s %d/%" PRId64, topic_label(ret_batch->records[i].topic),
             ret_batch->records[i].shard, ret_batch->records[i].offset);
    return s;
}

static enum status spy_start(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT],
                             struct reason *why)
{
    struct little_worker *worker = effect(self);
    const struct source_port *port = &worker->fakes.source;
    worker->starts += 1;
    note(worker, "starts shard %d at %" PRId64 " %" PRId64 " %" PRId64, shard, offsets[0],
         offsets[1], offsets[2]);
    if (worker->start_failures == 0)
        return port->start(port->self, shard, offsets, why);
    worker->start_failures -= 1;
    reason_set(why, "the brokers do not answer");
    return STATUS_UNAVAILABLE;
}

static void spy_release(void *self)
{
    const struct source_port *port = &effect(self)->fakes.source;
    port->release(port->self);
}

static void spy_hold(void *self, int32_t shard, enum topic topic, bool held)
{
    struct little_worker *worker = effect(self);
    worker->held[shard][topic] = held;
    note(worker, "%s %s of shard %d", held ? "holds" : "resumes", topic_label(topic), shard);
    worker->fakes.source.hold(worker->fakes.source.self, shard, topic, held);
}

static struct log_end spy_log_end(void *self, int32_t shard, enum topic topic)
{
    const struct little_worker *worker = self;
    return worker->fakes.source.log_end(worker->fakes.source.self, shard, topic);
}

static int64_t spy_position(void *self, int32_t shard, enum topic topic)
{
    const struct little_worker *worker = self;
    return worker->fakes.source.position(worker->fakes.source.self, shard, topic);
}

static void spy_note_progress(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT])
{
    const struct little_worker *worker = self;
    worker->fakes.source.note_progress(worker->fakes.source.self, shard, offsets);
}

static int32_t spy_lease_ms(void *self)
{
    const struct source_port *port = &effect(self)->fakes.source;
    return port->lease_ms(port->self);
}

static bool spy_source_troubled(void *self, struct reason *why)
{
    const struct little_worker *worker = self;
    return worker->fakes.source.troubled(worker->fakes.source.self, why);
}

static struct source_port spy_source(struct little_worker *worker)
{
    return (struct source_port){ .self = worker,
                                 .read = spy_read,
                                 .start = spy_start,
                                 .release = spy_release,
                                 .hold = spy_hold,
                                 .log_end = spy_log_end,
                                 .position = spy_position,
                                 .note_progress = spy_note_progress,
                                 .lease_ms = spy_lease_ms,
                                 .troubled = spy_source_troubled };
}

/* ---- spies: sink and feed -------------------------------------------------------------------
 */

static int64_t header_number(const struct outgoing *o, const char *name)
{
    for (int32_t i = 0; i < o->header_count; i++) {
        if (strcmp(o->headers[i].name, name) != 0)
            continue;
        char text[32] = "";
        CHECK(o->headers[i].value.size < sizeof text);
        memcpy(text, o->headers[i].value.at, o->headers[i].value.size);
        return strtoll(text, NULL, 10);
    }
    fail_msg("there is no header %s", name);
    return 0;
}

static void sends_in_order_what_is_saved(struct little_worker *worker, int32_t shard,
                                         uint64_t sequence)
{
    assert_true(sequence < worker->saved_next[shard]);
    assert_true(sequence > worker->sent[shard]);
}

static enum status spy_send(void *self, const struct outgoing *record, struct reason *why)
{
    struct little_worker *worker = effect(self);
    if (record->kind == OUTGOING_ALERT) {
        note(worker, "sends alert change %" PRId64 " of shard %d", header_number(record, "seq"),
             record->shard);
        sends_in_order_what_is_saved(worker, record->shard,
                                     (uint64_t)header_number(record, "seq"));
    } else {
        note(worker, "sets a record of shard %d aside", record->shard);
    }
    const enum status s = worker->fakes.sink.send(worker->fakes.sink.self, record, why);
    if (s == STATUS_OK && record->kind == OUTGOING_ALERT)
        worker->sent[record->shard] = (uint64_t)header_number(record, "seq");
    return s;
}

static int32_t spy_poll_sink(void *self, struct delivery *ret_deliveries, int32_t max)
{
    struct little_worker *worker = effect(self);
    const struct sink_port *port = &worker->fakes.sink;
    const int32_t count = port->poll(port->self, ret_deliveries, max);
    for (int32_t i = 0; i < count; i++) {
        if (!ret_deliveries[i].delivered && ret_deliveries[i].kind == OUTGOING_ALERT)
            worker->sent[ret_deliveries[i].shard] = 0; /* may be sent again */
    }
    return count;
}

static enum status spy_flush(void *self, enum outgoing_kind kind, int patience_ms)
{
    const struct sink_port *port = &effect(self)->fakes.sink;
    const enum status s = port->flush(port->self, kind, patience_ms);
    if (s != STATUS_OK)
        little_world_wait(patience_ms);
    return s;
}

static void spy_give_up(void *self)
{
    struct little_worker *worker = effect(self);
    note(worker, "%s", "gives up what is on its way to the topics");
    worker->fakes.sink.give_up(worker->fakes.sink.self);
}

static bool spy_sink_troubled(void *self, struct reason *why)
{
    const struct little_worker *worker = self;
    return worker->fakes.sink.troubled(worker->fakes.sink.self, why);
}

static struct sink_port spy_sink(struct little_worker *worker)
{
    return (struct sink_port){ .self = worker,
                               .give_up_ms = worker->fakes.sink.give_up_ms,
                               .settle_ms = worker->world->settle_ms,
                               .send = spy_send,
                               .poll = spy_poll_sink,
                               .flush = spy_flush,
                               .give_up = spy_give_up,
                               .troubled = spy_sink_troubled };
}

static enum status spy_read_tail(void *self, int32_t shard, int64_t from,
                                 void (*each)(void *arg, const struct feed_record *record),
                                 void *arg, int64_t *ret_end, struct reason *why)
{
    struct little_worker *worker = effect(self);
    const struct feed_port *port = &worker->fakes.feed;
    const enum status s = port->read_tail(port->self, shard, from, each, arg, ret_end, why);
    note(worker, "reads the tail of shard %d from %" PRId64 ": %s", shard, from,
         status_name(s));
    return s;
}

/* ---- spies: store
 * ------------------------------------------------------------------------------ */

static enum status spy_claim(void *self, int32_t shard, const char *writer,
                             struct shard_header *ret_header, struct reason *why)
{
    struct little_worker *worker = effect(self);
    const struct store_port *port = &worker->fakes.store;
    const enum status s = port->claim(port->self, shard, writer, ret_header, why);
    note(worker, "claims shard %d: %s", shard, status_name(s));
    if (s == STATUS_OK) {
        worker->saved_next[shard] = ret_header->next_shard_sequence;
        worker->sent[shard] = 0;
    }
    return s;
}

static enum status spy_load(void *self, int32_t shard, const struct shard_header *header,
                            enum status (*each)(void *arg, struct span images), void *arg,
                            struct reason *why)
{
    struct little_worker *worker = effect(self);
    const struct store_port *port = &worker->fakes.store;
    const enum status s = port->load(port->self, shard, header, each, arg, why);
    note(worker, "loads shard %d version %" PRIu64 ": %s", shard, header->version,
         status_name(s));
    return s;
}

/* A dead letter is in its topic before the offset behind it is saved. */
static void check_letters(const struct little_world *w, const struct save *save)
{
    for (int32_t i = 0; i < w->entry_count; i++) {
        const struct little_entry *e = w->entries[i];
        if ((e->poison || e->misplaced || e->refused) && e->shard == save->shard &&
            e->offset < save->header.offsets[e->topic] && !little_world_is_lost(w, e))
            assert_true(little_world_has_letter(w, e));
    }
}

static enum status spy_save(void *self, const struct save *save, struct reason *why)
{
    struct little_worker *worker = effect(self);
    void (*const before)(struct little_worker *, void *) = worker->before_save;
    worker->before_save = NULL;
    if (before != NULL)
        before(worker, worker->before_save_arg);
    check_letters(worker->world, save);
    worker->saving_next[save->shard] = save->header.next_shard_sequence;
    note(worker, "saves shard %d version %" PRIu64 ", %zu bytes, stream time %" PRId64,
         save->shard, save->header.version, save->log.size, save->header.stream_time);
    return worker->fakes.store.save(worker->fakes.store.self, save, why);
}

static int32_t spy_poll_store(void *self, int patience_ms, struct save_result *ret_results,
                              int32_t max)
{
    struct little_worker *worker = effect(self);
    const struct store_port *port = &worker->fakes.store;
    const int32_t count = port->poll(port->self, patience_ms, ret_results, max);
    for (int32_t i = 0; i < count; i++) {
        const int32_t shard = ret_results[i].shard;
        note(worker, "hears of shard %d version %" PRIu64 ": %s", shard, ret_results[i].version,
             status_name(ret_results[i].status));
        if (ret_results[i].status == STATUS_OK)
            worker->saved_next[shard] = worker->saving_next[shard];
    }
    if (count == 0)
        little_world_wait(patience_ms);
    return count;
}

static void spy_hurry(void *self)
{
    struct little_worker *worker = self;
    worker->fakes.store.hurry(worker->fakes.store.self);
}

/* ---- understanding
 * ----------------------------------------------------------------------------- */

static enum status decode(void *self, const struct record *record, struct event *ret_event,
                          enum reject *ret_reject, int32_t *ret_schema_id)
{
    const struct little_worker *worker = self;
    struct little_world *w = worker->world;
    int32_t number = -1;
    CHECK(record->value.size >= sizeof number);
    memcpy(&number, record->value.at, sizeof number);
    struct little_entry *e = w->entries[number];
    *ret_schema_id = SCHEMA_ID;
    if (e->new_schema && w->registry_down)
        return STATUS_PENDING;
    if (e->poison) {
        *ret_reject = REJECT_UNDECODABLE;
        return STATUS_MALFORMED;
    }
    e->decoded += 1;
    *ret_event = e->event;
    return STATUS_OK;
}

static bool decoder_troubled(void *self, struct reason *why)
{
    const struct little_worker *worker = self;
    if (worker->world->registry_down)
        reason_set(why, "schema %d: the registry does not answer", SCHEMA_ID);
    return worker->world->registry_down;
}

/* ---- processes
 * ----------------------------------------------------------------------------------- */

static void open_ports(struct little_worker *worker)
{
    struct little_world *w = worker->world;
    worker->fakes = (struct ports){ .source = fake_log_source(worker->member),
                                    .sink = fake_sink_port(worker->sink),
                                    .feed = fake_sink_feed(worker->sink),
                                    .store = fake_store_port(worker->client) };
    worker->ports = (struct ports){
        .source = spy_source(worker),
        .sink = spy_sink(worker),
        .feed = { worker, spy_read_tail },
        .store = { worker, spy_claim, spy_load, spy_save, spy_poll_store, spy_hurry },
        .decoder = { worker, decode, decoder_troubled },
        .encoder = alert_codec_port(w->codec),
        .now = little_world_now,
    };
}

struct little_worker *little_world_start(struct little_world *w)
{
    CHECK(w->worker_count < LITTLE_WORKERS);
    struct little_worker *worker = calloc(1, sizeof *worker);
    CHECK(worker != NULL);
    w->workers[w->worker_count++] = worker;
    worker->world = w;
    worker->alive = true;
    worker->die_at = -1;
    worker->member = fake_log_join(w->log);
    worker->client = fake_store_connect(w->store);
    worker->sink = fake_sink_open(w->topics, w->sink_queue);
    (void)snprintf(worker->instance, sizeof worker->instance, "w%d", w->worker_count);
    open_ports(worker);
    note(worker, "comes as number %d", w->worker_count);
    pipeline_open(&worker->pipeline, &(struct pipeline_options){
                                         .ports = &worker->ports,
                                         .rules = w->rules,
                                         .metrics = &worker->metrics,
                                         .health = w->health,
                                         .instance = worker->instance,
                                         .shard_count = LITTLE_SHARDS,
                                         .topic_names = { "orders", "messages", "shipments" },
                                         .batch_records = w->batch_records,
                                         .commit_interval_ms = COMMIT_MS,
                                         .catch_up_interval_ms = COMMIT_MS,
                                         .alert_interval_ms = ALERT_MS,
                                         .max_skew_ms = w->max_skew_ms,
                                         .retry = w->retry,
                                         .memory_limit = w->memory_limit });
    worker->pipeline.saving.log_least_bytes = w->log_least_bytes;
    return worker;
}

void little_world_kill(struct little_worker *worker, int32_t landed)
{
    CHECK(worker->alive);
    fake_log_kill(worker->member);
    fake_log_expire(worker->member);
    fake_store_cut(worker->client);
    fake_sink_kill(worker->sink, landed);
    pipeline_close(&worker->pipeline);
    worker->alive = false;
    note(worker, "is dead, %d records landed", landed);
}

void little_world_stop(struct little_worker *worker)
{
    CHECK(worker->alive);
    worker->die_at = -1; /* deaths happen in steps */
    pipeline_finish(&worker->pipeline, STOP_MS);
    fake_log_leave(worker->member);
    fake_store_cut(worker->client);
    fake_sink_kill(worker->sink, 0);
    pipeline_close(&worker->pipeline);
    worker->alive = false;
}

enum little_fate little_world_step(struct little_worker *worker)
{
    CHECK(worker->alive);
    little_world_wait(LITTLE_STEP_MS);
    if (setjmp(worker->death) != 0) {
        const int32_t in_flight = fake_sink_in_flight(worker->sink);
        little_world_kill(worker, (int32_t)little_world_random(worker->world, in_flight + 1));
        return LITTLE_DIED;
    }
    worker->status = pipeline_step(&worker->pipeline, &worker->why);
    return LITTLE_LIVES;
}

void little_world_run(struct little_world *w, int steps)
{
    for (int n = 0; n < steps; n++) {
        for (int32_t i = 0; i < w->worker_count; i++) {
            if (w->workers[i]->alive)
                (void)little_world_step(w->workers[i]);
        }
    }
}

bool little_world_works(const struct little_worker *worker, int32_t shard)
{
    return worker->alive && tenure_works(&worker->pipeline.tenures[shard]);
}

/* ---- views
 * --------------------------------------------------------------------------------------- */

const char *little_world_view(struct little_world *w, const char *seller, const char *field)
{
    static char text[256];
    char key[2 * LITTLE_NAME_BYTES];
    struct span value = { 0 };
    (void)snprintf(key, sizeof key, "%s|de", seller);
    text[0] = '\0';
    if (fake_store_view(w->store, little_world_shard(w, seller), span_of_text(key),
                        span_of_text(field), &value))
        (void)snprintf(text, sizeof text, "%.*s", (int)value.size, (const char *)value.at);
    return text;
}

static bool is_time(struct span field)
{
    return span_equal(field, span_of_text("window_end")) ||
           span_equal(field, span_of_text("updated_at"));
}

static void add_view_line(void *arg, struct span seller_storefront, struct span field,
                          struct span value)
{
    struct buffer *lines = arg;
    if (is_time(field))
        return;
    buffer_add(lines, seller_storefront);
    buffer_add_u8(lines, ' ');
    buffer_add(lines, field);
    buffer_add_u8(lines, ' ');
    buffer_add(lines, value);
    buffer_add_u8(lines, '\n');
}

char *little_world_views(const struct little_world *w)
{
    struct buffer lines = { 0 };
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++)
        fake_store_each_view(w->store, shard, add_view_line, &lines);
    buffer_add_u8(&lines, '\0');
    return (char *)lines.at;
}

/* ---- the feed
 * -------------------------------------------------------------------------------------- */

struct alert_change little_world_change(const struct little_world *w, int32_t shard, int64_t n)
{
    const struct fake_letter *letter = fake_topics_alert(w->topics, shard, n);
    const struct encoder_port encoder = alert_codec_port(w->codec);
    struct alert_change change = { 0 };
    assert_non_null(letter);
    assert_int_equal(encoder.decode(encoder.self, letter->value, &change), STATUS_OK);
    return change;
}

/* A partition of the feed, decoded once. */
struct feed {
    int32_t shard;
    struct alert_change *changes; /* owned */
    int64_t count;
};

static struct feed open_feed(const struct little_world *w, int32_t shard)
{
    struct feed f = { .shard = shard };
    while (fake_topics_alert(w->topics, shard, f.count) != NULL)
        f.count += 1;
    f.changes = calloc((size_t)f.count + 1, sizeof *f.changes);
    CHECK(f.changes != NULL);
    for (int64_t n = 0; n < f.count; n++)
        f.changes[n] = little_world_change(w, shard, n);
    return f;
}

static void close_feed(struct feed *f)
{
    free(f->changes);
}

int32_t little_world_feed(const struct little_world *w)
{
    int32_t count = 0;
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++) {
        struct feed f = open_feed(w, shard);
        count += (int32_t)f.count;
        close_feed(&f);
    }
    return count;
}

bool little_world_same_alert(const struct alert_change *a, const struct alert_change *b)
{
    return a->kpi == b->kpi && span_equal(name_span(&a->seller), name_span(&b->seller)) &&
           span_equal(name_span(&a->storefront), name_span(&b->storefront)) &&
           span_equal(name_span(&a->window), name_span(&b->window));
}

/* The change of the same alert before the n-th; NULL: there is none. */
static const struct alert_change *change_before(const struct feed *f, int64_t n)
{
    for (int64_t i = n - 1; i >= 0; i--) {
        if (little_world_same_alert(&f->changes[n], &f->changes[i]))
            return &f->changes[i];
    }
    return NULL;
}

static void check_follows(const struct feed *f, int64_t n)
{
    const struct alert_change *c = &f->changes[n];
    const struct alert_change *before = change_before(f, n);
    if (before == NULL) {
        assert_int_equal(c->sequence, 1);
        return;
    }
    if (before->status != ALERT_OK && before->status != ALERT_RESOLVED) {
        assert_int_equal(c->started.ms, before->started.ms);
        assert_int_equal(c->sequence, before->sequence + 1);
        assert_int_equal(c->previous_status, before->status);
        return;
    }
    assert_true(c->started.ms > before->started.ms);
    assert_int_equal(c->sequence, 1);
}

static void check_partition(const struct feed *f)
{
    uint64_t newest = 0;
    for (int64_t n = 0; n < f->count; n++) {
        assert_int_equal(f->changes[n].shard_sequence, newest + 1);
        newest = f->changes[n].shard_sequence;
        check_follows(f, n);
    }
}

void little_world_check_feed(const struct little_world *w)
{
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++) {
        struct feed f = open_feed(w, shard);
        check_partition(&f);
        close_feed(&f);
    }
}

/* ---- dead letters
 * -------------------------------------------------------------------------------------- */

int32_t little_world_letters(const struct little_world *w)
{
    int32_t count = 0;
    while (fake_topics_dead_letter(w->topics, count) != NULL)
        count += 1;
    return count;
}

static bool header_says(const struct fake_letter *letter, const char *name, int64_t number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    return span_equal(fake_topics_header(letter, name), span_of_text(text));
}

bool little_world_is_lost(const struct little_world *w, const struct little_entry *entry)
{
    return fake_log_is_lost(w->log, entry->shard, entry->topic, entry->offset);
}

bool little_world_has_letter(const struct little_world *w, const struct little_entry *entry)
{
    const struct fake_letter *letter;
    for (int64_t i = 0; (letter = fake_topics_dead_letter(w->topics, i)) != NULL; i++) {
        if (span_equal(fake_topics_header(letter, "source_topic"),
                       span_of_text(topic_label(entry->topic))) &&
            header_says(letter, "source_partition", entry->shard) &&
            header_says(letter, "source_offset", entry->offset))
            return true;
    }
    return false;
}
