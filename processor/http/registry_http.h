/* registry_http.h - one request to a schema registry, one answer.
 *
 * Blocks for at most the time-out; one thread at a time uses a handle. Passwords
 * never appear in a reason.
 */
#pragma once

#include "http/registry_answer.h"

struct registry_http_options {
    const char *url;      /* base path of the Confluent API, http:// or https:// */
    const char *user;     /* NULL or empty: none */
    const char *password; /* NULL or empty: none */
    const char *ca_file;  /* NULL or empty: the system's authorities */
    int timeout_ms;
};

struct registry_request {
    const char *method;  /* "GET", "POST", "PUT" */
    const char *path;    /* below the base path, begins with '/' */
    struct span body;    /* JSON; empty with GET */
    struct buffer *into; /* where the answer's body goes; cleared first */
};

struct registry_http;

/* NULL: a setting cannot be right, *ret_why says which. While *stop is true,
 * requests end early; it outlives the handle. Options are copied. */
struct registry_http *registry_http_open(const struct registry_http_options *options,
                                         const _Atomic bool *stop, struct reason *ret_why);

/* Accepts NULL. */
void registry_http_close(struct registry_http *h);

/* OK: the registry answered something, *ret_answer borrows from request->into.
 * UNAVAILABLE: it did not, or more than we take. */
enum status registry_http_ask(struct registry_http *h, const struct registry_request *request,
                              struct registry_answer *ret_answer, struct reason *why);

/* Adds `text` to a path, with what may not stand there escaped. */
void registry_http_escape(struct buffer *path, const char *text);
