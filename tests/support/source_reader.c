/* source_reader.c - see source_reader.h. */
#include "support/source_reader.h"

#include "base/check.h"
#include "base/hash.h"

#include <stdio.h>
#include <time.h>

enum { STEP_MS = 50 };

wall_time source_reader_now(void)
{
    struct timespec t = { 0 };
    CHECK(clock_gettime(CLOCK_REALTIME, &t) == 0);
    return (wall_time){ (int64_t)t.tv_sec * SECOND_MS + t.tv_nsec / 1000000 };
}

static void follow(struct source_reader *r, const struct duty *d)
{
    CHECK(d->shard >= 0 && d->shard < SOURCE_READER_SHARDS);
    r->owned[d->shard] = d->kind == DUTY_ASSIGNED;
    r->revoked = r->revoked || d->kind == DUTY_REVOKED;
    r->lost = r->lost || d->kind == DUTY_LOST;
}

static int64_t size_of(struct span bytes)
{
    return bytes.at == NULL ? SOURCE_READER_ABSENT : (int64_t)bytes.size;
}

static void note(struct source_reader *r, const struct record *record)
{
    CHECK(r->count < SOURCE_READER_SEEN);
    struct source_seen *s = &r->seen[r->count++];
    s->shard = record->shard;
    s->topic = record->topic;
    s->offset = record->offset;
    s->key_size = size_of(record->key);
    s->value_size = size_of(record->value);
    s->value_hash = hash_bytes(record->value);
    (void)snprintf(s->value, sizeof s->value, "%.*s", (int)record->value.size,
                   (const char *)record->value.at);
}

void source_reader_step(struct source_reader *r)
{
    struct record_batch batch = { 0 };
    r->status = r->port.read(r->port.self, STEP_MS, &batch, &r->why);
    if (r->status != STATUS_OK)
        return;
    for (int32_t i = 0; i < batch.duty_count; i++)
        follow(r, &batch.duties[i]);
    for (int32_t i = 0; i < batch.record_count; i++)
        note(r, &batch.records[i]);
}

void source_reader_steps(struct source_reader *r, int ms)
{
    const int64_t until = source_reader_now().ms + ms;
    while (source_reader_now().ms < until)
        source_reader_step(r);
}

enum status source_reader_start(struct source_reader *r, int32_t shard,
                                const int64_t offsets[TOPIC_COUNT])
{
    return r->port.start(r->port.self, shard, offsets, &r->why);
}

int64_t source_reader_position(struct source_reader *r, int32_t shard, enum topic topic)
{
    return r->port.position(r->port.self, shard, topic);
}

struct log_end source_reader_end(struct source_reader *r, int32_t shard, enum topic topic)
{
    return r->port.log_end(r->port.self, shard, topic);
}

bool source_reader_at_end(struct source_reader *r, int32_t shard, enum topic topic)
{
    const struct log_end end = source_reader_end(r, shard, topic);
    return end.known && source_reader_position(r, shard, topic) >= end.end;
}
