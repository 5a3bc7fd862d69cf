/* fuzz_rules.h - the rules of the shards that are fuzzed: two windows, every KPI watched. */
#pragma once

#include "base/name.h"
#include "kpi/rules.h"

enum { FUZZ_VIEWS = 16 };

static struct threshold_table thresholds;
static struct rules fuzzed_rules;

static void set_thresholds(void)
{
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        const struct kpi_row *row = catalogue_row((enum kpi)k);
        for (unsigned w = 0; w < WINDOWS_MAX; w++)
            thresholds.of[k][w] = (struct threshold){ .warn = row->warn,
                                                      .critical = row->critical,
                                                      .min_denominator = row->min_denominator,
                                                      .min_bad = 1,
                                                      .for_ms = HOUR_MS,
                                                      .keep_firing_ms = 6 * HOUR_MS,
                                                      .clear_margin_permille = 100 };
    }
}

static const struct rules *fuzz_rules(void)
{
    if (fuzzed_rules.window_count > 0)
        return &fuzzed_rules;
    set_thresholds();
    fuzzed_rules = (struct rules){ .thresholds = &thresholds,
                                   .default_calendar = &calendar_always,
                                   .response_sla_ms = 2 * DAY_MS,
                                   .grace_dispatch_ms = 2 * HOUR_MS,
                                   .grace_tracking_ms = 12 * HOUR_MS,
                                   .grace_delivery_ms = 12 * HOUR_MS,
                                   .max_delay_ms = MINUTE_MS,
                                   .max_lateness_ms = 7 * DAY_MS,
                                   .abandon_after_ms = 90 * DAY_MS,
                                   .storm_limit = 2,
                                   .view_interval_ms = SECOND_MS,
                                   .view_batch = FUZZ_VIEWS,
                                   .window_count = 2 };
    fuzzed_rules.windows[0] = (struct window_rule){ .name = name_of(span_of_text("24h")),
                                                    .length_ms = DAY_MS,
                                                    .pane_ms = 15 * MINUTE_MS };
    fuzzed_rules.windows[1] = (struct window_rule){ .name = name_of(span_of_text("7d")),
                                                    .length_ms = 7 * DAY_MS,
                                                    .pane_ms = 6 * HOUR_MS,
                                                    .may_be_critical = true };
    return &fuzzed_rules;
}
