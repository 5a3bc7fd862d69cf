/* rules.h - everything that the domain was told and does not change while it runs.
 *
 * Built once at start from the settings; read by every shard of every worker.
 */
#pragma once

#include "base/name.h"
#include "kpi/calendar.h"
#include "kpi/catalogue.h"
#include "kpi/threshold.h"

enum {
    TIERS_MAX = PANE_LENGTHS_MAX,
    GAUGE_WINDOW = 0, /* gauges have no window; their thresholds stand in every column */
};

struct storefront_rule {
    struct name storefront;
    const struct calendar *calendar;
    const struct threshold_table *thresholds; /* NULL: the global ones */
};

/* Which of the six classes of avoidable enquiries a ticket topic means. */
struct topic_class {
    struct name topic;
    enum fact fact;
};

struct rules {
    int32_t window_count;
    struct window_rule windows[WINDOWS_MAX]; /* shortest first */

    const struct threshold_table *thresholds; /* global */
    const struct storefront_rule *storefronts;
    int32_t storefront_count;
    const struct calendar *default_calendar; /* of storefronts that are not listed */

    const struct name *seller_cancel_reasons;
    int32_t seller_cancel_reason_count;
    const struct topic_class *topic_classes;
    int32_t topic_class_count;

    int64_t response_sla_ms; /* business time */
    bool interim_counts;     /* an interim notice is a reply */
    int64_t grace_response_ms;
    int64_t grace_dispatch_ms;
    int64_t grace_tracking_ms;
    int64_t grace_delivery_ms;

    bool wall_time; /* time.source: wall; false: events */
    int64_t max_delay_ms;
    int64_t max_future_ms;
    int64_t max_lateness_ms;
    int64_t abandon_after_ms;

    bool hold_first_alerts; /* alerts.first_start: caught_up */
    int32_t storm_limit;
    int64_t view_interval_ms;
    int32_t view_batch;
};

/* The rule of a storefront; NULL if it is not listed. */
const struct storefront_rule *rules_storefront(const struct rules *r, struct span storefront);

/* The longest window, in ms. */
int64_t rules_longest_window(const struct rules *r);

/* The class of a ticket topic; FACT_COUNT: not avoidable. */
enum fact rules_topic_class(const struct rules *r, struct span topic);

bool rules_cancelled_by_seller(const struct rules *r, struct span reason);
