/* settings_value.h - from the text of a value to the value, unit by unit.
 *
 * All return false with a reason that says what would be right; the result is
 * written only on success.
 */
#pragma once

#include "base/reason.h"
#include "base/units.h"

/* Both ends included, in the unit of the result. */
struct settings_range {
    int64_t low;
    int64_t high;
};

/* "500" */
bool settings_value_count(const char *text, struct settings_range range, int64_t *ret_count,
                          struct reason *ret_why);

/* "256MiB"; B, KiB, MiB, GiB, TiB */
bool settings_value_bytes(const char *text, struct settings_range range, int64_t *ret_bytes,
                          struct reason *ret_why);

/* "200ms", "10m", "1h30m"; ms, s, m, h, d */
bool settings_value_duration(const char *text, struct settings_range range, int64_t *ret_ms,
                             struct reason *ret_why);

/* "93%", "2.5%": parts per million, exact up to four decimals */
bool settings_value_ratio(const char *text, struct settings_range range, int64_t *ret_ppm,
                          struct reason *ret_why);

/* "true", "false" */
bool settings_value_flag(const char *text, bool *ret_flag, struct reason *ret_why);

/* One of "a|b|c": its number from 0 */
bool settings_value_choice(const char *text, const char *choices, int32_t *ret_number,
                           struct reason *ret_why);

/* "2026-05-25": days since 1970-01-01 */
bool settings_value_date(const char *text, int32_t *ret_days, struct reason *ret_why);

enum { SETTINGS_VALUE_BYTES = 48 };

/* The shortest text that reads back as the value: "7d", "2GiB", "93%". */
struct settings_value_text {
    char text[SETTINGS_VALUE_BYTES];
};
struct settings_value_text settings_value_show_duration(int64_t ms);
struct settings_value_text settings_value_show_bytes(int64_t bytes);
struct settings_value_text settings_value_show_ratio(int64_t ppm);
