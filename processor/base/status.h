/* status.h - how a call on the world went, and what the caller does about it.
 *
 * The table in status.def maps each status to one reaction.
 */
#pragma once

enum reaction {
    REACTION_PROCEED,
    REACTION_RETRY,
    REACTION_QUARANTINE,
    REACTION_RELOAD,
    REACTION_STOP,
};

enum status {
#define STATUS(name, reaction, meaning) STATUS_##name,
#include "base/status.def"
#undef STATUS
    STATUS_COUNT
};

/* Lower-case name for logs; never NULL. */
const char *status_name(enum status status);

/* One sentence for people; never NULL. */
const char *status_meaning(enum status status);

enum reaction status_reaction(enum status status);
