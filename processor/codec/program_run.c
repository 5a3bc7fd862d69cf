/* program_run.c - see program_run.h.
 *
 * DESIGN
 * ------
 * A loop takes one step after another. Steps that read or skip bytes go straight
 * on; CALL, ARRAY and MAP push a frame, RETURN looks at the newest one:
 *
 *      frames:  [ call: go on at 4 ] [ loop: go on at 9, item at 12, 3 left ]
 *
 * A loop's frame stays until its last block is done. A broken value does not
 * stop the machine at once: reading yields zeros, `broken` is seen at the next
 * control step, as every way through a program meets one.
 *
 * Straight steps take at least one byte each, so only control steps can run for
 * nothing: these are counted, and a record may take so many per byte.
 */
#include "codec/program_run.h"

#include "base/check.h"
#include "codec/utf8.h"
#include "kpi/event.h"

#include <math.h>
#include <string.h>

enum { VARINT_BYTES_MAX = 10 };

/* Control steps that a record may take: far above what real ones need. */
enum { TURNS_AT_LEAST = 1 << 16, TURNS_PER_BYTE = 256 };

struct frame {
    uint32_t resume; /* where to go on after it */
    bool loop;
    bool keys;     /* a map: a key stands before each item */
    uint32_t item; /* first step of the item's routine */
    uint64_t left; /* items left in this block */
};

struct run {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *record;
    const struct schema_program *program;
    uint64_t turns; /* control steps left */
    uint32_t pc;
    uint32_t depth;
    bool broken;
    struct frame frames[PROGRAM_DEPTH_MAX];
};

/* ---- bytes --------------------------------------------------------------------- */

static size_t left(const struct run *r)
{
    return (size_t)(r->end - r->at);
}

static uint64_t take_long_varint(struct run *r)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX && r->at < r->end; i++) {
        const uint8_t byte = *r->at++;
        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0)
            return value;
    }
    r->broken = true;
    return 0;
}

static inline uint64_t take_varint(struct run *r)
{
    if (r->at < r->end && *r->at < 0x80)
        return *r->at++;
    return take_long_varint(r);
}

static inline int64_t take_long(struct run *r)
{
    const uint64_t packed = take_varint(r);
    return (int64_t)((packed >> 1) ^ (0 - (packed & 1)));
}

static inline int32_t take_int(struct run *r)
{
    const int64_t value = take_long(r);
    if (value >= INT32_MIN && value <= INT32_MAX)
        return (int32_t)value;
    r->broken = true;
    return 0;
}

/* A count of bytes that must be there. */
static inline size_t take_size(struct run *r)
{
    const int64_t size = take_long(r);
    if (size >= 0 && (uint64_t)size <= left(r))
        return (size_t)size;
    r->broken = true;
    return 0;
}

static inline struct span take_bytes(struct run *r)
{
    const size_t size = take_size(r);
    const struct span bytes = { r->at, size };
    r->at += size;
    return bytes;
}

static inline struct span take_text(struct run *r)
{
    const struct span text = take_bytes(r);
    if (!utf8_valid(text))
        r->broken = true;
    return text;
}

static inline const uint8_t *take_fixed(struct run *r, size_t size)
{
    static const uint8_t zeros[sizeof(double)] = { 0 };
    if (size > left(r)) {
        r->broken = true;
        return zeros;
    }
    const uint8_t *at = r->at;
    r->at += size;
    return at;
}

static inline bool take_boolean(struct run *r)
{
    const uint8_t byte = *take_fixed(r, 1);
    if (byte > 1)
        r->broken = true;
    return byte == 1;
}

/* Avro is little-endian, whatever we run on. */
static uint64_t little_endian(const uint8_t *at, unsigned size)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < size; i++)
        bits |= (uint64_t)at[i] << (8 * i);
    return bits;
}

static double take_float(struct run *r)
{
    const uint32_t bits = (uint32_t)little_endian(take_fixed(r, sizeof bits), sizeof bits);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static double take_double(struct run *r)
{
    const uint64_t bits = little_endian(take_fixed(r, sizeof bits), sizeof bits);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Index of an enum or a union: one of `count`. */
static inline uint32_t take_index(struct run *r, uint32_t count)
{
    const int64_t index = take_long(r);
    if (index >= 0 && index < (int64_t)count)
        return (uint32_t)index;
    r->broken = true;
    return 0;
}

/* ---- members of the record ---------------------------------------------------- */

static inline void put_text(struct run *r, const struct step *s, struct span text)
{
    memcpy(r->record + s->offset, &text, sizeof text);
}

static inline void put_int64(struct run *r, const struct step *s, int64_t value)
{
    memcpy(r->record + s->offset, &value, sizeof value);
}

static inline void put_number(struct run *r, const struct step *s, bool known, int64_t value)
{
    const struct optional number = { .known = known, .value = value };
    memcpy(r->record + s->offset, &number, sizeof number);
}

static inline void put_double(struct run *r, const struct step *s, double value)
{
    memcpy(r->record + s->offset, &value, sizeof value);
}

static inline void put_32(struct run *r, const struct step *s, uint32_t value)
{
    memcpy(r->record + s->offset, &value, sizeof value);
}

static inline void put_bool(struct run *r, const struct step *s, bool value)
{
    memcpy(r->record + s->offset, &value, sizeof value);
}

static inline void put_enum(struct run *r, const struct step *s)
{
    const int32_t *table = r->program->tables + s->arg;
    const uint32_t count = (uint32_t)table[0];
    const uint32_t index = take_index(r, count);
    if (count == 0 || table[1 + index] < 0) {
        r->broken = true; /* a symbol that we do not know, and no default for it */
        return;
    }
    put_32(r, s, (uint32_t)table[1 + index]);
}

static const struct slot *slot_of(const struct run *r, const struct step *s)
{
    return r->program->reader->fields[s->arg].slot;
}

static void clear_texts(struct run *r, const struct step *s)
{
    memset(r->record + slot_of(r, s)->count_offset, 0, sizeof(int32_t));
}

/* Items beyond the capacity are read, not kept; the count then says capacity + 1. */
static void add_text(struct run *r, const struct step *s)
{
    const struct slot *slot = slot_of(r, s);
    const struct span text = take_text(r);
    int32_t count;
    memcpy(&count, r->record + slot->count_offset, sizeof count);
    if (count < slot->capacity)
        memcpy(r->record + slot->offset + (size_t)count * sizeof text, &text, sizeof text);
    if (count <= slot->capacity)
        count++;
    memcpy(r->record + slot->count_offset, &count, sizeof count);
}

/* ---- straight steps ------------------------------------------------------------- */

static void put_null(struct run *r, const struct step *s)
{
    if (s->code == STEP_NO_TEXT)
        put_text(r, s, (struct span){ 0 });
    else if (s->code == STEP_NO_NUMBER)
        put_number(r, s, false, 0);
    else if (s->code == STEP_NO_DOUBLE)
        put_double(r, s, NAN);
    else
        put_32(r, s, 0);
}

static void read_real(struct run *r, const struct step *s)
{
    if (s->code == STEP_FLOAT)
        put_double(r, s, take_float(r));
    else if (s->code == STEP_DOUBLE)
        put_double(r, s, take_double(r));
    else if (s->code == STEP_INT_TO_DOUBLE)
        put_double(r, s, (double)take_int(r));
    else if (s->code == STEP_LONG_TO_DOUBLE)
        put_double(r, s, (double)take_long(r));
    else if (s->code == STEP_LONG_TO_FLOAT)
        put_double(r, s, (double)(float)take_long(r));
    else
        put_double(r, s, (double)(float)take_int(r));
}

static void skip(struct run *r, const struct step *s)
{
    if (s->code == STEP_SKIP_TEXT)
        (void)take_bytes(r);
    else if (s->code == STEP_SKIP_LONG)
        (void)take_long(r);
    else if (s->code == STEP_SKIP_INT)
        (void)take_int(r);
    else if (s->code == STEP_SKIP_BOOLEAN)
        (void)take_boolean(r);
    else if (s->code == STEP_SKIP_ENUM)
        (void)take_index(r, s->arg);
    else
        (void)take_fixed(r, s->arg);
}

static inline void read_value(struct run *r, const struct step *s)
{
    switch (s->code) {
    case STEP_TEXT:
        put_text(r, s, take_text(r));
        return;
    case STEP_LONG_TO_INT64:
        put_int64(r, s, take_long(r));
        return;
    case STEP_ENUM:
        put_enum(r, s);
        return;
    case STEP_LONG_TO_OPTIONAL:
        put_number(r, s, true, take_long(r));
        return;
    case STEP_INT_TO_OPTIONAL:
        put_number(r, s, true, take_int(r));
        return;
    case STEP_INT_TO_INT64:
        put_int64(r, s, take_int(r));
        return;
    case STEP_INT_TO_INT32:
        put_32(r, s, (uint32_t)take_int(r));
        return;
    case STEP_BOOLEAN:
        put_bool(r, s, take_boolean(r));
        return;
    case STEP_ADD_TEXT:
        add_text(r, s);
        return;
    case STEP_CLEAR_TEXTS:
        clear_texts(r, s);
        return;
    case STEP_BYTES:
        put_text(r, s, take_bytes(r));
        return;
    case STEP_NO_TEXT:
    case STEP_NO_NUMBER:
    case STEP_NO_DOUBLE:
    case STEP_NO_ENUM:
        put_null(r, s);
        return;
    default:
        read_real(r, s);
    }
}

/* ---- control steps ------------------------------------------------------------- */

static void push(struct run *r, struct frame frame)
{
    if (r->depth == PROGRAM_DEPTH_MAX) {
        r->broken = true;
        return;
    }
    r->frames[r->depth++] = frame;
}

/* A block of items: its count, negative when its size in bytes stands behind. */
static uint64_t take_block(struct run *r)
{
    const int64_t count = take_long(r);
    if (count >= 0)
        return (uint64_t)count;
    (void)take_size(r);
    return 0 - (uint64_t)count;
}

/* The newest frame is a loop, and an item is done (or none has begun). */
static void next_item(struct run *r)
{
    struct frame *f = &r->frames[r->depth - 1];
    CHECK(f->loop);
    if (f->left == 0) {
        f->left = take_block(r);
        if (f->left == 0) {
            r->pc = f->resume;
            r->depth--;
            return;
        }
    }
    f->left--;
    if (f->keys)
        (void)take_bytes(r);
    r->pc = f->item;
}

static void begin_loop(struct run *r, const struct step *s)
{
    push(r, (struct frame){
                .resume = r->pc, .loop = true, .keys = s->code == STEP_MAP, .item = s->arg });
    if (!r->broken)
        next_item(r);
}

static void take_branch(struct run *r, const struct step *s)
{
    const int32_t *table = r->program->tables + s->arg;
    const uint32_t count = (uint32_t)table[0];
    const uint32_t index = take_index(r, count);
    if (count == 0)
        r->broken = true;
    else
        r->pc = (uint32_t)table[1 + index];
}

/* RETURN; true when it was the record's own. */
static bool come_back(struct run *r)
{
    if (r->depth == 0)
        return true;
    const struct frame *f = &r->frames[r->depth - 1];
    if (f->loop) {
        next_item(r);
        return false;
    }
    r->pc = f->resume;
    r->depth--;
    return false;
}

/* True when the record is done, well or not. */
static bool control(struct run *r, const struct step *s)
{
    if (r->broken || r->turns-- == 0 || s->code == STEP_FAIL) {
        r->broken = true;
        return true;
    }
    if (s->code == STEP_RETURN)
        return come_back(r);
    if (s->code == STEP_UNION) {
        take_branch(r, s);
    } else if (s->code == STEP_JUMP) {
        r->pc = s->arg;
    } else if (s->code == STEP_CALL) {
        push(r, (struct frame){ .resume = r->pc });
        r->pc = s->arg;
    } else {
        begin_loop(r, s);
    }
    return false;
}

enum status program_run(const struct schema_program *program, struct span body,
                        void *ret_record, size_t *ret_used)
{
    struct run r;
    r.at = body.at;
    r.end = body.at + body.size;
    r.record = ret_record;
    r.program = program;
    r.turns = TURNS_AT_LEAST + (uint64_t)body.size * TURNS_PER_BYTE;
    r.pc = 0;
    r.depth = 0;
    r.broken = false;
    memcpy(ret_record, program->reader->blank, program->reader->record_size);

    const struct step *steps = program->steps;
    for (bool done = false; !done;) {
        const struct step *s = &steps[r.pc++];
        if (s->code >= STEP_INT_TO_INT32)
            read_value(&r, s);
        else if (s->code >= STEP_SKIP_INT)
            skip(&r, s);
        else
            done = control(&r, s);
    }
    if (r.broken)
        return STATUS_MALFORMED;
    *ret_used = (size_t)(r.at - body.at);
    return STATUS_OK;
}
