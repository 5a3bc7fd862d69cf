/* http_routes.h - what is served under which path.
 *
 * Knows nothing of sockets: a request in, an answer out. What the answers say
 * comes from whoever fills http_sources; they are called on the server's thread.
 */
#pragma once

#include "base/buffer.h"

struct http_sources {
    void *self;
    /* Adds the metrics as Prometheus text. */
    void (*metrics)(void *self, struct buffer *ret_text);
    /* Adds lines of words; false: not live, not ready. */
    bool (*live)(void *self, struct buffer *ret_text);
    bool (*ready)(void *self, bool verbose, struct buffer *ret_text);
};

struct http_request {
    const char *method;
    const char *path; /* without the query */
    bool verbose;     /* the query names "verbose" */
};

struct http_answer {
    unsigned status;
    const char *content_type;
    const char *allow; /* methods, with status 405; else NULL */
    struct buffer body;
};

/* Is it a method that we answer with a body, GET or HEAD? */
bool http_routes_reads(const char *method);

/* Fills *ret_answer; its body is the caller's to free. */
void http_routes_answer(const struct http_sources *sources, const struct http_request *request,
                        struct http_answer *ret_answer);
