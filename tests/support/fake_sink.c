/* fake_sink.c - the outgoing topics as plain arrays.
 *
 * A letter waits in its sink until its acknowledgement is due; then it lands in
 * its topic and is reported by the same poll. Landing and reporting are two
 * steps, so that a worker can die between them (fake_sink_kill).
 */
#include "support/fake_sink.h"

#include "base/check.h"
#include "base/name.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENTS_MAX = 4096 };

/* A letter in a topic or on its way; one allocation holds all its bytes. */
struct sheet {
    struct fake_letter letter; /* first: handed out */
    uint64_t cookie;
    int64_t due; /* the poll that acknowledges it */
    bool landed;
    bool turned;    /* it waited when its sender turned to the brokers last */
    bool given_up;  /* the sender is told that nobody knows, whether it landed or not */
    uint8_t *bytes; /* owned */
    struct outgoing_header *headers; /* owned; names are owned too */
};

struct row {
    struct sheet **at; /* owned */
    int64_t count;
    int64_t capacity;
    int64_t low;  /* what stands before it is not shown any more */
    int64_t end;  /* next offset */
    int64_t seen; /* the same for readers while topics hide */
};

struct fake_topics {
    int32_t partitions;
    struct row *alerts; /* [partitions] */
    struct row dead_letters;
    bool hides;
    struct fake_sink *clients[CLIENTS_MAX]; /* owned */
    int32_t client_count;
};

struct fake_sink {
    struct fake_topics *topics;
    struct row waiting; /* sent, not reported; those landed still belong to their topic */
    int32_t queue;
    int32_t record_bytes; /* larger ones are refused */
    int32_t delay;
    int64_t polls;
    int32_t break_after; /* -1: not */
    int32_t lands;       /* when the sender gives up */
    bool cut;
    bool dead;
};

/* ---- letters ----------------------------------------------------------------------- */

static uint8_t *put(uint8_t *to, struct span from, struct span *ret_copy)
{
    *ret_copy = from.at == NULL ? from : span_of(to, from.size);
    if (from.at != NULL && from.size > 0)
        memcpy(to, from.at, from.size);
    return to + (from.at == NULL ? 0 : from.size);
}

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    CHECK(copy != NULL);
    return copy;
}

static struct sheet *make_sheet(const struct outgoing *o)
{
    size_t size = o->key.size + o->value.size + 1;
    for (int32_t i = 0; i < o->header_count; i++)
        size += o->headers[i].value.size;
    struct sheet *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->bytes = calloc(1, size);
    s->headers = calloc((size_t)o->header_count + 1, sizeof *s->headers);
    CHECK(s->bytes != NULL && s->headers != NULL);
    uint8_t *to = put(s->bytes, o->key, &s->letter.key);
    to = put(to, o->value, &s->letter.value);
    for (int32_t i = 0; i < o->header_count; i++) {
        s->headers[i].name = copy_text(o->headers[i].name);
        to = put(to, o->headers[i].value, &s->headers[i].value);
    }
    s->letter.kind = o->kind;
    s->letter.shard = o->shard;
    s->letter.offset = -1;
    s->letter.headers = s->headers;
    s->letter.header_count = o->header_count;
    s->cookie = o->cookie;
    return s;
}

static void free_sheet(struct sheet *s)
{
    for (int32_t i = 0; i < s->letter.header_count; i++) {
        union {
            const char *lent;
            char *owned;
        } name = { .lent = s->headers[i].name };
        free(name.owned);
    }
    free(s->headers);
    free(s->bytes);
    free(s);
}

static void row_add(struct row *row, struct sheet *s)
{
    if (row->count == row->capacity) {
        row->capacity = row->capacity == 0 ? 64 : 2 * row->capacity;
        row->at = realloc(row->at, (size_t)row->capacity * sizeof(struct sheet *));
        CHECK(row->at != NULL);
    }
    row->at[row->count++] = s;
}

/* ---- topics --------------------------------------------------------------------------- */

struct fake_topics *fake_topics_open(int32_t alert_partitions)
{
    CHECK(alert_partitions > 0);
    struct fake_topics *t = calloc(1, sizeof *t);
    CHECK(t != NULL);
    t->partitions = alert_partitions;
    t->alerts = calloc((size_t)alert_partitions, sizeof *t->alerts);
    CHECK(t->alerts != NULL);
    return t;
}

static void free_row(struct row *row)
{
    for (int64_t i = 0; i < row->count; i++)
        free_sheet(row->at[i]);
    free(row->at);
}

static void free_client(struct fake_sink *sink)
{
    for (int64_t i = 0; i < sink->waiting.count; i++)
        if (!sink->waiting.at[i]->landed)
            free_sheet(sink->waiting.at[i]);
    free(sink->waiting.at);
    free(sink);
}

void fake_topics_close(struct fake_topics *t)
{
    if (t == NULL)
        return;
    for (int32_t i = 0; i < t->client_count; i++)
        free_client(t->clients[i]);
    for (int32_t i = 0; i < t->partitions; i++)
        free_row(&t->alerts[i]);
    free_row(&t->dead_letters);
    free(t->alerts);
    free(t);
}

static struct row *row_of(struct fake_topics *t, enum outgoing_kind kind, int32_t shard)
{
    return kind == OUTGOING_ALERT ? &t->alerts[shard % t->partitions] : &t->dead_letters;
}

static void land(struct fake_topics *t, struct sheet *s)
{
    struct row *row = row_of(t, s->letter.kind, s->letter.shard);
    s->letter.offset = row->end++;
    s->landed = true;
    row_add(row, s);
}

const struct fake_letter *fake_topics_alert(const struct fake_topics *t, int32_t partition,
                                            int64_t index)
{
    CHECK(partition >= 0 && partition < t->partitions && index >= 0);
    const struct row *row = &t->alerts[partition];
    return index < row->count ? &row->at[index]->letter : NULL;
}

const struct fake_letter *fake_topics_dead_letter(const struct fake_topics *t, int64_t index)
{
    CHECK(index >= 0);
    return index < t->dead_letters.count ? &t->dead_letters.at[index]->letter : NULL;
}

struct span fake_topics_header(const struct fake_letter *letter, const char *name)
{
    for (int32_t i = 0; i < letter->header_count; i++)
        if (strcmp(letter->headers[i].name, name) == 0)
            return letter->headers[i].value;
    return span_of(NULL, 0);
}

void fake_topics_add_foreign(struct fake_topics *t, int32_t partition, struct span key,
                             struct span value)
{
    CHECK(partition >= 0 && partition < t->partitions);
    const struct outgoing o = {
        .kind = OUTGOING_ALERT, .shard = partition, .key = key, .value = value
    };
    land(t, make_sheet(&o));
}

void fake_topics_add_gap(struct fake_topics *t, int32_t partition, int64_t count)
{
    CHECK(partition >= 0 && partition < t->partitions && count >= 0);
    t->alerts[partition].end += count;
}

void fake_topics_truncate(struct fake_topics *t, int32_t partition, int64_t low)
{
    CHECK(partition >= 0 && partition < t->partitions);
    struct row *row = &t->alerts[partition];
    CHECK(low >= row->low && low <= row->end);
    row->low = low;
}

/* ---- clients --------------------------------------------------------------------------- */

struct fake_sink *fake_sink_open(struct fake_topics *topics, int32_t queue)
{
    CHECK(queue > 0 && topics->client_count < CLIENTS_MAX);
    struct fake_sink *sink = calloc(1, sizeof *sink);
    CHECK(sink != NULL);
    sink->topics = topics;
    sink->queue = queue;
    sink->record_bytes = FAKE_SINK_RECORD_BYTES;
    sink->break_after = -1;
    topics->clients[topics->client_count++] = sink;
    return sink;
}

static bool is_settled(const struct sheet *s)
{
    return s->landed || s->given_up;
}

/* What all replicas have, or will not get, is known. */
static bool is_known(const struct fake_sink *sink, const struct sheet *s)
{
    return is_settled(s) && !(sink->topics->hides && s->letter.kind == OUTGOING_ALERT);
}

/* Does an alert of before the last turn wait in the partition of this one? */
static bool would_overtake(const struct fake_sink *sink, const struct outgoing *alert)
{
    const struct row *row = row_of(sink->topics, OUTGOING_ALERT, alert->shard);
    for (int64_t i = 0; i < sink->waiting.count; i++) {
        const struct sheet *s = sink->waiting.at[i];
        if (s->turned && !is_known(sink, s) && s->letter.kind == OUTGOING_ALERT &&
            row_of(sink->topics, OUTGOING_ALERT, s->letter.shard) == row)
            return true;
    }
    return false;
}

static int32_t waiting_of(const struct fake_sink *sink, enum outgoing_kind kind)
{
    int32_t count = 0;
    for (int64_t i = 0; i < sink->waiting.count; i++)
        count += sink->waiting.at[i]->letter.kind == kind;
    return count;
}

/* What is sent next must not overtake what waits now. */
static void turn(struct fake_sink *sink)
{
    for (int64_t i = 0; i < sink->waiting.count; i++)
        sink->waiting.at[i]->turned = true;
}

static enum status sink_send(void *self, const struct outgoing *record, struct reason *why)
{
    struct fake_sink *sink = self;
    CHECK(!sink->dead && record->shard >= 0);
    const size_t size = record->key.size + record->value.size;
    if ((int64_t)size > sink->record_bytes) {
        reason_set(why, "a record of %zu bytes is larger than %d", size,
                   (int)sink->record_bytes);
        return STATUS_REFUSED;
    }
    if (record->kind == OUTGOING_ALERT && would_overtake(sink, record)) {
        reason_set(why, "%s", "the alerts before it are not acknowledged yet");
        return STATUS_FULL;
    }
    if (waiting_of(sink, record->kind) >= sink->queue) {
        reason_set(why, "%d records wait to be acknowledged already", (int)sink->queue);
        return STATUS_FULL;
    }
    struct sheet *s = make_sheet(record);
    s->due = sink->polls + 1 + sink->delay;
    row_add(&sink->waiting, s);
    return STATUS_OK;
}

static void land_due(struct fake_sink *sink, int64_t poll)
{
    for (int64_t i = 0; i < sink->waiting.count; i++) {
        struct sheet *s = sink->waiting.at[i];
        if (is_settled(s))
            continue;
        if (s->due > poll)
            return; /* those behind it wait for it */
        land(sink->topics, s);
    }
}

/* Of what never landed this is the end. */
static struct delivery hand_back(struct sheet *s)
{
    const struct delivery d = {
        .kind = s->letter.kind,
        .shard = s->letter.shard,
        .cookie = s->cookie,
        .delivered = !s->given_up,
        .offset = s->given_up ? -1 : s->letter.offset,
    };
    if (!s->landed)
        free_sheet(s);
    return d;
}

static int32_t sink_poll(void *self, struct delivery *ret_deliveries, int32_t max)
{
    struct fake_sink *sink = self;
    CHECK(!sink->dead);
    sink->polls++;
    if (!sink->cut)
        land_due(sink, sink->polls);
    int32_t count = 0;
    int64_t kept = 0;
    for (int64_t i = 0; i < sink->waiting.count; i++) {
        struct sheet *s = sink->waiting.at[i];
        if (count < max && is_known(sink, s))
            ret_deliveries[count++] = hand_back(s);
        else
            sink->waiting.at[kept++] = s;
    }
    sink->waiting.count = kept;
    turn(sink);
    return count;
}

void fake_sink_give_up(struct fake_sink *sink, int32_t landed)
{
    for (int64_t i = 0; i < sink->waiting.count; i++) {
        struct sheet *s = sink->waiting.at[i];
        if (s->letter.kind != OUTGOING_ALERT || is_settled(s))
            continue;
        s->given_up = true;
        if (landed-- > 0)
            land(sink->topics, s);
    }
}

static void sink_give_up(void *self)
{
    struct fake_sink *sink = self;
    fake_sink_give_up(sink, sink->lands);
    turn(sink);
}

/* Both kinds stand in one row: what is flushed takes what is before it along. */
static enum status sink_flush(void *self, enum outgoing_kind kind, int patience_ms)
{
    struct fake_sink *sink = self;
    bool settled = true;
    (void)patience_ms;
    CHECK(!sink->dead);
    if (!sink->cut)
        land_due(sink, INT64_MAX);
    for (int64_t i = 0; i < sink->waiting.count; i++)
        settled &=
            is_known(sink, sink->waiting.at[i]) || sink->waiting.at[i]->letter.kind != kind;
    turn(sink);
    return settled ? STATUS_OK : STATUS_UNAVAILABLE;
}

static bool sink_troubled(void *self, struct reason *why)
{
    const struct fake_sink *sink = self;
    const bool troubled = sink->cut && sink->waiting.count > 0;
    if (troubled)
        reason_set(why, "topic %s: nothing is acknowledged",
                   sink->waiting.at[0]->letter.kind == OUTGOING_ALERT ? "alerts"
                                                                      : "deadletter");
    return troubled;
}

struct sink_port fake_sink_port(struct fake_sink *sink)
{
    return (struct sink_port){ .self = sink,
                               .give_up_ms = 1,
                               .send = sink_send,
                               .poll = sink_poll,
                               .flush = sink_flush,
                               .give_up = sink_give_up,
                               .troubled = sink_troubled };
}

void fake_sink_kill(struct fake_sink *sink, int32_t landed)
{
    sink->dead = true;
    for (int64_t i = 0; i < sink->waiting.count && landed > 0; i++) {
        if (is_settled(sink->waiting.at[i]))
            continue;
        land(sink->topics, sink->waiting.at[i]);
        landed--;
    }
}

int32_t fake_sink_in_flight(const struct fake_sink *sink)
{
    int32_t count = 0;
    for (int64_t i = 0; i < sink->waiting.count; i++)
        count += !is_settled(sink->waiting.at[i]);
    return count;
}

void fake_sink_delay(struct fake_sink *sink, int32_t polls)
{
    sink->delay = polls;
}

void fake_sink_bound(struct fake_sink *sink, int32_t record_bytes)
{
    sink->record_bytes = record_bytes;
}

void fake_sink_cut(struct fake_sink *sink, bool cut)
{
    sink->cut = cut;
}

void fake_topics_hide(struct fake_topics *topics, bool hide)
{
    topics->hides = hide;
    for (int32_t i = 0; i < topics->partitions; i++)
        topics->alerts[i].seen = topics->alerts[i].end;
}

void fake_sink_give_up_lands(struct fake_sink *sink, int32_t landed)
{
    sink->lands = landed;
}

void fake_sink_break_tail(struct fake_sink *sink, int32_t after)
{
    sink->break_after = after;
}

/* ---- reading back ------------------------------------------------------------------------ */

static enum status feed_read_tail(void *self, int32_t shard, int64_t from,
                                  void (*each)(void *arg, const struct feed_record *record),
                                  void *arg, int64_t *ret_end, struct reason *why)
{
    struct fake_sink *sink = self;
    const struct row *row = row_of(sink->topics, OUTGOING_ALERT, shard);
    const int64_t end = sink->topics->hides ? row->seen : row->end;
    const int64_t first = from >= row->low && from <= end ? from : row->low;
    int32_t left = sink->break_after;
    sink->break_after = -1;
    CHECK(!sink->dead);
    for (int64_t i = 0; !sink->cut && left != 0 && i < row->count; i++) {
        const struct fake_letter *l = &row->at[i]->letter;
        if (l->offset < first || l->offset >= end)
            continue;
        const struct feed_record record = {
            .offset = l->offset,
            .key = l->key,
            .value = l->value,
            .header_shard = fake_topics_header(l, "shard"),
            .header_seq = fake_topics_header(l, "seq"),
        };
        each(arg, &record);
        left -= left > 0;
    }
    if (sink->cut || left == 0) {
        reason_set(why, "the alerts topic cannot be read: the brokers do not answer");
        return STATUS_UNAVAILABLE;
    }
    *ret_end = end;
    return STATUS_OK;
}

struct feed_port fake_sink_feed(struct fake_sink *sink)
{
    return (struct feed_port){ .self = sink, .read_tail = feed_read_tail };
}
