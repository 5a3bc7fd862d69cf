/* settings_windows.h - the rolling windows. */
#pragma once

#include "app/settings_reading.h"

/* 1h, 24h, 7d, 30d. */
void settings_windows_preset(struct window_rules *windows);

/* What the file says, if it says anything; a list with a mistake changes nothing. */
void settings_windows_read(const struct settings_reading *r);

/* The window's place in the rules, or -1. */
int32_t settings_windows_find(const struct window_rules *windows, const char *name);
