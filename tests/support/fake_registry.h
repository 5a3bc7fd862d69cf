/* fake_registry.h - a small schema registry on loopback, with faults to order.
 *
 * Speaks the part of Confluent's API that we use, under a base path, over real
 * sockets. All calls are thread-safe.
 */
#pragma once

#include "base/units.h"

struct fake_registry;

struct fake_registry *fake_registry_open(void);

/* Stands before a real one, by its base path: passes on every request, except while it is
 * broken, and keeps no schemas itself. */
struct fake_registry *fake_registry_before(const char *url);

/* Waits for the requests under way. */
void fake_registry_close(struct fake_registry *r);

/* "http://127.0.0.1:PORT/apis/ccompat/v7" */
const char *fake_registry_url(const struct fake_registry *r);

/* Has a schema from now on; `more` are further members of the answer, such as
 * ",\"schemaType\":\"JSON\"", or "". */
void fake_registry_put(struct fake_registry *r, int32_t id, const char *schema,
                       const char *more);

/* Answers everything like this from now on, until fake_registry_mend. */
void fake_registry_break(struct fake_registry *r, unsigned code, const char *body);

/* Takes so long for each answer from now on, until fake_registry_mend. */
void fake_registry_slow(struct fake_registry *r, int delay_ms);

void fake_registry_mend(struct fake_registry *r);

/* Does not recognise texts that are posted for look-up, as some registries do
 * that rewrite what they store. */
void fake_registry_rewrites(struct fake_registry *r);

/* The next that registers is told that somebody else was faster, as is true. */
void fake_registry_race(struct fake_registry *r);

/* Requests so far. */
int fake_registry_requests(struct fake_registry *r);

/* Of the newest request; "" if it did not have one. */
struct fake_request {
    char line[256];          /* "GET /apis/ccompat/v7/schemas/ids/7" */
    char authorization[256]; /* header, like the next one */
    char content_type[128];
    char body[32768];
};
void fake_registry_newest(struct fake_registry *r, struct fake_request *ret_request);
