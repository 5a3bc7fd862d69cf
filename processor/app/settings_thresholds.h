/* settings_thresholds.h - from KPI names and percentages to tables of limits. */
#pragma once

#include "app/settings_reading.h"

/* The catalogue's limits under the settings of alerts.*; needs the windows. */
void settings_thresholds_preset(const struct settings *settings, struct threshold_table *table);

/* Applies a map KPI -> limits on top of what `table` holds; `ret_own` (may be NULL) says
 * which KPIs it named. */
void settings_thresholds_read(const struct settings_reading *r, const struct yaml_node *map,
                              struct threshold_table *table, bool ret_own[KPI_COUNT]);

/* A name for these rules that changes when any of them does. */
void settings_thresholds_version(struct settings *settings);
