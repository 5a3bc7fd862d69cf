/* alert_json.c - see alert_json.h.
 *
 * DESIGN
 * ------
 * The .avsc and the record are walked side by side, so that the line shows what the record
 * holds, not what we make of it: values of other writers, too, in fields that we pass over.
 * What nests waits on a stack of frames:
 *
 *      record AlertEvent          field 28 of 41
 *      array of Recommendation    2 items left
 *      record Recommendation      field 4 of 4
 *      map of string              1 item left
 */
#include "codec/alert_json.h"

#include "base/check.h"
#include "base/name.h"
#include "codec/alert_codec.h"
#include "codec/avro_reader.h"
#include "codec/json_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8, NUMBER_BYTES = 32, DIGITS_ENOUGH = 17, DIGITS_SURE = 15 };

struct alert_json {
    json_t *schema; /* owned */
};

/* A record, list or map that is being written. */
struct frame {
    const json_t *items;  /* list, map: the type of each. NULL: a record */
    const json_t *fields; /* of a record */
    size_t written;
    int64_t left; /* items of the block that a list or map is in */
    bool named;   /* a map */
};

struct walk {
    const struct alert_json *json;
    struct reader from;
    struct buffer *to;
    struct frame frames[DEPTH_MAX];
    int depth;
};

struct alert_json *alert_json_open(void)
{
    struct alert_json *json = calloc(1, sizeof *json);
    CHECK(json != NULL);
    json->schema = json_loads(alert_codec_schema_text(), 0, NULL);
    CHECK(json->schema != NULL);
    return json;
}

void alert_json_close(struct alert_json *json)
{
    if (json == NULL)
        return;
    json_decref(json->schema);
    free(json);
}

/* ---- types --------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static bool is_primitive(const char *name)
{
    return strcmp(name, "string") == 0 || strcmp(name, "long") == 0 ||
           strcmp(name, "double") == 0;
}

/* A name stands for the type that a field before it has defined. */
static const json_t *defined(const struct walk *w, const json_t *type)
{
    const char *name = json_string_value(type);
    const json_t *fields = json_object_get(w->json->schema, "fields");
    if (name == NULL || is_primitive(name))
        return type;
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *candidate = json_object_get(json_array_get(fields, i), "type");
        if (strcmp(text_of(candidate, "name"), name) == 0)
            return candidate;
    }
    CHECK(false);
    return NULL;
}

/* "long" of "long" and of {"type": "long", "logicalType": ...}. */
static const char *kind_of(const json_t *type)
{
    return json_is_string(type) ? json_string_value(type) : text_of(type, "type");
}

/* ---- values -------------------------------------------------------------------- */

/* JSON has no word for what is not a finite number. */
static void add_double(struct buffer *b, double value)
{
    char text[NUMBER_BYTES] = "null";
    for (int digits = DIGITS_SURE; isfinite(value) && digits <= DIGITS_ENOUGH; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buffer_add(b, span_of_text(text));
}

/* A symbol of a newer writer is the default, UNKNOWN: the first. */
static void add_symbol(struct walk *w, const json_t *type)
{
    const json_t *symbols = json_object_get(type, "symbols");
    const int64_t at = reader_signed(&w->from);
    const bool known = at >= 0 && at < (int64_t)json_array_size(symbols);
    const char *symbol = json_string_value(json_array_get(symbols, known ? (size_t)at : 0));
    CHECK(symbol != NULL);
    json_text_add(w->to, span_of_text(symbol));
}

static void begin(struct walk *w, struct frame frame, char bracket)
{
    CHECK(w->depth < DEPTH_MAX);
    w->frames[w->depth++] = frame;
    buffer_add_u8(w->to, (uint8_t)bracket);
}

static void add_value(struct walk *w, const json_t *type)
{
    if (json_is_array(type)) { /* ["null", T] */
        if (!avro_reader_given(&w->from)) {
            buffer_printf(w->to, "null");
            return;
        }
        type = json_array_get(type, 1);
    }
    type = defined(w, type);
    const char *kind = kind_of(type);
    if (strcmp(kind, "string") == 0)
        json_text_add(w->to, avro_reader_text(&w->from));
    else if (strcmp(kind, "long") == 0)
        buffer_printf(w->to, "%" PRId64, reader_signed(&w->from));
    else if (strcmp(kind, "double") == 0)
        add_double(w->to, avro_reader_double(&w->from));
    else if (strcmp(kind, "enum") == 0)
        add_symbol(w, type);
    else if (strcmp(kind, "record") == 0)
        begin(w, (struct frame){ .fields = json_object_get(type, "fields") }, '{');
    else if (strcmp(kind, "map") == 0)
        begin(w, (struct frame){ .items = json_object_get(type, "values"), .named = true },
              '{');
    else {
        CHECK(strcmp(kind, "array") == 0);
        begin(w, (struct frame){ .items = json_object_get(type, "items") }, '[');
    }
}

/* ---- what nests ---------------------------------------------------------------- */

static bool has_more(struct walk *w, struct frame *f)
{
    if (f->items == NULL)
        return f->written < json_array_size(f->fields);
    if (f->left == 0)
        f->left = avro_reader_block(&w->from, (int64_t)f->written);
    return f->left > 0;
}

static void add_next(struct walk *w, struct frame *f)
{
    const json_t *type = f->items;
    if (f->written > 0)
        buffer_add_u8(w->to, ',');
    if (f->items == NULL) {
        const json_t *field = json_array_get(f->fields, f->written);
        buffer_printf(w->to, "\"%s\":", text_of(field, "name"));
        type = json_object_get(field, "type");
    } else {
        f->left -= 1;
        if (f->named) {
            json_text_add(w->to, avro_reader_text(&w->from));
            buffer_add_u8(w->to, ':');
        }
    }
    f->written += 1;
    add_value(w, type);
}

void alert_json_line(const struct alert_json *json, struct span body, struct buffer *b)
{
    struct walk w = { .json = json, .from = reader_of(body), .to = b };
    add_value(&w, json->schema);
    while (w.depth > 0) {
        struct frame *f = &w.frames[w.depth - 1];
        if (has_more(&w, f)) {
            add_next(&w, f);
            continue;
        }
        buffer_add_u8(b, f->items != NULL && !f->named ? ']' : '}');
        w.depth -= 1;
    }
    CHECK(!w.from.broken && reader_at_end(&w.from));
    buffer_add_u8(b, '\n');
}
