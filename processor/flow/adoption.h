/* adoption.h - reading a shard's own alert changes back from the alerts topic.
 *
 * What was sent and not acknowledged may stand there or not; only the topic knows.
 */
#pragma once

#include "flow/tenure.h"

/* For a shard that was just loaded: what waits and stands in the topic is delivered;
 * what stands there and the state does not know is adopted (design 3.5). UNAVAILABLE:
 * ask again; what was read till then has taken effect, and may again. */
enum status adoption_take_over(struct tenure *t, const struct tenure_world *w,
                               struct reason *why);

/* For a shard at work of which the sink has given changes up: what waits and stands in
 * the topic is delivered, all else that was sent is sent again. As above. */
enum status adoption_look_again(struct tenure *t, const struct tenure_world *w,
                                struct reason *why);
