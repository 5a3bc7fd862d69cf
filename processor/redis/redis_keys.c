/* redis_keys.c - see redis_keys.h. */
#include "redis/redis_keys.h"

#include "base/check.h"

#include <string.h>

bool redis_keys_prefix_is_valid(const char *prefix)
{
    const size_t size = strlen(prefix);
    if (size == 0 || size > REDIS_PREFIX_BYTES_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        const char c = prefix[i];
        if (c <= ' ' || c > '~' || c == '{' || c == '}')
            return false;
    }
    return true;
}

static void add_shard_prefix(struct buffer *key, const char *prefix, int32_t shard)
{
    CHECK(shard >= 0);
    buffer_printf(key, "%s:{%d}:", prefix, shard);
}

void redis_keys_shard(struct buffer *key, const char *prefix, int32_t shard)
{
    add_shard_prefix(key, prefix, shard);
    buffer_printf(key, "shard");
}

void redis_keys_log(struct buffer *key, const char *prefix, int32_t shard)
{
    add_shard_prefix(key, prefix, shard);
    buffer_printf(key, "log");
}

void redis_keys_part(struct buffer *key, const char *prefix, int32_t shard, int32_t part)
{
    CHECK(part >= 0);
    add_shard_prefix(key, prefix, shard);
    buffer_printf(key, "part:%d", part);
}

void redis_keys_view(struct buffer *key, const char *prefix, int32_t shard,
                     struct span seller_storefront)
{
    add_shard_prefix(key, prefix, shard);
    buffer_printf(key, "kpi:");
    buffer_add(key, seller_storefront);
}

void redis_keys_rank(struct buffer *key, const char *prefix, int32_t shard,
                     struct span kpi_window)
{
    add_shard_prefix(key, prefix, shard);
    buffer_printf(key, "rank:");
    buffer_add(key, kpi_window);
}

void redis_keys_meta(struct buffer *key, const char *prefix)
{
    buffer_printf(key, "%s:meta", prefix);
}
