/* hash.h - the one hash of the program: XXH3, 64 and 128 bits, seed 0.
 *
 * Its values are stored (which part an entity is in, checksums of what stands in Redis), so
 * none of its functions may change without a new layout number.
 */
#pragma once

#include "base/units.h"

struct hash128 {
    uint64_t low;
    uint64_t high;
};

uint64_t hash_bytes(struct span bytes);

struct hash128 hash_bytes_128(struct span bytes);

/* Mixes a number into a hash. */
uint64_t hash_mix(uint64_t hash, uint64_t number);
