/* registry_answer.h - what a schema registry's answer means.
 *
 * Pure: bytes in, a status and a sentence out. Registries differ, so little is
 * taken for granted: an answer without a readable body says only that the
 * registry is unwell, whatever its status line says.
 */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "base/status.h"

struct registry_answer {
    long code; /* of the status line: 200, 404 ... */
    struct span body;
};

/* To GET /schemas/ids/ID. OK: the text is added to `ret_schema`. MISSING: there
 * is no such id. MALFORMED: there is one, but not one we can ever read (not
 * Avro, or with references). UNAVAILABLE: anything else. */
enum status registry_answer_schema(const struct registry_answer *a, struct buffer *ret_schema,
                                   struct reason *why);

/* To a schema that was posted: its id. MISSING: not registered. REFUSED: with the
 * registry's own words. UNAVAILABLE: anything else. */
enum status registry_answer_id(const struct registry_answer *a, int32_t *ret_id,
                               struct reason *why);

/* To a setting that was put: OK, REFUSED or UNAVAILABLE; MISSING if it is not served. */
enum status registry_answer_done(const struct registry_answer *a, struct reason *why);

/* Do two schema texts say the same as JSON? Blanks and the order of an object's
 * members do not count. */
bool registry_answer_same(struct span one, struct span other);
