/* event_json.c - see event_json.h. */
#include "codec/event_json.h"

#include "base/check.h"
#include "codec/event_schema.h"

#include <jansson.h>
#include <string.h>

_Static_assert(TICKET_UNITS_MAX == 16, "expected() says 16");

static const char KAFKA_TOPIC[] = "kafka_topic";
static const char EVENT_NAME[] = "event_name";

void event_json_open(struct event_json *parser)
{
    *parser = (struct event_json){ 0 };
    for (unsigned t = 0; t < TOPIC_COUNT; t++)
        parser->schemas[t] = event_schema_open((enum topic)t);
}

void event_json_close(struct event_json *parser)
{
    for (unsigned t = 0; t < TOPIC_COUNT; t++)
        reader_schema_close(parser->schemas[t]);
    json_decref(parser->root);
    *parser = (struct event_json){ 0 };
}

/* ---- values ------------------------------------------------------------------- */

static struct span text_of(const json_t *value)
{
    return span_of(json_string_value(value), json_string_length(value));
}

static bool put_text(const struct slot *slot, const json_t *value, uint8_t *record)
{
    const struct span text = text_of(value);
    memcpy(record + slot->offset, &text, sizeof text);
    return json_is_string(value);
}

static bool put_number(const struct reader_field *field, const json_t *value, uint8_t *record)
{
    const struct slot *slot = field->slot;
    const int64_t whole = json_integer_value(value);
    if (!json_is_integer(value))
        return false;
    if (field->type == READER_INT && (whole < INT32_MIN || whole > INT32_MAX))
        return false;
    const int32_t small = (int32_t)whole;
    const struct optional maybe = { .known = true, .value = whole };
    if (slot->kind == SLOT_INT32)
        memcpy(record + slot->offset, &small, sizeof small);
    else if (slot->kind == SLOT_INT64)
        memcpy(record + slot->offset, &whole, sizeof whole);
    else
        memcpy(record + slot->offset, &maybe, sizeof maybe);
    return true;
}

/* A symbol that we do not know is the default, as a newer writer's would be. */
static bool put_enum(const struct reader_field *field, const json_t *value, uint8_t *record)
{
    if (!json_is_string(value))
        return false;
    int32_t at = reader_schema_symbol(field, json_string_value(value));
    if (at < 0)
        at = field->default_symbol;
    if (at < 0)
        return false;
    memcpy(record + field->slot->offset, &field->values[at], sizeof field->values[at]);
    return true;
}

static bool put_texts(const struct slot *slot, const json_t *value, uint8_t *record)
{
    if (!json_is_array(value))
        return false;
    const size_t given = json_array_size(value);
    if (given > (size_t)slot->capacity)
        return false;
    for (size_t i = 0; i < given; i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item))
            return false;
        const struct span text = text_of(item);
        memcpy(record + slot->offset + i * sizeof text, &text, sizeof text);
    }
    const int32_t count = (int32_t)given;
    memcpy(record + slot->count_offset, &count, sizeof count);
    return true;
}

/* {"string": "DHL"} is "DHL", {"sellerwatch.v1.AuthorRole": "buyer"} is "buyer". */
static json_t *unwrap(const struct reader_field *field, json_t *value)
{
    if (!field->nullable || !json_is_object(value) || json_object_size(value) != 1)
        return value;
    return json_object_iter_value(json_object_iter(value));
}

static bool put_value(const struct reader_field *field, const json_t *value, uint8_t *record)
{
    bool yes;
    switch (field->slot->kind) {
    case SLOT_TEXT:
        return put_text(field->slot, value, record);
    case SLOT_ENUM:
        return put_enum(field, value, record);
    case SLOT_BOOL:
        yes = json_is_true(value);
        memcpy(record + field->slot->offset, &yes, sizeof yes);
        return json_is_boolean(value);
    case SLOT_TEXTS:
        return put_texts(field->slot, value, record);
    case SLOT_INT32:
    case SLOT_INT64:
    case SLOT_OPTIONAL:
        return put_number(field, value, record);
    case SLOT_DOUBLE:
        break; /* no event has one */
    }
    return false;
}

static const char *expected(const struct reader_field *field)
{
    static const char *const words[] = {
        [READER_STRING] = "a string",
        [READER_BYTES] = "a string",
        [READER_INT] = "a whole number",
        [READER_LONG] = "a whole number",
        [READER_FLOAT] = "a number",
        [READER_DOUBLE] = "a number",
        [READER_BOOLEAN] = "true or false",
        [READER_ENUM] = "a string",
        [READER_STRINGS] = "a list of at most 16 strings",
    };
    return words[field->type];
}

/* A file for one topic may hold a line for another. */
static bool is_event_of_topic(const struct reader_field *field, const json_t *value,
                              struct reason *why)
{
    if (strcmp(field->name, EVENT_NAME) != 0 ||
        reader_schema_symbol(field, json_string_value(value)) > 0)
        return true;
    reason_set(why, "event_name '%s' is none of this topic", json_string_value(value));
    return false;
}

static bool put_field(const struct reader_field *field, json_t *root, uint8_t *record,
                      struct reason *why)
{
    json_t *value = json_object_get(root, field->name);
    if (value == NULL && !field->has_default) {
        reason_set(why, "the field '%s' is missing", field->name);
        return false;
    }
    if (value == NULL || (json_is_null(value) && field->nullable))
        return true; /* the default stands in the record already */
    if (put_value(field, unwrap(field, value), record))
        return is_event_of_topic(field, value, why);
    reason_set(why, "the field '%s' must be %s", field->name, expected(field));
    return false;
}

/* ---- names -------------------------------------------------------------------- */

static const struct reader_field *find_field(const struct reader_schema *schema,
                                             const char *name)
{
    for (int32_t i = 0; i < schema->field_count; i++) {
        if (strcmp(schema->fields[i].name, name) == 0)
            return &schema->fields[i];
    }
    return NULL;
}

static bool names_known(const struct reader_schema *schema, json_t *root, enum topic topic,
                        struct reason *why)
{
    for (void *at = json_object_iter(root); at != NULL; at = json_object_iter_next(root, at)) {
        const char *name = json_object_iter_key(at);
        if (name[0] == '_' || strcmp(name, KAFKA_TOPIC) == 0 ||
            find_field(schema, name) != NULL)
            continue;
        reason_set(why, "'%s' is no field of an event of topic %s", name, topic_label(topic));
        return false;
    }
    return true;
}

static enum topic topic_of_name(const char *name)
{
    for (unsigned t = 0; t < TOPIC_COUNT; t++) {
        if (strcmp(topic_label((enum topic)t), name) == 0)
            return (enum topic)t;
    }
    return TOPIC_COUNT;
}

/* The topic one of whose event names this is; UNKNOWN is nobody's. */
static enum topic topic_of_event(const struct event_json *parser, const char *event_name)
{
    for (unsigned t = 0; t < TOPIC_COUNT; t++) {
        const struct reader_field *field = find_field(parser->schemas[t], EVENT_NAME);
        CHECK(field != NULL);
        if (reader_schema_symbol(field, event_name) > 0)
            return (enum topic)t;
    }
    return TOPIC_COUNT;
}

static enum topic find_topic(const struct event_json *parser, json_t *root, struct reason *why)
{
    const char *topic = json_string_value(json_object_get(root, KAFKA_TOPIC));
    const char *event_name = json_string_value(json_object_get(root, EVENT_NAME));
    if (topic != NULL) {
        const enum topic found = topic_of_name(topic);
        if (found == TOPIC_COUNT)
            reason_set(why, "kafka_topic '%s' is none of orders, messages, shipments", topic);
        return found;
    }
    if (event_name == NULL) {
        reason_set(why, "the field 'event_name' is missing: it says which topic this is for");
        return TOPIC_COUNT;
    }
    const enum topic found = topic_of_event(parser, event_name);
    if (found == TOPIC_COUNT)
        reason_set(why, "event_name '%s' belongs to no topic", event_name);
    return found;
}

/* ---- the line ------------------------------------------------------------------ */

static bool load_line(struct event_json *parser, struct span line, struct reason *why)
{
    json_decref(parser->root);
    json_error_t error;
    parser->root = json_loadb((const char *)line.at, line.size, JSON_REJECT_DUPLICATES, &error);
    if (parser->root == NULL) {
        reason_set(why, "not JSON: %s, at column %d", error.text, error.column);
        return false;
    }
    if (!json_is_object(parser->root)) {
        reason_set(why, "not a JSON object: one event is {\"id_message\": ...}");
        return false;
    }
    return true;
}

enum status event_json_parse(struct event_json *parser, struct span line, enum topic topic,
                             struct event *ret_event, struct reason *why)
{
    if (!load_line(parser, line, why))
        return STATUS_MALFORMED;
    if (topic == TOPIC_COUNT)
        topic = find_topic(parser, parser->root, why);
    if (topic == TOPIC_COUNT)
        return STATUS_MALFORMED;

    const struct reader_schema *schema = parser->schemas[topic];
    if (!names_known(schema, parser->root, topic, why))
        return STATUS_MALFORMED;
    struct event event = { 0 };
    memcpy(&event, schema->blank, schema->record_size);
    for (int32_t i = 0; i < schema->field_count; i++) {
        if (!put_field(&schema->fields[i], parser->root, (uint8_t *)&event, why))
            return STATUS_MALFORMED;
    }
    *ret_event = event;
    return STATUS_OK;
}
