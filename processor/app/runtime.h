/* runtime.h - the running processor: workers on threads, and what they share.
 *
 * DESIGN
 * ------
 *      runtime ── registry client, HTTP server, health      shared, thread-safe
 *         ├─ worker 0: source, sink, feed, store, schemas, codec, pipeline
 *         └─ worker 1: the same, all its own
 *
 * A worker shares nothing with the others but what is constant (rules, settings)
 * and what has a lock of its own. Everything is opened before the first worker's thread
 * starts, so a mistake in the configuration is one sentence and no half start.
 * HTTP answers from the beginning, also while Kafka, Redis or the registry are
 * waited for: alive, not ready, and why.
 */
#pragma once

#include "app/settings.h"
#include "base/status.h"
#include "flow/metrics.h"

#include <stdatomic.h>

struct runtime;

/* Opens everything; waits for Kafka, Redis and the registry for at most
 * retry.start, unless *stop becomes true. NULL: *ret_status and *why say why.
 * `settings` outlives the runtime. */
struct runtime *runtime_open(const struct settings *settings, const atomic_bool *stop,
                             enum status *ret_status, struct reason *why);

/* Starts the workers' threads. */
void runtime_start(struct runtime *r);

/* Has a worker ended by itself? Then *ret_status and *why say why. */
bool runtime_ended(struct runtime *r, enum status *ret_status, struct reason *why);

/* Asks the workers to finish (save, publish, leave the group) and waits for them. */
void runtime_stop(struct runtime *r);

/* After runtime_stop, or instead of runtime_start. Accepts NULL. */
void runtime_close(struct runtime *r);

/* The port of the HTTP server; 0: none. */
int runtime_http_port(const struct runtime *r);

/* A metric summed over the workers, for a live view. */
int64_t runtime_metric(const struct runtime *r, enum metric metric, unsigned first);
