/* letters.c - see letters.h. */
#include "flow/letters.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LETTER_HEADERS = 7,
    NUMBER_BYTES = 24,
    /* What brokers take unless told otherwise, less headers. A larger record came compressed,
     * and would be refused again and again; it is still where it came from. */
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
    char left_out[NUMBER_BYTES];
    struct outgoing_header headers[LETTER_HEADERS + 1];
};

static void write_headers(struct letter *l, const struct waiting_letter *w,
                          const char *source_topic)
{
    const struct record *record = &w->record;
    (void)snprintf(l->partition, sizeof l->partition, "%d", record->shard);
    (void)snprintf(l->offset, sizeof l->offset, "%" PRId64, record->offset);
    (void)snprintf(l->schema, sizeof l->schema, "%d", w->schema_id);
    (void)snprintf(l->time, sizeof l->time, "%" PRId64, w->rejected_at.ms);
    (void)snprintf(l->left_out, sizeof l->left_out, "%zu", w->value_size);
    const struct outgoing_header headers[LETTER_HEADERS + 1] = {
        { "reason", span_of_text(reject_code(w->reject)) },
        { "reason_text", span_of_text(reject_text(w->reject)) },
        { "source_topic", span_of_text(source_topic) },
        { "source_partition", span_of_text(l->partition) },
        { "source_offset", span_of_text(l->offset) },
        { "schema_id", span_of_text(l->schema) },
        { "rejected_at", span_of_text(l->time) },
        { "value_left_out", span_of_text(l->left_out) },
    };
    memcpy(l->headers, headers, sizeof headers);
}

static bool is_large(const struct waiting_letter *w)
{
    CHECK(w->has_key || w->key_size == 0);
    return w->key_size + w->value_size > LETTER_BYTES;
}

/* A key that large is nobody's id; the value may still fit without it. */
static struct span key_of_letter(const struct record *record)
{
    CHECK(record->key.at != NULL || record->key.size == 0);
    return record->key.size > LETTER_BYTES ? span_of(NULL, 0) : record->key;
}

/* False: the sink has no room. */
static bool send_letter(const struct letters *l, const struct waiting_letter *w)
{
    struct letter letter;
    write_headers(&letter, w, l->topic_names[w->record.topic]);
    const struct outgoing out = { .kind = OUTGOING_DEAD_LETTER,
                                  .shard = w->record.shard,
                                  .key = w->record.key,
                                  .value = is_large(w) ? span_of(NULL, 0) : w->record.value,
                                  .headers = letter.headers,
                                  .header_count = LETTER_HEADERS + is_large(w),
                                  .cookie = w->generation };
    const struct sink_port *sink = &l->world->ports->sink;
    struct reason why = { 0 };
    return sink->send(sink->self, &out, &why) == STATUS_OK;
}

/* ---- waiting --------------------------------------------------------------------------- */

/* The bytes that a waiting letter keeps: its key, and its value unless that is left out. */
static size_t kept_bytes(const struct waiting_letter *w)
{
    return w->key_size + (is_large(w) ? 0 : w->value_size);
}

static void keep(struct letters *l, const struct waiting_letter *w)
{
    CHECK(l->count < l->capacity);
    buffer_add(&l->bytes, w->record.key);
    if (!is_large(w))
        buffer_add(&l->bytes, w->record.value);
    l->waiting[l->count++] = *w;
}

/* Its claim is over: the record was not saved past, and is read again by the next owner. */
static bool is_over(const struct letters *l, const struct waiting_letter *w)
{
    const struct tenure *t = &l->tenures[w->record.shard];
    return !t->active || t->generation != w->generation;
}

void letters_set_aside(struct letters *l, const struct record *record, enum reject reject,
                       int32_t schema_id)
{
    CHECK(reject != REJECT_NONE);
    struct tenure *t = &l->tenures[record->shard];
    struct record kept = *record;
    kept.key = key_of_letter(record);
    const struct waiting_letter w = { .record = kept,
                                      .has_key = kept.key.at != NULL,
                                      .key_size = kept.key.size,
                                      .value_size = record->value.size,
                                      .reject = reject,
                                      .schema_id = schema_id,
                                      .generation = t->generation,
                                      .rejected_at = l->world->ports->now() };
    t->letters_unacknowledged += 1;
    metrics_add_of(l->world->metrics, METRIC_REJECTS, reject, 1);
    if (letters_wait(l) || !send_letter(l, &w))
        keep(l, &w);
}

void letters_send(struct letters *l)
{
    for (; l->sent < l->count; l->sent++) {
        struct waiting_letter *w = &l->waiting[l->sent];
        const uint8_t *at = l->bytes.at + l->bytes_sent;
        if (w->has_key)
            w->record.key = span_of(at, w->key_size);
        if (w->record.value.at != NULL)
            w->record.value = span_of(at + w->key_size, w->value_size);
        if (!is_over(l, w) && !send_letter(l, w))
            return;
        l->bytes_sent += kept_bytes(w);
    }
    l->count = 0;
    l->sent = 0;
    l->bytes_sent = 0;
    buffer_clear(&l->bytes);
}
