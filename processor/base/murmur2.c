/* murmur2.c - see murmur2.h. */
#include "base/murmur2.h"

#include "base/check.h"

static const uint32_t SEED = 0x9747b28cu;
static const uint32_t MULTIPLIER = 0x5bd1e995u;

static uint32_t little_endian_32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

/* The one to three bytes that do not fill a word. */
static uint32_t mix_rest(uint32_t hash, const uint8_t *at, size_t size)
{
    CHECK(size < 4);
    if (size == 0)
        return hash;
    uint32_t word = 0;
    for (size_t i = 0; i < size; i++)
        word |= (uint32_t)at[i] << (8 * i);
    return (hash ^ word) * MULTIPLIER;
}

uint32_t murmur2_hash(struct span key)
{
    CHECK(key.size <= UINT32_MAX);
    uint32_t hash = SEED ^ (uint32_t)key.size;
    const uint8_t *at = key.at;
    size_t left = key.size;
    for (; left >= 4; left -= 4, at += 4) {
        uint32_t word = little_endian_32(at) * MULTIPLIER;
        word ^= word >> 24;
        hash = (hash * MULTIPLIER) ^ (word * MULTIPLIER);
    }
    hash = mix_rest(hash, at, left);
    hash = (hash ^ (hash >> 13)) * MULTIPLIER;
    return hash ^ (hash >> 15);
}

int32_t murmur2_partition(struct span key, int32_t count)
{
    CHECK(count >= 1);
    return (int32_t)((murmur2_hash(key) & 0x7fffffffu) % (uint32_t)count);
}
