/* market_tickets.h - the stories of enquiries. */
#pragma once

#include "app/market_state.h"

/* A buyer asks about a unit. */
void market_tickets_ask(struct market *m, uint32_t unit, enum market_enquiry enquiry);

/* What a ticket was planned to do: REPLY, CLOSE, STEP_IN. */
void market_tickets_act(struct market *m, const struct happening *act);
