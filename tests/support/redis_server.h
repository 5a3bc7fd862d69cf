/* redis_server.h - a private redis-server for a test: its own temporary folder,
 * a Unix socket and, if wanted, a free port on 127.0.0.1. Ended by its pid.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum { REDIS_SERVER_PATH_BYTES = 128, REDIS_SERVER_EXTRA_MAX = 16 };

struct redis_server {
    char folder[REDIS_SERVER_PATH_BYTES];
    char socket[REDIS_SERVER_PATH_BYTES + 16];
    int port; /* 0: none */
    bool appendonly;
    pid_t pid; /* 0: not running */
};

struct redis_server_options {
    bool with_port;
    bool appendonly;                           /* with appendfsync always */
    const char *extra[REDIS_SERVER_EXTRA_MAX]; /* further arguments, ends with NULL */
};

/* Is a redis-server installed? */
bool redis_server_is_installed(void);

/* Starts it and waits until it answers; false (with a line on stderr) if not.
 * The calling process ignores SIGPIPE from here on. */
bool redis_server_start(struct redis_server *server,
                        const struct redis_server_options *options);

/* Ends it (kill -9 if `hard`) and starts it again on the same folder. */
bool redis_server_restart(struct redis_server *server, bool hard);

/* Ends it and removes its folder. Harmless for one that never ran. */
void redis_server_stop(struct redis_server *server);
