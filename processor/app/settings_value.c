/* settings_value.c - numbers with units, read exactly.
 *
 * Integers only: "2.5%" is 25000 parts per million because its digits say so, not
 * because a rounding happened to go well. A number without its unit is refused:
 * whoever writes `max_delay: 60` may mean seconds, and the program would not know.
 */
#include "app/settings_value.h"

#include "base/check.h"
#include "base/name.h"
#include "base/suggest.h"

#include <stdio.h>

enum {
    DIGITS_MAX = 15, /* of one number: far from any overflow */
    CHOICE_BYTES = 64,
    YEAR_FIRST = 1970,
    YEAR_LAST = 2199,
};

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit duration_units[] = {
    { "d", DAY_MS },    { "h", HOUR_MS }, { "m", MINUTE_MS },
    { "s", SECOND_MS }, { "ms", 1 },      { NULL, 0 },
};

static const struct unit byte_units[] = {
    { "TiB", INT64_C(1) << 40 },
    { "GiB", INT64_C(1) << 30 },
    { "MiB", INT64_C(1) << 20 },
    { "KiB", INT64_C(1) << 10 },
    { "B", 1 },
    { NULL, 0 },
};

static bool digits_read(const char **at, int64_t *ret_number)
{
    const size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > DIGITS_MAX)
        return false;
    int64_t number = 0;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + ((*at)[i] - '0');
    *at += digits;
    *ret_number = number;
    return true;
}

static const struct unit *unit_read(const char **at, const struct unit *units)
{
    const size_t size = strcspn(*at, "0123456789");
    for (const struct unit *u = units; u->name != NULL; u++) {
        if (strlen(u->name) == size && memcmp(*at, u->name, size) == 0) {
            *at += size;
            return u;
        }
    }
    return NULL;
}

/* "1h30m": numbers with units, larger units first. */
static bool units_read(const char *at, const struct unit *units, int64_t *ret_sum)
{
    int64_t sum = 0;
    const struct unit *last = NULL;
    if (strcmp(at, "0") == 0) {
        *ret_sum = 0;
        return true;
    }
    while (last == NULL || *at != '\0') {
        int64_t number = 0;
        int64_t part = 0;
        if (!digits_read(&at, &number))
            return false;
        const struct unit *unit = unit_read(&at, units);
        if (unit == NULL || (last != NULL && unit->factor >= last->factor))
            return false;
        if (__builtin_mul_overflow(number, unit->factor, &part) ||
            __builtin_add_overflow(sum, part, &sum))
            return false;
        last = unit;
    }
    *ret_sum = sum;
    return true;
}

bool settings_value_count(const char *text, struct settings_range range, int64_t *ret_count,
                          struct reason *ret_why)
{
    const char *at = text;
    int64_t count = 0;
    CHECK(range.low <= range.high);
    if (!digits_read(&at, &count) || *at != '\0') {
        reason_set(ret_why, "\"%s\" is not a whole number; write one from %lld to %lld", text,
                   (long long)range.low, (long long)range.high);
        return false;
    }
    if (count < range.low || count > range.high) {
        reason_set(ret_why, "%s is out of range; write a number from %lld to %lld", text,
                   (long long)range.low, (long long)range.high);
        return false;
    }
    *ret_count = count;
    return true;
}

bool settings_value_bytes(const char *text, struct settings_range range, int64_t *ret_bytes,
                          struct reason *ret_why)
{
    int64_t bytes = 0;
    if (!units_read(text, byte_units, &bytes)) {
        reason_set(ret_why,
                   "\"%s\" is not an amount of memory; write a number with "
                   "B, KiB, MiB or GiB, such as 256MiB",
                   text);
        return false;
    }
    if (bytes < range.low || bytes > range.high) {
        reason_set(ret_why, "%s is out of range; write %s to %s", text,
                   settings_value_show_bytes(range.low).text,
                   settings_value_show_bytes(range.high).text);
        return false;
    }
    *ret_bytes = bytes;
    return true;
}

bool settings_value_duration(const char *text, struct settings_range range, int64_t *ret_ms,
                             struct reason *ret_why)
{
    int64_t ms = 0;
    if (!units_read(text, duration_units, &ms)) {
        reason_set(ret_why,
                   "\"%s\" is not a duration; write a number with ms, s, m, h or d, "
                   "such as 200ms, 10m or 7d",
                   text);
        return false;
    }
    if (ms < range.low || ms > range.high) {
        reason_set(ret_why, "%s is out of range; write %s to %s", text,
                   settings_value_show_duration(range.low).text,
                   settings_value_show_duration(range.high).text);
        return false;
    }
    *ret_ms = ms;
    return true;
}

/* Up to four decimals of a percentage: hundredths of a ppm do not exist. */
static bool percent_read(const char *at, int64_t *ret_ppm)
{
    enum { PPM_PER_PERCENT = 10000 };
    int64_t whole = 0;
    int64_t ppm = 0;
    if (!digits_read(&at, &whole) || whole > 1000000)
        return false;
    ppm = whole * PPM_PER_PERCENT;
    if (*at == '.') {
        at++;
        const size_t digits = strspn(at, "0123456789");
        if (digits == 0 || digits > 4)
            return false;
        int64_t worth = PPM_PER_PERCENT / 10;
        for (size_t i = 0; i < digits; i++, worth /= 10)
            ppm += (at[i] - '0') * worth;
        at += digits;
    }
    if (strcmp(at, "%") != 0)
        return false;
    *ret_ppm = ppm;
    return true;
}

bool settings_value_ratio(const char *text, struct settings_range range, int64_t *ret_ppm,
                          struct reason *ret_why)
{
    int64_t ppm = 0;
    if (!percent_read(text, &ppm)) {
        reason_set(ret_why,
                   "\"%s\" is not a percentage; write a number with %%, such as 93%% "
                   "or 2.5%%",
                   text);
        return false;
    }
    if (ppm < range.low || ppm > range.high) {
        reason_set(ret_why, "%s is out of range; write %s to %s", text,
                   settings_value_show_ratio(range.low).text,
                   settings_value_show_ratio(range.high).text);
        return false;
    }
    *ret_ppm = ppm;
    return true;
}

bool settings_value_flag(const char *text, bool *ret_flag, struct reason *ret_why)
{
    const bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0) {
        reason_set(ret_why, "\"%s\" is neither true nor false; write one of the two", text);
        return false;
    }
    *ret_flag = yes;
    return true;
}

/* Copies choice number `number` of "a|b|c"; false behind the last. */
static bool choice_at(const char *choices, int32_t number, char ret_word[CHOICE_BYTES])
{
    for (int32_t i = 0; i < number; i++) {
        choices = strchr(choices, '|');
        if (choices == NULL)
            return false;
        choices++;
    }
    (void)snprintf(ret_word, CHOICE_BYTES, "%.*s", (int)strcspn(choices, "|"), choices);
    return true;
}

static void refuse_choice(const char *text, const char *choices, struct reason *ret_why)
{
    char words[16][CHOICE_BYTES];
    char list[256] = "";
    struct reason memory;
    struct suggest suggest = suggest_for(span_of_text(text));
    for (int32_t i = 0; i < 16 && choice_at(choices, i, words[i]); i++) {
        const size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", words[i]);
        suggest_offer(&suggest, words[i]);
    }
    reason_set(ret_why, "\"%s\" is not one of %s%s", text, list,
               suggest_text(&suggest, &memory));
}

bool settings_value_choice(const char *text, const char *choices, int32_t *ret_number,
                           struct reason *ret_why)
{
    char word[CHOICE_BYTES];
    for (int32_t i = 0; choice_at(choices, i, word); i++) {
        if (strcmp(word, text) == 0) {
            *ret_number = i;
            return true;
        }
    }
    refuse_choice(text, choices, ret_why);
    return false;
}

/* ---- dates ------------------------------------------------------------------------- */

static bool leap_year(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    CHECK(month >= 1 && month <= 12);
    return days[month - 1] + (month == 2 && leap_year(year) ? 1 : 0);
}

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    int64_t days = day - 1;
    for (int64_t y = YEAR_FIRST; y < year; y++)
        days += leap_year(y) ? 366 : 365;
    for (int64_t m = 1; m < month; m++)
        days += days_of_month(year, m);
    return days;
}

static bool date_has_shape(const char *text)
{
    return strlen(text) == 10 && strspn(text, "0123456789") == 4 && text[4] == '-' &&
           strspn(text + 5, "0123456789") == 2 && text[7] == '-' &&
           strspn(text + 8, "0123456789") == 2;
}

bool settings_value_date(const char *text, int32_t *ret_days, struct reason *ret_why)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    if (date_has_shape(text)) {
        const char *at = text;
        CHECK(digits_read(&at, &year));
        at++;
        CHECK(digits_read(&at, &month));
        at++;
        CHECK(digits_read(&at, &day));
    }
    if (year < YEAR_FIRST || year > YEAR_LAST || month < 1 || month > 12 || day < 1 ||
        day > days_of_month(year, month)) {
        reason_set(ret_why, "\"%s\" is not a date; write year-month-day, such as 2026-05-25",
                   text);
        return false;
    }
    *ret_days = (int32_t)days_since_1970(year, month, day);
    return true;
}

/* ---- showing ----------------------------------------------------------------------- */

static struct settings_value_text show_units(int64_t amount, const struct unit *units)
{
    struct settings_value_text shown = { "" };
    const struct unit *unit = units;
    while (unit->factor > 1 && (amount % unit->factor != 0 || amount == 0))
        unit++;
    (void)snprintf(shown.text, sizeof shown.text, "%lld%s", (long long)(amount / unit->factor),
                   unit->name);
    return shown;
}

struct settings_value_text settings_value_show_duration(int64_t ms)
{
    CHECK(ms >= 0);
    static const struct settings_value_text none = { "0s" };
    return ms == 0 ? none : show_units(ms, duration_units);
}

struct settings_value_text settings_value_show_bytes(int64_t bytes)
{
    CHECK(bytes >= 0);
    return show_units(bytes, byte_units);
}

struct settings_value_text settings_value_show_ratio(int64_t ppm)
{
    struct settings_value_text shown = { "" };
    CHECK(ppm >= 0);
    (void)snprintf(shown.text, sizeof shown.text, "%lld.%04lld", (long long)(ppm / 10000),
                   (long long)(ppm % 10000));
    size_t size = strlen(shown.text);
    while (shown.text[size - 1] == '0')
        size--;
    if (shown.text[size - 1] == '.')
        size--;
    shown.text[size] = '%';
    shown.text[size + 1] = '\0';
    return shown;
}
