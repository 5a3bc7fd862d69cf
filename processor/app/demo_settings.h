/* demo_settings.h - the configuration of the demo: as a file would say it. */
#pragma once

#include "app/settings.h"

struct demo_settings_place {
    const char *folder; /* where the schema files are put; ours */
    const char *socket; /* of Redis */
    const char *brokers;
};

/* Writes the schemas into the folder and reads the settings. False: *why. */
bool demo_settings_make(const struct demo_settings_place *place, struct settings *ret_settings,
                        struct reason *why);
