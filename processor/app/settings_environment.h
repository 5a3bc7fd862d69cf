/* settings_environment.h - SELLERWATCH_... variables. */
#pragma once

#include "app/settings_reading.h"

/* `environment` is like `environ`; NULL: none. SELLERWATCH_TEST_... is left alone. */
void settings_environment_read(const struct settings_reading *r, char *const *environment);

/* The variable of a path: SELLERWATCH_KAFKA_BROKERS. */
void settings_environment_name(const char *path, char ret_name[SETTINGS_PATH_BYTES]);
