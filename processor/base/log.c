/* log.c - where log lines go: stderr, one write each.
 *
 * A line is built in memory and written with a single write(2), so lines of
 * several threads never mix. The lock covers the limiter and the order of lines.
 * This file holds the program's only state besides the stop flag that every
 * thread shares: what is written, and how much of it lately.
 */
#include "base/log.h"

#include "base/check.h"
#include "base/log_limit.h"
#include "base/log_line.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>
#include <time.h>

struct log {
    pthread_mutex_t lock;
    enum log_level lowest; /* set before threads start */
    bool json;             /* likewise */
    struct log_limit limit;
};

static struct log the_log = { .lock = PTHREAD_MUTEX_INITIALIZER, .lowest = LOG_INFO };

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now = { 0 };
    CHECK(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"
    };
    CHECK(level <= LOG_ERROR);
    return names[level];
}

/* A log that cannot be written must not stop the program: errors are dropped. */
static void write_all(const char *text, size_t size)
{
    CHECK(text != NULL && size <= LOG_LINE_BYTES);
    while (size > 0) {
        const ssize_t wrote = write(STDERR_FILENO, text, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return;
        text += wrote;
        size -= (size_t)wrote;
    }
}

void log_open(enum log_level lowest, bool json)
{
    CHECK(lowest <= LOG_ERROR);
    the_log.lowest = lowest;
    the_log.json = json;
}

void log_write(enum log_level level, const char *event, const char *format, ...)
{
    CHECK(level <= LOG_ERROR);
    CHECK(event != NULL && format != NULL);
    if (level < the_log.lowest)
        return;

    char text[LOG_LINE_BYTES];
    struct log_line_head head = {
        .at = { clock_ms(CLOCK_REALTIME) },
        .level = level_name(level),
        .event = event,
        .json = the_log.json,
    };
    CHECK(pthread_mutex_lock(&the_log.lock) == 0);
    if (log_limit_allows(&the_log.limit, event, clock_ms(CLOCK_MONOTONIC), &head.suppressed)) {
        va_list arguments;
        va_start(arguments, format);
        write_all(text, log_line_write(&head, text, format, arguments));
        va_end(arguments);
    }
    CHECK(pthread_mutex_unlock(&the_log.lock) == 0);
}
