/* shard_clock.h - stream time and watermark of a shard.
 *
 * DESIGN
 * ------
 *   stream time  the highest ts_event of the shard's inputs; the wall clock once
 *                all three are read to their log ends. What happened counts at once.
 *   watermark    the minimum over the inputs of how far each is known, minus
 *                max_delay. What did *not* happen counts only behind it.
 *
 * An input is known up to its highest ts_event, and, if it was read to the log
 * end that a broker named when asked at wall time q, up to q: everything that
 * was appended before q has been read. A broker that does not answer gives no
 * new proof, so no time passes. Neither time goes back.
 *
 * With time.source: events the wall clock is never used: an input at its log
 * end is left out of the minimum, and when all are, the watermark is stream
 * time minus max_delay.
 */
#pragma once

#include "kpi/event.h"
#include "kpi/rules.h"

struct input_clock {
    int64_t highest; /* ts_event; TIME_NEVER_YET: none, like proven */
    int64_t proven;  /* greatest wall time q up to which it is known */
    bool at_end;     /* now */
};

struct shard_clock {
    struct input_clock inputs[TOPIC_COUNT];
    int64_t stream_time; /* TIME_NEVER_YET: none */
    int64_t watermark;   /* the same */
};

void shard_clock_open(struct shard_clock *c);

/* An event of that time was read. */
void shard_clock_saw(struct shard_clock *c, enum topic topic, event_time at);

/* We are at the input's log end, as asked at `asked`; or we are not. */
void shard_clock_at_end(struct shard_clock *c, enum topic topic, wall_time asked);
void shard_clock_not_at_end(struct shard_clock *c, enum topic topic);

/* All inputs have been read to a log end at least once. */
bool shard_clock_caught_up(const struct shard_clock *c);

/* Moves both times on. */
void shard_clock_advance(struct shard_clock *c, const struct rules *rules);
