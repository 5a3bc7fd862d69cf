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

/* False: the bytes are no such record. */
bool alert_decode_body(struct span body, struct alert_change *ret_change);

/* "order_unit", "ticket": how evidence names its kind. */
const char *alert_decode_evidence_kind(enum evidence_kind kind);
