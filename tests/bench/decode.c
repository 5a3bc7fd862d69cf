/* decode.c - what decoding one order event costs, from wire bytes to struct event.
 *
 * By hand: build/bench_decode. One thread, records in memory, the whole way of the
 * decoder port: framing, schema look-up, decoding, UTF-8, checks, key.
 */
#include "base/check.h"
#include "base/name.h"
#include "codec/event_encode.h"
#include "codec/event_schema.h"
#include "codec/schemas.h"

#include <stdio.h>
#include <time.h>

enum { RECORDS = 1000, ROUNDS = 2000 };

static wall_time no_clock(void)
{
    return (wall_time){ 0 };
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add_order(const struct reader_schema *schema, int number, struct buffer *b)
{
    char unit[32];
    char id[48];
    snprintf(unit, sizeof unit, "unit-%08d", number);
    snprintf(id, sizeof id, "6f1e8c2a-0000-4000-8000-%012d", number);
    const struct event e = {
        .topic = TOPIC_ORDERS,
        .kind = EVENT_ORDER_UNIT_NEW,
        .fulfillment = FULFILLMENT_MERCHANT,
        .ts_event = { 1767225600000 + number },
        .id_message = span_of_text(id),
        .id_seller = span_of_text("4711"),
        .storefront = span_of_text("de"),
        .order = { .id_order = span_of_text("M1234567"),
                   .id_order_unit = span_of_text(unit),
                   .status = ORDER_OPEN,
                   .ts_created = 1767225600000,
                   .ship_by = { true, 1767398400000 },
                   .deliver_from = { true, 1767484800000 },
                   .deliver_by = { true, 1767744000000 },
                   .price = 1999,
                   .currency = span_of_text("EUR") },
    };
    event_encode(schema, 1, &e, b);
}

static void run(struct decoder_port port, const struct buffer *records, size_t bytes)
{
    struct event event;
    enum reject reject;
    int32_t id;
    struct record record = { .topic = TOPIC_ORDERS, .key = span_of_text("4711") };
    const double begin = seconds();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < RECORDS; i++) {
            record.value = buffer_span(&records[i]);
            CHECK(port.decode(port.self, &record, &event, &reject, &id) == STATUS_OK);
        }
    }
    const double took = seconds() - begin;
    const double count = (double)RECORDS * ROUNDS;
    printf("decode: %.0f ns per order event of %zu bytes, %.2f M events/s\n",
           took / count * 1e9, bytes / RECORDS, count / took / 1e6);
}

static void encode_all(const struct reader_schema *schema, struct buffer *scratch)
{
    const double begin = seconds();
    const int count = RECORDS * ROUNDS / 4;
    for (int i = 0; i < count; i++) {
        buffer_clear(scratch);
        add_order(schema, i, scratch);
    }
    const double took = seconds() - begin;
    printf("encode: %.0f ns per order event (with printing its ids), %.2f M events/s\n",
           took / count * 1e9, count / took / 1e6);
}

int main(void)
{
    static struct buffer records[RECORDS];
    struct buffer scratch = { 0 };
    struct reader_schema *schema = event_schema_open(TOPIC_ORDERS);
    size_t bytes = 0;
    for (int i = 0; i < RECORDS; i++) {
        add_order(schema, i, &records[i]);
        bytes += records[i].size;
    }
    const struct schemas_local local = { 1, span_of_text(event_schema_text(TOPIC_ORDERS)) };
    struct schemas *schemas = schemas_open(
        &(struct schemas_options){ .locals = &local, .local_count = 1, .now = no_clock });
    run(schemas_port(schemas), records, bytes);
    encode_all(schema, &scratch);
    for (int i = 0; i < RECORDS; i++)
        buffer_free(&records[i]);
    buffer_free(&scratch);
    schemas_close(schemas);
    reader_schema_close(schema);
    return 0;
}
