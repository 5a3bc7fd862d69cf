/* fake_store.h - store_port in memory: the same contract as Redis, and faults
 * on demand.
 *
 * Single-threaded and deterministic. One fake_store is what "Redis" holds; each
 * owner (worker, instance) has a client with a port of its own. A save happens
 * when it is asked for, unless its request is lost; its answer comes with a
 * later poll.
 */
#pragma once

#include "flow/ports.h"

struct fake_store;
struct fake_client;

enum fake_call { FAKE_CALL_CLAIM, FAKE_CALL_LOAD, FAKE_CALL_SAVE };

enum fake_fault {
    FAKE_WORKS,
    FAKE_LOST_REQUEST, /* nothing happens; UNAVAILABLE, for a save from poll */
    FAKE_LOST_REPLY,   /* it happens; UNAVAILABLE, for a save from poll */
    FAKE_FULL,         /* nothing is written; FULL, for a save from poll; loads work */
    FAKE_READ_ONLY,    /* nothing is written; UNAVAILABLE, for a save from poll; loads work */
    FAKE_UNAVAILABLE,  /* nothing happens; UNAVAILABLE at once */
};

struct fake_store *fake_store_open(void);
void fake_store_close(struct fake_store *fake);

/* A new owner; freed with the store. */
struct fake_client *fake_store_connect(struct fake_store *fake);
struct store_port fake_store_port(struct fake_client *client);

/* The owner died or lost its connection: its answers will never come. */
void fake_store_cut(struct fake_client *client);

/* ---- faults ---- */

/* Asked before every call of every client; NULL: everything works. */
void fake_store_choose_faults(struct fake_store *fake,
                              enum fake_fault (*choose)(void *arg, enum fake_call call,
                                                        int32_t shard),
                              void *arg);

/* After `after` calls that work, `count` calls have this fault, then all work
 * again. Goes before what is chosen. */
void fake_store_fail(struct fake_store *fake, enum fake_fault fault, int32_t after,
                     int32_t count);

/* An answer to a save is held back for so many polls (0: the next has it). */
void fake_store_delay(struct fake_store *fake, int32_t polls);

/* Keeps what a shard was before each of its last `saves` saves, so that they can
 * be lost. Costs a copy of pointers a save. */
void fake_store_keep(struct fake_store *fake, int32_t saves);

/* The shard is again as it was before its last `count` saves, epoch and writer
 * included; returns how many were lost (no more than were kept). */
int32_t fake_store_lose_saves(struct fake_store *fake, int32_t shard, int32_t count);

/* Breaks what is stored, for tests of loading: the newest log element is gone. */
bool fake_store_lose_log_element(struct fake_store *fake, int32_t shard);

/* ---- what is stored ---- */

/* false: never claimed. */
bool fake_store_header(const struct fake_store *fake, int32_t shard,
                       struct shard_header *ret_header);

/* The header as it would be if every save that is kept were lost; false: never claimed. */
bool fake_store_oldest_header(const struct fake_store *fake, int32_t shard,
                              struct shard_header *ret_header);

int32_t fake_store_log_size(const struct fake_store *fake, int32_t shard);

/* The part of the snapshot that was written last, of several at once the one with the highest
 * index: where a round of the parts is. -1: none was. */
int32_t fake_store_newest_part(const struct fake_store *fake, int32_t shard);

/* Has a round of parts trimmed the log? */
bool fake_store_is_trimmed(const struct fake_store *fake, int32_t shard);

/* Saves that happened, of all shards. */
int64_t fake_store_save_count(const struct fake_store *fake);

/* One field of a seller's view; valid until the next call that changes it. */
bool fake_store_view(const struct fake_store *fake, int32_t shard,
                     struct span seller_storefront, struct span field, struct span *ret_value);

/* Calls `each` for all fields of all views of a shard, in byte order. */
void fake_store_each_view(const struct fake_store *fake, int32_t shard,
                          void (*each)(void *arg, struct span seller_storefront,
                                       struct span field, struct span value),
                          void *arg);

bool fake_store_rank(const struct fake_store *fake, int32_t shard, struct span kpi_window,
                     struct span member, int64_t *ret_score);

/* The members of a rank, worst (highest score) first; returns how many (<= max). */
int32_t fake_store_worst(const struct fake_store *fake, int32_t shard, struct span kpi_window,
                         struct span *ret_members, int32_t max);
