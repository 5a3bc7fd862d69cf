/* utf8.h - is it text at all?
 *
 * Avro says that a string is UTF-8; nothing on the way to us checks it. What is
 * not text must not get into ids: they are printed in logs, Redis and alerts.
 */
#pragma once

#include "base/units.h"

/* True for well-formed UTF-8: no overlong forms, surrogates or numbers above 10FFFF. */
bool utf8_valid(struct span text);
