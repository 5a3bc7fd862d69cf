/* alert_support.h - an alert change with everything in it. */
#pragma once

#include "base/name.h"
#include "kpi/alert_change.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static inline struct alert_change sample_alert(void)
{
    struct alert_change a = {
        .shard_sequence = 4242,
        .type = ALERT_EVENT_FIRING,
        .reason = ALERT_REASON_THRESHOLD,
        .seller = name_of(span_of_text("4711")),
        .storefront = name_of(span_of_text("de")),
        .kpi = KPI_DELIVERY_LATE,
        .window = name_of(span_of_text("7d")),
        .started = { 1767225600000 },
        .sequence = 4,
        .status = ALERT_FIRING,
        .previous_status = ALERT_PENDING,
        .severity = SEVERITY_CRITICAL,
        .worst_severity = SEVERITY_CRITICAL,
        .flags = ALERT_FLAG_FLAPPING,
        .window_start = { 1766620800000 },
        .window_end = { 1767225660000 },
        .comparison = OP_GT,
        .value = { true, 124000 },
        .previous_value = { true, 70001 },
        .threshold = 100000,
        .clear_threshold_milli = 90000123,
        .threshold_source = "storefront:de",
        .rule_version = "1a2b3c",
        .numerator = 31,
        .denominator = 250,
        .interval_low = 0.0888,
        .interval_high = 0.1706,
        .breach_probability = 0.893,
        .evidence = { { EVIDENCE_ORDER_UNIT,
                        FACT_DELIVERY_LATE,
                        name_of(span_of_text("unit-1")),
                        { 1767225500000 } },
                      { EVIDENCE_TICKET,
                        WRONG_STILL_UNANSWERED,
                        name_of(span_of_text("ticket-1")),
                        { 1767225400000 } } },
        .evidence_count = 2,
        .evidence_total = 31,
        .contributors = { { name_of(span_of_text("de")), 30, 150, 15000000 },
                          { name_of(span_of_text("fr")), 1, 100, -9000000 } },
        .contributor_count = 2,
        .fired = { 1767225655000 },
        .resolved = { TIME_NEVER_YET },
        .evaluated = { 1767225655123 },
        .emitted = { 1767225656007 },
    };
    return a;
}
