/* options_value.c - from the word on the command line to the value it means. */
#include "app/options.h"

#include "base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FACTOR_DIGITS = 3 };

static const double factor_one = 1000.0;

static bool number_read(const char *value, int64_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    const long long number = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0)
        return false;
    *ret_number = number;
    return true;
}

/* "2.5" -> 2500; at most three digits behind the point. */
static bool factor_read(const char *value, int64_t *ret_thousandths)
{
    const size_t whole_digits = strspn(value, "0123456789");
    if (whole_digits == 0 || whole_digits > 12)
        return false;

    int64_t thousandths = 0;
    for (size_t i = 0; i < whole_digits; i++)
        thousandths = thousandths * 10 + (value[i] - '0');

    const char *fraction = value + whole_digits;
    if (*fraction == '.')
        fraction += 1;
    if (strspn(fraction, "0123456789") != strlen(fraction) || strlen(fraction) > FACTOR_DIGITS)
        return false;
    for (int i = 0; i < FACTOR_DIGITS; i++)
        thousandths = thousandths * 10 + (*fraction != '\0' ? *fraction++ - '0' : 0);
    *ret_thousandths = thousandths;
    return true;
}

/* A day of the calendar, or an instant in UTC. */
static bool instant_read(const char *value, event_time *ret_instant)
{
    struct tm asked = { 0 };
    const char *end = strptime(value, "%Y-%m-%d", &asked);
    if (end != NULL && *end == 'T')
        end = strptime(end, "T%H:%M:%SZ", &asked);
    if (end == NULL || *end != '\0')
        return false;

    /* timegm() takes 31 February for 3 March: what comes back differs. */
    struct tm meant = asked;
    const time_t seconds = timegm(&meant);
    if (meant.tm_mday != asked.tm_mday || meant.tm_sec != asked.tm_sec)
        return false;
    ret_instant->ms = (int64_t)seconds * SECOND_MS;
    return true;
}

static void say_range(const struct options_row *row, const char *value, struct reason *why)
{
    if (row->kind == OPTIONS_KIND_FACTOR)
        reason_set(why, "--%s %s: wants a number from %.15g to %.15g, with at most %d decimals",
                   row->name, value, (double)row->low / factor_one,
                   (double)row->high / factor_one, FACTOR_DIGITS);
    else
        reason_set(why, "--%s %s: wants a whole number from %lld to %lld", row->name, value,
                   (long long)row->low, (long long)row->high);
}

static bool amount_set(const struct options_row *row, const char *value, struct reason *why)
{
    CHECK(row->low <= row->high);

    int64_t amount = 0;
    const bool read = row->kind == OPTIONS_KIND_FACTOR ? factor_read(value, &amount)
                                                       : number_read(value, &amount);
    if (!read || amount < row->low || amount > row->high) {
        say_range(row, value, why);
        return false;
    }
    *row->target.number = amount;
    return true;
}

static bool instant_set(const struct options_row *row, const char *value, struct reason *why)
{
    if (instant_read(value, row->target.instant))
        return true;
    reason_set(why, "--%s %s: wants a day like 2026-11-23 or an instant like %s", row->name,
               value, "2026-11-23T09:15:00Z");
    return false;
}

bool options_value_set(const struct options_row *row, const char *value, struct reason *why)
{
    switch (row->kind) {
    case OPTIONS_KIND_FLAG:
        *row->target.flag = true;
        return true;
    case OPTIONS_KIND_TEXT:
        *row->target.text = value;
        return true;
    case OPTIONS_KIND_NUMBER:
    case OPTIONS_KIND_FACTOR:
        return amount_set(row, value, why);
    case OPTIONS_KIND_INSTANT:
        return instant_set(row, value, why);
    }
    CHECK(row->kind <= OPTIONS_KIND_INSTANT);
    return false;
}
