/* codec_judge.h - what our record should be, from what avro-c read of the same bytes.
 *
 * The slow and obvious way: field by field, by name, then by alias. Every difference is a
 * failed assertion of cmocka. */
#pragma once

#include "codec_support.h"

#include <avro.h>
#include <math.h>

static bool expect_text(avro_value_t *v, struct span *ret_text)
{
    const void *at = NULL;
    const char *text = NULL;
    size_t size = 0;
    if (avro_value_get_type(v) == AVRO_STRING) {
        avro_value_get_string(v, &text, &size);
        *ret_text = span_of(text, size - 1);
        return true;
    }
    if (avro_value_get_type(v) != AVRO_BYTES)
        return false;
    avro_value_get_bytes(v, &at, &size);
    *ret_text = span_of(at, size);
    return true;
}

static bool expect_number(avro_value_t *v, int64_t *ret_whole, double *ret_real)
{
    int32_t i = 0;
    float f = 0;
    switch ((int)avro_value_get_type(v)) {
    case AVRO_INT32:
        avro_value_get_int(v, &i);
        *ret_whole = i;
        *ret_real = (double)i;
        return true;
    case AVRO_INT64:
        avro_value_get_long(v, ret_whole);
        *ret_real = (double)*ret_whole;
        return true;
    case AVRO_FLOAT:
        avro_value_get_float(v, &f);
        *ret_real = (double)f;
        return true;
    case AVRO_DOUBLE:
        avro_value_get_double(v, ret_real);
        return true;
    default:
        return false;
    }
}

static bool expect_enum(const struct reader_field *field, avro_value_t *v, uint32_t *ret_value)
{
    int index = 0;
    if (avro_value_get_type(v) != AVRO_ENUM)
        return false;
    avro_value_get_enum(v, &index);
    int32_t at =
        reader_schema_symbol(field, avro_schema_enum_get(avro_value_get_schema(v), index));
    if (at < 0)
        at = field->default_symbol;
    if (at < 0)
        return false;
    *ret_value = field->values[at];
    return true;
}

static void check_text(struct span ours, struct span expected)
{
    assert_int_equal(ours.size, expected.size);
    if (expected.size > 0)
        assert_memory_equal(ours.at, expected.at, expected.size);
}

/* Compares (record given) or only says whether the value can be read (record NULL). */
static bool check_texts(const struct slot *slot, avro_value_t *v, const uint8_t *record)
{
    if (avro_value_get_type(v) != AVRO_ARRAY)
        return false;
    size_t count = 0;
    avro_value_get_size(v, &count);
    for (size_t i = 0; i < count && record != NULL && i < (size_t)slot->capacity; i++) {
        avro_value_t item;
        avro_value_get_by_index(v, i, &item, NULL);
        if (avro_value_get_type(&item) == AVRO_UNION)
            avro_value_get_current_branch(&item, &item);
        struct span expected = { 0 };
        assert_true(expect_text(&item, &expected));
        struct span ours;
        memcpy(&ours, record + slot->offset + i * sizeof ours, sizeof ours);
        check_text(ours, expected);
    }
    if (record != NULL) {
        const int32_t kept =
            (int32_t)count > slot->capacity ? slot->capacity + 1 : (int32_t)count;
        assert_memory_equal(record + slot->count_offset, &kept, sizeof kept);
    }
    return true;
}

static void check_real(const uint8_t *at, double expected)
{
    double ours;
    memcpy(&ours, at, sizeof ours);
    if (isnan(expected))
        assert_true(isnan(ours));
    else
        assert_true(!(ours < expected) && !(ours > expected));
}

static void check_optional(const uint8_t *at, bool known, int64_t value)
{
    struct optional ours;
    memcpy(&ours, at, sizeof ours);
    assert_int_equal(ours.known, known);
    assert_true(!known || ours.value == value);
}

static bool check_null(const struct reader_field *field, const uint8_t *record)
{
    static const uint32_t zero = 0;
    if (!field->nullable || record == NULL)
        return field->nullable;
    const uint8_t *at = record + field->slot->offset;
    struct span text;
    if (field->slot->kind == SLOT_TEXT) {
        memcpy(&text, at, sizeof text);
        assert_int_equal(text.size, 0);
    } else if (field->slot->kind == SLOT_ENUM) {
        assert_memory_equal(at, &zero, sizeof zero);
    } else if (field->slot->kind == SLOT_DOUBLE) {
        check_real(at, NAN);
    } else {
        check_optional(at, false, 0);
    }
    return true;
}

static bool check_number(const struct reader_field *field, avro_value_t *v, const uint8_t *at)
{
    int64_t whole = 0;
    double real = 0;
    if (!expect_number(v, &whole, &real))
        return false;
    const int32_t small = (int32_t)whole;
    if (at == NULL)
        return true;
    if (field->slot->kind == SLOT_INT32)
        assert_memory_equal(at, &small, sizeof small);
    else if (field->slot->kind == SLOT_INT64)
        assert_memory_equal(at, &whole, sizeof whole);
    else if (field->slot->kind == SLOT_OPTIONAL)
        check_optional(at, true, whole);
    else
        check_real(at, field->type == READER_FLOAT ? (double)(float)real : real);
    return true;
}

static bool check_value(const struct reader_field *field, avro_value_t *v,
                        const uint8_t *record)
{
    const uint8_t *at = record == NULL ? NULL : record + field->slot->offset;
    avro_value_t inner = *v;
    if (avro_value_get_type(v) == AVRO_UNION)
        avro_value_get_current_branch(v, &inner);
    if (avro_value_get_type(&inner) == AVRO_NULL)
        return check_null(field, record);
    if (field->slot->kind == SLOT_TEXTS)
        return check_texts(field->slot, &inner, record);
    struct span text = { 0 };
    struct span ours = { 0 };
    uint32_t number = 0;
    int yes = 0;
    switch ((int)field->slot->kind) {
    case SLOT_TEXT:
        if (!expect_text(&inner, &text))
            return false;
        if (at != NULL) {
            memcpy(&ours, at, sizeof ours);
            check_text(ours, text);
        }
        return true;
    case SLOT_ENUM:
        if (!expect_enum(field, &inner, &number))
            return false;
        if (at != NULL)
            assert_memory_equal(at, &number, sizeof number);
        return true;
    case SLOT_BOOL:
        if (avro_value_get_boolean(&inner, &yes) != 0)
            return false;
        if (at != NULL)
            assert_int_equal(*at, yes);
        return true;
    default:
        return check_number(field, &inner, at);
    }
}

/* The written value of a field of ours, by name, then by alias. */
static bool find_value(const struct reader_field *field, avro_value_t *record,
                       avro_value_t *ret)
{
    if (avro_value_get_by_name(record, field->name, ret, NULL) == 0)
        return true;
    for (int i = 0; i < field->alias_count; i++) {
        if (avro_value_get_by_name(record, field->aliases[i], ret, NULL) == 0)
            return true;
    }
    return false;
}

static void check_default(const struct reader_schema *reader, const struct reader_field *field,
                          const uint8_t *record)
{
    const size_t at = field->slot->offset;
    static const size_t sizes[] = {
        [SLOT_TEXT] = sizeof(struct span),
        [SLOT_INT32] = 4,
        [SLOT_INT64] = 8,
        [SLOT_OPTIONAL] = 1,
        [SLOT_DOUBLE] = 8,
        [SLOT_BOOL] = 1,
        [SLOT_ENUM] = 4,
        [SLOT_TEXTS] = 0,
    };
    assert_memory_equal(record + at, reader->blank + at, sizes[field->slot->kind]);
}

/* Every field of ours: readable at all (record NULL), or equal to what we decoded. */
static bool check_record(const struct reader_schema *reader, avro_value_t *written,
                         const uint8_t *record)
{
    for (int i = 0; i < reader->field_count; i++) {
        const struct reader_field *field = &reader->fields[i];
        avro_value_t value;
        if (!find_value(field, written, &value)) {
            if (record != NULL)
                check_default(reader, field, record);
        } else if (!check_value(field, &value, record)) {
            return false;
        }
    }
    return true;
}

/* Room for either. */
union any_record {
    struct sample sample;
    struct event event;
};
