/* http_routes.c - the table of paths, and what each says.
 *
 * TO ADD A PATH: a function that fills the answer, and a line in `routes`.
 *
 * Nothing of a request is ever repeated in an answer, so nothing that a
 * stranger sends can be made to look as if we had said it.
 */
#include "http/http_routes.h"

#include "base/check.h"

#include <string.h>

enum {
    STATUS_LINE_OK = 200,
    STATUS_LINE_NOT_FOUND = 404,
    STATUS_LINE_WRONG_METHOD = 405,
    STATUS_LINE_NOT_NOW = 503,
};

static const char plain_text[] = "text/plain; charset=utf-8";
/* Prometheus 3 refuses a scrape without exactly this. */
static const char prometheus_text[] = "text/plain; version=0.0.4; charset=utf-8";

struct route {
    const char *path;
    const char *text;
    void (*answer)(const struct http_sources *sources, const struct http_request *request,
                   struct http_answer *a);
};

static void answer_index(const struct http_sources *sources, const struct http_request *request,
                         struct http_answer *a);

static void answer_metrics(const struct http_sources *sources,
                           const struct http_request *request, struct http_answer *a)
{
    (void)request;
    a->content_type = prometheus_text;
    sources->metrics(sources->self, &a->body);
}

static void answer_live(const struct http_sources *sources, const struct http_request *request,
                        struct http_answer *a)
{
    (void)request;
    if (!sources->live(sources->self, &a->body))
        a->status = STATUS_LINE_NOT_NOW;
}

static void answer_ready(const struct http_sources *sources, const struct http_request *request,
                         struct http_answer *a)
{
    if (!sources->ready(sources->self, request->verbose, &a->body))
        a->status = STATUS_LINE_NOT_NOW;
}

static const struct route routes[] = {
    { "/", "this list", answer_index },
    { "/metrics", "numbers about the program, for Prometheus", answer_metrics },
    { "/livez", "200 while every worker's loop turns, else 503", answer_live },
    { "/readyz", "200 when nothing is missing, else 503 and what is; ?verbose says all",
      answer_ready },
};

enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

static void answer_index(const struct http_sources *sources, const struct http_request *request,
                         struct http_answer *a)
{
    (void)sources;
    (void)request;
    buffer_printf(&a->body, "sellerwatch\n");
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        buffer_printf(&a->body, "%-9s %s\n", routes[i].path, routes[i].text);
}

static const struct route *route_find(const char *path)
{
    CHECK(path != NULL);
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    }
    return NULL;
}

bool http_routes_reads(const char *method)
{
    CHECK(method != NULL);
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

void http_routes_answer(const struct http_sources *sources, const struct http_request *request,
                        struct http_answer *ret_answer)
{
    *ret_answer = (struct http_answer){ .status = STATUS_LINE_OK, .content_type = plain_text };
    const struct route *route = route_find(request->path);
    if (route == NULL) {
        ret_answer->status = STATUS_LINE_NOT_FOUND;
        buffer_printf(&ret_answer->body, "Nothing is here; / lists what there is.\n");
    } else if (!http_routes_reads(request->method)) {
        ret_answer->status = STATUS_LINE_WRONG_METHOD;
        ret_answer->allow = "GET, HEAD";
        buffer_printf(&ret_answer->body, "This can only be read: use GET or HEAD.\n");
    } else {
        route->answer(sources, request, ret_answer);
    }
}
