/* schema_program.h - a writer's schema, compiled to a flat list of steps.
 *
 * DESIGN
 * ------
 * A record is decoded once, its schema is understood once: resolving writer and
 * reader happens here, and what is left to do per record is a list of steps,
 * each for one written value, in the order in which the values stand:
 *
 *      writer                              program
 *      id_seller  string                   0 TEXT        -> id_seller
 *      note       ["null", Note]           1 UNION       {2, 3}
 *                                          2 JUMP 4
 *                                          3 CALL 7
 *      ts_event   long                     4 LONG_TO_INT64 -> ts_event
 *      price      int                      5 INT_TO_INT64  -> price   (promoted)
 *                                          6 RETURN
 *      Note: {text string, reply Note?}    7 SKIP_TEXT ...            (nobody wants it)
 *
 * Whatever nests is a *routine* of its own, compiled from a work list: neither
 * compiling nor running recurses, and a schema that refers to itself is a
 * routine that calls itself, on an explicit stack of PROGRAM_DEPTH_MAX frames.
 *
 * Resolution follows the Avro specification: fields by name, then by our
 * aliases; ours that are not written take their default; written ones that we
 * do not have are passed over; int -> long -> float -> double, string <-> bytes;
 * unions branch by branch when they are read; enum symbols by name, unknown ones
 * as our default. Names of records and enums are not compared: the topic says
 * what a record is, and every writer has a namespace of its own.
 */
#pragma once

#include "base/reason.h"
#include "base/status.h"
#include "codec/reader_schema.h"

#include <pthread.h>

enum step_code {
#define STEP(name, text, arg) STEP_##name,
#include "codec/schema_steps.def"
#undef STEP
    STEP_CODE_COUNT
};

struct step {
    uint16_t code;
    uint16_t offset;
    uint32_t arg;
};

enum {
    PROGRAM_TEXT_MAX = 1 << 20,  /* bytes of a schema's text */
    PROGRAM_NESTING_MAX = 128,   /* brackets open at once in it */
    PROGRAM_STEPS_MAX = 1 << 15, /* like the next two: of one program */
    PROGRAM_TABLES_MAX = 1 << 15,
    PROGRAM_ROUTINES_MAX = 1024,
    PROGRAM_DEPTH_MAX = 64, /* routines under way at once */
};

struct schema_program {
    const struct reader_schema *reader; /* borrowed; outlives the program */
    struct step *steps;                 /* owned, like tables */
    uint32_t step_count;
    int32_t *tables;
    uint32_t table_count;
};

/* Compiles a writer's schema for a reader's. MALFORMED: it is no schema, beyond a
 * bound, or not compatible; *why says which.
 *
 * avro-c keeps the text of its last error in one buffer for the whole process:
 * calls from several threads need one `lock` between them, which is held while
 * the call lasts (NULL: there is one thread). */
enum status schema_program_compile(struct span text, const struct reader_schema *reader,
                                   pthread_mutex_t *lock, struct schema_program **ret_program,
                                   struct reason *why);

/* Is the text an Avro schema within our bounds, whatever it is for? With the same lock. */
bool schema_program_is_schema(struct span text, pthread_mutex_t *lock, struct reason *why);

/* Accepts NULL. */
void schema_program_free(struct schema_program *program);
