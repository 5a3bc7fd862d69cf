/* clock.h - the one place that asks the system what time it is. */
#pragma once

#include "base/units.h"

wall_time clock_now(void);

/* Sleeps, but wakes for a signal. */
void clock_sleep(int64_t ms);
