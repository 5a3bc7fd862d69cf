/* reader_schema.c - see reader_schema.h. */
#include "codec/reader_schema.h"

#include "base/check.h"
#include "base/name.h"
#include "kpi/event.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct slot *find_slot(const struct slot *slots, int32_t count, const char *field)
{
    for (int32_t i = 0; i < count; i++) {
        if (strcmp(slots[i].field, field) == 0)
            return &slots[i];
    }
    return NULL;
}

int32_t reader_schema_symbol(const struct reader_field *field, const char *symbol)
{
    for (int32_t i = 0; i < field->symbol_count; i++) {
        if (strcmp(field->symbols[i], symbol) == 0)
            return i;
    }
    return -1;
}

static uint32_t symbol_value(const struct slot *slot, const char *symbol)
{
    const struct slot_symbol *s = slot->symbols;
    while (s->symbol != NULL && strcmp(s->symbol, symbol) != 0)
        s++;
    CHECK(s->symbol != NULL);
    return s->value;
}

static void read_enum(struct reader_field *field, const json_t *type)
{
    CHECK(field->slot->symbols != NULL);
    const json_t *symbols = json_object_get(type, "symbols");
    const size_t count = json_array_size(symbols);
    CHECK(count >= 1 && count <= READER_SYMBOLS_MAX);
    for (size_t i = 0; i < count; i++) {
        field->symbols[i] = json_string_value(json_array_get(symbols, i));
        field->values[i] = symbol_value(field->slot, field->symbols[i]);
    }
    field->symbol_count = (int32_t)count;
    const char *fallback = json_string_value(json_object_get(type, "default"));
    field->default_symbol = fallback == NULL ? -1 : reader_schema_symbol(field, fallback);
}

/* "long" of "long", and of {"type": "long", "logicalType": ...}. */
static const char *type_name(const json_t *type)
{
    if (json_is_object(type))
        type = json_object_get(type, "type");
    CHECK(json_is_string(type));
    return json_string_value(type);
}

static void read_type(struct reader_field *field, const json_t *type)
{
    static const struct {
        const char *name;
        enum reader_type type;
    } types[] = {
        { "string", READER_STRING }, { "bytes", READER_BYTES },     { "int", READER_INT },
        { "long", READER_LONG },     { "float", READER_FLOAT },     { "double", READER_DOUBLE },
        { "enum", READER_ENUM },     { "boolean", READER_BOOLEAN }, { "array", READER_STRINGS },
    };
    const char *name = type_name(type);
    size_t i = 0;
    while (i < sizeof types / sizeof types[0] && strcmp(types[i].name, name) != 0)
        i++;
    CHECK(i < sizeof types / sizeof types[0]);
    field->type = types[i].type;
    if (field->type == READER_ENUM)
        read_enum(field, type);
    if (field->type == READER_STRINGS)
        CHECK(strcmp(type_name(json_object_get(type, "items")), "string") == 0);
}

/* The one branch of a nullable field's union that is not null. */
static const json_t *other_branch(struct reader_field *field, const json_t *branches)
{
    CHECK(json_array_size(branches) == 2);
    const json_t *first = json_array_get(branches, 0);
    field->nullable = true;
    field->null_branch =
        json_is_string(first) && strcmp(json_string_value(first), "null") == 0 ? 0 : 1;
    return json_array_get(branches, field->null_branch == 0 ? 1 : 0);
}

/* Do the .avsc and the struct agree on what the field is? */
static void check_slot(const struct reader_field *field)
{
    const enum slot_kind kind = field->slot->kind;
    bool fits = false;
    switch (field->type) {
    case READER_STRING:
    case READER_BYTES:
        fits = kind == SLOT_TEXT;
        break;
    case READER_INT:
        fits = kind == (field->nullable ? SLOT_OPTIONAL : SLOT_INT32);
        break;
    case READER_LONG:
        fits = kind == (field->nullable ? SLOT_OPTIONAL : SLOT_INT64);
        break;
    case READER_FLOAT:
    case READER_DOUBLE:
        fits = kind == SLOT_DOUBLE;
        break;
    case READER_BOOLEAN:
        fits = kind == SLOT_BOOL && !field->nullable;
        break;
    case READER_ENUM:
        fits = kind == SLOT_ENUM;
        break;
    case READER_STRINGS:
        fits = kind == SLOT_TEXTS && !field->nullable;
        break;
    }
    CHECK(fits);
}

static void put(struct reader_schema *schema, size_t offset, const void *value, size_t size)
{
    CHECK(offset + size <= schema->record_size);
    memcpy(schema->blank + offset, value, size);
}

static void put_number_default(struct reader_schema *schema, const struct slot *slot,
                               const json_t *value)
{
    const int64_t whole = json_integer_value(value);
    const int32_t small = (int32_t)whole;
    const double real = json_is_null(value) ? NAN : json_number_value(value);
    const struct optional maybe = { .known = !json_is_null(value), .value = whole };
    if (slot->kind == SLOT_INT32)
        put(schema, slot->offset, &small, sizeof small);
    else if (slot->kind == SLOT_INT64)
        put(schema, slot->offset, &whole, sizeof whole);
    else if (slot->kind == SLOT_OPTIONAL)
        put(schema, slot->offset, &maybe, sizeof maybe);
    else
        put(schema, slot->offset, &real, sizeof real);
}

static void put_default(struct reader_schema *schema, const struct reader_field *field,
                        const json_t *value)
{
    const struct slot *slot = field->slot;
    if (slot->kind == SLOT_TEXT) {
        const struct span text = { (const uint8_t *)json_string_value(value),
                                   json_string_length(value) };
        put(schema, slot->offset, &text, sizeof text);
    } else if (slot->kind == SLOT_BOOL) {
        const bool yes = json_is_true(value);
        put(schema, slot->offset, &yes, sizeof yes);
    } else if (slot->kind == SLOT_ENUM) {
        const uint32_t number =
            json_is_null(value) ? 0 : symbol_value(slot, json_string_value(value));
        put(schema, slot->offset, &number, sizeof number);
    } else if (slot->kind == SLOT_TEXTS) {
        CHECK(json_array_size(value) == 0); /* lists default to empty: blank already is */
    } else {
        put_number_default(schema, slot, value);
    }
}

static void read_aliases(struct reader_field *field, const json_t *aliases)
{
    const size_t count = json_array_size(aliases);
    CHECK(count <= READER_ALIASES_MAX);
    for (size_t i = 0; i < count; i++)
        field->aliases[i] = json_string_value(json_array_get(aliases, i));
    field->alias_count = (int32_t)count;
}

static void read_field(struct reader_schema *schema, const json_t *json,
                       const struct slot *slot)
{
    struct reader_field *field = &schema->fields[schema->field_count++];
    field->slot = slot;
    field->name = json_string_value(json_object_get(json, "name"));
    read_aliases(field, json_object_get(json, "aliases"));

    const json_t *type = json_object_get(json, "type");
    if (json_is_array(type))
        type = other_branch(field, type);
    read_type(field, type);
    check_slot(field);

    const json_t *fallback = json_object_get(json, "default");
    field->has_default = fallback != NULL;
    if (fallback != NULL)
        put_default(schema, field, fallback);
}

struct reader_schema *reader_schema_open(const char *text, const struct slot *slots,
                                         int32_t slot_count, size_t record_size)
{
    struct reader_schema *schema = calloc(1, sizeof *schema);
    CHECK(schema != NULL);
    schema->blank = calloc(1, record_size);
    schema->record_size = record_size;
    schema->root = json_loads(text, 0, NULL);
    CHECK(schema->blank != NULL && schema->root != NULL);

    const json_t *fields = json_object_get(schema->root, "fields");
    const size_t count = json_array_size(fields);
    CHECK(count >= 1 && count <= READER_FIELDS_MAX && count == (size_t)slot_count);
    for (size_t i = 0; i < count; i++) {
        const json_t *json = json_array_get(fields, i);
        const char *name = json_string_value(json_object_get(json, "name"));
        CHECK(name != NULL);
        const struct slot *slot = find_slot(slots, slot_count, name);
        CHECK(slot != NULL);
        read_field(schema, json, slot);
    }
    return schema;
}

void reader_schema_close(struct reader_schema *schema)
{
    if (schema == NULL)
        return;
    json_decref(schema->root);
    free(schema->blank);
    free(schema);
}
