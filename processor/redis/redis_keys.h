/* redis_keys.h - what our keys in Redis are called.
 *
 *     <prefix>:{p}:shard                      hash    header of shard p
 *     <prefix>:{p}:log                        list    one element a save
 *     <prefix>:{p}:part:<k>                   string  part k of the snapshot
 *     <prefix>:{p}:kpi:<seller>|<storefront>  hash    public view
 *     <prefix>:{p}:rank:<kpi>:<window>        zset    public: worst first
 *     <prefix>:meta                           hash    public: how to find a seller
 *
 * {p} is a hash tag: Redis Cluster hashes only what stands in the first pair
 * of braces, so all keys of a shard are in one slot and one script may touch
 * them. Hence a prefix must not hold braces. The kpi:, rank: and meta keys are
 * a public contract.
 */
#pragma once

#include "base/buffer.h"

enum { REDIS_PREFIX_BYTES_MAX = 64 };

/* 1 to 64 printable bytes without braces, blanks and control characters. */
bool redis_keys_prefix_is_valid(const char *prefix);

/* Each appends one key's name. */
void redis_keys_shard(struct buffer *key, const char *prefix, int32_t shard);
void redis_keys_log(struct buffer *key, const char *prefix, int32_t shard);
void redis_keys_part(struct buffer *key, const char *prefix, int32_t shard, int32_t part);
void redis_keys_view(struct buffer *key, const char *prefix, int32_t shard,
                     struct span seller_storefront);
void redis_keys_rank(struct buffer *key, const char *prefix, int32_t shard,
                     struct span kpi_window);
void redis_keys_meta(struct buffer *key, const char *prefix);
