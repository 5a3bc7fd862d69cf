/* market_units.h - the stories of orders and parcels. */
#pragma once

#include "app/market_state.h"

/* A buyer orders: one to three units; the seller's next order is planned, too. */
void market_units_order(struct market *m, uint32_t seller);

/* What a unit was planned to do: PACK to RETURN. */
void market_units_act(struct market *m, const struct happening *act);
