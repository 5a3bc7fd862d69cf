/* alert_decode.h - the body of an AlertEvent, as alert_event.avsc orders it, read back.
 *
 * Reads exactly the schema that is compiled in, with a bound on every length and
 * count. Enums are read by number: alert_event.avsc may add symbols behind ours only.
 */
#pragma once

#include "base/reader.h"
#include "kpi/alert_change.h"

#define ALERT_DECODE_FLAPPING "FLAPPING"
#define ALERT_DECODE_THROTTLED "THROTTLED"

/* The one dimension by which contributors are told apart. */
#define ALERT_DECODE_STOREFRONT "storefront"

/* What stands in a record beside the change: its maps, as they are encoded. */
struct alert_decode_maps {
    struct span links; /* borrowed from the body, like the next */
    struct span labels;
};

/* False: the bytes are no such record. `ret_maps` may be NULL. */
bool alert_decode_body(struct span body, struct alert_change *ret_change,
                       struct alert_decode_maps *ret_maps);

/* A walk over one of the maps: { .at = reader_of(maps.links) }. */
struct alert_decode_walk {
    struct reader at;
    int64_t left; /* entries of the block that it is in */
};

/* The next entry, borrowed from the map; false: that was all. */
bool alert_decode_entry(struct alert_decode_walk *walk, struct span *ret_name,
                        struct span *ret_value);

/* "order_unit", "ticket": how evidence names its kind. */
const char *alert_decode_evidence_kind(enum evidence_kind kind);
