/* log_limit.h - says of each log line whether it is one too many of its kind.
 *
 * Lines are told apart by their event name. A name may appear LOG_BURST times
 * in LOG_PERIOD_MS; those left out are counted and said with the next line
 * that is written. Not thread-safe: its owner locks.
 */
#pragma once

#include "base/units.h"

enum {
    LOG_LIMIT_SLOTS = 64, /* names remembered at once; the longest silent gives way */
    LOG_LIMIT_NAME_BYTES = 48,
};

struct log_limit_slot {
    char event[LOG_LIMIT_NAME_BYTES]; /* empty: free */
    int64_t began_ms;
    int32_t written;
    int64_t suppressed;
};

struct log_limit {
    struct log_limit_slot slots[LOG_LIMIT_SLOTS];
};

/* True: write it, and say *ret_suppressed. `now_ms` never goes back. */
bool log_limit_allows(struct log_limit *limit, const char *event, int64_t now_ms,
                      int64_t *ret_suppressed);
