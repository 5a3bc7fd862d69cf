/* redis_link.h - one connection to Redis that never blocks longer than asked.
 *
 * A link is used by one thread. It connects when needed, and after a failure
 * not before a pause that doubles from backoff_first_ms to backoff_last_ms.
 * Any error makes the connection useless (hiredis' rule): the link drops it,
 * and answers that were still to come never will. Who asked must ask again, so
 * only what may be repeated goes over a link.
 *
 * The process must ignore SIGPIPE: a write to a server that has just gone away
 * would end it otherwise.
 */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "base/status.h"

#include <hiredis/hiredis.h>

/* All strings are borrowed and must outlive what is opened with them; NULL or
 * "" means: not set. */
struct redis_options {
    const char *prefix; /* of all keys: "sw" */
    const char *host;   /* name or address */
    int port;
    const char *unix_path; /* if set: instead of host and port */
    const char *user;      /* Redis 6 and later; needs a password */
    const char *password;
    int database; /* 0 is the default and needs no right to SELECT */
    bool tls;
    const char *tls_ca_file; /* whose certificates to trust */
    const char *tls_cert_file;
    const char *tls_key_file;
    const char *tls_server_name; /* sent (SNI), but not compared with the certificate */
    int connect_timeout_ms;
    int timeout_ms; /* without any progress in what was asked */
    int backoff_first_ms;
    int backoff_last_ms;
};

enum {
    REDIS_PORT_DEFAULT = 6379,
    REDIS_CONNECT_TIMEOUT_MS_DEFAULT = 2000,
    REDIS_TIMEOUT_MS_DEFAULT = 2000,
    REDIS_BACKOFF_FIRST_MS_DEFAULT = 100,
    REDIS_BACKOFF_LAST_MS_DEFAULT = 5000,
};

/* 127.0.0.1:6379, prefix "sw", the time-outs above. */
struct redis_options redis_link_default_options(void);

/* Whether the hiredis that we were built with can speak TLS. */
bool redis_link_has_tls(void);

struct redis_link;

/* Does not connect yet. NULL: the options cannot work (*why says which). */
struct redis_link *redis_link_open(const struct redis_options *options, struct reason *why);

/* Accepts NULL. */
void redis_link_close(struct redis_link *link);

/* Connects, logs in and selects the database if that is not done. OK; UNAVAILABLE
 * (also while the pause after a failure lasts); REFUSED: login or rights. */
enum status redis_link_ensure(struct redis_link *link, struct reason *why);

bool redis_link_is_connected(const struct redis_link *link);

/* Goes up with each connection made: tells whether one is still the same. */
uint64_t redis_link_generation(const struct redis_link *link);

/* Hands over what the socket takes now; *ret_taken bytes of it need not be
 * given again. UNAVAILABLE: the connection broke and was dropped. */
enum status redis_link_write(struct redis_link *link, struct span bytes, size_t *ret_taken,
                             struct reason *why);

/* Is something handed over still on its way into the socket? */
bool redis_link_has_unsent(const struct redis_link *link);

/* OK: *ret_reply is the next answer (freeReplyObject). PENDING: it has not come
 * yet. UNAVAILABLE: the connection broke and was dropped. */
enum status redis_link_read(struct redis_link *link, redisReply **ret_reply,
                            struct reason *why);

/* Waits until the socket is readable (or writable, if asked) or time is over. */
void redis_link_wait(struct redis_link *link, bool for_writing, int64_t patience_ms);

/* When bytes last went either way, on redis_link_clock_ms. */
int64_t redis_link_progress_at(const struct redis_link *link);

/* Gives up an answer that did not come in time; drops. Always UNAVAILABLE. */
enum status redis_link_time_out(struct redis_link *link, struct reason *why);

/* Drops the connection; the next one is made after the pause. */
void redis_link_drop(struct redis_link *link);

/* No pause before the next connection; those behind it are as long as ever. */
void redis_link_hurry(struct redis_link *link);

/* For sentences: "127.0.0.1:6379" or the socket's path. Never a secret. */
const char *redis_link_address(const struct redis_link *link);

/* The newest failure, as a sentence. */
const char *redis_link_why(const struct redis_link *link);

/* Sets *why from an error answer, drops the connection if another one may be
 * better, and returns the status that the table gives it. */
enum status redis_link_explain(struct redis_link *link, const char *error, struct reason *why);

/* Milliseconds of a clock that never jumps. */
int64_t redis_link_clock_ms(void);
