/* framing.h - the Confluent wire format: which schema, then the Avro body.
 *
 *      0x00 | schema id, 4 bytes big-endian | body
 */
#pragma once

#include "base/buffer.h"
#include "kpi/reject.h"

enum { FRAMING_BYTES = 5 };

struct framed {
    int32_t schema_id;
    struct span body; /* borrowed from the record */
};

/* REJECT_NONE and *ret_framed, or TOO_SHORT, or WRONG_MAGIC. */
enum reject framing_split(struct span record, struct framed *ret_framed);

/* Appends the five bytes that go before a body. */
void framing_begin(struct buffer *b, int32_t schema_id);
