/* event_codec.h - a record's body becomes an event, or a reason why not.
 *
 *      bytes -> program_run -> nothing behind it? -> event_check -> key is the seller?
 */
#pragma once

#include "codec/schema_program.h"
#include "kpi/event.h"
#include "kpi/reject.h"

/* `program` was compiled for the schema of the event's topic. REJECT_NONE: *ret_event
 * borrows from `body` and from the program's reader schema. `key` is the record's; one
 * that is missing or is not the seller is a KEY_MISMATCH. */
enum reject event_codec_decode(const struct schema_program *program, struct span body,
                               struct span key, struct event *ret_event);
