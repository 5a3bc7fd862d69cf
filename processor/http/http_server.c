/* http_server.c - sockets in, routes out.
 *
 * DESIGN
 * ------
 * We make the listening socket ourselves, so that "port in use" is a sentence
 * and port 0 can be asked what it became; libmicrohttpd does the rest on one
 * thread of its own with epoll. It calls us twice a request: when the headers
 * have been read and when all has been read.
 *
 *      headers ──▶ GET, HEAD: wait for the end ──▶ answer, keep the connection
 *              └─▶ others:    answer at once; the body is not read and the
 *                             connection closes
 *
 * A request that brings more than CONNECTION_BYTES of headers is refused by the
 * library; a GET that brings a body is hung up on.
 */
#include "http/http_server.h"

#include "base/check.h"
#include "base/log.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 64,
    CONNECTION_BYTES = 16 * 1024, /* a request's line and headers */
    IDLE_SECONDS = 30,            /* a connection without progress is closed */
    BACKLOG = 32,
    PORT_TEXT_BYTES = 12,
    PORT_MAX = 65535,
    LOG_BYTES = 256,
};

struct http_server {
    struct http_sources sources;
    struct MHD_Daemon *daemon;
    int listener; /* -1: none, or the daemon's by now */
    int port;
};

/* ---- answering ------------------------------------------------------------ */

static enum MHD_Result is_verbose(void *ret_verbose, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    (void)kind;
    (void)value;
    if (strcmp(key, "verbose") != 0)
        return MHD_YES;
    *(bool *)ret_verbose = true;
    return MHD_NO; /* enough */
}

/* The library takes over the answer's body. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, struct http_answer *a)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(a->body.size, a->body.at, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        buffer_free(&a->body);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a->content_type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (a->allow != NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, a->allow);
    const enum MHD_Result result = MHD_queue_response(connection, a->status, response);
    MHD_destroy_response(response);
    return result;
}

/* The library's callback; its parameters are not ours to choose.
 * NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result serve(void *self, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **begun)
{
    (void)version;
    (void)upload;
    struct http_server *server = self;
    const bool first_call = *begun == NULL;
    *begun = server;
    if (first_call && http_routes_reads(method))
        return MHD_YES;
    if (!first_call && *upload_size > 0)
        return MHD_NO;

    struct http_request request = { .method = method, .path = url };
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, is_verbose,
                                    &request.verbose);
    struct http_answer answer;
    http_routes_answer(&server->sources, &request, &answer);
    return send_answer(connection, &answer);
}

__attribute__((format(printf, 2, 0))) static void note(void *self, const char *format,
                                                       va_list arguments)
{
    (void)self;
    char text[LOG_BYTES];
    vsnprintf(text, sizeof text, format, arguments);
    log_write(LOG_DEBUG, "http_server", "said=\"%s\"", text);
}

/* ---- opening -------------------------------------------------------------- */

static int listen_at(const struct addrinfo *at)
{
    const int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void why_not_listening(const struct http_server_options *o, int error,
                              struct reason *ret_why)
{
    if (error == EADDRINUSE)
        reason_set(ret_why,
                   "cannot serve HTTP at %s:%d: the port is in use by another program; "
                   "choose another http.port, or 0 for any free one",
                   o->address, o->port);
    else if (error == EACCES)
        reason_set(ret_why,
                   "cannot serve HTTP at %s:%d: not allowed; ports below 1024 need special "
                   "rights, choose a higher http.port",
                   o->address, o->port);
    else if (error == EADDRNOTAVAIL)
        reason_set(ret_why,
                   "cannot serve HTTP at %s:%d: this machine has no such address; "
                   "http.address should be 127.0.0.1, or 0.0.0.0 for all",
                   o->address, o->port);
    else
        reason_set(ret_why, "cannot serve HTTP at %s:%d: %s", o->address, o->port,
                   strerror(error));
}

static int listener_open(const struct http_server_options *o, struct reason *ret_why)
{
    char port[PORT_TEXT_BYTES];
    snprintf(port, sizeof port, "%d", o->port);
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *found = NULL;
    const int error = getaddrinfo(o->address, port, &wanted, &found);
    if (error != 0) {
        reason_set(ret_why, "cannot serve HTTP at %s: %s", o->address, gai_strerror(error));
        return -1;
    }
    const int fd = listen_at(found);
    if (fd < 0)
        why_not_listening(o, errno, ret_why);
    freeaddrinfo(found);
    return fd;
}

static int bound_port(int listener)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at;
    memset(&at, 0, sizeof at);
    socklen_t size = sizeof at;
    CHECK(getsockname(listener, &at.any, &size) == 0);
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

/* Signals are the main thread's business. */
static struct MHD_Daemon *daemon_start(struct http_server *server)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, serve, server,
        MHD_OPTION_EXTERNAL_LOGGER, note, NULL, MHD_OPTION_LISTEN_SOCKET, server->listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return daemon;
}

struct http_server *http_server_open(const struct http_server_options *options,
                                     struct reason *ret_why)
{
    CHECK(options->port >= 0 && options->port <= PORT_MAX);
    struct http_server *server = calloc(1, sizeof *server);
    CHECK(server != NULL);
    server->sources = options->sources;
    server->listener = listener_open(options, ret_why);
    if (server->listener < 0)
        goto fail;

    server->port = bound_port(server->listener);
    server->daemon = daemon_start(server);
    if (server->daemon == NULL) {
        reason_set(ret_why, "cannot serve HTTP at %s:%d: libmicrohttpd %s does not start",
                   options->address, server->port, MHD_get_version());
        server->listener = -1; /* closed by the library, which may use its number again */
        goto fail;
    }
    server->listener = -1;
    return server;

fail:
    http_server_close(server);
    return NULL;
}

void http_server_close(struct http_server *server)
{
    if (server == NULL)
        return;
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    if (server->listener >= 0)
        close(server->listener);
    free(server);
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}
