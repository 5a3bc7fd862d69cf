/* check.h - CHECK(belief): is our own code right?
 *
 * Stays on in production. A failed check aborts: restarting is safe by design,
 * going on with a broken belief is not. Never for bad input or a broken world.
 */
#pragma once

#include "base/units.h"

_Noreturn void check_failed(const char *belief, const char *file, int line);

#define CHECK(belief) ((belief) ? (void)0 : check_failed(#belief, __FILE__, __LINE__))
