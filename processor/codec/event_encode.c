/* event_encode.c - see event_encode.h. */
#include "codec/event_encode.h"

#include "base/check.h"
#include "codec/framing.h"

#include <string.h>

/* Avro's string: its length as a long (zigzag), then the bytes. */
static void add_text(struct buffer *b, struct span text)
{
    buffer_add_signed(b, (int64_t)text.size);
    buffer_add(b, text);
}

/* The branch of a nullable field's union; false: it was null. */
static bool add_branch(struct buffer *b, const struct reader_field *field, bool given)
{
    if (field->nullable)
        buffer_add_signed(b, given ? 1 - field->null_branch : field->null_branch);
    return given || !field->nullable;
}

static void add_enum(struct buffer *b, const struct reader_field *field, uint32_t value)
{
    if (!add_branch(b, field, value != 0))
        return;
    int32_t index = 0;
    while (index < field->symbol_count && field->values[index] != value)
        index++;
    CHECK(index < field->symbol_count);
    buffer_add_signed(b, index);
}

static void add_texts(struct buffer *b, const uint8_t *record, const struct slot *slot)
{
    int32_t count;
    memcpy(&count, record + slot->count_offset, sizeof count);
    CHECK(count >= 0 && count <= slot->capacity);
    if (count > 0)
        buffer_add_signed(b, count);
    for (int32_t i = 0; i < count; i++) {
        struct span text;
        memcpy(&text, record + slot->offset + (size_t)i * sizeof text, sizeof text);
        add_text(b, text);
    }
    buffer_add_signed(b, 0);
}

static void add_number(struct buffer *b, const struct reader_field *field, const uint8_t *at)
{
    if (field->slot->kind == SLOT_INT32) {
        int32_t value;
        memcpy(&value, at, sizeof value);
        buffer_add_signed(b, value);
    } else if (field->slot->kind == SLOT_INT64) {
        int64_t value;
        memcpy(&value, at, sizeof value);
        buffer_add_signed(b, value);
    } else {
        struct optional value;
        memcpy(&value, at, sizeof value);
        if (add_branch(b, field, value.known))
            buffer_add_signed(b, value.value);
    }
}

static void add_field(struct buffer *b, const struct reader_field *field, const uint8_t *record)
{
    const uint8_t *at = record + field->slot->offset;
    struct span text;
    uint32_t value;
    switch (field->slot->kind) {
    case SLOT_TEXT:
        memcpy(&text, at, sizeof text);
        if (add_branch(b, field, text.size > 0))
            add_text(b, text);
        return;
    case SLOT_ENUM:
        memcpy(&value, at, sizeof value);
        add_enum(b, field, value);
        return;
    case SLOT_BOOL:
        buffer_add_u8(b, *at);
        return;
    case SLOT_TEXTS:
        add_texts(b, record, field->slot);
        return;
    case SLOT_INT32:
    case SLOT_INT64:
    case SLOT_OPTIONAL:
        add_number(b, field, at);
        return;
    case SLOT_DOUBLE:
        break; /* no event has one */
    }
    CHECK(false);
}

void event_encode(const struct reader_schema *schema, int32_t schema_id,
                  const struct event *event, struct buffer *b)
{
    framing_begin(b, schema_id);
    for (int32_t i = 0; i < schema->field_count; i++)
        add_field(b, &schema->fields[i], (const uint8_t *)event);
}
