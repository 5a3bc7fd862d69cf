/* settings_storefronts.h - which calendar and thresholds a storefront has. */
#pragma once

#include "app/settings_reading.h"

/* default_calendar and storefronts; needs calendars, windows and global thresholds. */
void settings_storefronts_read(const struct settings_reading *r);

/* One entry for each calendar that is not "always", by the calendar's name. */
void settings_storefronts_preset(struct settings *settings);

void settings_storefronts_free(struct settings *settings);
