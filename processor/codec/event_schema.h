/* event_schema.h - the schemas of our three input topics, beside struct event. */
#pragma once

#include "codec/reader_schema.h"
#include "kpi/event.h"

/* The schema of a topic, ready for resolving; the caller closes it. */
struct reader_schema *event_schema_open(enum topic topic);

/* Its literal text. */
const char *event_schema_text(enum topic topic);
