/* event_encode.h - an event becomes a record: for `generate`, `replay` and tests.
 *
 * Writes with our own schemas, straight from struct event by the same table of
 * slots that the decoder fills; nothing is allocated once the buffer has grown.
 */
#pragma once

#include "base/buffer.h"
#include "codec/reader_schema.h"
#include "kpi/event.h"

/* Appends the event as five bytes of framing and an Avro body. `schema` is that of the
 * event's topic (event_schema_open). Empty texts of nullable fields become null. */
void event_encode(const struct reader_schema *schema, int32_t schema_id,
                  const struct event *event, struct buffer *b);
