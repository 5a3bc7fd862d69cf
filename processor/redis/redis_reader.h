/* redis_reader.h - reads the public KPI hashes and ranks, as any other program would.
 *
 *     redis_reader_ask_worst(r, 1, shard, "delivery_late:7d", 5);
 *     redis_reader_ask_field(r, 2, shard, "4711|de", "delivery_late:7d");
 *     redis_reader_answers(r, 1000, each, arg, &why);      each(arg, 1, ...), each(arg, 2, ...)
 *
 * Questions are collected and sent together. It never writes. One thread.
 */
#pragma once

#include "redis/redis_link.h"

struct redis_reader;

/* The prefix is copied, the other texts must live as long. NULL: the options cannot work.
 * Connects with the first question. */
struct redis_reader *redis_reader_open(const struct redis_options *options, struct reason *why);

/* Accepts NULL. */
void redis_reader_close(struct redis_reader *r);

/* The `most` worst of a KPI and window: answered as member, score, member, score ... */
void redis_reader_ask_worst(struct redis_reader *r, int32_t tag, int32_t shard,
                            const char *kpi_window, int32_t most);

/* One field of a seller's hash: answered as one text, or none if it is not there. */
void redis_reader_ask_field(struct redis_reader *r, int32_t tag, int32_t shard,
                            const char *seller_storefront, const char *field);

/* Called for each question in the order asked; texts are borrowed for the call. */
typedef void (*redis_reader_each)(void *arg, int32_t tag, const struct span *texts,
                                  int32_t count);

/* Sends what was asked and waits for all answers. UNAVAILABLE: some are missing, and the
 * questions are forgotten. */
enum status redis_reader_answers(struct redis_reader *r, int patience_ms,
                                 redis_reader_each each, void *arg, struct reason *why);
