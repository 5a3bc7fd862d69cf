/* log_limit.c - a handful of counters, one an event name.
 *
 * Event names are literals in our own code, a few dozen in all, so a search from
 * slot to slot is fast enough and there is nothing to allocate.
 */
#include "base/log_limit.h"

#include "base/check.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

static struct log_limit_slot *slot_of(struct log_limit *limit, const char *event)
{
    CHECK(limit != NULL);
    struct log_limit_slot *oldest = &limit->slots[0];
    for (int i = 0; i < LOG_LIMIT_SLOTS; i++) {
        struct log_limit_slot *slot = &limit->slots[i];
        if (strncmp(slot->event, event, LOG_LIMIT_NAME_BYTES - 1) == 0)
            return slot;
        if (slot->event[0] == '\0' && oldest->event[0] != '\0')
            oldest = slot;
        else if (oldest->event[0] != '\0' && slot->began_ms < oldest->began_ms)
            oldest = slot;
    }
    *oldest = (struct log_limit_slot){ .began_ms = INT64_MIN };
    (void)snprintf(oldest->event, sizeof oldest->event, "%s", event);
    CHECK(oldest->event[0] != '\0');
    return oldest;
}

bool log_limit_allows(struct log_limit *limit, const char *event, int64_t now_ms,
                      int64_t *ret_suppressed)
{
    CHECK(event[0] != '\0');
    struct log_limit_slot *slot = slot_of(limit, event);

    const bool fresh = slot->began_ms == INT64_MIN;
    if (fresh || now_ms - slot->began_ms >= LOG_PERIOD_MS) {
        slot->began_ms = now_ms;
        slot->written = 0;
    }
    if (slot->written >= LOG_BURST) {
        slot->suppressed++;
        return false;
    }
    CHECK(slot->suppressed >= 0);
    slot->written++;
    *ret_suppressed = slot->suppressed;
    slot->suppressed = 0;
    CHECK(slot->written <= LOG_BURST);
    return true;
}
