/* murmur2.h - the hash by which Kafka's Java client spreads keys over partitions.
 *
 * Ours must agree with it bit by bit: partition p of the three input topics is
 * one shard only because every producer counts the same way.
 */
#pragma once

#include "base/units.h"

/* MurmurHash2, 32 bits, seed 0x9747b28c (org.apache.kafka.common.utils.Utils). */
uint32_t murmur2_hash(struct span key);

/* The partition of a key, of `count` >= 1: (hash with its sign cleared) mod count. */
int32_t murmur2_partition(struct span key, int32_t count);
