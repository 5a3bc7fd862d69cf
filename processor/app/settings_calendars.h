/* settings_calendars.h - calendars, and which storefront keeps which. */
#pragma once

#include "app/settings_reading.h"

/* "always" and the built-in ones. */
void settings_calendars_preset(struct settings *settings);

/* calendars_file, calendars, default_calendar. */
void settings_calendars_read(const struct settings_reading *r);

/* The calendar's index, or -1. */
int32_t settings_calendars_find(const struct settings *settings, const char *name);

void settings_calendars_free(struct settings *settings);
