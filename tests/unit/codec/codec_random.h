/* codec_random.h - random writers' schemas, drawn from a reader's, and random values of them.
 *
 * All chance comes from `dice`: the same seed gives the same schemas and values. */
#pragma once

#include "codec_support.h"

#include <avro.h>

enum { TYPE_DEPTH = 3, VALUE_DEPTH = 12 };

/* ---- chance ---------------------------------------------------------------- */

static uint64_t dice;

static uint64_t roll(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice * UINT64_C(0x2545F4914F6CDD1D) >> 11;
}

static int below(int limit)
{
    return (int)(roll() % (uint64_t)limit);
}

static bool chance(int percent)
{
    return below(100) < percent;
}

/* ---- a random writer's schema -------------------------------------------------- */

static int names; /* counter: names of types must differ */

static void random_type(struct buffer *b, int depth)
{
    static const char *const simple[] = { "null",  "boolean", "int",   "long",
                                          "float", "double",  "bytes", "string" };
    const int kind = depth == 0 ? below(8) : below(15);
    const int n = ++names;
    if (kind < 8) {
        buffer_printf(b, "\"%s\"", simple[kind]);
    } else if (kind == 8) {
        buffer_printf(b, "{\"type\":\"fixed\",\"name\":\"F%d\",\"size\":%d}", n, 1 + below(9));
    } else if (kind == 9) {
        buffer_printf(b, "{\"type\":\"enum\",\"name\":\"E%d\",\"symbols\":[\"a\",\"b\",\"c\"]}",
                      n);
    } else if (kind == 10 || kind == 11) {
        buffer_printf(b, kind == 10 ? "{\"type\":\"array\",\"items\":"
                                    : "{\"type\":\"map\",\"values\":");
        random_type(b, depth - 1);
        buffer_printf(b, "}");
    } else if (kind == 12) {
        buffer_printf(b, "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[", n);
        for (int i = 0; i < 3; i++) {
            buffer_printf(b, "%s{\"name\":\"f%d\",\"type\":", i == 0 ? "" : ",", i);
            random_type(b, depth - 1);
            buffer_printf(b, "}");
        }
        buffer_printf(b, "]}");
    } else if (kind == 13) {
        buffer_printf(b, "[\"null\",\"long\",{\"type\":\"array\",\"items\":");
        random_type(b, depth - 1);
        buffer_printf(b, "}]");
    } else {
        buffer_printf(b,
                      "{\"type\":\"record\",\"name\":\"N%d\",\"fields\":[{\"name\":\"next\","
                      "\"type\":[\"null\",\"N%d\"]},{\"name\":\"kids\",\"type\":{\"type\":"
                      "\"array\",\"items\":\"N%d\"}},{\"name\":\"v\",\"type\":",
                      n, n, n);
        random_type(b, depth - 1);
        buffer_printf(b, "}]}");
    }
}

static void random_enum(struct buffer *b, const struct reader_field *field)
{
    buffer_printf(b, "{\"type\":\"enum\",\"name\":\"W%d\",\"symbols\":[", ++names);
    if (chance(40))
        buffer_printf(b, "\"never_heard_of\",");
    const int first = below(field->symbol_count);
    const int count = 1 + below(field->symbol_count);
    for (int i = 0; i < count; i++)
        buffer_printf(b, "%s\"%s\"", i == 0 ? "" : ",",
                      field->symbols[(first + i) % field->symbol_count]);
    buffer_printf(b, "]}");
}

static void fitting_type(struct buffer *b, const struct reader_field *field)
{
    static const char *const wider[] = { "int", "long", "float", "double" };
    switch (field->type) {
    case READER_STRING:
    case READER_BYTES:
        buffer_printf(b, chance(70) ? "\"string\"" : "\"bytes\"");
        return;
    case READER_INT:
        buffer_printf(b, "{\"type\":\"int\"}");
        return;
    case READER_LONG:
        buffer_printf(b, "{\"type\":\"%s\",\"logicalType\":\"x\"}", wider[below(2)]);
        return;
    case READER_FLOAT:
        buffer_printf(b, "\"%s\"", wider[below(3)]);
        return;
    case READER_DOUBLE:
        buffer_printf(b, "\"%s\"", wider[below(4)]);
        return;
    case READER_BOOLEAN:
        buffer_printf(b, "\"boolean\"");
        return;
    case READER_ENUM:
        random_enum(b, field);
        return;
    case READER_STRINGS:
        buffer_printf(b, chance(50) ? "{\"type\":\"array\",\"items\":\"string\"}"
                                    : "{\"type\":\"array\",\"items\":[\"string\",\"bytes\"]}");
        return;
    }
}

/* The type of a field that we want; sometimes in a union, also with branches that do not fit.
 */
static void wanted_type(struct buffer *b, const struct reader_field *field)
{
    const int shape = below(100);
    if (shape < (field->nullable ? 50 : 90)) {
        fitting_type(b, field);
    } else if (shape < (field->nullable ? 85 : 96)) {
        buffer_printf(b, "[\"null\",");
        fitting_type(b, field);
        buffer_printf(b, "]");
    } else {
        buffer_printf(b, "[");
        fitting_type(b, field);
        buffer_printf(b, ",{\"type\":\"fixed\",\"name\":\"U%d\",\"size\":2},\"null\"]",
                      ++names);
    }
}

static void add_extra(struct buffer *b)
{
    buffer_printf(b, "{\"name\":\"extra_%d\",\"type\":", ++names);
    random_type(b, TYPE_DEPTH);
    buffer_printf(b, "},");
}

static void random_schema(struct buffer *b, const struct reader_schema *reader)
{
    int order[READER_FIELDS_MAX];
    for (int i = 0; i < reader->field_count; i++) {
        const int j = below(i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    buffer_clear(b);
    buffer_printf(
        b, "{\"type\":\"record\",\"name\":\"Writer\",\"namespace\":\"n.s\",\"fields\":[");
    for (int i = 0; i < reader->field_count; i++) {
        const struct reader_field *field = &reader->fields[order[i]];
        if (chance(30))
            add_extra(b);
        if (field->has_default && chance(20))
            continue;
        const bool alias = field->alias_count > 0 && chance(50);
        buffer_printf(b, "{\"name\":\"%s\",\"doc\":\"d\",\"type\":",
                      alias ? field->aliases[below(field->alias_count)] : field->name);
        wanted_type(b, field);
        buffer_printf(b, "},");
    }
    buffer_printf(b, "{\"name\":\"last\",\"type\":\"null\"}]}");
}

/* ---- a random value --------------------------------------------------------------- */

static int64_t random_long(void)
{
    const int64_t sign = chance(30) ? -1 : 1;
    return sign * (int64_t)(roll() >> below(53));
}

static void fill_text(avro_value_t *v, bool bytes)
{
    static char text[] = "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz";
    const size_t size = (size_t)below(sizeof text - 1);
    char copy[sizeof text];
    memcpy(copy, text, size);
    copy[size] = '\0';
    assert_int_equal(bytes ? avro_value_set_bytes(v, copy, size)
                           : avro_value_set_string_len(v, copy, size + 1),
                     0);
}

static void fill(avro_value_t *v, int depth);

static void fill_many(avro_value_t *v, int depth)
{
    const int count = depth <= 0 ? 0 : below(5);
    for (int i = 0; i < count; i++) {
        avro_value_t item;
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        if (avro_value_get_type(v) == AVRO_ARRAY)
            avro_value_append(v, &item, NULL);
        else
            avro_value_add(v, key, &item, NULL, NULL);
        fill(&item, depth - 1);
    }
}

static void fill_parts(avro_value_t *v, int depth)
{
    size_t count = 0;
    avro_value_get_size(v, &count);
    for (size_t i = 0; i < count; i++) {
        avro_value_t part;
        avro_value_get_by_index(v, i, &part, NULL);
        fill(&part, depth - 1);
    }
}

/* Deep down always the first branch, which is null in types that refer to themselves. */
static void fill_union(avro_value_t *v, int depth)
{
    const avro_schema_t schema = avro_value_get_schema(v);
    const int count = (int)avro_schema_union_size(schema);
    int branch = depth <= 0 ? 0 : below(count);
    if (branch != 0 && chance(30))
        branch = 0;
    avro_value_t part;
    assert_int_equal(avro_value_set_branch(v, branch, &part), 0);
    fill(&part, depth - 1);
}

static void fill(avro_value_t *v, int depth)
{
    uint8_t bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    const avro_schema_t schema = avro_value_get_schema(v);
    switch ((int)avro_value_get_type(v)) { /* a number: see schema_program.c */
    case AVRO_NULL:
        avro_value_set_null(v);
        return;
    case AVRO_BOOLEAN:
        avro_value_set_boolean(v, below(2));
        return;
    case AVRO_INT32:
        avro_value_set_int(v, (int32_t)random_long());
        return;
    case AVRO_INT64:
        avro_value_set_long(v, random_long());
        return;
    case AVRO_FLOAT:
        avro_value_set_float(v, (float)random_long() / 8.0F);
        return;
    case AVRO_DOUBLE:
        avro_value_set_double(v, (double)random_long() / 8.0);
        return;
    case AVRO_STRING:
        fill_text(v, false);
        return;
    case AVRO_BYTES:
        fill_text(v, true);
        return;
    case AVRO_FIXED:
        avro_value_set_fixed(v, bytes, (size_t)avro_schema_fixed_size(schema));
        return;
    case AVRO_ENUM:
        avro_value_set_enum(v, below(avro_schema_enum_number_of_symbols(schema)));
        return;
    case AVRO_ARRAY:
    case AVRO_MAP:
        fill_many(v, depth);
        return;
    case AVRO_RECORD:
        fill_parts(v, depth);
        return;
    case AVRO_UNION:
        fill_union(v, depth);
        return;
    default:
        fail();
    }
}
