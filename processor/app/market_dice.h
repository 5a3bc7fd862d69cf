/* market_dice.h - chance, from a seed: the same seed gives the same market.
 *
 * SplitMix64: one word of state, good enough to invent buyers, and the same on
 * every machine. Nothing here is meant for secrets.
 */
#pragma once

#include "base/units.h"

struct market_dice {
    uint64_t state;
};

struct market_dice market_dice_of(uint64_t seed);

/* 0 ... bound - 1; `bound` is at least 1. */
uint32_t market_dice_below(struct market_dice *dice, uint32_t bound);

/* True with a probability given in parts per million. */
bool market_dice_chance(struct market_dice *dice, int32_t ppm);

/* Above 0, at most 1. */
double market_dice_real(struct market_dice *dice);

/* Around 0, with standard deviation 1. */
double market_dice_normal(struct market_dice *dice);

/* A duration around `median_ms`, skewed as delays are; `spread` is the standard
 * deviation of its logarithm. Whole seconds, at least one. */
int64_t market_dice_delay(struct market_dice *dice, int64_t median_ms, double spread);

/* The pause before the next of things that come at random, `mean_ms` apart. */
int64_t market_dice_pause(struct market_dice *dice, int64_t mean_ms);
