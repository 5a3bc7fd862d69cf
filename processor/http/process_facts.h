/* process_facts.h - what the system says about our process: the process_* metrics. */
#pragma once

#include "flow/metrics.h"

/* Reads them now, at a scrape, into numbers of their own; also says build_info.
 * Facts that cannot be read stay as they were. */
void process_facts_read(struct metrics *ret_facts);
