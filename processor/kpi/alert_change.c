/* alert_change.c - symbols of the closed sets of an alert record. */
#include "kpi/alert_change.h"

#include "base/check.h"

const char *alert_event_type_symbol(enum alert_event_type type)
{
    static const char *const symbols[ALERT_EVENT_TYPE_COUNT] = {
        "UNKNOWN",    "PENDING",  "FIRING",    "UPDATED",
        "RECOVERING", "RESOLVED", "CORRECTED", "STORM",
    };
    CHECK(type < ALERT_EVENT_TYPE_COUNT);
    return symbols[type];
}

const char *alert_reason_symbol(enum alert_reason reason)
{
    static const char *const symbols[ALERT_REASON_COUNT] = {
        "UNKNOWN", "THRESHOLD", "RECOVERED", "DATA_CORRECTED", "RULE_CHANGED", "STORM",
    };
    CHECK(reason < ALERT_REASON_COUNT);
    return symbols[reason];
}

const char *alert_status_symbol(enum alert_status status)
{
    static const char *const symbols[ALERT_STATUS_COUNT] = {
        "OK", "PENDING", "FIRING", "RECOVERING", "RESOLVED",
    };
    CHECK(status < ALERT_STATUS_COUNT);
    return symbols[status];
}

const char *severity_symbol(enum severity severity)
{
    static const char *const symbols[SEVERITY_COUNT] = { "NONE", "WARNING", "CRITICAL" };
    CHECK(severity < SEVERITY_COUNT);
    return symbols[severity];
}

const char *evidence_detail(uint8_t wrong)
{
    static const char *const seen[] = {
        [WRONG_STILL_UNANSWERED - FACT_COUNT] = "not answered, and past its due time",
        [WRONG_STILL_UNDELIVERED - FACT_COUNT] = "not attempted, and past its delivery window",
        [WRONG_UNTOLD - FACT_COUNT] = "",
    };
    CHECK(wrong < EVIDENCE_WRONG_COUNT);
    return wrong < FACT_COUNT ? fact_detail((enum fact)wrong) : seen[wrong - FACT_COUNT];
}

uint8_t evidence_wrong_of(struct span detail)
{
    for (uint8_t wrong = 0; detail.size > 0 && wrong < EVIDENCE_WRONG_COUNT; wrong++) {
        if (span_equal(span_of_text(evidence_detail(wrong)), detail))
            return wrong;
    }
    return WRONG_UNTOLD;
}
