/* settings_checks.h - settings that are right alone and wrong together. */
#pragma once

#include "app/settings_reading.h"

void settings_checks_run(const struct settings_reading *r);
