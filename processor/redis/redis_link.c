/* redis_link.c - one connection to Redis, see redis_link.h.
 *
 * DESIGN
 * ------
 * hiredis connects in blocking mode with a time-out (and does the TLS handshake
 * so); then we make the socket non-blocking and never let hiredis wait again:
 *
 *     bytes ──▶ at most CHUNK_BYTES in hiredis' buffer ──▶ socket
 *     socket ──▶ hiredis' reader ──▶ one reply at a time
 *
 * Only a chunk at a time is given to hiredis, because it moves what is left
 * after every partial write: with the whole of a large save there, that would
 * cost more than the save.
 *
 * Only calls that hiredis 0.14 and 1.2 share are used. The one field we change
 * beyond err, errstr and fd is the REDIS_BLOCK flag: without it hiredis would
 * take "no data yet" for an error.
 */
#include "redis/redis_link.h"

#include "base/check.h"
#include "base/log.h"
#include "base/name.h"
#include "redis/redis_command.h"
#include "redis/redis_errors.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#ifdef SELLERWATCH_REDIS_TLS
#include <hiredis/hiredis_ssl.h>
#endif

enum { CHUNK_BYTES = 256 * 1024, ADDRESS_BYTES = 300 };

struct redis_link {
    struct redis_options options;
    char address[ADDRESS_BYTES];
    redisContext *context; /* NULL: not connected */
    size_t unsent;         /* bytes in hiredis' buffer */
    uint64_t generation;
    int64_t progress_at; /* when bytes last went either way */
    int backoff_ms;      /* the next pause */
    int64_t retry_at;    /* not before, on redis_link_clock_ms */
    struct reason why;   /* of the newest failure */
#ifdef SELLERWATCH_REDIS_TLS
    redisSSLContext *tls;
#endif
};

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

int64_t redis_link_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct redis_options redis_link_default_options(void)
{
    return (struct redis_options){
        .prefix = "sw",
        .host = "127.0.0.1",
        .port = REDIS_PORT_DEFAULT,
        .connect_timeout_ms = REDIS_CONNECT_TIMEOUT_MS_DEFAULT,
        .timeout_ms = REDIS_TIMEOUT_MS_DEFAULT,
        .backoff_first_ms = REDIS_BACKOFF_FIRST_MS_DEFAULT,
        .backoff_last_ms = REDIS_BACKOFF_LAST_MS_DEFAULT,
    };
}

/* ---- TLS, where hiredis has it --------------------------------------------- */

#ifdef SELLERWATCH_REDIS_TLS

bool redis_link_has_tls(void)
{
    return true;
}

static const char *or_null(const char *text)
{
    return is_set(text) ? text : NULL;
}

static bool prepare_tls(struct redis_link *link, struct reason *why)
{
    const struct redis_options *o = &link->options;
    if (!o->tls)
        return true;
    redisInitOpenSSL();
    redisSSLContextError error = REDIS_SSL_CTX_NONE;
    link->tls =
        redisCreateSSLContext(or_null(o->tls_ca_file), NULL, or_null(o->tls_cert_file),
                              or_null(o->tls_key_file), or_null(o->tls_server_name), &error);
    if (link->tls == NULL)
        reason_set(why, "cannot prepare TLS for Redis at %s: %s; check redis.tls_*_file",
                   link->address, redisSSLContextGetError(error));
    return link->tls != NULL;
}

static bool begin_tls(struct redis_link *link)
{
    return link->tls == NULL ||
           redisInitiateSSLWithContext(link->context, link->tls) == REDIS_OK;
}

static void forget_tls(struct redis_link *link)
{
    if (link->tls != NULL)
        redisFreeSSLContext(link->tls);
}

#else

bool redis_link_has_tls(void)
{
    return false;
}

static bool prepare_tls(struct redis_link *link, struct reason *why)
{
    if (link->options.tls)
        reason_set(
            why,
            "cannot speak TLS to Redis at %s: this program was built with hiredis %d.%d "
            "without hiredis_ssl; build with hiredis 1.0 or later, or use a local tunnel",
            link->address, HIREDIS_MAJOR, HIREDIS_MINOR);
    return !link->options.tls;
}

static bool begin_tls(const struct redis_link *link)
{
    CHECK(!link->options.tls);
    return true;
}

static void forget_tls(const struct redis_link *link)
{
    (void)link;
}

#endif

/* ---- open and close --------------------------------------------------------- */

static bool options_make_sense(const struct redis_options *o, struct reason *why)
{
    if (!is_set(o->unix_path) && !is_set(o->host)) {
        reason_set(why, "no address of Redis: set a host and port, or a Unix socket");
        return false;
    }
    if (is_set(o->user) && !is_set(o->password)) {
        reason_set(why, "Redis user %s has no password: set redis.password_file", o->user);
        return false;
    }
    return true;
}

struct redis_link *redis_link_open(const struct redis_options *options, struct reason *why)
{
    CHECK(options->timeout_ms > 0 && options->connect_timeout_ms > 0);
    CHECK(options->backoff_first_ms > 0);
    CHECK(options->backoff_last_ms >= options->backoff_first_ms);
    if (!options_make_sense(options, why))
        return NULL;

    struct redis_link *link = calloc(1, sizeof *link);
    CHECK(link != NULL);
    link->options = *options;
    link->backoff_ms = options->backoff_first_ms;
    if (is_set(options->unix_path))
        snprintf(link->address, sizeof link->address, "%s", options->unix_path);
    else
        snprintf(link->address, sizeof link->address, "%s:%d", options->host, options->port);
    if (!prepare_tls(link, why))
        goto fail;
    return link;

fail:
    redis_link_close(link);
    return NULL;
}

void redis_link_close(struct redis_link *link)
{
    if (link == NULL)
        return;
    if (link->context != NULL)
        redisFree(link->context);
    forget_tls(link);
    free(link);
}

bool redis_link_is_connected(const struct redis_link *link)
{
    return link->context != NULL;
}

uint64_t redis_link_generation(const struct redis_link *link)
{
    return link->generation;
}

bool redis_link_has_unsent(const struct redis_link *link)
{
    return link->unsent > 0;
}

int64_t redis_link_progress_at(const struct redis_link *link)
{
    return link->progress_at;
}

enum status redis_link_time_out(struct redis_link *link, struct reason *why)
{
    reason_set(&link->why, "Redis at %s did not go on within %d ms", link->address,
               link->options.timeout_ms);
    if (why != NULL)
        *why = link->why;
    redis_link_drop(link);
    return STATUS_UNAVAILABLE;
}

const char *redis_link_why(const struct redis_link *link)
{
    return link->why.text;
}

const char *redis_link_address(const struct redis_link *link)
{
    return link->address;
}

void redis_link_drop(struct redis_link *link)
{
    if (link->context != NULL)
        redisFree(link->context);
    link->context = NULL;
    link->unsent = 0;
    link->retry_at = redis_link_clock_ms() + link->backoff_ms;
    const int doubled = link->backoff_ms > INT_MAX / 2 ? INT_MAX : 2 * link->backoff_ms;
    const int last = link->options.backoff_last_ms;
    link->backoff_ms = doubled < last ? doubled : last;
}

void redis_link_hurry(struct redis_link *link)
{
    link->retry_at = 0;
}

/* ---- failures ------------------------------------------------------------------ */

/* The connection broke: says so, remembers it, drops it. */
static enum status fail_link(struct redis_link *link, const char *what, struct reason *why)
{
    const bool has_text = link->context != NULL && link->context->errstr[0] != '\0';
    reason_set(&link->why, "cannot %s Redis at %s: %s", what, link->address,
               has_text ? link->context->errstr : "no memory or no such address");
    redis_link_drop(link);
    if (why != NULL)
        *why = link->why;
    return STATUS_UNAVAILABLE;
}

enum status redis_link_explain(struct redis_link *link, const char *error, struct reason *why)
{
    const struct redis_error *found = redis_errors_find(error);
    reason_set(&link->why, "Redis at %s: %s (%s)", link->address, found->meaning, error);
    if (why != NULL)
        *why = link->why;
    if (found->reconnect)
        redis_link_drop(link);
    return found->status;
}

/* ---- writing, reading, waiting --------------------------------------------------- */

static bool push_unsent(struct redis_link *link)
{
    int done = 0;
    if (redisBufferWrite(link->context, &done) != REDIS_OK)
        return false;
    if (done && link->unsent > 0) {
        link->unsent = 0;
        link->progress_at = redis_link_clock_ms();
    }
    return true;
}

enum status redis_link_write(struct redis_link *link, struct span bytes, size_t *ret_taken,
                             struct reason *why)
{
    CHECK(link->context != NULL);
    size_t taken = 0;
    while (true) {
        if (link->unsent == 0 && taken < bytes.size) {
            const size_t left = bytes.size - taken;
            const size_t size = left < CHUNK_BYTES ? left : CHUNK_BYTES;
            if (redisAppendFormattedCommand(link->context, (const char *)bytes.at + taken,
                                            size) != REDIS_OK)
                return fail_link(link, "write to", why);
            link->unsent = size;
            taken += size;
        }
        if (!push_unsent(link))
            return fail_link(link, "write to", why);
        if (link->unsent > 0 || taken == bytes.size)
            break;
    }
    *ret_taken = taken;
    return STATUS_OK;
}

/* Reads once from the socket; false if that broke. */
static bool read_more(struct redis_link *link, void **ret_reply)
{
    const size_t before = link->context->reader->len;
    if (redisBufferRead(link->context) != REDIS_OK)
        return false;
    if (link->context->reader->len != before)
        link->progress_at = redis_link_clock_ms();
    return redisGetReply(link->context, ret_reply) == REDIS_OK;
}

enum status redis_link_read(struct redis_link *link, redisReply **ret_reply, struct reason *why)
{
    CHECK(link->context != NULL);
    void *reply = NULL;
    if (redisGetReply(link->context, &reply) != REDIS_OK)
        return fail_link(link, "read from", why);
    if (reply == NULL && !read_more(link, &reply))
        return fail_link(link, "read from", why);
    if (reply == NULL)
        return STATUS_PENDING;

    *ret_reply = reply;
    if ((*ret_reply)->type != REDIS_REPLY_ERROR)
        link->backoff_ms = link->options.backoff_first_ms;
    return STATUS_OK;
}

void redis_link_wait(struct redis_link *link, bool for_writing, int64_t patience_ms)
{
    if (link->context == NULL || patience_ms <= 0)
        return;
    struct pollfd socket = { .fd = link->context->fd, .events = POLLIN };
    if (for_writing || link->unsent > 0)
        socket.events |= POLLOUT;
    poll(&socket, 1, patience_ms > INT_MAX ? INT_MAX : (int)patience_ms);
}

/* ---- connecting ------------------------------------------------------------------- */

static struct timeval timeval_of_ms(int ms)
{
    return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

static bool connect_socket(struct redis_link *link)
{
    const struct redis_options *o = &link->options;
    const struct timeval patience = timeval_of_ms(o->connect_timeout_ms);
    link->context = is_set(o->unix_path) ? redisConnectUnixWithTimeout(o->unix_path, patience)
                                         : redisConnectWithTimeout(o->host, o->port, patience);
    if (link->context == NULL || link->context->err != 0)
        return false;
    return redisSetTimeout(link->context, timeval_of_ms(o->timeout_ms)) == REDIS_OK;
}

/* From here on hiredis must never wait: we do, with poll. */
static bool stop_blocking(struct redis_link *link)
{
    redisContext *c = link->context;
    c->reader->maxbuf = 0; /* keep the read buffer between large answers */
    c->flags &= ~REDIS_BLOCK;
    const int flags = fcntl(c->fd, F_GETFL, 0);
    if (flags < 0 || fcntl(c->fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return false;
    const int on = 1;
    if (!is_set(link->options.unix_path))
        setsockopt(c->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return true;
}

/* Sends one command and waits for its answer: for the first words of a
 * connection, when nothing else is under way. */
static enum status ask(struct redis_link *link, struct span command, struct reason *why)
{
    const int64_t deadline = redis_link_clock_ms() + link->options.timeout_ms;
    size_t written = 0;
    redisReply *reply = NULL;
    while (true) {
        size_t taken = 0;
        const struct span rest = { command.at + written, command.size - written };
        enum status s = redis_link_write(link, rest, &taken, why);
        if (s == STATUS_OK)
            s = redis_link_read(link, &reply, why);
        if (s == STATUS_UNAVAILABLE)
            return s;
        if (s == STATUS_OK)
            break;
        written += taken;
        const int64_t left = deadline - redis_link_clock_ms();
        if (left <= 0)
            return redis_link_time_out(link, why);
        redis_link_wait(link, written < command.size, left);
    }
    const enum status s = reply->type == REDIS_REPLY_ERROR
                              ? redis_link_explain(link, reply->str, why)
                              : STATUS_OK;
    freeReplyObject(reply);
    return s;
}

static enum status log_in(struct redis_link *link, struct reason *why)
{
    const struct redis_options *o = &link->options;
    if (!is_set(o->password))
        return STATUS_OK;
    struct buffer bytes = { 0 };
    struct redis_command c = redis_command_begin(&bytes, is_set(o->user) ? 3 : 2);
    redis_command_text(&c, "AUTH");
    if (is_set(o->user))
        redis_command_text(&c, o->user);
    redis_command_text(&c, o->password);
    redis_command_end(&c);
    const enum status s = ask(link, buffer_span(&bytes), why);
    buffer_free(&bytes);
    return s;
}

static enum status select_database(struct redis_link *link, struct reason *why)
{
    if (link->options.database == 0)
        return STATUS_OK;
    struct buffer bytes = { 0 };
    struct redis_command c = redis_command_begin(&bytes, 2);
    redis_command_text(&c, "SELECT");
    redis_command_number(&c, link->options.database);
    redis_command_end(&c);
    const enum status s = ask(link, buffer_span(&bytes), why);
    buffer_free(&bytes);
    return s;
}

enum status redis_link_ensure(struct redis_link *link, struct reason *why)
{
    if (link->context != NULL)
        return STATUS_OK;
    if (redis_link_clock_ms() < link->retry_at) {
        if (why != NULL)
            *why = link->why;
        return STATUS_UNAVAILABLE;
    }

    link->generation += 1;
    if (!connect_socket(link) || !begin_tls(link) || !stop_blocking(link))
        return fail_link(link, "reach", why);
    enum status s = log_in(link, why);
    if (s == STATUS_OK)
        s = select_database(link, why);
    if (s != STATUS_OK) {
        if (link->context != NULL)
            redis_link_drop(link);
        return s;
    }
    log_write(LOG_INFO, "redis_connected", "address=\"%s\"", link->address);
    return STATUS_OK;
}
