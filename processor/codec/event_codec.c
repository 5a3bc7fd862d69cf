/* event_codec.c - see event_codec.h. */
#include "codec/event_codec.h"

#include "base/name.h"
#include "codec/event_check.h"
#include "codec/program_run.h"

enum reject event_codec_decode(const struct schema_program *program, struct span body,
                               struct span key, struct event *ret_event)
{
    size_t used;
    if (program_run(program, body, ret_event, &used) != STATUS_OK)
        return REJECT_UNDECODABLE;
    if (used != body.size)
        return REJECT_TRAILING_BYTES;

    const enum reject reject = event_check(ret_event);
    if (reject != REJECT_NONE)
        return reject;
    return span_equal(key, ret_event->id_seller) ? REJECT_NONE : REJECT_KEY_MISMATCH;
}
