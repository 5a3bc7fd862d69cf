/* registry_client.h - the schema registry (Confluent API), asked politely.
 *
 * One client serves all workers. Schemas are fetched by a thread of the client's
 * own: asking never blocks a worker. The other calls are for the start of the
 * program; they block for at most the time-out each and may come from any thread.
 */
#pragma once

#include "http/registry_http.h"

struct registry_client_options {
    struct registry_http_options http;
    int retry_first_ms; /* pause after the first failure; 0: 100 ms */
    int retry_last_ms;  /* the longest pause, after many; 0: 10 s */
    int missing_ms;     /* how long "no such id" is believed; 0: 10 s */
};

struct registry_client;

/* NULL: a setting cannot be right. Does not ask the registry yet. Options are
 * copied. The first client is opened before other threads start. */
struct registry_client *registry_client_open(const struct registry_client_options *options,
                                             struct reason *ret_why);

/* Ends the thread; waits for it for at most about a second. Accepts NULL. */
void registry_client_close(struct registry_client *c);

/* The schema of an id, as the registry has it. `self` is the client. Never
 * blocks; any thread.
 * OK: the text is added to *ret_json. PENDING: it is being asked for, call again.
 * MISSING: there is no such id. MALFORMED: there is one, but never one we can
 * read; why is in *why. UNAVAILABLE: the registry is unwell, why is in *why; it is
 * asked again by itself, with growing pauses, for as long as somebody wants it. */
enum status registry_client_fetch(void *self, int32_t id, struct buffer *ret_json,
                                  struct reason *why);

/* Registers the literal text under the subject, or finds it there: its id.
 * REFUSED: incompatible or not allowed, in the registry's words. UNAVAILABLE. */
enum status registry_client_register(struct registry_client *c, const char *subject,
                                     struct span schema, int32_t *ret_id, struct reason *why);

/* The id of the text under the subject, without registering. MISSING: it is not there. */
enum status registry_client_lookup(struct registry_client *c, const char *subject,
                                   struct span schema, int32_t *ret_id, struct reason *why);

/* Sets the subject's compatibility level, such as "FULL_TRANSITIVE". */
enum status registry_client_compatibility(struct registry_client *c, const char *subject,
                                          const char *level, struct reason *why);
