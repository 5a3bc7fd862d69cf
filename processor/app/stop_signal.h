/* stop_signal.h - Ctrl-C and SIGTERM ask a verb to finish; nothing is cut off.
 *
 * The second one ends the process at once, for those who cannot wait.
 */
#pragma once

#include <stdatomic.h>

/* Listens from now on; broken pipes become errors of writing. Call before threads start. */
void stop_signal_listen(void);

/* Becomes true with the first signal. */
const atomic_bool *stop_signal_flag(void);
