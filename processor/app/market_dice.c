/* market_dice.c - see market_dice.h. */
#include "app/market_dice.h"

#include "base/check.h"

#include <math.h>

enum { MILLION = 1000000 };

static const double full_turn = 6.283185307179586;
static const double two_to_53 = 9007199254740992.0;
/* A delay longer than this is a loss, not a delay. */
static const double longest_ms = 60.0 * 24 * 3600 * 1000;

struct market_dice market_dice_of(uint64_t seed)
{
    return (struct market_dice){ .state = seed };
}

/* Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014. */
static uint64_t roll(struct market_dice *dice)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = dice->state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t market_dice_below(struct market_dice *dice, uint32_t bound)
{
    CHECK(bound > 0);
    return (uint32_t)((roll(dice) >> 32) * bound >> 32);
}

bool market_dice_chance(struct market_dice *dice, int32_t ppm)
{
    return (int32_t)market_dice_below(dice, MILLION) < ppm;
}

double market_dice_real(struct market_dice *dice)
{
    return ((double)(roll(dice) >> 11) + 1) / two_to_53;
}

/* Box and Muller, 1958. */
double market_dice_normal(struct market_dice *dice)
{
    const double distance = sqrt(-2 * log(market_dice_real(dice)));
    return distance * cos(full_turn * market_dice_real(dice));
}

static int64_t whole_seconds(double ms)
{
    const double bounded = ms < longest_ms ? ms : longest_ms;
    const int64_t seconds = (int64_t)(bounded / (double)SECOND_MS);
    return (seconds > 0 ? seconds : 1) * SECOND_MS;
}

int64_t market_dice_delay(struct market_dice *dice, int64_t median_ms, double spread)
{
    CHECK(median_ms > 0 && spread >= 0);
    return whole_seconds((double)median_ms * exp(spread * market_dice_normal(dice)));
}

int64_t market_dice_pause(struct market_dice *dice, int64_t mean_ms)
{
    CHECK(mean_ms > 0);
    return whole_seconds(-log(market_dice_real(dice)) * (double)mean_ms);
}
