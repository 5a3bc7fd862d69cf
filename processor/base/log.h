/* log.h - one line per event of note, to stderr.
 *
 *     log_write(LOG_WARN, "redis_unreachable", "address=%s retry_ms=%d", at, ms);
 *
 * gives, as key=value or as JSON (log_open),
 *
 *     ts=2026-11-23T09:15:02.123Z level=warn event=redis_unreachable address=... retry_ms=200
 *
 * The format holds key=value pairs separated by one blank; values with blanks,
 * quotes or '=' are written through %s inside double quotes: key="%s".
 * Never one line a record: a line of the same event name is written at most
 * LOG_BURST times in LOG_PERIOD_MS; what was left out is counted and said with
 * the next one (suppressed=N). Thread-safe.
 */
#pragma once

#include <stdbool.h>

enum { LOG_BURST = 5, LOG_PERIOD_MS = 10000 };

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Chooses what is written from now on; call before threads start. */
void log_open(enum log_level lowest, bool json);

void log_write(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
