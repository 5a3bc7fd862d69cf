/* settings_maps.h - the free maps: kafka.properties, schemas.files, avoidable.topics,
 * alerts.links, alerts.labels. */
#pragma once

#include "app/settings_reading.h"

/* Everything the file says of them; defaults where it is silent. */
void settings_maps_read(const struct settings_reading *r);

/* One librdkafka property; replaces an earlier one of the same name. Refuses those
 * that have a setting of their own. The value is never shown. */
void settings_maps_property(const struct settings_reading *r, struct settings_place place,
                            const char *name, const char *value);

/* The default of avoidable.topics. */
void settings_maps_preset(struct settings *settings);

/* The name of a class as it is written: "not_received". */
const char *settings_maps_class_name(enum avoidable_class avoidable);

void settings_maps_free(struct settings *settings);
