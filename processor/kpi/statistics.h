/* statistics.h - how sure a rate is. The only floating point in the domain:
 * nothing here decides a count; a rule may ask for a breach probability.
 */
#pragma once

#include "kpi/catalogue.h"

struct interval {
    double low;
    double high;
};

/* Wilson score interval of `part` out of `whole` at 95 % (E. B. Wilson, 1927,
 * J. Am. Stat. Assoc. 22), its ends rounded outwards to ppm: a rate that is rounded to ppm
 * lies in it, and 0 <= low <= high <= 1. 0 <= part <= whole, whole > 0. */
struct interval statistics_wilson(int64_t part, int64_t whole);

/* Probability that the true rate is beyond `limit_ppm` in the sense of `op`,
 * after `part` out of `whole`, with a uniform prior: Beta(part + 1, rest + 1). */
double statistics_breach_probability(int64_t part, int64_t whole, enum comparison op,
                                     int64_t limit_ppm);

/* The same in ppm, rounded down: for rules, which compare integers. */
int64_t statistics_breach_ppm(int64_t part, int64_t whole, enum comparison op,
                              int64_t limit_ppm);
