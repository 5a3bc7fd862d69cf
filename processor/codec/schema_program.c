/* schema_program.c - see schema_program.h. */
#include "codec/schema_program.h"

#include "base/check.h"

#include <avro.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

enum routine_kind {
    ROUTINE_READ, /* the record itself, or one branch of a union of records */
    ROUTINE_ITEM, /* one item of a list of strings that we want */
    ROUTINE_SKIP, /* a value that nobody wants */
};

struct routine {
    enum routine_kind kind;
    avro_schema_t schema;
    int32_t field; /* ROUTINE_ITEM: of the reader */
    uint32_t entry;
};

/* A compilation under way. `overflow` and `incompatible` stick; the first
 * reason stays. */
struct compiler {
    struct schema_program *program;
    const struct reader_schema *reader;
    struct routine routines[PROGRAM_ROUTINES_MAX]; /* also the work list */
    uint32_t routine_count;
    bool overflow;
    bool readable; /* at least one way through reads a whole record */
    bool broken_item;
    struct reason why;
};

/* ---- emitting ---------------------------------------------------------------- */

static uint32_t emit(struct compiler *c, enum step_code code, size_t offset, uint32_t arg)
{
    struct schema_program *p = c->program;
    CHECK(offset <= UINT16_MAX);
    if (p->step_count == PROGRAM_STEPS_MAX) {
        c->overflow = true;
        return 0;
    }
    p->steps[p->step_count] = (struct step){ (uint16_t)code, (uint16_t)offset, arg };
    return p->step_count++;
}

/* Room for a count and `count` entries in the tables. */
static uint32_t emit_table(struct compiler *c, size_t count)
{
    struct schema_program *p = c->program;
    if (count >= PROGRAM_TABLES_MAX - p->table_count) {
        c->overflow = true;
        return 0;
    }
    const uint32_t at = p->table_count;
    p->tables[at] = (int32_t)count;
    p->table_count += (uint32_t)count + 1;
    return at;
}

/* The routine for a schema, put on the work list when it is new. */
static uint32_t want_routine(struct compiler *c, enum routine_kind kind, avro_schema_t schema,
                             int32_t field)
{
    for (uint32_t i = 0; i < c->routine_count; i++) {
        const struct routine *r = &c->routines[i];
        if (r->kind == kind && r->schema == schema && r->field == field)
            return i;
    }
    if (c->routine_count == PROGRAM_ROUTINES_MAX) {
        c->overflow = true;
        return 0;
    }
    c->routines[c->routine_count] = (struct routine){ kind, schema, field, 0 };
    return c->routine_count++;
}

/* A reference to a named type is the type itself. */
static avro_schema_t target_of(avro_schema_t schema)
{
    while (is_avro_link(schema))
        schema = avro_schema_link_target(schema);
    return schema;
}

/* ---- values that nobody wants ---------------------------------------------- */

static void emit_skip_fixed(struct compiler *c, int64_t size)
{
    if (size < 0 || size > INT32_MAX)
        c->overflow = true;
    else if (size > 0)
        emit(c, STEP_SKIP_FIXED, 0, (uint32_t)size);
}

static void emit_skip(struct compiler *c, avro_schema_t written)
{
    const avro_schema_t w = target_of(written);
    switch ((int)avro_typeof(w)) { /* a number: another avro-c may have more types */
    case AVRO_NULL:
        return;
    case AVRO_BOOLEAN:
        emit(c, STEP_SKIP_BOOLEAN, 0, 0);
        return;
    case AVRO_INT32:
        emit(c, STEP_SKIP_INT, 0, 0);
        return;
    case AVRO_INT64:
        emit(c, STEP_SKIP_LONG, 0, 0);
        return;
    case AVRO_FLOAT:
        emit_skip_fixed(c, sizeof(float));
        return;
    case AVRO_DOUBLE:
        emit_skip_fixed(c, sizeof(double));
        return;
    case AVRO_STRING:
    case AVRO_BYTES:
        emit(c, STEP_SKIP_TEXT, 0, 0);
        return;
    case AVRO_FIXED:
        emit_skip_fixed(c, avro_schema_fixed_size(w));
        return;
    case AVRO_ENUM:
        emit(c, STEP_SKIP_ENUM, 0, (uint32_t)avro_schema_enum_number_of_symbols(w));
        return;
    case AVRO_ARRAY:
        emit(c, STEP_ARRAY, 0,
             want_routine(c, ROUTINE_SKIP, target_of(avro_schema_array_items(w)), NONE));
        return;
    case AVRO_MAP:
        emit(c, STEP_MAP, 0,
             want_routine(c, ROUTINE_SKIP, target_of(avro_schema_map_values(w)), NONE));
        return;
    case AVRO_RECORD:
    case AVRO_UNION:
    case AVRO_LINK:
        emit(c, STEP_CALL, 0, want_routine(c, ROUTINE_SKIP, w, NONE));
        return;
    }
    c->overflow = true; /* a type of an avro-c that we do not know */
}

/* ---- values that we want --------------------------------------------------- */

static uint32_t our_number(const struct reader_field *field, const char *symbol,
                           bool *ret_known)
{
    int32_t at = reader_schema_symbol(field, symbol);
    if (at < 0)
        at = field->default_symbol;
    *ret_known = at >= 0;
    return at >= 0 ? field->values[at] : 0;
}

static void emit_enum(struct compiler *c, avro_schema_t w, const struct reader_field *field)
{
    const int count = avro_schema_enum_number_of_symbols(w);
    const uint32_t table = emit_table(c, (size_t)count);
    if (c->overflow)
        return;
    for (int i = 0; i < count; i++) {
        bool known;
        const uint32_t number = our_number(field, avro_schema_enum_get(w, i), &known);
        c->program->tables[table + 1 + (uint32_t)i] = known ? (int32_t)number : NONE;
    }
    emit(c, STEP_ENUM, field->slot->offset, table);
}

/* Which simple values fit which fields: the promotions of the specification. */
static const struct {
    avro_type_t written;
    enum reader_type type;
    enum step_code plain;
    enum step_code optional; /* for our nullable field */
} promotions[] = {
    { AVRO_STRING, READER_STRING, STEP_TEXT, STEP_TEXT },
    { AVRO_BYTES, READER_STRING, STEP_TEXT, STEP_TEXT },
    { AVRO_STRING, READER_BYTES, STEP_BYTES, STEP_BYTES },
    { AVRO_BYTES, READER_BYTES, STEP_BYTES, STEP_BYTES },
    { AVRO_STRING, READER_STRINGS, STEP_ADD_TEXT, STEP_ADD_TEXT }, /* an item */
    { AVRO_BYTES, READER_STRINGS, STEP_ADD_TEXT, STEP_ADD_TEXT },
    { AVRO_BOOLEAN, READER_BOOLEAN, STEP_BOOLEAN, STEP_BOOLEAN },
    { AVRO_INT32, READER_INT, STEP_INT_TO_INT32, STEP_INT_TO_OPTIONAL },
    { AVRO_INT32, READER_LONG, STEP_INT_TO_INT64, STEP_INT_TO_OPTIONAL },
    { AVRO_INT64, READER_LONG, STEP_LONG_TO_INT64, STEP_LONG_TO_OPTIONAL },
    { AVRO_INT32, READER_FLOAT, STEP_INT_TO_FLOAT, STEP_INT_TO_FLOAT },
    { AVRO_INT64, READER_FLOAT, STEP_LONG_TO_FLOAT, STEP_LONG_TO_FLOAT },
    { AVRO_FLOAT, READER_FLOAT, STEP_FLOAT, STEP_FLOAT },
    { AVRO_INT32, READER_DOUBLE, STEP_INT_TO_DOUBLE, STEP_INT_TO_DOUBLE },
    { AVRO_INT64, READER_DOUBLE, STEP_LONG_TO_DOUBLE, STEP_LONG_TO_DOUBLE },
    { AVRO_FLOAT, READER_DOUBLE, STEP_FLOAT, STEP_FLOAT },
    { AVRO_DOUBLE, READER_DOUBLE, STEP_DOUBLE, STEP_DOUBLE },
};

/* The step that reads a written simple value into a field; FAIL: there is none. */
static enum step_code step_for(avro_type_t written, const struct reader_field *field)
{
    for (size_t i = 0; i < sizeof promotions / sizeof promotions[0]; i++) {
        if (promotions[i].written == written && promotions[i].type == field->type)
            return field->nullable ? promotions[i].optional : promotions[i].plain;
    }
    return STEP_FAIL;
}

static enum step_code step_for_null(const struct reader_field *field)
{
    if (!field->nullable)
        return STEP_FAIL;
    switch (field->slot->kind) {
    case SLOT_TEXT:
        return STEP_NO_TEXT;
    case SLOT_OPTIONAL:
        return STEP_NO_NUMBER;
    case SLOT_DOUBLE:
        return STEP_NO_DOUBLE;
    case SLOT_ENUM:
        return STEP_NO_ENUM;
    case SLOT_INT32:
    case SLOT_INT64:
    case SLOT_BOOL:
    case SLOT_TEXTS:
        return STEP_FAIL;
    }
    return STEP_FAIL;
}

/* Reads one written value, which is no union, into a field (or `item`: into the
 * next place of its list). False: the types have nothing in common; a FAIL stands. */
static bool emit_plain(struct compiler *c, avro_schema_t w, int32_t number, bool item)
{
    const struct reader_field *field = &c->reader->fields[number];
    const avro_type_t written = avro_typeof(w);
    if (written == AVRO_ENUM && field->type == READER_ENUM) {
        emit_enum(c, w, field);
        return true;
    }
    if (written == AVRO_ARRAY && field->type == READER_STRINGS && !item) {
        emit(c, STEP_CLEAR_TEXTS, 0, (uint32_t)number);
        const avro_schema_t items = target_of(avro_schema_array_items(w));
        emit(c, STEP_ARRAY, 0, want_routine(c, ROUTINE_ITEM, items, number));
        return true;
    }
    enum step_code code = STEP_FAIL;
    if (written == AVRO_NULL)
        code = step_for_null(field);
    else if (item == (field->type == READER_STRINGS))
        code = step_for(written, field);
    emit(c, code, field->slot->offset, (uint32_t)number);
    return code != STEP_FAIL;
}

/* What to do with each branch of a union. */
enum branch_use { BRANCH_READ_FIELD, BRANCH_READ_ITEM, BRANCH_READ_RECORD, BRANCH_SKIP };

static bool emit_branch(struct compiler *c, avro_schema_t branch, enum branch_use use,
                        int32_t field)
{
    if (use == BRANCH_SKIP) {
        emit_skip(c, branch);
        return true;
    }
    if (use == BRANCH_READ_RECORD && is_avro_record(branch)) {
        emit(c, STEP_CALL, 0, want_routine(c, ROUTINE_READ, branch, NONE));
        return true;
    }
    if (use == BRANCH_READ_RECORD || is_avro_union(branch)) {
        emit(c, STEP_FAIL, 0, 0);
        return false;
    }
    return emit_plain(c, branch, field, use == BRANCH_READ_ITEM);
}

/* UNION, then each branch's steps; all but the last JUMP to its end. */
static bool emit_union(struct compiler *c, avro_schema_t w, enum branch_use use, int32_t field)
{
    const size_t count = avro_schema_union_size(w);
    const uint32_t table = emit_table(c, count);
    if (c->overflow)
        return false;
    bool any = false;
    emit(c, STEP_UNION, 0, table);
    const uint32_t first = c->program->step_count;
    for (size_t i = 0; i < count && !c->overflow; i++) {
        c->program->tables[table + 1 + i] = (int32_t)c->program->step_count;
        const avro_schema_t branch = target_of(avro_schema_union_branch(w, (int)i));
        any = emit_branch(c, branch, use, field) || any;
        if (i + 1 < count)
            emit(c, STEP_JUMP, 0, UINT32_MAX);
    }
    const uint32_t end = c->program->step_count;
    for (uint32_t i = first; i < end; i++) {
        struct step *s = &c->program->steps[i];
        if (s->code == STEP_JUMP && s->arg == UINT32_MAX)
            s->arg = end;
    }
    return any;
}

static bool emit_field(struct compiler *c, avro_schema_t written, int32_t number)
{
    const avro_schema_t w = target_of(written);
    if (is_avro_union(w))
        return emit_union(c, w, BRANCH_READ_FIELD, number);
    return emit_plain(c, w, number, false);
}

/* ---- routines ---------------------------------------------------------------- */

static int32_t written_index(avro_schema_t record, const char *name)
{
    return avro_schema_record_field_get_index(record, name);
}

/* Which written field is ours: by name, else by the first alias that is written. */
static int32_t source_of(avro_schema_t record, const struct reader_field *field)
{
    int32_t at = written_index(record, field->name);
    for (int32_t i = 0; i < field->alias_count && at < 0; i++)
        at = written_index(record, field->aliases[i]);
    return at;
}

static bool refuse(struct compiler *c, const char *what, const char *field)
{
    if (c->why.text[0] == '\0')
        reason_set(&c->why, "%s '%s'", what, field);
    return false;
}

/* sources[i]: the written field that is our field i, NONE: its default holds. */
static bool find_sources(struct compiler *c, avro_schema_t record,
                         int32_t sources[READER_FIELDS_MAX])
{
    for (int32_t i = 0; i < c->reader->field_count; i++) {
        const struct reader_field *field = &c->reader->fields[i];
        sources[i] = source_of(record, field);
        if (sources[i] < 0 && !field->has_default)
            return refuse(c, "it has no field", field->name);
    }
    return true;
}

/* Which of ours wants written field `index`; NONE: nobody. */
static int32_t wanted_by(const struct compiler *c, const int32_t *sources, int32_t index)
{
    for (int32_t i = 0; i < c->reader->field_count; i++) {
        if (sources[i] == index)
            return i;
    }
    return NONE;
}

static bool emit_read_fields(struct compiler *c, avro_schema_t record)
{
    int32_t sources[READER_FIELDS_MAX];
    if (!find_sources(c, record, sources))
        return false;
    const int32_t count = (int32_t)avro_schema_record_size(record);
    for (int32_t i = 0; i < count && !c->overflow; i++) {
        const avro_schema_t written = avro_schema_record_field_get_by_index(record, i);
        const int32_t number = wanted_by(c, sources, i);
        if (number == NONE)
            emit_skip(c, written);
        else if (!emit_field(c, written, number))
            return refuse(c, "our type does not fit its field", c->reader->fields[number].name);
    }
    return !c->overflow;
}

static void compile_read(struct compiler *c, avro_schema_t schema)
{
    if (is_avro_union(schema)) {
        emit_union(c, schema, BRANCH_READ_RECORD, NONE);
        return;
    }
    if (!is_avro_record(schema))
        refuse(c, "it is no record but", avro_schema_type_name(schema));
    else if (emit_read_fields(c, schema)) {
        c->readable = true;
        return;
    }
    emit(c, STEP_FAIL, 0, 0);
}

static void compile_item(struct compiler *c, avro_schema_t schema, int32_t field)
{
    const bool fits = is_avro_union(schema) ? emit_union(c, schema, BRANCH_READ_ITEM, field)
                                            : emit_plain(c, schema, field, true);
    if (fits)
        return;
    c->broken_item = true;
    refuse(c, "our type does not fit the items of its field", c->reader->fields[field].name);
}

static void compile_skip(struct compiler *c, avro_schema_t schema)
{
    if (is_avro_union(schema)) {
        emit_union(c, schema, BRANCH_SKIP, NONE);
        return;
    }
    if (!is_avro_record(schema)) {
        emit_skip(c, schema);
        return;
    }
    const int count = (int)avro_schema_record_size(schema);
    for (int i = 0; i < count && !c->overflow; i++)
        emit_skip(c, avro_schema_record_field_get_by_index(schema, i));
}

static void compile_routine(struct compiler *c, uint32_t index)
{
    struct routine *r = &c->routines[index];
    r->entry = c->program->step_count;
    if (r->kind == ROUTINE_READ)
        compile_read(c, r->schema);
    else if (r->kind == ROUTINE_ITEM)
        compile_item(c, r->schema, r->field);
    else
        compile_skip(c, r->schema);
    emit(c, STEP_RETURN, 0, 0);
}

/* Calls were written with the routine's number; now its place is known. */
static void link_calls(struct compiler *c)
{
    for (uint32_t i = 0; i < c->program->step_count; i++) {
        struct step *s = &c->program->steps[i];
        if (s->code == STEP_CALL || s->code == STEP_ARRAY || s->code == STEP_MAP) {
            CHECK(s->arg < c->routine_count);
            s->arg = c->routines[s->arg].entry;
        }
    }
}

static enum status compile_all(struct compiler *c, avro_schema_t schema)
{
    want_routine(c, ROUTINE_READ, target_of(schema), NONE);
    for (uint32_t i = 0; i < c->routine_count && !c->overflow; i++)
        compile_routine(c, i);
    if (c->overflow) {
        reason_set(&c->why, "it is too large");
        return STATUS_MALFORMED;
    }
    if (!c->readable || c->broken_item)
        return STATUS_MALFORMED;
    link_calls(c);
    return STATUS_OK;
}

/* ---- parsing ------------------------------------------------------------------ */

/* avro-c parses by recursion: bound its depth before it begins. */
static bool nests_too_deep(struct span text)
{
    int32_t open = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.at[i];
        if (byte == '\\' && quoted)
            i++;
        else if (byte == '"')
            quoted = !quoted;
        else if (!quoted && (byte == '{' || byte == '['))
            open++;
        else if (!quoted && (byte == '}' || byte == ']'))
            open--;
        if (open > PROGRAM_NESTING_MAX)
            return true;
    }
    return false;
}

static enum status parse(struct span text, avro_schema_t *ret_schema, struct reason *why)
{
    if (text.size > PROGRAM_TEXT_MAX || nests_too_deep(text)) {
        reason_set(why, "the schema is too large or nests too deep");
        return STATUS_MALFORMED;
    }
    avro_schema_t schema = NULL;
    if (avro_schema_from_json_length((const char *)text.at, text.size, &schema) != 0) {
        reason_set(why, "it is no Avro schema: %s", avro_strerror());
        return STATUS_MALFORMED;
    }
    *ret_schema = schema;
    return STATUS_OK;
}

static struct schema_program *program_new(const struct reader_schema *reader)
{
    struct schema_program *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    p->reader = reader;
    p->steps = calloc(PROGRAM_STEPS_MAX, sizeof *p->steps);
    p->tables = calloc(PROGRAM_TABLES_MAX, sizeof *p->tables);
    CHECK(p->steps != NULL && p->tables != NULL);
    return p;
}

/* Gives back the room that was not needed. */
static void program_shrink(struct schema_program *p)
{
    struct step *steps = realloc(p->steps, (p->step_count + 1) * sizeof *steps);
    int32_t *tables = realloc(p->tables, (p->table_count + 1) * sizeof *tables);
    CHECK(steps != NULL && tables != NULL);
    p->steps = steps;
    p->tables = tables;
}

void schema_program_free(struct schema_program *program)
{
    if (program == NULL)
        return;
    free(program->steps);
    free(program->tables);
    free(program);
}

static enum status compile_parsed(avro_schema_t schema, const struct reader_schema *reader,
                                  struct schema_program **ret_program, struct reason *why)
{
    struct compiler *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->reader = reader;
    c->program = program_new(reader);
    const enum status s = compile_all(c, schema);
    if (s == STATUS_OK) {
        program_shrink(c->program);
        *ret_program = c->program;
    } else {
        reason_set(why, "%s", c->why.text);
        schema_program_free(c->program);
    }
    free(c);
    return s;
}

static void lock_avro(pthread_mutex_t *lock)
{
    if (lock != NULL)
        pthread_mutex_lock(lock);
}

static void unlock_avro(pthread_mutex_t *lock)
{
    if (lock != NULL)
        pthread_mutex_unlock(lock);
}

enum status schema_program_compile(struct span text, const struct reader_schema *reader,
                                   pthread_mutex_t *lock, struct schema_program **ret_program,
                                   struct reason *why)
{
    lock_avro(lock);
    avro_schema_t schema;
    enum status s = parse(text, &schema, why);
    if (s == STATUS_OK) {
        s = compile_parsed(schema, reader, ret_program, why);
        avro_schema_decref(schema);
    }
    unlock_avro(lock);
    return s;
}

bool schema_program_is_schema(struct span text, pthread_mutex_t *lock, struct reason *why)
{
    lock_avro(lock);
    avro_schema_t schema;
    const bool is_schema = parse(text, &schema, why) == STATUS_OK;
    if (is_schema)
        avro_schema_decref(schema);
    unlock_avro(lock);
    return is_schema;
}
