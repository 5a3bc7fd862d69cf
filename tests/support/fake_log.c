/* fake_log.c - three topics and a consumer group as plain arrays.
 *
 * DESIGN
 * ------
 * The group is as eager as Kafka's range assignor: every change takes all shards
 * from everybody first.
 *
 *      join, leave, expire ──▶ revoke_all: DUTY_REVOKED queued for each owner
 *      release             ──▶ when nobody has anything left to release,
 *                              the next read of anybody gives all shards out
 *
 * A member that was killed and whose session has not ended still has something
 * to release, so the group waits for it, as Kafka does.
 *
 * Records stay in memory to the end, also truncated ones, so what a batch points
 * into never moves.
 */
#include "support/fake_log.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

struct stored {
    int64_t offset;
    struct span key;
    struct span value;
    wall_time timestamp;
    bool lost; /* somebody went on without it */
};

struct partition {
    struct stored *at; /* owned, in order of offset; so are key and value */
    int64_t count;
    int64_t capacity;
    int64_t low;
    int64_t end;
    int64_t limit; /* -1: none */
    int64_t noted;
};

struct duty_list {
    struct duty *at; /* owned */
    int32_t count;
    int32_t capacity;
};

struct fake_input {
    bool started;
    bool held;
    bool fresh; /* where it began was our choice */
    int64_t next;
    struct log_end end;
};

struct fake_member {
    struct fake_log *log;
    bool in_group;
    bool dead; /* left or killed */
    bool lease_denied;
    bool must_release; /* was revoked and has not let go */
    bool *owns;        /* [shard_count] as the group says */
    struct fake_input *inputs;
    struct duty_list fresh;
    struct duty_list lent;
    struct record *records;
    int32_t record_count;
    int32_t turn;
    int32_t cut;
    enum status failure;
    struct reason failure_why;
};

struct fake_log {
    struct fake_log_options options;
    struct partition *partitions; /* [shard_count * TOPIC_COUNT] */
    struct fake_member **members; /* owned, in order of joining */
    int32_t member_count;
    int32_t member_capacity;
    bool rebalancing;
    bool silent;
    int64_t probe_interval_ms;
};

static int32_t part_count(const struct fake_log *log)
{
    return log->options.shard_count * TOPIC_COUNT;
}

static struct partition *part_of(const struct fake_log *log, int32_t shard, enum topic topic)
{
    CHECK(shard >= 0 && shard < log->options.shard_count && topic < TOPIC_COUNT);
    return &log->partitions[shard * TOPIC_COUNT + (int32_t)topic];
}

static struct fake_input *input_of(const struct fake_member *m, int32_t shard, enum topic topic)
{
    CHECK(shard >= 0 && shard < m->log->options.shard_count && topic < TOPIC_COUNT);
    return &m->inputs[shard * TOPIC_COUNT + (int32_t)topic];
}

static void *zeroed(int64_t count, size_t size)
{
    void *memory = calloc(count > 0 ? (size_t)count : 1, size);
    CHECK(memory != NULL);
    return memory;
}

/* ---- records ------------------------------------------------------------------------ */

struct fake_log *fake_log_open(const struct fake_log_options *options)
{
    CHECK(options->shard_count > 0 && options->batch_records > 0 && options->now != NULL);
    struct fake_log *log = zeroed(1, sizeof *log);
    log->options = *options;
    log->partitions = zeroed(part_count(log), sizeof *log->partitions);
    for (int32_t i = 0; i < part_count(log); i++) {
        log->partitions[i].limit = -1;
        log->partitions[i].noted = OFFSET_NONE;
    }
    return log;
}

static void free_member(struct fake_member *m)
{
    free(m->owns);
    free(m->inputs);
    free(m->fresh.at);
    free(m->lent.at);
    free(m->records);
    free(m);
}

static void free_span(struct span s)
{
    union {
        const uint8_t *lent;
        uint8_t *owned;
    } bytes = { .lent = s.at };
    free(bytes.owned);
}

static void forget_records(struct partition *p)
{
    for (int64_t k = 0; k < p->count; k++) {
        free_span(p->at[k].key);
        free_span(p->at[k].value);
    }
    p->count = 0;
}

void fake_log_close(struct fake_log *log)
{
    if (log == NULL)
        return;
    for (int32_t i = 0; i < part_count(log); i++) {
        forget_records(&log->partitions[i]);
        free(log->partitions[i].at);
    }
    for (int32_t i = 0; i < log->member_count; i++)
        free_member(log->members[i]);
    free(log->members);
    free(log->partitions);
    free(log);
}

static struct span copy_of(struct span bytes)
{
    if (bytes.at == NULL)
        return bytes;
    uint8_t *copy = zeroed((int64_t)bytes.size, 1);
    if (bytes.size > 0)
        memcpy(copy, bytes.at, bytes.size);
    return span_of(copy, bytes.size);
}

int64_t fake_log_append(struct fake_log *log, const struct fake_record *record)
{
    struct partition *p = part_of(log, record->shard, record->topic);
    if (p->count == p->capacity) {
        p->capacity = p->capacity == 0 ? 64 : 2 * p->capacity;
        p->at = realloc(p->at, (size_t)p->capacity * sizeof *p->at);
        CHECK(p->at != NULL);
    }
    p->at[p->count++] = (struct stored){
        .offset = p->end,
        .key = copy_of(record->key),
        .value = copy_of(record->value),
        .timestamp = record->timestamp,
    };
    return p->end++;
}

void fake_log_append_gap(struct fake_log *log, int32_t shard, enum topic topic, int64_t count)
{
    CHECK(count >= 0);
    part_of(log, shard, topic)->end += count;
}

void fake_log_truncate(struct fake_log *log, int32_t shard, enum topic topic, int64_t low)
{
    struct partition *p = part_of(log, shard, topic);
    CHECK(low >= p->low && low <= p->end);
    p->low = low;
}

void fake_log_remake(struct fake_log *log, enum topic topic)
{
    for (int32_t shard = 0; shard < log->options.shard_count; shard++) {
        struct partition *p = part_of(log, shard, topic);
        forget_records(p);
        p->low = 0;
        p->end = 0;
    }
}

int64_t fake_log_low(const struct fake_log *log, int32_t shard, enum topic topic)
{
    return part_of(log, shard, topic)->low;
}

int64_t fake_log_end(const struct fake_log *log, int32_t shard, enum topic topic)
{
    return part_of(log, shard, topic)->end;
}

/* Index of the first record at or after an offset; count if there is none. */
static int64_t find(const struct partition *p, int64_t offset)
{
    int64_t from = 0;
    int64_t to = p->count;
    while (from < to) {
        const int64_t middle = from + (to - from) / 2;
        if (p->at[middle].offset < offset)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* ---- the group -------------------------------------------------------------------------- */

static void add_duty(struct fake_member *m, enum duty_kind kind, int32_t shard)
{
    struct duty_list *list = &m->fresh;
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        list->at = realloc(list->at, (size_t)list->capacity * sizeof *list->at);
        CHECK(list->at != NULL);
    }
    list->at[list->count++] = (struct duty){ .kind = kind, .shard = shard };
}

static void reset_shard(struct fake_member *m, int32_t shard)
{
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        *input_of(m, shard, (enum topic)topic) = (struct fake_input){ .next = OFFSET_NONE };
    m->failure = STATUS_OK;
}

/* Returns whether the member had any shard. */
static bool take_all(struct fake_member *m, enum duty_kind kind)
{
    bool any = false;
    for (int32_t shard = 0; shard < m->log->options.shard_count; shard++) {
        if (!m->owns[shard])
            continue;
        any = true;
        m->owns[shard] = false;
        reset_shard(m, shard);
        add_duty(m, kind, shard);
    }
    return any;
}

void fake_log_rebalance(struct fake_log *log)
{
    log->rebalancing = true;
    for (int32_t i = 0; i < log->member_count; i++) {
        struct fake_member *m = log->members[i];
        if (m->in_group && take_all(m, DUTY_REVOKED))
            m->must_release = true;
    }
}

static int32_t count_members(const struct fake_log *log)
{
    int32_t members = 0;
    for (int32_t i = 0; i < log->member_count; i++)
        members += log->members[i]->in_group;
    return members;
}

static void give(struct fake_member *m, int32_t shard)
{
    m->owns[shard] = true;
    reset_shard(m, shard);
    add_duty(m, DUTY_ASSIGNED, shard);
}

/* Gives everything out, if nobody holds anything any more. */
static void settle(struct fake_log *log)
{
    if (!log->rebalancing)
        return;
    for (int32_t i = 0; i < log->member_count; i++)
        if (log->members[i]->in_group && log->members[i]->must_release)
            return;
    log->rebalancing = false;
    const int32_t members = count_members(log);
    int32_t nth = 0;
    for (int32_t i = 0; i < log->member_count; i++) {
        if (!log->members[i]->in_group)
            continue;
        for (int32_t shard = 0; shard < log->options.shard_count; shard++)
            if (shard * members / log->options.shard_count == nth)
                give(log->members[i], shard);
        nth++;
    }
}

struct fake_member *fake_log_join(struct fake_log *log)
{
    struct fake_member *m = zeroed(1, sizeof *m);
    m->log = log;
    m->in_group = true;
    m->owns = zeroed(log->options.shard_count, sizeof *m->owns);
    m->inputs = zeroed(part_count(log), sizeof *m->inputs);
    m->records = zeroed(log->options.batch_records, sizeof *m->records);
    for (int32_t shard = 0; shard < log->options.shard_count; shard++)
        reset_shard(m, shard);
    if (log->member_count == log->member_capacity) {
        log->member_capacity = log->member_capacity == 0 ? 8 : 2 * log->member_capacity;
        log->members =
            realloc(log->members, (size_t)log->member_capacity * sizeof(struct fake_member *));
        CHECK(log->members != NULL);
    }
    log->members[log->member_count++] = m;
    fake_log_rebalance(log);
    return m;
}

void fake_log_leave(struct fake_member *m)
{
    (void)take_all(m, DUTY_LOST);
    m->dead = true;
    m->in_group = false;
    m->must_release = false;
    fake_log_rebalance(m->log);
}

void fake_log_kill(struct fake_member *m)
{
    m->dead = true;
}

void fake_log_expire(struct fake_member *m)
{
    if (!m->in_group)
        return;
    (void)take_all(m, DUTY_LOST);
    for (int32_t i = 0; i < m->fresh.count; i++) {
        if (m->fresh.at[i].kind == DUTY_REVOKED)
            m->fresh.at[i].kind = DUTY_LOST; /* too late to save anything */
    }
    m->in_group = false; /* one that lives joins again with its next read */
    m->must_release = false;
    fake_log_rebalance(m->log);
}

bool fake_log_owns(const struct fake_member *m, int32_t shard)
{
    return m->in_group && m->owns[shard];
}

/* ---- faults ---------------------------------------------------------------------------------
 */

void fake_log_cut(struct fake_member *m, int32_t count)
{
    m->cut = count;
}

void fake_log_limit(struct fake_log *log, int32_t shard, enum topic topic, int64_t offset)
{
    part_of(log, shard, topic)->limit = offset;
}

void fake_log_skip_losses(struct fake_log *log, bool skip)
{
    log->options.skip_on_data_loss = skip;
}

bool fake_log_is_lost(const struct fake_log *log, int32_t shard, enum topic topic,
                      int64_t offset)
{
    const struct partition *p = part_of(log, shard, topic);
    const int64_t k = find(p, offset);
    return k < p->count && p->at[k].offset == offset && p->at[k].lost;
}

void fake_log_silence(struct fake_log *log, bool silent)
{
    log->silent = silent;
}

void fake_log_probe_interval(struct fake_log *log, int64_t interval_ms)
{
    log->probe_interval_ms = interval_ms;
}

int64_t fake_log_noted(const struct fake_log *log, int32_t shard, enum topic topic)
{
    return part_of(log, shard, topic)->noted;
}

static bool is_cut(struct fake_member *m, struct reason *why)
{
    if (m->cut == 0)
        return false;
    if (m->cut > 0)
        m->cut--;
    reason_set(why, "the brokers do not answer");
    return true;
}

/* ---- the port -------------------------------------------------------------------------------
 */

static void go_on_without(struct partition *p, int64_t from, int64_t to)
{
    for (int64_t k = find(p, from); k < p->count && p->at[k].offset < to; k++)
        p->at[k].lost = true;
}

/* Where to begin for a stored offset. */
static enum status choose_offset(struct fake_member *m, int32_t shard, enum topic topic,
                                 int64_t stored, struct reason *why)
{
    struct partition *p = part_of(m->log, shard, topic);
    struct fake_input *in = input_of(m, shard, topic);
    in->fresh = stored == OFFSET_NONE;
    const bool goes_on =
        in->fresh ? !m->log->options.from_end : m->log->options.skip_on_data_loss;
    if (goes_on)
        go_on_without(p, in->fresh ? 0 : stored, p->low);
    if (in->fresh)
        in->next = m->log->options.from_end ? p->end : p->low;
    else if (stored >= p->low && stored <= p->end)
        in->next = stored;
    else if (m->log->options.skip_on_data_loss)
        in->next = p->low;
    else {
        reason_set(why,
                   "topic %s, partition %d: the next record to read has offset %lld, but the "
                   "topic begins at %lld and ends at %lld",
                   topic_label(topic), (int)shard, (long long)stored, (long long)p->low,
                   (long long)p->end);
        return STATUS_DATA_LOSS;
    }
    return STATUS_OK;
}

static enum status log_start(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT],
                             struct reason *why)
{
    struct fake_member *m = self;
    CHECK(!m->dead);
    if (is_cut(m, why))
        return STATUS_UNAVAILABLE;
    if (!m->owns[shard]) {
        reason_set(why, "shard %d is not ours any more", (int)shard);
        return STATUS_UNAVAILABLE;
    }
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        const enum status s = choose_offset(m, shard, (enum topic)topic, offsets[topic], why);
        if (s != STATUS_OK)
            return s;
    }
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        input_of(m, shard, (enum topic)topic)->started = true;
    m->failure = STATUS_OK;
    return STATUS_OK;
}

static void probe(struct fake_member *m)
{
    const struct fake_log *log = m->log;
    const wall_time now = log->options.now(log->options.arg);
    for (int32_t i = 0; i < part_count(log) && !log->silent; i++) {
        struct fake_input *in = &m->inputs[i];
        if (!m->owns[i / TOPIC_COUNT])
            continue;
        if (in->end.known && now.ms - in->end.asked.ms < log->probe_interval_ms)
            continue;
        in->end =
            (struct log_end){ .known = true, .end = log->partitions[i].end, .asked = now };
    }
}

static bool has_lost_data(struct fake_member *m, int32_t i)
{
    struct fake_input *in = &m->inputs[i];
    const struct partition *p = &m->log->partitions[i];
    if (in->next >= p->low && in->next <= p->end)
        return false;
    const enum topic topic = (enum topic)(i % TOPIC_COUNT);
    const int64_t stored = in->fresh ? OFFSET_NONE : in->next;
    m->failure = choose_offset(m, i / TOPIC_COUNT, topic, stored, &m->failure_why);
    return m->failure != STATUS_OK;
}

/* At most `max` records of one input; returns how many. */
static int32_t drain_input(struct fake_member *m, int32_t i, int32_t max)
{
    const struct partition *p = &m->log->partitions[i];
    struct fake_input *in = &m->inputs[i];
    if (!in->started || in->held || has_lost_data(m, i))
        return 0;
    int32_t taken = 0;
    for (int64_t k = find(p, in->next); k < p->count && taken < max; k++, taken++) {
        const struct stored *s = &p->at[k];
        if (p->limit >= 0 && s->offset >= p->limit)
            break;
        m->records[m->record_count++] = (struct record){
            .shard = i / TOPIC_COUNT,
            .topic = (enum topic)(i % TOPIC_COUNT),
            .offset = s->offset,
            .timestamp = s->timestamp,
            .key = s->key,
            .value = s->value,
        };
        in->next = s->offset + 1;
        in->fresh = false;
    }
    return taken;
}

static void drain(struct fake_member *m)
{
    const int32_t share = m->log->options.batch_records / TOPIC_COUNT;
    const int32_t chunk = share > 0 ? share : 1;
    bool progress = true;
    m->record_count = 0;
    while (progress && m->record_count < m->log->options.batch_records) {
        progress = false;
        for (int32_t i = 0; i < part_count(m->log); i++) {
            const int32_t room = m->log->options.batch_records - m->record_count;
            const int32_t at = (m->turn + i) % part_count(m->log);
            if (drain_input(m, at, chunk < room ? chunk : room) > 0)
                progress = true;
        }
        m->turn = (m->turn + 1) % part_count(m->log);
    }
}

static void lend_duties(struct fake_member *m)
{
    const struct duty_list empty = m->lent;
    m->lent = m->fresh;
    m->fresh = empty;
    m->fresh.count = 0;
}

static enum status log_read(void *self, int patience_ms, struct record_batch *ret_batch,
                            struct reason *why)
{
    struct fake_member *m = self;
    (void)patience_ms;
    CHECK(!m->dead);
    if (is_cut(m, why))
        return STATUS_UNAVAILABLE;
    if (!m->in_group) {
        m->in_group = true;
        fake_log_rebalance(m->log);
    }
    settle(m->log);
    lend_duties(m);
    probe(m);
    drain(m);
    if (m->failure != STATUS_OK && m->record_count == 0 && m->lent.count == 0) {
        if (why != NULL)
            *why = m->failure_why;
        return m->failure;
    }
    *ret_batch = (struct record_batch){
        .records = m->records,
        .record_count = m->record_count,
        .duties = m->lent.at,
        .duty_count = m->lent.count,
    };
    return STATUS_OK;
}

static void log_release(void *self)
{
    struct fake_member *m = self;
    m->must_release = false;
}

static void log_hold(void *self, int32_t shard, enum topic topic, bool held)
{
    input_of(self, shard, topic)->held = held;
}

static struct log_end log_log_end(void *self, int32_t shard, enum topic topic)
{
    return input_of(self, shard, topic)->end;
}

/* Behind the last record, offsets without one are skipped. */
static int64_t log_position(void *self, int32_t shard, enum topic topic)
{
    const struct fake_member *m = self;
    const struct fake_input *in = input_of(m, shard, topic);
    const struct partition *p = part_of(m->log, shard, topic);
    if (!in->started)
        return OFFSET_NONE;
    const bool read_all = p->limit < 0 && find(p, in->next) == p->count;
    return read_all && p->end > in->next ? p->end : in->next;
}

static void log_note_progress(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT])
{
    struct fake_member *m = self;
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        if (m->owns[shard] && offsets[topic] != OFFSET_NONE)
            part_of(m->log, shard, (enum topic)topic)->noted = offsets[topic];
}

void fake_log_deny_lease(struct fake_member *m, bool denied)
{
    m->lease_denied = denied;
}

enum { SESSION_MS = 10000 };

/* Nobody is told that his session is over; whoever was given up has no lease. */
static int32_t log_lease_ms(void *self)
{
    const struct fake_member *m = self;
    bool given_up = m->dead || !m->in_group || m->lease_denied;
    for (int32_t i = 0; i < m->fresh.count; i++)
        given_up |= m->fresh.at[i].kind == DUTY_LOST;
    return given_up ? 0 : SESSION_MS;
}

static bool log_troubled(void *self, struct reason *why)
{
    const struct fake_member *m = self;
    if (m->log->silent)
        reason_set(why, "nobody says where the topics end");
    return m->log->silent;
}

struct source_port fake_log_source(struct fake_member *member)
{
    return (struct source_port){
        .self = member,
        .read = log_read,
        .start = log_start,
        .release = log_release,
        .hold = log_hold,
        .log_end = log_log_end,
        .position = log_position,
        .note_progress = log_note_progress,
        .lease_ms = log_lease_ms,
        .troubled = log_troubled,
    };
}
