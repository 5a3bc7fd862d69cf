/* http_fuzz.c - any method and path get one complete answer, and nothing of the
 * request comes back in it. Input: a byte (verbose), the method, NUL, the path. */
#include "http/http_routes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say_metrics(void *self, struct buffer *text)
{
    (void)self;
    buffer_add_u8(text, '\n');
}

static bool say_live(void *self, struct buffer *text)
{
    say_metrics(self, text);
    return true;
}

static bool say_ready(void *self, bool verbose, struct buffer *text)
{
    say_metrics(self, text);
    return verbose;
}

/* A refusal says the same whatever was asked. */
static void refusal_is_plain(const struct http_answer *answer)
{
    static const char *const refusals[] = { "Nothing is here; / lists what there is.\n",
                                            "This can only be read: use GET or HEAD.\n" };
    const char *expected = refusals[answer->status == 405];
    if (answer->body.size != strlen(expected) ||
        memcmp(answer->body.at, expected, answer->body.size) != 0)
        abort();
}

static void answer_is_whole(const struct http_request *request)
{
    const struct http_sources sources = { NULL, say_metrics, say_live, say_ready };
    struct http_answer answer;
    http_routes_answer(&sources, request, &answer);
    if (answer.content_type == NULL || (answer.status == 405) != (answer.allow != NULL))
        abort();
    if (answer.body.size == 0 || answer.body.at[answer.body.size - 1] != '\n')
        abort();
    if (answer.status == 404 || answer.status == 405)
        refusal_is_plain(&answer);
    else if (answer.status != 200 && answer.status != 503)
        abort();
    buffer_free(&answer.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    const size_t method = strnlen(text + 1, size - 1);
    const size_t path = 1 + method + (1 + method < size ? 1 : 0);
    const struct http_request request = { .method = text + 1,
                                          .path = text + path,
                                          .verbose = (data[0] & 1) != 0 };
    answer_is_whole(&request);
    free(text);
    return 0;
}
