/* letters.c - see letters.h. */
#include "flow/letters.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    LETTER_HEADERS_MAX = 9,
    NUMBER_BYTES = 24,
    /* What brokers take unless told otherwise, less headers. A larger record came compressed;
     * it is still where it came from. */
    LETTER_BYTES = 1000 * 1000,
};

void letters_open(struct letters *l, int32_t capacity, struct arena *arena)
{
    CHECK(capacity > 0 && l->waiting == NULL);
    l->arena = arena;
    l->capacity = capacity;
    l->waiting = arena_take(arena, (size_t)capacity * sizeof *l->waiting);
}

void letters_close(struct letters *l)
{
    CHECK(l->capacity > 0);
    arena_give_back(l->arena, l->waiting, (size_t)l->capacity * sizeof *l->waiting);
    l->waiting = NULL;
    buffer_free(&l->bytes);
}

bool letters_wait(const struct letters *l)
{
    CHECK(l->sent <= l->count);
    return l->count > 0;
}

/* ---- one letter ------------------------------------------------------------------------ */

struct letter {
    char partition[NUMBER_BYTES];
    char offset[NUMBER_BYTES];
    char schema[NUMBER_BYTES];
    char time[NUMBER_BYTES];
    char value_left_out[NUMBER_BYTES];
    char key_left_out[NUMBER_BYTES];
    struct outgoing_header headers[LETTER_HEADERS_MAX];
    int32_t header_count;
};

static void add_header(struct letter *l, const char *name, struct span value)
{
    CHECK(l->header_count < LETTER_HEADERS_MAX);
    l->headers[l->header_count++] = (struct outgoing_header){ name, value };
}

static void add_number(struct letter *l, const char *name, int64_t number,
                       char text[NUMBER_BYTES])
{
    (void)snprintf(text, NUMBER_BYTES, "%" PRId64, number);
    add_header(l, name, span_of_text(text));
}

static void write_headers(struct letter *l, const struct waiting_letter *w,
                          const char *source_topic)
{
    const struct record *record = &w->record;
    l->header_count = 0;
    add_header(l, "reason", span_of_text(reject_code(w->reject)));
    add_header(l, "reason_text", span_of_text(reject_text(w->reject)));
    add_header(l, "source_topic", span_of_text(source_topic));
    add_number(l, "source_partition", record->shard, l->partition);
    add_number(l, "source_offset", record->offset, l->offset);
    add_number(l, "schema_id", w->schema_id, l->schema);
    add_number(l, "rejected_at", w->rejected_at.ms, l->time);
    if (w->value == LETTER_LEAVES_OUT)
        add_number(l, "value_left_out", (int64_t)w->value_size, l->value_left_out);
    if (w->key == LETTER_LEAVES_OUT)
        add_number(l, "key_left_out", (int64_t)w->key_size, l->key_left_out);
}

static struct span taken(enum letter_part part, struct span bytes)
{
    return part == LETTER_TAKES ? bytes : span_of(NULL, 0);
}

static enum status try_to_send(const struct letters *l, const struct waiting_letter *w,
                               struct reason *why)
{
    CHECK(w->record.topic < TOPIC_COUNT);
    struct letter letter;
    write_headers(&letter, w, l->topic_names[w->record.topic]);
    const struct outgoing out = { .kind = OUTGOING_DEAD_LETTER,
                                  .shard = w->record.shard,
                                  .key = taken(w->key, w->record.key),
                                  .value = taken(w->value, w->record.value),
                                  .headers = letter.headers,
                                  .header_count = letter.header_count,
                                  .cookie = w->generation };
    const struct sink_port *sink = &l->world->ports->sink;
    return sink->send(sink->self, &out, why);
}

/* The value first: it is larger, usually, and the key says whose record it was. */
static bool leave_something_out(struct waiting_letter *w)
{
    enum letter_part *part = w->value == LETTER_TAKES ? &w->value : &w->key;
    if (*part != LETTER_TAKES)
        return false;
    *part = LETTER_LEAVES_OUT;
    return true;
}

/* The sink may be set to take less than we send (message.max.bytes): then with less. */
static enum status send_letter(const struct letters *l, const struct waiting_letter *w,
                               struct reason *ret_why)
{
    struct waiting_letter form = *w;
    struct reason why = { 0 };
    enum status s = try_to_send(l, &form, &why);
    while (s == STATUS_REFUSED && leave_something_out(&form))
        s = try_to_send(l, &form, &why);
    if (s == STATUS_REFUSED)
        reason_set(ret_why,
                   "the dead letter of topic %s, partition %d, offset %" PRId64
                   " is refused even without key and value: %s",
                   l->topic_names[w->record.topic], (int)w->record.shard, w->record.offset,
                   why.text);
    else
        *ret_why = why;
    return s;
}

/* ---- waiting --------------------------------------------------------------------------- */

/* The bytes of it that wait with it. */
static size_t kept_bytes(const struct waiting_letter *w)
{
    return (w->key == LETTER_TAKES ? w->key_size : 0) +
           (w->value == LETTER_TAKES ? w->value_size : 0);
}

static void keep(struct letters *l, const struct waiting_letter *w, const struct reason *why)
{
    CHECK(l->count < l->capacity);
    if (!letters_wait(l)) {
        l->waits_since = w->rejected_at;
        l->why = *why;
    }
    buffer_add(&l->bytes, taken(w->key, w->record.key));
    buffer_add(&l->bytes, taken(w->value, w->record.value));
    l->waiting[l->count++] = *w;
}

/* Its claim is over: the record was not saved past, and is read again by the next owner. */
static bool is_over(const struct letters *l, const struct waiting_letter *w)
{
    const struct tenure *t = &l->tenures[w->record.shard];
    return !t->active || t->generation != w->generation;
}

/* A key that large is nobody's id; the value may still fit without it. */
static void choose_parts(struct waiting_letter *w)
{
    const struct record *record = &w->record;
    CHECK(record->key.at != NULL || record->key.size == 0);
    CHECK(record->value.at != NULL || record->value.size == 0);
    w->key = record->key.at == NULL       ? LETTER_LACKS
             : w->key_size > LETTER_BYTES ? LETTER_LEAVES_OUT
                                          : LETTER_TAKES;
    const size_t size = kept_bytes(w) + w->value_size;
    w->value = record->value.at == NULL ? LETTER_LACKS
               : size > LETTER_BYTES    ? LETTER_LEAVES_OUT
                                        : LETTER_TAKES;
}

void letters_set_aside(struct letters *l, const struct record *record, enum reject reject,
                       int32_t schema_id)
{
    CHECK(reject != REJECT_NONE);
    struct tenure *t = &l->tenures[record->shard];
    struct waiting_letter w = { .record = *record,
                                .key_size = record->key.size,
                                .value_size = record->value.size,
                                .reject = reject,
                                .schema_id = schema_id,
                                .generation = t->generation,
                                .rejected_at = l->world->ports->now() };
    choose_parts(&w);
    t->letters_unacknowledged += 1;
    metrics_add_of(l->world->metrics, METRIC_REJECTS, reject, 1);
    struct reason why = { 0 };
    if (letters_wait(l) || send_letter(l, &w, &why) != STATUS_OK)
        keep(l, &w, &why);
}

/* Its bytes, which may have moved while others were added. */
static void point_to_bytes(const struct letters *l, struct waiting_letter *w)
{
    CHECK(l->bytes_sent + kept_bytes(w) <= l->bytes.size);
    const uint8_t *at = l->bytes.at + l->bytes_sent;
    const size_t key_size = w->key == LETTER_TAKES ? w->key_size : 0;
    if (w->key == LETTER_TAKES)
        w->record.key = span_of(at, key_size);
    if (w->value == LETTER_TAKES)
        w->record.value = span_of(at + key_size, w->value_size);
}

enum status letters_send(struct letters *l, struct reason *why)
{
    for (; l->sent < l->count; l->sent++) {
        struct waiting_letter *w = &l->waiting[l->sent];
        point_to_bytes(l, w);
        const enum status s = is_over(l, w) ? STATUS_OK : send_letter(l, w, &l->why);
        if (s != STATUS_OK) {
            *why = l->why;
            return s;
        }
        l->bytes_sent += kept_bytes(w);
    }
    CHECK(l->bytes_sent == l->bytes.size);
    l->count = 0;
    l->sent = 0;
    l->bytes_sent = 0;
    buffer_clear(&l->bytes);
    return STATUS_OK;
}
