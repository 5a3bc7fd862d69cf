/* statistics.c - see statistics.h. */
#include "kpi/statistics.h"

#include "base/check.h"

#include <math.h>

#define PPM 1e6

static const double z95 = 1.959963984540054; /* two-sided 95 % of the normal */

struct interval statistics_wilson(int64_t part, int64_t whole)
{
    CHECK(whole > 0 && part >= 0 && part <= whole);
    const double n = (double)whole;
    const double rate = (double)part / n;
    const double z2 = z95 * z95;
    const double centre = rate + z2 / (2 * n);
    const double reach = z95 * sqrt((rate * (1 - rate) + z2 / (4 * n)) / n);
    const double scale = 1 + z2 / n;
    /* Where all or none are bad, only rounding keeps the ends from 0 and 1. */
    const double low = part == 0 ? 0 : (centre - reach) / scale;
    const double high = part == whole ? 1 : (centre + reach) / scale;
    return (struct interval){ .low = floor(low * PPM) / PPM, .high = ceil(high * PPM) / PPM };
}

/* Continued fraction of the incomplete beta function by Lentz's method
 * (Press et al., Numerical Recipes, 6.4). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double fraction = d;
    for (int i = 1; i < 500; i++) {
        const double m = i;
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        const double terms[2] = { even, odd };
        double step = 1;
        for (int t = 0; t < 2; t++) {
            d = 1 + terms[t] * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + terms[t] / c;
            c = fabs(c) < tiny ? tiny : c;
            step = c * d;
            fraction *= step;
        }
        if (fabs(step - 1) < 1e-12)
            break;
    }
    return fraction;
}

/* lgamma() writes a global; lgamma_r() does not. */
static double log_gamma(double x)
{
    int sign = 0;
    return lgamma_r(x, &sign);
}

/* Probability that a Beta(a, b) variable is at most x. */
static double beta_below(double a, double b, double x)
{
    CHECK(a > 0 && b > 0);
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    const double front =
        exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double statistics_breach_probability(int64_t part, int64_t whole, enum comparison op,
                                     int64_t limit_ppm)
{
    CHECK(whole >= 0 && part >= 0 && part <= whole);
    const double below =
        beta_below((double)part + 1, (double)(whole - part) + 1, (double)limit_ppm / PPM);
    return op == OP_LT ? below : 1 - below;
}

int64_t statistics_breach_ppm(int64_t part, int64_t whole, enum comparison op,
                              int64_t limit_ppm)
{
    const double probability = statistics_breach_probability(part, whole, op, limit_ppm);
    CHECK(probability > -1e-6 && probability < 1 + 1e-6);
    return (int64_t)floor(probability * PPM);
}
