/* registry_answer.c - see registry_answer.h.
 *
 *      body unreadable            UNAVAILABLE, also with 404: a proxy, or a wrong path
 *      2xx                        OK, if what we asked for is in it
 *      404, error_code 404xx      MISSING; 404 with another code is a wrong path
 *      401 403 409 422            REFUSED
 *      else                       UNAVAILABLE
 */
#include "http/registry_answer.h"

#include "base/check.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
    CODE_OK_FIRST = 200,
    CODE_OK_LAST = 299,
    CODE_UNAUTHORIZED = 401,
    CODE_FORBIDDEN = 403,
    CODE_NOT_FOUND = 404,
    CODE_CONFLICT = 409,
    CODE_UNPROCESSABLE = 422,
    CODE_SERVER_FIRST = 500,
    ERROR_CODE_GROUP = 100, /* error_code 40403 belongs to status 404 */
    MESSAGE_BYTES = 300,
};

static bool is_good(const struct registry_answer *a)
{
    return a->code >= CODE_OK_FIRST && a->code <= CODE_OK_LAST;
}

/* The body as a JSON object; NULL: it is none. The caller's to release. */
static json_t *body_read(const struct registry_answer *a)
{
    if (a->body.size == 0)
        return NULL;
    json_t *root = json_loadb((const char *)a->body.at, a->body.size, 0, NULL);
    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

/* The registry's own words, on one line. */
static void message_copy(const json_t *root, char ret_text[MESSAGE_BYTES])
{
    const char *said = json_string_value(json_object_get(root, "message"));
    snprintf(ret_text, MESSAGE_BYTES, "%s", said == NULL ? "it does not say why" : said);
    for (char *c = ret_text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '"')
            *c = ' ';
    }
}

/* What people usually got wrong when they see such an answer. */
static const char *hint_of(long code)
{
    if (code == CODE_UNAUTHORIZED || code == CODE_FORBIDDEN)
        return "; check its user and password";
    if (code < CODE_SERVER_FIRST)
        return "; check that its URL includes the base path of the Confluent API";
    return "";
}

static enum status unreadable(const struct registry_answer *a, struct reason *why)
{
    reason_set(why, "the registry answered %ld without a readable body%s", a->code,
               hint_of(a->code));
    return STATUS_UNAVAILABLE;
}

/* Why a readable answer is not the good one. */
static enum status complaint(const struct registry_answer *a, const json_t *root,
                             struct reason *why)
{
    char message[MESSAGE_BYTES];
    message_copy(root, message);
    const json_int_t code = json_integer_value(json_object_get(root, "error_code"));
    if (a->code == CODE_NOT_FOUND && code / ERROR_CODE_GROUP == CODE_NOT_FOUND) {
        reason_set(why, "the registry says: %s (%d)", message, (int)code);
        return STATUS_MISSING;
    }
    if (a->code == CODE_UNAUTHORIZED || a->code == CODE_FORBIDDEN) {
        reason_set(why,
                   "the registry does not let us in: %s (%ld); check its user and password",
                   message, a->code);
        return STATUS_REFUSED;
    }
    if (a->code == CODE_CONFLICT || a->code == CODE_UNPROCESSABLE) {
        reason_set(why, "the registry refuses: %s (%ld)", message, a->code);
        return STATUS_REFUSED;
    }
    reason_set(why, "the registry answered %ld: %s%s", a->code, message,
               a->code == CODE_NOT_FOUND ? hint_of(a->code) : "");
    return STATUS_UNAVAILABLE;
}

static enum status schema_of(const json_t *root, struct buffer *ret_schema, struct reason *why)
{
    const char *text = json_string_value(json_object_get(root, "schema"));
    const json_t *type = json_object_get(root, "schemaType");
    if (text == NULL || text[0] == '\0') {
        reason_set(why, "the registry answered 200 without a schema");
        return STATUS_UNAVAILABLE;
    }
    if (json_is_string(type) && strcmp(json_string_value(type), "AVRO") != 0) {
        reason_set(why, "it is a schema of another type; only AVRO can be read");
        return STATUS_MALFORMED;
    }
    if (json_array_size(json_object_get(root, "references")) > 0) {
        reason_set(why, "it refers to other schemas of the registry, which is not supported; "
                        "register one schema that holds all its types");
        return STATUS_MALFORMED;
    }
    buffer_add(ret_schema, span_of(text, strlen(text)));
    return STATUS_OK;
}

enum status registry_answer_schema(const struct registry_answer *a, struct buffer *ret_schema,
                                   struct reason *why)
{
    json_t *root = body_read(a);
    if (root == NULL)
        return unreadable(a, why);
    const enum status status =
        is_good(a) ? schema_of(root, ret_schema, why) : complaint(a, root, why);
    json_decref(root);
    /* A refusal may end, when a right is given back: the record waits for it. */
    return status == STATUS_REFUSED ? STATUS_UNAVAILABLE : status;
}

static enum status id_of(const json_t *root, int32_t *ret_id, struct reason *why)
{
    const json_t *id = json_object_get(root, "id");
    const json_int_t value = json_integer_value(id);
    if (!json_is_integer(id) || value < 0 || value > INT32_MAX) {
        reason_set(why, "the registry answered 200 without a schema id");
        return STATUS_UNAVAILABLE;
    }
    *ret_id = (int32_t)value;
    return STATUS_OK;
}

enum status registry_answer_id(const struct registry_answer *a, int32_t *ret_id,
                               struct reason *why)
{
    json_t *root = body_read(a);
    if (root == NULL)
        return unreadable(a, why);
    const enum status status = is_good(a) ? id_of(root, ret_id, why) : complaint(a, root, why);
    json_decref(root);
    return status;
}

enum status registry_answer_done(const struct registry_answer *a, struct reason *why)
{
    json_t *root = body_read(a);
    if (root == NULL)
        return unreadable(a, why);
    const enum status status = is_good(a) ? STATUS_OK : complaint(a, root, why);
    json_decref(root);
    return status;
}

bool registry_answer_same(struct span one, struct span other)
{
    CHECK(one.at != NULL && other.at != NULL);
    json_t *a = json_loadb((const char *)one.at, one.size, JSON_DECODE_ANY, NULL);
    json_t *b = json_loadb((const char *)other.at, other.size, JSON_DECODE_ANY, NULL);
    const bool same = a != NULL && json_equal(a, b) == 1;
    json_decref(a);
    json_decref(b);
    return same;
}
