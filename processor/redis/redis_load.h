/* redis_load.h - reads a shard's state back: parts, then the log. */
#pragma once

#include "redis/redis_session.h"

/* Where the images go. */
struct redis_images {
    enum status (*each)(void *arg, struct span images);
    void *arg;
};

/* As store_port.load promises. */
enum status redis_load(struct redis_session *session, int32_t shard,
                       const struct shard_header *claimed, struct redis_images to,
                       struct reason *why);
