/* redis_store.h - store_port on Redis: claim, load, save, poll.
 *
 * One per worker, used by its thread only. All shards of the worker share one
 * connection; their saves are pipelined over it.
 */
#pragma once

#include "flow/ports.h"
#include "redis/redis_link.h"

struct redis_store;

/* Does not connect yet. NULL: the options cannot work (*why says which). */
struct redis_store *redis_store_open(const struct redis_options *options, struct reason *why);

/* Accepts NULL. Saves under way are abandoned: each happens as a whole or not. */
void redis_store_close(struct redis_store *store);

struct store_port redis_store_port(struct redis_store *store);

/* Connects if that is not done, and sends the scripts: for the start, and to
 * learn why Redis cannot be reached. OK, UNAVAILABLE, REFUSED. */
enum status redis_store_connect(struct redis_store *store, struct reason *why);

bool redis_store_is_connected(const struct redis_store *store);

/* What a reader needs to find a seller's view. */
struct redis_description {
    int32_t partition_count;
    const char *topic_names[TOPIC_COUNT];
};

/* Writes <prefix>:meta once: layout, partitions, partitioner, topic:<topic>.
 * REFUSED if it was written before with other values: another partition count
 * would look for sellers in the wrong shards. */
enum status redis_store_describe(struct redis_store *store,
                                 const struct redis_description *description,
                                 struct reason *why);

/* Drops the connection without reading what is still to come: saves under way
 * come back as UNAVAILABLE. */
void redis_store_disconnect(struct redis_store *store);
