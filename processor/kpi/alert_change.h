/* alert_change.h - one change in the life of an alert, as it is published.
 *
 * Everything an AlertEvent record says is in here, so that a change can be
 * stored with the state that caused it and published, byte for byte the same,
 * by whoever owns the shard later.
 */
#pragma once

#include "base/name.h"
#include "kpi/catalogue.h"

enum alert_event_type {
    ALERT_EVENT_UNKNOWN,
    ALERT_EVENT_PENDING,
    ALERT_EVENT_FIRING,
    ALERT_EVENT_UPDATED,
    ALERT_EVENT_RECOVERING,
    ALERT_EVENT_RESOLVED,
    ALERT_EVENT_CORRECTED,
    ALERT_EVENT_STORM, /* too many alerts of one KPI fire at once; says how many */
    ALERT_EVENT_TYPE_COUNT
};

enum alert_reason {
    ALERT_REASON_UNKNOWN,
    ALERT_REASON_THRESHOLD,      /* beyond the threshold */
    ALERT_REASON_RECOVERED,      /* back inside the clear threshold */
    ALERT_REASON_DATA_CORRECTED, /* late knowledge took the breach away */
    ALERT_REASON_RULE_CHANGED,   /* the thresholds changed, not the seller */
    ALERT_REASON_STORM,          /* storm_limit reached, or left again */
    ALERT_REASON_COUNT
};

enum alert_status {
    ALERT_OK,
    ALERT_PENDING,
    ALERT_FIRING,
    ALERT_RECOVERING,
    ALERT_RESOLVED,
    ALERT_STATUS_COUNT
};

enum severity { SEVERITY_NONE, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_COUNT };

enum {
    ALERT_FLAG_FLAPPING = 1u << 0,
    ALERT_FLAG_THROTTLED = 1u << 1, /* started in a storm, and is told at its end */
};

enum evidence_kind { EVIDENCE_ORDER_UNIT, EVIDENCE_TICKET };

enum { EVIDENCE_MAX = 20, CONTRIBUTORS_MAX = 10, SOURCE_BYTES = 96 };

/* What is wrong with a unit or ticket: a bad fact, as enum fact numbers it, or what a gauge
 * sees. */
enum evidence_wrong {
    WRONG_STILL_UNANSWERED = FACT_COUNT,
    WRONG_STILL_UNDELIVERED,
    WRONG_UNTOLD, /* by the program that made the record */
    EVIDENCE_WRONG_COUNT
};

struct evidence {
    enum evidence_kind kind;
    uint8_t wrong; /* enum fact or enum evidence_wrong */
    struct name id;
    event_time at; /* when the bad fact counts */
};

/* One storefront's part in what all of a seller's are alerted for. */
struct contributor {
    struct name storefront;
    int64_t bad;
    int64_t total;
    int64_t excess_millionths; /* bad facts beyond what the threshold allows for that total */
};

/* A value of the KPI: a ratio in ppm, a gauge as a count, a duration in ms.
 * `known` is false where there was nothing to divide by. */
struct kpi_value {
    bool known;
    int64_t amount;
};

struct alert_change {
    uint64_t shard_sequence; /* 1, 2, 3 ... within the shard: the outbox key */
    enum alert_event_type type;
    enum alert_reason reason;
    struct name seller;
    struct name storefront; /* "*": over all storefronts */
    enum kpi kpi;
    struct name window; /* "7d"; gauges: "now" */
    event_time started; /* with the four above: the identity of the episode */
    uint32_t sequence;  /* 1, 2, 3 ... within the episode */
    enum alert_status status;
    enum alert_status previous_status;
    enum severity severity;
    enum severity worst_severity;
    uint32_t flags;
    event_time window_start;
    event_time window_end;
    enum comparison comparison;
    struct kpi_value value;
    struct kpi_value previous_value;
    int64_t threshold;                   /* in the KPI's unit, like value */
    int64_t clear_threshold_milli;       /* in thousandths of that unit: exact for any margin */
    char threshold_source[SOURCE_BYTES]; /* "global", "storefront:de",
                                            "agreement:<id>@<version>" */
    char rule_version[24];
    int64_t numerator;
    int64_t denominator;
    double interval_low; /* Wilson 95 %, as a ratio; NaN: not a ratio */
    double interval_high;
    double breach_probability;              /* NaN: not a ratio */
    struct evidence evidence[EVIDENCE_MAX]; /* newest first */
    int32_t evidence_count;
    int64_t evidence_total;
    struct contributor contributors[CONTRIBUTORS_MAX]; /* the greatest excess first */
    int32_t contributor_count;
    event_time fired; /* TIME_NEVER_YET: not yet, like the next one */
    event_time resolved;
    event_time evaluated; /* stream time of the evaluation */
    wall_time emitted;
};

/* Upper-case symbols, as in alert_event.avsc; never NULL. */
const char *alert_event_type_symbol(enum alert_event_type type);
const char *alert_reason_symbol(enum alert_reason reason);
const char *alert_status_symbol(enum alert_status status);
const char *severity_symbol(enum severity severity);

/* What is wrong, in words; "" for WRONG_UNTOLD. */
const char *evidence_detail(uint8_t wrong);

/* The other way round; WRONG_UNTOLD for words that are not ours. */
uint8_t evidence_wrong_of(struct span detail);
