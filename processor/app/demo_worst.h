/* demo_worst.h - who stands worst, read from the public ranks and hashes in Redis.
 *
 * Every KPI ranks sellers by how far they are beyond its own limit. To compare KPIs with
 * each other, that distance is measured in steps from the warning to the critical limit.
 */
#pragma once

#include "app/screen.h"
#include "redis/redis_reader.h"

struct demo_worst;

/* `window` is the one that is shown; borrowed, like the reader. Never NULL. */
struct demo_worst *demo_worst_open(struct redis_reader *reader, int32_t shard_count,
                                   const char *window);

/* Accepts NULL. */
void demo_worst_close(struct demo_worst *w);

/* Fills worst and worst_count, at most one line a seller; leaves them as they are if
 * Redis does not answer. */
void demo_worst_read(struct demo_worst *w, struct screen *ret_screen);

/* "3 37 81081 70000 warning", the text of a field of a hash; false: it is none. */
bool demo_worst_parse(struct span text, struct screen_seller *ret_seller);
