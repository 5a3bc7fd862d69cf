/* event_json_write.h - an event as a line of JSON, which event_json.h reads back. */
#pragma once

#include "base/buffer.h"
#include "codec/reader_schema.h"
#include "kpi/event.h"

/* Appends one object and a newline, every field by the names of the .avsc; what is not
 * known is null. `schema` is that of the event's topic (event_schema_open). Texts must be
 * UTF-8. */
void event_json_write(const struct reader_schema *schema, const struct event *event,
                      struct buffer *b);
