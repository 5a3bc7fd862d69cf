/* fake_store.c - store_port in memory.
 *
 * DESIGN
 * ------
 * A shard is a header and four sorted tables:
 *
 *     log    version                      -> images
 *     parts  index                        -> images, version
 *     views  seller|storefront NUL field  -> value
 *     ranks  kpi:window NUL member        -> score
 *
 * Keys and values are counted blobs that never change, so keeping what a shard
 * was before a save copies pointers only.
 */
#include "support/fake_store.h"

#include "base/check.h"
#include "base/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 8 };

/* ---- counted bytes ------------------------------------------------------------ */

struct blob {
    int32_t uses;
    size_t size;
    uint8_t at[];
};

static struct blob *blob_of(struct span a, struct span b)
{
    struct blob *blob = malloc(sizeof *blob + a.size + b.size);
    CHECK(blob != NULL);
    blob->uses = 1;
    blob->size = a.size + b.size;
    if (a.size > 0)
        memcpy(blob->at, a.at, a.size);
    if (b.size > 0)
        memcpy(blob->at + a.size, b.at, b.size);
    return blob;
}

static struct blob *blob_share(struct blob *blob)
{
    blob->uses += 1;
    return blob;
}

static void blob_drop(struct blob *blob)
{
    blob->uses -= 1;
    if (blob->uses == 0)
        free(blob);
}

static struct span blob_span(const struct blob *blob)
{
    return span_of(blob->at, blob->size);
}

/* "<a>NUL<b>"; NUL sorts before all that ids may hold. */
static struct blob *pair_key(struct span a, struct span b)
{
    struct blob *first = blob_of(a, span_of("", 1));
    struct blob *both = blob_of(blob_span(first), b);
    blob_drop(first);
    return both;
}

static struct blob *number_key(uint64_t number)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    return blob_of(span_of(bytes, sizeof bytes), (struct span){ 0 });
}

/* ---- sorted tables -------------------------------------------------------------- */

struct entry {
    struct blob *key;
    struct blob *value;
    int64_t number;
};

struct entries {
    struct entry *at;
    int32_t count;
    int32_t capacity;
};

/* Where this key is or would be. */
static int32_t entries_place(const struct entries *t, struct span key)
{
    int32_t low = 0;
    int32_t high = t->count;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (span_compare(blob_span(t->at[middle].key), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct entry *entries_find(const struct entries *t, struct span key)
{
    const int32_t i = entries_place(t, key);
    const bool found = i < t->count && span_equal(blob_span(t->at[i].key), key);
    return found ? &t->at[i] : NULL;
}

static void entries_remove(struct entries *t, int32_t from, int32_t to)
{
    for (int32_t i = from; i < to; i++) {
        blob_drop(t->at[i].key);
        blob_drop(t->at[i].value);
    }
    if (to > from)
        memmove(t->at + from, t->at + to, (size_t)(t->count - to) * sizeof *t->at);
    t->count -= to - from;
}

/* Takes over key and value. */
static void entries_put(struct entries *t, struct blob *key, struct blob *value, int64_t number)
{
    const int32_t i = entries_place(t, blob_span(key));
    if (i < t->count && span_equal(blob_span(t->at[i].key), blob_span(key)))
        entries_remove(t, i, i + 1);
    if (t->count == t->capacity) {
        t->capacity = t->capacity == 0 ? FIRST_CAPACITY : 2 * t->capacity;
        t->at = realloc(t->at, (size_t)t->capacity * sizeof *t->at);
        CHECK(t->at != NULL);
    }
    memmove(t->at + i + 1, t->at + i, (size_t)(t->count - i) * sizeof *t->at);
    t->at[i] = (struct entry){ .key = key, .value = value, .number = number };
    t->count += 1;
}

static void entries_free(struct entries *t)
{
    entries_remove(t, 0, t->count);
    free(t->at);
    *t = (struct entries){ 0 };
}

static struct entries entries_copy(const struct entries *t)
{
    struct entries copy = { .count = t->count, .capacity = t->count };
    if (t->count == 0)
        return copy;
    copy.at = malloc((size_t)t->count * sizeof *copy.at);
    CHECK(copy.at != NULL);
    for (int32_t i = 0; i < t->count; i++) {
        copy.at[i] = t->at[i];
        blob_share(copy.at[i].key);
        blob_share(copy.at[i].value);
    }
    return copy;
}

/* Keys that begin with `prefix` stand side by side: [*ret_from, returned). */
static int32_t entries_range(const struct entries *t, struct span prefix, int32_t *ret_from)
{
    const int32_t from = entries_place(t, prefix);
    int32_t to = from;
    while (to < t->count && t->at[to].key->size >= prefix.size &&
           memcmp(t->at[to].key->at, prefix.at, prefix.size) == 0)
        to++;
    *ret_from = from;
    return to;
}

/* ---- a shard ---------------------------------------------------------------------- */

struct state {
    struct shard_header header;
    char writer[WRITER_BYTES];
    uint64_t log_first;
    struct entries log;
    struct entries parts;
    struct entries views;
    struct entries ranks;
};

struct fake_shard {
    int32_t number;
    struct state now;
    struct state *before; /* the last saves', oldest first */
    int32_t before_count;
};

struct answer {
    struct save_result result;
    int32_t polls_left;
};

struct fake_client {
    struct fake_store *fake;
    struct fake_client *next;
    struct answer *answers; /* oldest first */
    int32_t answer_count;
};

struct fake_store {
    struct fake_shard *shards;
    int32_t shard_count;
    struct fake_client *clients;
    enum fake_fault (*choose)(void *arg, enum fake_call call, int32_t shard);
    void *choose_arg;
    enum fake_fault fault;
    int32_t fault_after;
    int32_t fault_count;
    int32_t delay;
    int32_t kept;
    int64_t save_count;
};

static void state_free(struct state *s)
{
    entries_free(&s->log);
    entries_free(&s->parts);
    entries_free(&s->views);
    entries_free(&s->ranks);
}

static struct state state_copy(const struct state *s)
{
    struct state copy = *s;
    copy.log = entries_copy(&s->log);
    copy.parts = entries_copy(&s->parts);
    copy.views = entries_copy(&s->views);
    copy.ranks = entries_copy(&s->ranks);
    return copy;
}

static struct state state_empty(void)
{
    struct state s = { .log_first = 1 };
    s.header.stream_time = TIME_NEVER_YET;
    s.header.watermark = TIME_NEVER_YET;
    s.header.alerts_offset = OFFSET_NONE;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        s.header.highest[i] = TIME_NEVER_YET;
        s.header.offsets[i] = OFFSET_NONE;
    }
    return s;
}

static struct fake_shard *find_shard(const struct fake_store *fake, int32_t number)
{
    for (int32_t i = 0; i < fake->shard_count; i++) {
        if (fake->shards[i].number == number)
            return &fake->shards[i];
    }
    return NULL;
}

static struct fake_shard *need_shard(struct fake_store *fake, int32_t number)
{
    struct fake_shard *found = find_shard(fake, number);
    if (found != NULL)
        return found;
    fake->shards =
        realloc(fake->shards, (size_t)(fake->shard_count + 1) * sizeof *fake->shards);
    CHECK(fake->shards != NULL);
    found = &fake->shards[fake->shard_count++];
    *found = (struct fake_shard){ .number = number, .now = state_empty() };
    return found;
}

/* ---- open, close, faults ------------------------------------------------------------ */

struct fake_store *fake_store_open(void)
{
    struct fake_store *fake = calloc(1, sizeof *fake);
    CHECK(fake != NULL);
    return fake;
}

static void forget_oldest(struct fake_shard *shard)
{
    state_free(&shard->before[0]);
    shard->before_count -= 1;
    memmove(shard->before, shard->before + 1,
            (size_t)shard->before_count * sizeof *shard->before);
}

void fake_store_close(struct fake_store *fake)
{
    if (fake == NULL)
        return;
    for (int32_t i = 0; i < fake->shard_count; i++) {
        while (fake->shards[i].before_count > 0)
            forget_oldest(&fake->shards[i]);
        free(fake->shards[i].before);
        state_free(&fake->shards[i].now);
    }
    while (fake->clients != NULL) {
        struct fake_client *client = fake->clients;
        fake->clients = client->next;
        free(client->answers);
        free(client);
    }
    free(fake->shards);
    free(fake);
}

struct fake_client *fake_store_connect(struct fake_store *fake)
{
    struct fake_client *client = calloc(1, sizeof *client);
    CHECK(client != NULL);
    client->fake = fake;
    client->next = fake->clients;
    fake->clients = client;
    return client;
}

void fake_store_cut(struct fake_client *client)
{
    client->answer_count = 0;
}

void fake_store_choose_faults(struct fake_store *fake,
                              enum fake_fault (*choose)(void *arg, enum fake_call call,
                                                        int32_t shard),
                              void *arg)
{
    fake->choose = choose;
    fake->choose_arg = arg;
}

void fake_store_fail(struct fake_store *fake, enum fake_fault fault, int32_t after,
                     int32_t count)
{
    fake->fault = fault;
    fake->fault_after = after;
    fake->fault_count = count;
}

void fake_store_delay(struct fake_store *fake, int32_t polls)
{
    fake->delay = polls;
}

void fake_store_keep(struct fake_store *fake, int32_t saves)
{
    CHECK(fake->shard_count == 0); /* before the first claim */
    fake->kept = saves;
}

static enum fake_fault next_fault(struct fake_store *fake, enum fake_call call, int32_t shard)
{
    if (fake->fault_count > 0 && fake->fault_after > 0) {
        fake->fault_after -= 1;
        return FAKE_WORKS;
    }
    if (fake->fault_count > 0) {
        fake->fault_count -= 1;
        return fake->fault;
    }
    return fake->choose == NULL ? FAKE_WORKS : fake->choose(fake->choose_arg, call, shard);
}

int32_t fake_store_lose_saves(struct fake_store *fake, int32_t shard, int32_t count)
{
    struct fake_shard *s = find_shard(fake, shard);
    int32_t lost = 0;
    while (s != NULL && lost < count && s->before_count > 0) {
        state_free(&s->now);
        s->before_count -= 1;
        s->now = s->before[s->before_count];
        lost += 1;
    }
    return lost;
}

bool fake_store_lose_log_element(struct fake_store *fake, int32_t shard)
{
    struct fake_shard *s = find_shard(fake, shard);
    if (s == NULL || s->now.log.count == 0)
        return false;
    entries_remove(&s->now.log, s->now.log.count - 1, s->now.log.count);
    return true;
}

/* ---- claim and load ------------------------------------------------------------------- */

static enum status refuse(struct reason *why)
{
    reason_set(why, "the fake store does not answer");
    return STATUS_UNAVAILABLE;
}

static enum status fake_claim(void *self, int32_t shard, const char *writer,
                              struct shard_header *ret_header, struct reason *why)
{
    struct fake_client *client = self;
    CHECK(strlen(writer) < WRITER_BYTES);
    int32_t kept = 0;
    for (int32_t i = 0; i < client->answer_count; i++) {
        if (client->answers[i].result.shard != shard)
            client->answers[kept++] = client->answers[i];
    }
    client->answer_count = kept;

    const enum fake_fault fault = next_fault(client->fake, FAKE_CALL_CLAIM, shard);
    if (fault == FAKE_FULL) {
        reason_set(why, "the fake store is full");
        return STATUS_FULL;
    }
    if (fault == FAKE_LOST_REQUEST || fault == FAKE_READ_ONLY || fault == FAKE_UNAVAILABLE)
        return refuse(why);
    struct state *now = &need_shard(client->fake, shard)->now;
    now->header.epoch += 1;
    snprintf(now->writer, sizeof now->writer, "%s", writer);
    if (fault == FAKE_LOST_REPLY)
        return refuse(why);
    *ret_header = now->header;
    return STATUS_OK;
}

static enum status hand_over(const struct entries *t, const char *what,
                             enum status (*each)(void *arg, struct span images), void *arg,
                             struct reason *why)
{
    for (int32_t i = 0; i < t->count; i++) {
        const enum status s = each(arg, blob_span(t->at[i].value));
        if (s == STATUS_MALFORMED)
            reason_set(why, "fake %s %d cannot be read", what, i);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static enum status check_parts(const struct state *now, struct reason *why)
{
    for (int32_t i = 0; i < now->parts.count; i++) {
        if ((uint64_t)now->parts.at[i].number + 1 >= now->log_first)
            continue;
        reason_set(why, "fake part %d is older than the log", i);
        return STATUS_MALFORMED;
    }
    if ((uint64_t)now->log.count == now->header.version + 1 - now->log_first)
        return STATUS_OK;
    reason_set(why, "the fake log of %d elements does not fit its header", now->log.count);
    return STATUS_MALFORMED;
}

static bool is_same_version(const struct shard_header *a, const struct shard_header *b)
{
    return a->epoch == b->epoch && a->version == b->version;
}

static enum status fake_load(void *self, int32_t shard, const struct shard_header *header,
                             enum status (*each)(void *arg, struct span images), void *arg,
                             struct reason *why)
{
    struct fake_client *client = self;
    const enum fake_fault fault = next_fault(client->fake, FAKE_CALL_LOAD, shard);
    if (fault != FAKE_WORKS && fault != FAKE_FULL && fault != FAKE_READ_ONLY)
        return refuse(why);
    const struct fake_shard *s = find_shard(client->fake, shard);
    if (s == NULL || !is_same_version(&s->now.header, header)) {
        reason_set(why, "fake shard %d moved on", shard);
        return STATUS_FENCED;
    }
    struct state now = state_copy(&s->now); /* `each` may claim: a test's right */
    enum status status = check_parts(&now, why);
    if (status == STATUS_OK)
        status = hand_over(&now.parts, "part", each, arg, why);
    if (status == STATUS_OK)
        status = hand_over(&now.log, "log element", each, arg, why);
    state_free(&now);
    s = find_shard(client->fake, shard);
    if (status == STATUS_OK && !is_same_version(&s->now.header, header))
        return STATUS_FENCED;
    return status;
}

/* ---- save ------------------------------------------------------------------------------- */

static void write_parts(struct state *now, const struct save *save)
{
    for (int32_t i = 0; i < save->part_count; i++) {
        const struct saved_part *part = &save->parts[i];
        entries_put(&now->parts, number_key((uint64_t)part->index),
                    blob_of(part->bytes, (struct span){ 0 }), (int64_t)save->header.version);
    }
}

static void delete_view(struct state *now, struct span seller_storefront)
{
    struct blob *prefix = pair_key(seller_storefront, (struct span){ 0 });
    int32_t from = 0;
    const int32_t to = entries_range(&now->views, blob_span(prefix), &from);
    entries_remove(&now->views, from, to);
    blob_drop(prefix);
}

static void write_views(struct state *now, const struct save *save)
{
    for (int32_t i = 0; i < save->view_count; i++) {
        const struct saved_view *view = &save->views[i];
        delete_view(now, view->seller_storefront); /* a view is replaced as a whole */
        CHECK(view->gone || view->field_count % 2 == 0);
        for (int32_t f = 0; !view->gone && f < view->field_count; f += 2)
            entries_put(&now->views, pair_key(view->seller_storefront, view->fields[f]),
                        blob_of(view->fields[f + 1], (struct span){ 0 }), 0);
    }
}

static void write_ranks(struct state *now, const struct save *save)
{
    for (int32_t i = 0; i < save->rank_count; i++) {
        const struct saved_rank *rank = &save->ranks[i];
        struct blob *key = pair_key(rank->kpi_window, rank->member);
        const int32_t place = entries_place(&now->ranks, blob_span(key));
        if (!rank->gone) {
            entries_put(&now->ranks, key, blob_of((struct span){ 0 }, (struct span){ 0 }),
                        rank->score);
            continue;
        }
        if (entries_find(&now->ranks, blob_span(key)) != NULL)
            entries_remove(&now->ranks, place, place + 1);
        blob_drop(key);
    }
}

static void write_log(struct state *now, const struct save *save)
{
    entries_put(&now->log, number_key(save->header.version),
                blob_of(save->log, (struct span){ 0 }), 0);
    if (save->oldest_part_version < now->log_first)
        return;
    entries_remove(&now->log, 0, (int32_t)(save->oldest_part_version - now->log_first + 1));
    now->log_first = save->oldest_part_version + 1;
}

static void remember(struct fake_store *fake, struct fake_shard *shard)
{
    if (fake->kept == 0)
        return;
    if (shard->before_count == fake->kept)
        forget_oldest(shard);
    if (shard->before == NULL) {
        shard->before = calloc((size_t)fake->kept, sizeof *shard->before);
        CHECK(shard->before != NULL);
    }
    shard->before[shard->before_count++] = state_copy(&shard->now);
}

static enum status apply(struct fake_store *fake, const struct save *save, struct reason *why)
{
    struct fake_shard *shard = need_shard(fake, save->shard);
    struct state *now = &shard->now;
    const struct shard_header *h = &save->header;
    const bool mine = now->header.epoch == h->epoch && strcmp(now->writer, save->writer) == 0;
    if (mine && now->header.version == h->version)
        return STATUS_OK; /* done already; the answer was lost */
    if (!mine || now->header.version + 1 != h->version ||
        (uint64_t)now->log.count != h->version - now->log_first) {
        reason_set(why, "fake shard %d is not what this save follows", save->shard);
        return STATUS_FENCED;
    }
    remember(fake, shard);
    write_log(now, save);
    write_parts(now, save);
    write_views(now, save);
    write_ranks(now, save);
    now->header = *h;
    fake->save_count += 1;
    return STATUS_OK;
}

static void add_answer(struct fake_client *client, const struct save_result *result)
{
    client->answers =
        realloc(client->answers, (size_t)(client->answer_count + 1) * sizeof *client->answers);
    CHECK(client->answers != NULL);
    client->answers[client->answer_count++] =
        (struct answer){ .result = *result, .polls_left = client->fake->delay };
}

static enum status fake_save(void *self, const struct save *save, struct reason *why)
{
    struct fake_client *client = self;
    CHECK(save->header.version > 0 && save->oldest_part_version <= save->header.version);
    for (int32_t i = 0; i < client->answer_count; i++)
        CHECK(client->answers[i].result.shard != save->shard); /* one at a time */

    const enum fake_fault fault = next_fault(client->fake, FAKE_CALL_SAVE, save->shard);
    if (fault == FAKE_UNAVAILABLE)
        return refuse(why);
    struct save_result result = { .shard = save->shard, .version = save->header.version };
    result.status = STATUS_UNAVAILABLE;
    reason_set(&result.why, "the fake store's answer was lost");
    if (fault == FAKE_FULL)
        result.status = STATUS_FULL;
    if (fault == FAKE_WORKS) {
        reason_set(&result.why, "%s", "");
        result.status = apply(client->fake, save, &result.why);
    }
    if (fault == FAKE_LOST_REPLY) {
        struct reason unread;
        apply(client->fake, save, &unread);
    }
    add_answer(client, &result);
    return STATUS_PENDING;
}

static int32_t fake_poll(void *self, int patience_ms, struct save_result *ret_results,
                         int32_t max)
{
    (void)patience_ms;
    struct fake_client *client = self;
    int32_t taken = 0;
    int32_t kept = 0;
    for (int32_t i = 0; i < client->answer_count; i++) {
        struct answer *answer = &client->answers[i];
        if (answer->polls_left > 0 || taken == max) {
            answer->polls_left -= answer->polls_left > 0;
            client->answers[kept++] = *answer;
        } else {
            ret_results[taken++] = answer->result;
        }
    }
    client->answer_count = kept;
    return taken;
}

/* It never makes anybody wait. */
static void fake_hurry(void *self)
{
    CHECK(self != NULL);
}

struct store_port fake_store_port(struct fake_client *client)
{
    return (struct store_port){
        .self = client,
        .claim = fake_claim,
        .load = fake_load,
        .save = fake_save,
        .poll = fake_poll,
        .hurry = fake_hurry,
    };
}

/* ---- what is stored ------------------------------------------------------------------------
 */

bool fake_store_header(const struct fake_store *fake, int32_t shard,
                       struct shard_header *ret_header)
{
    const struct fake_shard *s = find_shard(fake, shard);
    if (s != NULL)
        *ret_header = s->now.header;
    return s != NULL;
}

bool fake_store_oldest_header(const struct fake_store *fake, int32_t shard,
                              struct shard_header *ret_header)
{
    const struct fake_shard *s = find_shard(fake, shard);
    if (s != NULL)
        *ret_header = s->before_count > 0 ? s->before[0].header : s->now.header;
    return s != NULL;
}

int32_t fake_store_log_size(const struct fake_store *fake, int32_t shard)
{
    const struct fake_shard *s = find_shard(fake, shard);
    return s == NULL ? 0 : s->now.log.count;
}

/* Parts are written from the first one on, so a part's place here is its index. */
int32_t fake_store_newest_part(const struct fake_store *fake, int32_t shard)
{
    const struct fake_shard *s = find_shard(fake, shard);
    int32_t newest = -1;
    for (int32_t i = 0; s != NULL && i < s->now.parts.count; i++) {
        if (newest < 0 || s->now.parts.at[i].number >= s->now.parts.at[newest].number)
            newest = i;
    }
    return newest;
}

bool fake_store_is_trimmed(const struct fake_store *fake, int32_t shard)
{
    const struct fake_shard *s = find_shard(fake, shard);
    return s != NULL && s->now.log_first > 1;
}

int64_t fake_store_save_count(const struct fake_store *fake)
{
    return fake->save_count;
}

bool fake_store_view(const struct fake_store *fake, int32_t shard,
                     struct span seller_storefront, struct span field, struct span *ret_value)
{
    const struct fake_shard *s = find_shard(fake, shard);
    if (s == NULL)
        return false;
    struct blob *key = pair_key(seller_storefront, field);
    const struct entry *found = entries_find(&s->now.views, blob_span(key));
    blob_drop(key);
    if (found != NULL)
        *ret_value = blob_span(found->value);
    return found != NULL;
}

void fake_store_each_view(const struct fake_store *fake, int32_t shard,
                          void (*each)(void *arg, struct span seller_storefront,
                                       struct span field, struct span value),
                          void *arg)
{
    const struct fake_shard *s = find_shard(fake, shard);
    for (int32_t i = 0; s != NULL && i < s->now.views.count; i++) {
        const struct entry *e = &s->now.views.at[i];
        const uint8_t *nul = memchr(e->key->at, 0, e->key->size);
        CHECK(nul != NULL);
        const size_t size = (size_t)(nul - e->key->at);
        each(arg, span_of(e->key->at, size), span_of(nul + 1, e->key->size - size - 1),
             blob_span(e->value));
    }
}

bool fake_store_rank(const struct fake_store *fake, int32_t shard, struct span kpi_window,
                     struct span member, int64_t *ret_score)
{
    const struct fake_shard *s = find_shard(fake, shard);
    if (s == NULL)
        return false;
    struct blob *key = pair_key(kpi_window, member);
    const struct entry *found = entries_find(&s->now.ranks, blob_span(key));
    blob_drop(key);
    if (found != NULL)
        *ret_score = found->number;
    return found != NULL;
}

/* The entry of [from, to) that comes next after `last` (NULL: first of all):
 * higher scores first, then byte order backwards, as ZREVRANGE has it. */
static const struct entry *next_worst(const struct entries *t, int32_t from, int32_t to,
                                      const struct entry *last)
{
    const struct entry *best = NULL;
    for (int32_t i = from; i < to; i++) {
        const struct entry *e = &t->at[i];
        const bool after =
            last == NULL || e->number < last->number || (e->number == last->number && e < last);
        if (after && (best == NULL || e->number >= best->number))
            best = e;
    }
    return best;
}

int32_t fake_store_worst(const struct fake_store *fake, int32_t shard, struct span kpi_window,
                         struct span *ret_members, int32_t max)
{
    const struct fake_shard *s = find_shard(fake, shard);
    if (s == NULL)
        return 0;
    struct blob *prefix = pair_key(kpi_window, (struct span){ 0 });
    int32_t from = 0;
    const int32_t to = entries_range(&s->now.ranks, blob_span(prefix), &from);
    const size_t skip = prefix->size;
    blob_drop(prefix);

    int32_t count = 0;
    const struct entry *last = NULL;
    while (count < max) {
        last = next_worst(&s->now.ranks, from, to, last);
        if (last == NULL)
            break;
        ret_members[count++] = span_of(last->key->at + skip, last->key->size - skip);
    }
    return count;
}
