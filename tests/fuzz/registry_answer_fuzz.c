/* registry_answer_fuzz.c - whatever a registry answers, we only ever read it.
 * The first byte chooses the status line, the rest is the body. */
#include "http/registry_answer.h"

#include <stdlib.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long codes[] = { 200, 404, 401, 409, 422, 500, 0, 302 };
    if (size == 0)
        return 0;
    const struct registry_answer a = {
        .code = codes[data[0] % (sizeof codes / sizeof codes[0])],
        .body = span_of(data + 1, size - 1),
    };
    read_as(&a);
    return 0;
}
