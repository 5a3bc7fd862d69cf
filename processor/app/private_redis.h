/* private_redis.h - a redis-server of our own: a Unix socket in a temporary folder.
 *
 * It keeps nothing, listens to nobody else, and ends with us: by its pid when it is
 * closed, by the kernel when we are killed.
 */
#pragma once

#include "base/reason.h"
#include "base/units.h"

#include <sys/types.h>

enum { PRIVATE_REDIS_PATH_BYTES = 96 };

struct private_redis {
    char folder[PRIVATE_REDIS_PATH_BYTES]; /* ours to put files in; "": closed */
    char socket[PRIVATE_REDIS_PATH_BYTES];
    pid_t pid; /* 0: not running */
};

/* Makes the folder, starts the server and waits until it listens. False: *why. Call it
 * before threads start. */
bool private_redis_open(struct private_redis *redis, struct reason *why);

/* Ends the server and removes the folder with what is in it. Accepts a zeroed one. */
void private_redis_close(struct private_redis *redis);
