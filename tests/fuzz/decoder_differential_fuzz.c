/* decoder_differential_fuzz.c - our decoder beside avro-c's, on schemas and bytes that the
 * fuzzer chooses.
 *
 *      kind, 1 byte | what follows
 *
 *      drawn    seed, 8 bytes | damage: position, 2 bytes; value, 1 byte | damage | ...
 *      written  size of the schema text, 2 bytes | schema text | record's body
 *
 * Drawn: schema and value come from the seed, as in program_run_differential_test.c, and
 * avro-c encodes the value. Undamaged bytes must be read, or refused, as avro-c's reading
 * of them demands. Of damaged and invented bytes avro-c is asked only when we accepted
 * them, and then it must have read the same from just as many bytes: alone it follows any
 * count that it is told.
 */
#include "fuzz/fuzz_avro.h"
#include "unit/codec/codec_judge.h"
#include "unit/codec/codec_random.h"

#include "base/check.h"
#include "codec/event_schema.h"

enum { SEED_BYTES = 8, DAMAGE_BYTES = 3, BODY_MAX = 1 << 16, KIND_WRITTEN = 0x80 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Opened once, kept while the fuzzer lives: the three topics and the sample. */
static struct reader_schema *reader_of(uint8_t kind)
{
    static struct reader_schema *readers[TOPIC_COUNT + 1];
    const unsigned which = (kind & ~KIND_WRITTEN) % (TOPIC_COUNT + 1U);
    if (readers[which] == NULL)
        readers[which] =
            which == TOPIC_COUNT ? sample_open() : event_schema_open((enum topic)which);
    return readers[which];
}

/* avro-c reads `body`, all of it, and what it reads is what we read. */
static void avro_c_agrees(const struct reader_schema *reader, avro_value_iface_t *iface,
                          struct span body, const union any_record *record)
{
    avro_value_t value;
    uint8_t beyond;
    CHECK(avro_generic_value_new(iface, &value) == 0);
    avro_reader_t bytes = avro_reader_memory((const char *)body.at, (int64_t)body.size);
    CHECK(avro_value_read(bytes, &value) == 0);
    CHECK(avro_read(bytes, &beyond, sizeof beyond) != 0);
    CHECK(check_record(reader, &value, NULL));
    check_record(reader, &value, (const uint8_t *)record);
    avro_reader_free(bytes);
    avro_value_decref(&value);
}

/* What we accept, avro-c accepts. */
static void compare(const struct schema_program *program, avro_schema_t schema,
                    struct span body)
{
    union any_record record;
    size_t used = 0;
    if (program_run(program, body, &record, &used) != STATUS_OK)
        return;
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    CHECK(iface != NULL && used <= body.size);
    avro_c_agrees(program->reader, iface, span_of(body.at, used), &record);
    avro_value_iface_decref(iface);
}

/* ---- drawn ------------------------------------------------------------------------------ */

/* A random value as avro-c writes it; empty: it is too large. */
static struct span draw_body(avro_schema_t schema, bool *ret_readable,
                             const struct reader_schema *reader)
{
    static char bytes[BODY_MAX];
    avro_value_t value;
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    avro_generic_value_new(iface, &value);
    fill(&value, VALUE_DEPTH);
    avro_writer_t writer = avro_writer_memory(bytes, sizeof bytes);
    const bool fits = avro_value_write(writer, &value) == 0;
    const struct span body = { (const uint8_t *)bytes, (size_t)avro_writer_tell(writer) };
    *ret_readable = check_record(reader, &value, NULL);
    avro_writer_free(writer);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    return fits ? body : (struct span){ 0 };
}

static void compare_damaged(const struct schema_program *program, avro_schema_t schema,
                            struct span body, struct span damage)
{
    uint8_t *copy = malloc(body.size); /* of its own, so that no read beyond it is missed */
    CHECK(copy != NULL);
    memcpy(copy, body.at, body.size);
    for (; damage.size >= DAMAGE_BYTES;
         damage = span_of(damage.at + DAMAGE_BYTES, damage.size - DAMAGE_BYTES))
        copy[(size_t)(damage.at[0] << 8 | damage.at[1]) % body.size] = damage.at[2];
    compare(program, schema, span_of(copy, body.size));
    free(copy);
}

static void drawn(struct reader_schema *reader, uint64_t seed, struct span damage)
{
    dice = seed | 1;
    names = 0;
    struct buffer text = { 0 };
    random_schema(&text, reader);
    struct schema_program *program = NULL;
    struct reason why = { "" };
    avro_schema_t schema;
    CHECK(schema_program_compile(buffer_span(&text), reader, NULL, &program, &why) ==
          STATUS_OK);
    CHECK(avro_schema_from_json_length((const char *)text.at, text.size, &schema) == 0);
    bool readable = false;
    const struct span body = draw_body(schema, &readable, reader);
    union any_record record;
    size_t used = 0;
    if (body.size > 0) {
        const bool accepted = program_run(program, body, &record, &used) == STATUS_OK;
        CHECK(accepted == readable && (!accepted || used == body.size));
        compare(program, schema, body);
        compare_damaged(program, schema, body, damage);
    }
    avro_schema_decref(schema);
    schema_program_free(program);
    buffer_free(&text);
}

/* ---- written ---------------------------------------------------------------------------- */

static void written(struct reader_schema *reader, struct span text, struct span body)
{
    struct schema_program *program = NULL;
    struct reason why = { "" };
    avro_schema_t schema;
    if (schema_program_compile(text, reader, NULL, &program, &why) != STATUS_OK)
        return;
    CHECK(avro_schema_from_json_length((const char *)text.at, text.size, &schema) == 0);
    compare(program, schema, body);
    avro_schema_decref(schema);
    schema_program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t seed = 0;
    if (size < 1 + SEED_BYTES)
        return 0;
    struct reader_schema *reader = reader_of(data[0]);
    if ((data[0] & KIND_WRITTEN) == 0) {
        memcpy(&seed, data + 1, sizeof seed);
        drawn(reader, seed, span_of(data + 1 + SEED_BYTES, size - 1 - SEED_BYTES));
        return 0;
    }
    const size_t wanted = (size_t)data[1] << 8 | data[2];
    const size_t text_size = wanted < size - 3 ? wanted : size - 3;
    written(reader, span_of(data + 3, text_size),
            span_of(data + 3 + text_size, size - 3 - text_size));
    return 0;
}
