/* settings_plain.h - the settings of the table, from the file. */
#pragma once

#include "app/settings_reading.h"

void settings_plain_read(const struct settings_reading *r);

/* "; did you mean PATH?" or "" for a path that does not exist. */
const char *settings_plain_suggest(const char *path, struct reason *memory);
