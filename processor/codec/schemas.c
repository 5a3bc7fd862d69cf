/* schemas.c - see schemas.h. */
#include "codec/schemas.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/log.h"
#include "codec/event_codec.h"
#include "codec/event_schema.h"
#include "codec/framing.h"

#include <stdlib.h>

enum { SETS = 64, WAYS = 4, NO_SCHEMA_ID = -1 };

static const int64_t MISSING_MS = 60 * SECOND_MS;
static const int64_t RETRY_FIRST_MS = 100;
static const int64_t RETRY_LONGEST_MS = 10 * SECOND_MS;

enum entry_state {
    ENTRY_FREE,
    ENTRY_FETCHING,
    ENTRY_READY,
    ENTRY_INCOMPATIBLE,
    ENTRY_MISSING,
};

struct entry {
    enum entry_state state;
    enum topic topic;
    int32_t id;
    uint64_t used;                  /* turn of the last use */
    struct schema_program *program; /* READY; owned */
    wall_time asked;                /* FETCHING: last failure; MISSING: when it was missing */
    int64_t retry_ms;               /* FETCHING: how long we wait next; 0: nothing is wrong */
    struct reason why;              /* FETCHING and unwell */
};

struct schemas {
    struct schemas_options options;
    struct reader_schema *readers[TOPIC_COUNT]; /* owned */
    uint64_t turn;
    struct buffer json; /* the text being compiled */
    struct entry entries[SETS][WAYS];
};

struct schemas *schemas_open(const struct schemas_options *options)
{
    CHECK(options->now != NULL);
    struct schemas *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->options = *options;
    if (s->options.missing_ms == 0)
        s->options.missing_ms = MISSING_MS;
    if (s->options.retry_first_ms == 0)
        s->options.retry_first_ms = RETRY_FIRST_MS;
    if (s->options.retry_longest_ms == 0)
        s->options.retry_longest_ms = RETRY_LONGEST_MS;
    for (unsigned t = 0; t < TOPIC_COUNT; t++)
        s->readers[t] = event_schema_open((enum topic)t);
    return s;
}

void schemas_close(struct schemas *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < SETS; i++) {
        for (size_t j = 0; j < WAYS; j++)
            schema_program_free(s->entries[i][j].program);
    }
    for (unsigned t = 0; t < TOPIC_COUNT; t++)
        reader_schema_close(s->readers[t]);
    buffer_free(&s->json);
    free(s);
}

/* ---- places -------------------------------------------------------------------- */

static size_t set_of(enum topic topic, int32_t id)
{
    return hash_mix((uint64_t)topic, (uint64_t)(uint32_t)id) % SETS;
}

/* How gladly a place is given up; a schema under way never is. */
static int worth(const struct entry *e)
{
    switch (e->state) {
    case ENTRY_FREE:
        return 0;
    case ENTRY_MISSING:
    case ENTRY_INCOMPATIBLE:
        return 1;
    case ENTRY_READY:
        return 2;
    case ENTRY_FETCHING:
        return 3;
    }
    return 3;
}

/* A place for a new id; NULL: all of its set are under way. */
static struct entry *make_room(struct schemas *s, enum topic topic, int32_t id)
{
    struct entry *set = s->entries[set_of(topic, id)];
    struct entry *best = &set[0];
    for (size_t j = 1; j < WAYS; j++) {
        const int by_worth = worth(&set[j]) - worth(best);
        if (by_worth < 0 || (by_worth == 0 && set[j].used < best->used))
            best = &set[j];
    }
    if (best->state == ENTRY_FETCHING)
        return NULL;
    schema_program_free(best->program);
    *best = (struct entry){ .state = ENTRY_FETCHING, .topic = topic, .id = id };
    return best;
}

static struct entry *place(struct schemas *s, enum topic topic, int32_t id)
{
    struct entry *set = s->entries[set_of(topic, id)];
    for (size_t j = 0; j < WAYS; j++) {
        if (set[j].state != ENTRY_FREE && set[j].topic == topic && set[j].id == id)
            return &set[j];
    }
    return make_room(s, topic, id);
}

/* ---- fetching ------------------------------------------------------------------ */

static enum status fetch_text(struct schemas *s, int32_t id, struct reason *why)
{
    const struct schemas_options *o = &s->options;
    buffer_clear(&s->json);
    for (int32_t i = 0; i < o->local_count; i++) {
        if (o->locals[i].id == id) {
            buffer_add(&s->json, o->locals[i].json);
            return STATUS_OK;
        }
    }
    if (o->source.fetch == NULL)
        return STATUS_MISSING;
    return o->source.fetch(o->source.self, id, &s->json, why);
}

/* The dead letters that follow tell the id; only here is known what is wrong with it. */
static void become_incompatible(struct entry *e, const struct reason *why)
{
    e->state = ENTRY_INCOMPATIBLE;
    log_write(LOG_WARN, "schema_incompatible", "topic=%s schema_id=%d why=\"%s\"",
              topic_label(e->topic), (int)e->id, why->text);
}

static void compile(struct schemas *s, struct entry *e)
{
    struct reason why = { 0 };
    const enum status status = schema_program_compile(
        buffer_span(&s->json), s->readers[e->topic], s->options.lock, &e->program, &why);
    if (status == STATUS_OK)
        e->state = ENTRY_READY;
    else
        become_incompatible(e, &why);
}

/* The source is unwell: wait twice as long as the last time. */
static void retry_later(const struct schemas *s, struct entry *e, wall_time now)
{
    e->retry_ms = e->retry_ms == 0 ? s->options.retry_first_ms : 2 * e->retry_ms;
    if (e->retry_ms > s->options.retry_longest_ms)
        e->retry_ms = s->options.retry_longest_ms;
    e->asked = now;
}

static void fetch(struct schemas *s, struct entry *e)
{
    const wall_time now = s->options.now();
    if (e->retry_ms != 0 && !wall_time_passed(e->asked, e->retry_ms, now))
        return;
    const enum status status = fetch_text(s, e->id, &e->why);
    if (status == STATUS_OK) {
        compile(s, e);
    } else if (status == STATUS_MISSING) {
        e->state = ENTRY_MISSING;
        e->asked = now;
    } else if (status == STATUS_MALFORMED) {
        become_incompatible(e, &e->why);
    } else if (status != STATUS_PENDING) {
        retry_later(s, e, now);
    }
}

/* The entry of an id, moved on as far as it can; NULL: no room, ask again. */
static const struct entry *look_up(struct schemas *s, enum topic topic, int32_t id)
{
    struct entry *e = place(s, topic, id);
    if (e == NULL)
        return NULL;
    e->used = ++s->turn;
    if (e->state == ENTRY_MISSING &&
        wall_time_passed(e->asked, s->options.missing_ms, s->options.now())) {
        e->state = ENTRY_FETCHING;
        e->retry_ms = 0;
    }
    if (e->state == ENTRY_FETCHING)
        fetch(s, e);
    return e;
}

/* ---- the port -------------------------------------------------------------------- */

static enum reject refusal(enum entry_state state)
{
    return state == ENTRY_MISSING ? REJECT_UNKNOWN_SCHEMA : REJECT_INCOMPATIBLE_SCHEMA;
}

static enum status decode(void *self, const struct record *record, struct event *ret_event,
                          enum reject *ret_reject, int32_t *ret_schema_id)
{
    struct schemas *s = self;
    struct framed framed;
    *ret_schema_id = NO_SCHEMA_ID;
    *ret_reject = framing_split(record->value, &framed);
    if (*ret_reject != REJECT_NONE)
        return STATUS_MALFORMED;

    *ret_schema_id = framed.schema_id;
    const struct entry *e = look_up(s, record->topic, framed.schema_id);
    if (e == NULL || e->state == ENTRY_FETCHING)
        return STATUS_PENDING;
    *ret_reject = e->state == ENTRY_READY
                      ? event_codec_decode(e->program, framed.body, record->key, ret_event)
                      : refusal(e->state);
    return *ret_reject == REJECT_NONE ? STATUS_OK : STATUS_MALFORMED;
}

static bool troubled(void *self, struct reason *why)
{
    const struct schemas *s = self;
    for (size_t i = 0; i < SETS * WAYS; i++) {
        const struct entry *e = &s->entries[i / WAYS][i % WAYS];
        if (e->state == ENTRY_FETCHING && e->retry_ms != 0) {
            reason_set(why, "schema %d of topic %s: %s", (int)e->id, topic_label(e->topic),
                       e->why.text);
            return true;
        }
    }
    return false;
}

struct decoder_port schemas_port(struct schemas *schemas)
{
    return (struct decoder_port){ .self = schemas, .decode = decode, .troubled = troubled };
}
