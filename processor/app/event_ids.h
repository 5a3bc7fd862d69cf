/* event_ids.h - under which schema ids we write events. */
#pragma once

#include "app/settings.h"
#include "base/status.h"
#include "kpi/event.h"

#include <stdatomic.h>

/* With schemas.source registry, each topic's schema is registered as <topic>-value, or
 * found there; the registry is asked again while it is unwell, for at most retry.start.
 * With files, an id of schemas.files whose schema has our record's name, else 1, 2, 3.
 * REFUSED, UNAVAILABLE: *why says why. */
enum status event_ids_find(const struct settings *settings, const atomic_bool *stop,
                           int32_t ret_ids[TOPIC_COUNT], struct reason *why);
