/* log_line.h - one log line as text: key=value, or JSON.
 *
 *     ts=2026-11-23T09:15:02.123Z level=warn event=redis_unreachable retry_ms=200
 *     {"ts":"2026-11-23T09:15:02.123Z","level":"warn","event":"redis_unreachable",
 *      "retry_ms":200}                                               (in one line)
 *
 * Pure: the time of day arrives as an argument. Whatever a value holds (quotes,
 * line ends, broken UTF-8), the line stays one line and its keys stay its keys.
 */
#pragma once

#include "base/units.h"

#include <stdarg.h>

enum { LOG_LINE_BYTES = 4096 };

struct log_line_head {
    wall_time at;
    const char *level;
    const char *event;
    int64_t suppressed; /* > 0: said at the end */
    bool json;
};

/* Writes the line with its line end to `ret_text`; returns its bytes, at most
 * LOG_LINE_BYTES: longer values are cut. The format is that of log_write; it may
 * use the conversions d i u x c s f g with h, l, ll, z, j, t and a precision. */
size_t log_line_write(const struct log_line_head *head, char ret_text[LOG_LINE_BYTES],
                      const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
