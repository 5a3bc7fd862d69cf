/* settings_checks.h - settings that are right by the table and wrong all the same. */
#pragma once

#include "app/settings_reading.h"

void settings_checks_run(const struct settings_reading *r);

/* Whether the text is an address with http:// or https:// before it. */
bool settings_checks_url(const char *text);
