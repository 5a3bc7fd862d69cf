/* event_json.c - see event_json.h. */
#include "codec/event_json.h"

#include "base/check.h"
#include "base/name.h"
#include "base/suggest.h"
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

static bool put_enum(const struct reader_field *field, const json_t *value, uint8_t *record)
{
    const int32_t at =
        json_is_string(value) ? reader_schema_symbol(field, json_string_value(value)) : -1;
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
        [READER_INT] = "a whole number from -2147483648 to 2147483647",
        [READER_LONG] = "a whole number",
        [READER_FLOAT] = "a number",
        [READER_DOUBLE] = "a number",
        [READER_BOOLEAN] = "true or false",
        [READER_ENUM] = "a string",
        [READER_STRINGS] = "a list of at most 16 strings",
    };
    return words[field->type];
}

/* Event names begin behind UNKNOWN, which is nobody's. */
static void offer_event_names(struct suggest *suggest, const struct reader_field *field)
{
    for (int32_t i = 1; i < field->symbol_count; i++)
        suggest_offer(suggest, field->symbols[i]);
}

/* A file for one topic may hold a line for another. */
static bool is_event_of_topic(const struct reader_field *field, const json_t *value,
                              struct reason *why)
{
    const char *name = json_string_value(value);
    if (strcmp(field->name, EVENT_NAME) != 0 || name == NULL ||
        reader_schema_symbol(field, name) > 0)
        return true;
    struct suggest suggest = suggest_for(span_of_text(name));
    struct reason memory;
    offer_event_names(&suggest, field);
    reason_set(why, "event_name '%s' is none of this topic%s", name,
               suggest_text(&suggest, &memory));
    return false;
}

/* Unlike a record of a newer writer, a line with an unknown symbol is a mistake: sent as
 * UNKNOWN, it would judge a seller by an event that nobody wrote. */
static bool is_known_symbol(const struct reader_field *field, const json_t *value,
                            struct reason *why)
{
    const char *symbol = json_string_value(value);
    if (field->type != READER_ENUM || symbol == NULL ||
        reader_schema_symbol(field, symbol) >= 0)
        return true;
    struct suggest suggest = suggest_for(span_of_text(symbol));
    struct reason memory;
    for (int32_t i = 0; i < field->symbol_count; i++)
        suggest_offer(&suggest, field->symbols[i]);
    reason_set(why, "the field '%s' cannot be '%s'%s", field->name, symbol,
               suggest_text(&suggest, &memory));
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
    value = unwrap(field, value);
    if (!is_event_of_topic(field, value, why) || !is_known_symbol(field, value, why))
        return false;
    if (put_value(field, value, record))
        return true;
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
        struct suggest suggest = suggest_for(span_of_text(name));
        struct reason memory;
        for (int32_t i = 0; i < schema->field_count; i++)
            suggest_offer(&suggest, schema->fields[i].name);
        reason_set(why, "'%s' is no field of an event of topic %s%s", name, topic_label(topic),
                   suggest_text(&suggest, &memory));
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
static enum topic topic_of_event(const struct event_json *parser, const char *event_name,
                                 struct reason *why)
{
    struct suggest suggest = suggest_for(span_of_text(event_name));
    struct reason memory;
    for (unsigned t = 0; t < TOPIC_COUNT; t++) {
        const struct reader_field *field = find_field(parser->schemas[t], EVENT_NAME);
        CHECK(field != NULL);
        if (reader_schema_symbol(field, event_name) > 0)
            return (enum topic)t;
        offer_event_names(&suggest, field);
    }
    reason_set(why, "event_name '%s' belongs to no topic%s", event_name,
               suggest_text(&suggest, &memory));
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
    return topic_of_event(parser, event_name, why);
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
