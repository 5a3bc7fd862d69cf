/* http_server.h - serves the routes over HTTP, on a thread of its own.
 *
 * Loopback is the intended place: there is no TLS and no login. Everything is
 * bounded: connections, bytes of a request, time without progress.
 */
#pragma once

#include "base/reason.h"
#include "http/http_routes.h"

struct http_server_options {
    const char *address; /* "127.0.0.1", "::1", "0.0.0.0", a host name */
    int port;            /* 0: any free one */
    struct http_sources sources;
};

struct http_server;

/* NULL: it cannot listen there, *ret_why says why. */
struct http_server *http_server_open(const struct http_server_options *options,
                                     struct reason *ret_why);

/* Ends the thread and all connections. Accepts NULL. */
void http_server_close(struct http_server *server);

/* The port it listens on. */
int http_server_port(const struct http_server *server);
