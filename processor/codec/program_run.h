/* program_run.h - runs a compiled schema over one record's bytes.
 *
 * No allocation, no recursion, and a bound on everything a writer can claim:
 * every length is checked against the bytes that are left, routines nest at most
 * PROGRAM_DEPTH_MAX deep, and work is bounded by the record's size, so that a
 * list of a billion nulls in ten bytes costs no more than its ten bytes.
 */
#pragma once

#include "codec/schema_program.h"

/* OK: *ret_record (the reader's struct) is filled, its texts borrow from `body` or
 * from the reader schema, and *ret_used says how many bytes the record took.
 * MALFORMED: the bytes do not follow the schema or break a bound. */
enum status program_run(const struct schema_program *program, struct span body,
                        void *ret_record, size_t *ret_used);
