/* registry_answer_fuzz.c - whatever a registry answers, we only ever read it.
 * The first byte chooses the status line, the second how the rest becomes the body:
 * as it is, or in the places of a readable answer where a registry puts its own words. */
#include "http/registry_answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(const struct registry_answer *a)
{
    struct reason why;
    struct buffer schema = { 0 };
    int32_t id = -1;
    const enum status schema_status = registry_answer_schema(a, &schema, &why);
    if ((schema_status == STATUS_OK) != (schema.size > 0))
        abort(); /* an output without success, or success without an output */
    const enum status id_status = registry_answer_id(a, &id, &why);
    if ((id_status == STATUS_OK) != (id >= 0))
        abort();
    (void)registry_answer_done(a, &why);
    if (schema.size > 0)
        (void)registry_answer_same(buffer_span(&schema), a->body);
    buffer_free(&schema);
}

static const char *const frames[] = {
    "%",
    "{\"schema\":\"%\"}",
    "{\"schema\":%,\"id\":1}",
    "{\"id\":%}",
    "{\"schema\":\"x\",\"schemaType\":%}",
    "{\"schema\":\"x\",\"references\":%}",
    "{\"error_code\":%,\"message\":\"no\"}",
    "{\"error_code\":40403,\"message\":\"%\"}",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long codes[] = { 200, 404, 401, 409, 422, 500, 0, 302 };
    if (size < 2)
        return 0;
    const char *frame = frames[data[1] % (sizeof frames / sizeof frames[0])];
    const size_t before = strcspn(frame, "%");
    struct buffer body = { 0 };
    buffer_add(&body, span_of(frame, before));
    buffer_add(&body, span_of(data + 2, size - 2));
    buffer_add(&body, span_of(frame + before + 1, strlen(frame) - before - 1));
    const struct registry_answer a = {
        .code = codes[data[0] % (sizeof codes / sizeof codes[0])],
        .body = buffer_span(&body),
    };
    read_as(&a);
    buffer_free(&body);
    return 0;
}
