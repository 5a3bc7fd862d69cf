/* alert_unit.c - see alert_unit.h. */
#include "codec/alert_unit.h"

#include "base/check.h"
#include "kpi/threshold.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

/* Beyond this a double no longer holds every whole number. */
static const double EXACT_MAX = 9007199254740992.0;
static const double THOUSAND = 1000.0;
static const double MILLION = 1000000.0;

static double whole_per_shown(enum kpi kpi)
{
    static const double scales[] = {
        [KPI_RATIO] = 1000000.0, [KPI_GAUGE] = 1.0, [KPI_DURATION] = 1000.0
    };
    const enum kpi_kind kind = catalogue_row(kpi)->kind;
    CHECK(kind <= KPI_DURATION);
    return scales[kind];
}

double alert_unit_show(enum kpi kpi, int64_t amount)
{
    return amount == THRESHOLD_OFF ? NAN : (double)amount / whole_per_shown(kpi);
}

double alert_unit_show_milli(enum kpi kpi, int64_t milli)
{
    return milli == THRESHOLD_OFF ? NAN : (double)milli / (whole_per_shown(kpi) * THOUSAND);
}

static bool read_scaled(double shown, double scale, int64_t *ret_whole)
{
    const double whole = round(shown * scale);
    if (!(fabs(whole) <= EXACT_MAX)) /* also not a number */
        return false;
    *ret_whole = (int64_t)whole;
    return true;
}

bool alert_unit_read(enum kpi kpi, double shown, int64_t *ret_amount)
{
    return read_scaled(shown, whole_per_shown(kpi), ret_amount);
}

bool alert_unit_read_milli(enum kpi kpi, double shown, int64_t *ret_milli)
{
    return read_scaled(shown, whole_per_shown(kpi) * THOUSAND, ret_milli);
}

double alert_unit_excess(const struct contributor *c)
{
    return (double)c->excess_millionths / MILLION;
}

bool alert_unit_read_excess(double shown, int64_t *ret_millionths)
{
    return read_scaled(shown, MILLION, ret_millionths);
}

/* At the others' rate its own facts change nothing: the value is theirs. */
double alert_unit_like_the_others(const struct alert_change *a, const struct contributor *c)
{
    CHECK(c->bad >= 0 && c->total >= 0);
    if (a->denominator <= c->total || a->evidence_total < c->bad)
        return NAN;
    const int64_t bad = a->evidence_total - c->bad;
    const int64_t total = a->denominator - c->total;
    if (bad > total)
        return NAN;
    const double rate = (double)bad / (double)total;
    return catalogue_row(a->kpi)->side == SIDE_GOOD ? 1 - rate : rate;
}

void alert_unit_time(int64_t ms, char ret_text[ALERT_UNIT_TIME_BYTES])
{
    const time_t seconds = (time_t)floor_div(ms, SECOND_MS);
    const int rest = (int)(ms - (int64_t)seconds * SECOND_MS);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL) {
        snprintf(ret_text, ALERT_UNIT_TIME_BYTES, "out of range");
        return;
    }
    const size_t size = strftime(ret_text, ALERT_UNIT_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(ret_text + size, ALERT_UNIT_TIME_BYTES - size, ".%03dZ", rest);
}
