/* program_run_differential_test.c - our decoder against avro-c on random schemas and values.
 *
 * STORY
 * -----
 * For each seed a writer's schema is drawn from ours: fields shuffled, renamed to an
 * alias, promoted, wrapped in unions, left out where they have a default, and between them
 * fields of random types, nested and recursive, that nobody wants. A random value of it is
 * encoded and decoded by avro-c; what avro-c read is resolved here, the slow and obvious
 * way, and must equal what our program made of the same bytes. And no part of the
 * bytes alone may pass for a record.
 */
#include "codec_judge.h"
#include "codec_random.h"

#include "codec/event_schema.h"

enum { SEEDS = 1200, VALUES = 4, BODY_MAX = 1 << 16 };

/* ---- the two decoders side by side ---------------------------------------------------- */

struct tally {
    int read;
    int refused;
};

static void compare(const struct schema_program *program, avro_value_t *written,
                    struct span body, struct tally *tally)
{
    union any_record record;
    size_t used = 0;
    const enum status s = program_run(program, body, &record, &used);
    if (check_record(program->reader, written, NULL)) {
        assert_int_equal(s, STATUS_OK);
        assert_int_equal(used, body.size);
        check_record(program->reader, written, (const uint8_t *)&record);
        tally->read++;
    } else {
        assert_int_equal(s, STATUS_MALFORMED);
        tally->refused++;
    }
    for (size_t cut = 0; cut < body.size; cut += 1 + body.size / 64)
        assert_int_equal(program_run(program, span_of(body.at, cut), &record, &used),
                         STATUS_MALFORMED);
}

/* Random damage: any answer will do, as long as it stays inside the bytes. */
static void damage(const struct schema_program *program, struct span body)
{
    union any_record record;
    size_t used = 0;
    uint8_t *copy = malloc(body.size + 1);
    memcpy(copy, body.at, body.size);
    for (int i = 0; i < 8 && body.size > 0; i++) {
        copy[roll() % body.size] = (uint8_t)roll();
        if (program_run(program, span_of(copy, body.size), &record, &used) == STATUS_OK)
            assert_true(used <= body.size);
    }
    free(copy);
}

static void one_value(const struct schema_program *program, avro_value_iface_t *iface,
                      struct tally *tally)
{
    static char bytes[BODY_MAX];
    avro_value_t value;
    avro_value_t again;
    avro_generic_value_new(iface, &value);
    avro_generic_value_new(iface, &again);
    fill(&value, VALUE_DEPTH);
    avro_writer_t writer = avro_writer_memory(bytes, sizeof bytes);
    assert_int_equal(avro_value_write(writer, &value), 0);
    const size_t size = (size_t)avro_writer_tell(writer);
    avro_reader_t reader = avro_reader_memory(bytes, (int64_t)size);
    assert_int_equal(avro_value_read(reader, &again), 0);
    compare(program, &again, span_of(bytes, size), tally);
    damage(program, span_of(bytes, size));
    avro_reader_free(reader);
    avro_writer_free(writer);
    avro_value_decref(&again);
    avro_value_decref(&value);
}

static void one_schema(const struct reader_schema *reader, uint64_t seed, struct tally *tally)
{
    dice = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    names = 0;
    struct buffer text = { 0 };
    random_schema(&text, reader);
    struct schema_program *program = NULL;
    struct reason why = { "" };
    if (schema_program_compile(buffer_span(&text), reader, NULL, &program, &why) != STATUS_OK)
        fail_msg("seed %d: %s: %.*s", (int)seed, why.text, (int)text.size, text.at);
    avro_schema_t schema;
    assert_int_equal(avro_schema_from_json_length((const char *)text.at, text.size, &schema),
                     0);
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    for (int i = 0; i < VALUES; i++)
        one_value(program, iface, tally);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    schema_program_free(program);
    buffer_free(&text);
}

/* Both outcomes must come up, or the test would promise less than it says. */
static void hold_together(struct reader_schema *reader, int seeds)
{
    struct tally tally = { 0 };
    for (int seed = 1; seed <= seeds; seed++)
        one_schema(reader, (uint64_t)seed, &tally);
    assert_true(tally.read > seeds / 10);
    assert_true(tally.refused > seeds / 10);
    reader_schema_close(reader);
}

static void every_kind_of_field_is_read_as_avro_c_reads_it(void **state)
{
    (void)state;
    hold_together(sample_open(), SEEDS);
}

static void order_events_are_read_as_avro_c_reads_them(void **state)
{
    (void)state;
    hold_together(event_schema_open(TOPIC_ORDERS), SEEDS / 3);
}

static void message_events_are_read_as_avro_c_reads_them(void **state)
{
    (void)state;
    hold_together(event_schema_open(TOPIC_MESSAGES), SEEDS / 3);
}

static void shipment_events_are_read_as_avro_c_reads_them(void **state)
{
    (void)state;
    hold_together(event_schema_open(TOPIC_SHIPMENTS), SEEDS / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_field_is_read_as_avro_c_reads_it),
        cmocka_unit_test(order_events_are_read_as_avro_c_reads_them),
        cmocka_unit_test(message_events_are_read_as_avro_c_reads_them),
        cmocka_unit_test(shipment_events_are_read_as_avro_c_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
