/* pipeline.c - what one event costs between Kafka and Redis: decode, apply, image.
 *
 *      bench_pipeline [sellers] [units]
 *
 * One thread, everything in memory. Events of a plausible mix (a new unit, sent, scan,
 * delivered, one ticket with a reply in ten units) are encoded once as Avro in the
 * Confluent wire format; then the clock runs while they are decoded, applied in
 * batches with a tick each, and the images of what changed are encoded.
 */
#include "app/domain_rules.h"
#include "base/check.h"
#include "codec/event_encode.h"
#include "codec/event_schema.h"
#include "codec/schemas.h"
#include "kpi/shard.h"
#include "schemas_embedded.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 500, EVENTS_A_UNIT = 4, SAVE_EVERY = 10 };

struct input {
    struct reader_schema *schemas[TOPIC_COUNT];
    struct buffer bytes;
    size_t *begins; /* count + 1 */
    enum topic *topics;
    struct buffer keys;
    size_t *key_begins;
    int32_t count;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add(struct input *in, const struct event *event)
{
    in->topics[in->count] = event->topic;
    in->begins[in->count] = in->bytes.size;
    in->key_begins[in->count] = in->keys.size;
    event_encode(in->schemas[event->topic], (int32_t)event->topic + 1, event, &in->bytes);
    buffer_add(&in->keys, event->id_seller);
    in->count += 1;
    in->begins[in->count] = in->bytes.size;
    in->key_begins[in->count] = in->keys.size;
}

static struct event common(enum topic topic, enum event_kind kind, int64_t at, const char *id,
                           const char *seller)
{
    return (struct event){ .topic = topic,
                           .kind = kind,
                           .fulfillment = FULFILLMENT_MERCHANT,
                           .ts_event = { at },
                           .id_message = span_of_text(id),
                           .id_seller = span_of_text(seller),
                           .storefront = span_of_text("de") };
}

/* Step s of unit u: events of many units interleave as they do in life. */
static void add_step(struct input *in, int32_t u, int32_t step, int32_t sellers)
{
    char seller[24];
    char unit[24];
    char message[40];
    snprintf(seller, sizeof seller, "seller-%d", u % sellers);
    snprintf(unit, sizeof unit, "unit-%d", u);
    snprintf(message, sizeof message, "message-%d-%d", u, step);
    const int64_t created = INT64_C(1780000000000) + (int64_t)u * 1000;
    const int64_t at = created + step * 12 * HOUR_MS;
    if (step == 0) {
        struct event e = common(TOPIC_ORDERS, EVENT_ORDER_UNIT_NEW, created, message, seller);
        e.order = (struct order_fields){ .id_order = span_of_text(unit),
                                         .id_order_unit = span_of_text(unit),
                                         .status = ORDER_OPEN,
                                         .ts_created = created,
                                         .ship_by = { true, created + 24 * HOUR_MS },
                                         .deliver_by = { true, created + 48 * HOUR_MS },
                                         .price = 1999,
                                         .currency = span_of_text("EUR") };
        add(in, &e);
        return;
    }
    static const enum event_kind kinds[] = { EVENT_UNKNOWN, EVENT_SHIPMENT_SENT,
                                             EVENT_IN_TRANSIT, EVENT_DELIVERED };
    struct event e = common(TOPIC_SHIPMENTS, kinds[step], at, message, seller);
    e.shipment = (struct shipment_fields){ .id_order = span_of_text(unit),
                                           .id_order_unit = span_of_text(unit),
                                           .tracking_number = span_of_text(unit),
                                           .carrier_code = span_of_text("DHL"),
                                           .parcel_count = 1 };
    add(in, &e);
}

static void make_input(struct input *in, int32_t units, int32_t sellers)
{
    const size_t most = (size_t)units * EVENTS_A_UNIT + 1;
    in->begins = calloc(most, sizeof *in->begins);
    in->key_begins = calloc(most, sizeof *in->key_begins);
    in->topics = calloc(most, sizeof *in->topics);
    CHECK(in->begins != NULL && in->key_begins != NULL && in->topics != NULL);
    for (int t = 0; t < TOPIC_COUNT; t++)
        in->schemas[t] = event_schema_open((enum topic)t);
    const int32_t lag = 43200; /* units between two steps of one unit: 12 h */
    for (int32_t u = 0; u < units + (EVENTS_A_UNIT - 1) * lag; u++) {
        for (int32_t step = 0; step < EVENTS_A_UNIT; step++) {
            const int32_t unit = u - step * lag;
            if (unit >= 0 && unit < units)
                add_step(in, unit, step, sellers);
        }
    }
}

static struct record record_of(const struct input *in, int32_t i)
{
    return (struct record){
        .topic = in->topics[i],
        .offset = i,
        .key =
            span_of(in->keys.at + in->key_begins[i], in->key_begins[i + 1] - in->key_begins[i]),
        .value = span_of(in->bytes.at + in->begins[i], in->begins[i + 1] - in->begins[i]),
    };
}

static wall_time no_clock(void)
{
    return (wall_time){ 0 };
}

struct times {
    int64_t decode;
    int64_t apply;
    int64_t tick;
    int64_t image;
    size_t image_bytes;
};

static void run_batch(const struct input *in, int32_t first, int32_t last, struct shard *shard,
                      const struct decoder_port *decoder, struct times *times)
{
    static struct event events[BATCH];
    const int64_t begun = now_ns();
    for (int32_t i = first; i < last; i++) {
        const struct record record = record_of(in, i);
        enum reject reject = REJECT_NONE;
        int32_t id = 0;
        CHECK(decoder->decode(decoder->self, &record, &events[i - first], &reject, &id) ==
              STATUS_OK);
    }
    const int64_t decoded = now_ns();
    for (int32_t i = first; i < last; i++)
        CHECK(shard_apply(shard, &events[i - first], no_clock()) == REJECT_NONE);
    const int64_t applied = now_ns();
    shard_tick(shard, no_clock());
    times->decode += decoded - begun;
    times->apply += applied - decoded;
    times->tick += now_ns() - applied;
}

int main(int argc, char **argv)
{
    const int32_t sellers = argc > 1 ? (int32_t)strtol(argv[1], NULL, 10) : 10000;
    const int32_t units = argc > 2 ? (int32_t)strtol(argv[2], NULL, 10) : 500000;
    static struct input in;
    make_input(&in, units, sellers);

    static struct settings settings;
    static struct domain_rules rules;
    struct reason why = { 0 };
    settings_defaults(&settings);
    CHECK(settings_set(&settings, "time.source", "events", &why));
    CHECK(domain_rules_open(&settings, &rules, &why));
    static struct arena arena;
    static struct shard shard;
    shard_open(&shard, &rules.rules, &arena);
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    const struct schemas_local locals[] = {
        { 1, span_of_text(embedded_order_event_avsc) },
        { 2, span_of_text(embedded_message_event_avsc) },
        { 3, span_of_text(embedded_shipment_event_avsc) },
    };
    const struct schemas_options options = {
        .locals = locals, .local_count = 3, .now = no_clock, .lock = &lock
    };
    struct schemas *schemas = schemas_open(&options);
    const struct decoder_port decoder = schemas_port(schemas);

    struct times times = { 0 };
    struct buffer images = { 0 };
    for (int32_t first = 0, batch = 1; first < in.count; first += BATCH, batch++) {
        const int32_t last = first + BATCH < in.count ? first + BATCH : in.count;
        run_batch(&in, first, last, &shard, &decoder, &times);
        if (batch % SAVE_EVERY != 0)
            continue;
        const int64_t begun = now_ns();
        buffer_clear(&images);
        shard_encode_changes(&shard, &images);
        times.image += now_ns() - begun;
        times.image_bytes += images.size;
        shard.sellers.views.count = 0; /* nobody looks: the queue of views stays short */
        for (uint32_t ref = 1; ref <= shard.sellers.cells.used; ref++)
            sellers_cell(&shard.sellers, ref)->view_queued = false;
    }
    const double n = in.count;
    const int64_t sum = times.decode + times.apply + times.tick + times.image;
    printf("%d events, %d sellers, %d units; batches of %d, images every %d batches\n",
           in.count, sellers, units, BATCH, SAVE_EVERY);
    printf(
        "decode %.0f ns  apply %.0f ns  tick %.0f ns  image %.0f ns (%.0f bytes)  an event\n",
        (double)times.decode / n, (double)times.apply / n, (double)times.tick / n,
        (double)times.image / n, (double)times.image_bytes / n);
    printf("together %.0f ns an event: %.0f thousand events a second, one thread\n",
           (double)sum / n, n * 1e6 / (double)sum);
    printf("memory %.0f MB, %u units and %u panes remembered\n", (double)arena.taken / 1e6,
           shard.units.units.live, shard.windows.panes.live);
    schemas_close(schemas);
    return 0;
}
