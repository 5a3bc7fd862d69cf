/* hash.c - see hash.h. */
#include "base/hash.h"

#include <xxhash.h>

uint64_t hash_bytes(struct span bytes)
{
    return XXH3_64bits(bytes.at, bytes.size);
}

struct hash128 hash_bytes_128(struct span bytes)
{
    const XXH128_hash_t h = XXH3_128bits(bytes.at, bytes.size);
    return (struct hash128){ .low = h.low64, .high = h.high64 };
}

uint64_t hash_mix(uint64_t hash, uint64_t number)
{
    const uint64_t both[2] = { hash, number };
    return XXH3_64bits(both, sizeof both);
}
