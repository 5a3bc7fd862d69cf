/* event_json_write.c - see event_json_write.h. */
#include "codec/event_json_write.h"

#include "base/check.h"
#include "codec/json_text.h"

#include <inttypes.h>
#include <string.h>

static void add_null(struct buffer *b)
{
    buffer_printf(b, "null");
}

static void add_enum(struct buffer *b, const struct reader_field *field, uint32_t value)
{
    if (field->nullable && value == 0) {
        add_null(b);
        return;
    }
    int32_t index = 0;
    while (index < field->symbol_count && field->values[index] != value)
        index++;
    CHECK(index < field->symbol_count);
    buffer_printf(b, "\"%s\"", field->symbols[index]);
}

static void add_texts(struct buffer *b, const uint8_t *record, const struct slot *slot)
{
    int32_t count;
    memcpy(&count, record + slot->count_offset, sizeof count);
    CHECK(count >= 0 && count <= slot->capacity);
    buffer_add_u8(b, '[');
    for (int32_t i = 0; i < count; i++) {
        struct span text;
        memcpy(&text, record + slot->offset + (size_t)i * sizeof text, sizeof text);
        if (i > 0)
            buffer_add_u8(b, ',');
        json_text_add(b, text);
    }
    buffer_add_u8(b, ']');
}

static void add_number(struct buffer *b, const struct slot *slot, const uint8_t *at)
{
    struct optional value = { .known = true };
    int32_t small;
    if (slot->kind == SLOT_INT32) {
        memcpy(&small, at, sizeof small);
        value.value = small;
    } else if (slot->kind == SLOT_INT64)
        memcpy(&value.value, at, sizeof value.value);
    else
        memcpy(&value, at, sizeof value);
    if (value.known)
        buffer_printf(b, "%" PRId64, value.value);
    else
        add_null(b);
}

static void add_value(struct buffer *b, const struct reader_field *field, const uint8_t *record)
{
    const uint8_t *at = record + field->slot->offset;
    struct span text;
    uint32_t value;
    switch (field->slot->kind) {
    case SLOT_TEXT:
        memcpy(&text, at, sizeof text);
        if (field->nullable && text.size == 0)
            add_null(b);
        else
            json_text_add(b, text);
        return;
    case SLOT_ENUM:
        memcpy(&value, at, sizeof value);
        add_enum(b, field, value);
        return;
    case SLOT_BOOL:
        buffer_printf(b, *at != 0 ? "true" : "false");
        return;
    case SLOT_TEXTS:
        add_texts(b, record, field->slot);
        return;
    case SLOT_INT32:
    case SLOT_INT64:
    case SLOT_OPTIONAL:
        add_number(b, field->slot, at);
        return;
    case SLOT_DOUBLE:
        break; /* no event has one */
    }
    CHECK(false);
}

void event_json_write(const struct reader_schema *schema, const struct event *event,
                      struct buffer *b)
{
    for (int32_t i = 0; i < schema->field_count; i++) {
        buffer_printf(b, "%s\"%s\":", i == 0 ? "{" : ",", schema->fields[i].name);
        add_value(b, &schema->fields[i], (const uint8_t *)event);
    }
    buffer_printf(b, "}\n");
}
