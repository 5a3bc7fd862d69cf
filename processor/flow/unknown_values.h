/* unknown_values.h - counts what an event says and this version does not know.
 *
 * Open sets grow between versions of the marketplace and must never stop the reader;
 * somebody must see that they have grown, though (vector 6): a new ticket topic may
 * belong to a class of avoidable enquiries, a new storefront needs a calendar.
 */
#pragma once

#include "flow/metrics.h"
#include "kpi/rules.h"

/* Of an event that was applied. */
void unknown_values_count(struct metrics *m, const struct rules *rules,
                          const struct event *event);
