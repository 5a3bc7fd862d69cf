/* market_tell.h - from what happened to the event that arrives in a topic. */
#pragma once

#include "app/market_state.h"

/* Plans that an act is done for a unit or ticket; it lives until then. */
void market_tell_plan_unit(struct market *m, struct happening act);
void market_tell_plan_ticket(struct market *m, struct happening act);

/* One use less; forgets it after the last. */
void market_tell_drop_unit(struct market *m, uint32_t ref);
void market_tell_drop_ticket(struct market *m, uint32_t ref);

/* Tells the world, with the delay and the repetition that chance brings. */
void market_tell(struct market *m, const struct market_telling *telling);

/* The event of a telling; texts are kept in the market until the next one. */
void market_tell_event(struct market *m, uint32_t telling, struct event *ret_event);

/* One arrival less of a telling that was shown. */
void market_tell_done(struct market *m, uint32_t telling);
