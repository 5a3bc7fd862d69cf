/* reader_schema.h - one of our own .avsc texts, understood, beside the struct it fills.
 *
 * DESIGN
 * ------
 * avro-c parses a schema but drops what a reader needs most: aliases, defaults
 * and the default symbol of an enum. So our side of a resolution is read here,
 * from the literal text, with jansson. Only flat records with the types that
 * our events have are understood; the texts are compiled in, so anything else
 * is a mistake of ours (CHECK), never of a user.
 *
 * A *slot* says where a field lives in the struct and in which form:
 *
 *      .avsc                        slot kind      member
 *      "string", ["null","string"]  SLOT_TEXT      struct span (null: empty)
 *      "int"                        SLOT_INT32     int32_t
 *      "long"                       SLOT_INT64     int64_t
 *      ["null","int"/"long"]        SLOT_OPTIONAL  struct optional
 *      "float", "double"            SLOT_DOUBLE    double (null: NaN)
 *      "boolean"                    SLOT_BOOL      bool
 *      enum, ["null",enum]          SLOT_ENUM      an enum (null: its member 0)
 *      array of "string"            SLOT_TEXTS     struct span[], and an int32_t count
 *
 * The same slots serve decoding, encoding and JSON: one table, three readers.
 */
#pragma once

#include "base/units.h"

struct json_t;

enum slot_kind {
    SLOT_TEXT,
    SLOT_INT32,
    SLOT_INT64,
    SLOT_OPTIONAL,
    SLOT_DOUBLE,
    SLOT_BOOL,
    SLOT_ENUM,
    SLOT_TEXTS,
};

/* Our number of an enum symbol; a list ends with a NULL symbol. */
struct slot_symbol {
    const char *symbol;
    uint32_t value;
};

struct slot {
    const char *field; /* as in the .avsc */
    enum slot_kind kind;
    size_t offset;                     /* of the member */
    const struct slot_symbol *symbols; /* SLOT_ENUM */
    size_t count_offset;               /* SLOT_TEXTS: of the count ... */
    int32_t capacity;                  /* ... which says capacity + 1 when there were more */
};

enum reader_type {
    READER_STRING,
    READER_BYTES,
    READER_INT,
    READER_LONG,
    READER_FLOAT,
    READER_DOUBLE,
    READER_BOOLEAN,
    READER_ENUM,
    READER_STRINGS,
};

enum { READER_FIELDS_MAX = 48, READER_SYMBOLS_MAX = 24, READER_ALIASES_MAX = 8 };

struct reader_field {
    const struct slot *slot;
    const char *name;
    const char *aliases[READER_ALIASES_MAX];
    int32_t alias_count;
    enum reader_type type;
    bool nullable;
    uint8_t null_branch; /* of the union; the other branch is 1 - it */
    bool has_default;
    const char *symbols[READER_SYMBOLS_MAX]; /* READER_ENUM, in wire order */
    uint32_t values[READER_SYMBOLS_MAX];     /* our number of each */
    int32_t symbol_count;
    int32_t default_symbol; /* of the enum type; -1: none */
};

struct reader_schema {
    struct json_t *root;                           /* owns every name above */
    struct reader_field fields[READER_FIELDS_MAX]; /* in wire order */
    int32_t field_count;
    uint8_t *blank; /* the struct with every default in place; owned */
    size_t record_size;
};

/* `text` is one of ours; `slots` has one entry for each of its fields and, like
 * the struct of `record_size` bytes, is the caller's. Never NULL. */
struct reader_schema *reader_schema_open(const char *text, const struct slot *slots,
                                         int32_t slot_count, size_t record_size);

/* Accepts NULL. Texts of defaults in decoded records die with it. */
void reader_schema_close(struct reader_schema *schema);

/* Position of a symbol among a field's; -1: it has none of that name. */
int32_t reader_schema_symbol(const struct reader_field *field, const char *symbol);
