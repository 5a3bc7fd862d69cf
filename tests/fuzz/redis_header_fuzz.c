/* redis_header_fuzz.c - whatever stands in a shard's hash, the answer is a header whose every
 * value we may have written, or a sentence that names the key.
 *
 * Input: lines NAME=VALUE, the fields of the hash. A line without '=' is a nil.
 */
#include "base/check.h"
#include "base/name.h"
#include "kpi/image.h"
#include "kpi/outbox.h"
#include "redis/redis_header.h"

#include <string.h>

enum { ELEMENTS_MAX = 4096 };

static const char KEY[] = "sw:{7}:shard";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_text(struct buffer *b, struct span text)
{
    buffer_printf(b, "$%zu\r\n", text.size);
    buffer_add(b, text);
    buffer_printf(b, "\r\n");
}

static int add_line(struct buffer *b, struct span line)
{
    const uint8_t *equals = line.size == 0 ? NULL : memchr(line.at, '=', line.size);
    if (equals == NULL) {
        buffer_printf(b, "$-1\r\n");
        return 1;
    }
    const size_t name = (size_t)(equals - line.at);
    add_text(b, span_of(line.at, name));
    add_text(b, span_of(equals + 1, line.size - name - 1));
    return 2;
}

/* As Redis would answer HGETALL. */
static redisReply *reply_of(struct span lines)
{
    struct buffer elements = { 0 };
    struct buffer wire = { 0 };
    int count = 0;
    while (lines.size > 0 && count < ELEMENTS_MAX) {
        const uint8_t *end = memchr(lines.at, '\n', lines.size);
        const size_t length = end == NULL ? lines.size : (size_t)(end - lines.at);
        count += add_line(&elements, span_of(lines.at, length));
        const size_t step = end == NULL ? length : length + 1;
        lines = span_of(lines.at + step, lines.size - step);
    }
    buffer_printf(&wire, "*%d\r\n", count);
    buffer_add(&wire, buffer_span(&elements));
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;
    CHECK(redisReaderFeed(reader, (const char *)wire.at, wire.size) == REDIS_OK);
    CHECK(redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL);
    redisReaderFree(reader);
    buffer_free(&elements);
    buffer_free(&wire);
    return reply;
}

static bool time_is_ours(int64_t ms)
{
    return ms == TIME_NEVER_YET || (ms >= -IMAGE_TIME_FURTHEST && ms <= IMAGE_TIME_FURTHEST);
}

static void header_is_usable(const struct redis_header *h)
{
    const struct shard_header *f = &h->fields;
    CHECK(f->version <= INT64_MAX && f->epoch <= INT64_MAX);
    CHECK(time_is_ours(f->stream_time) && time_is_ours(f->watermark));
    for (int t = 0; t < TOPIC_COUNT; t++)
        CHECK(time_is_ours(f->highest[t]) && f->offsets[t] >= OFFSET_NONE);
    CHECK(f->alerts_offset >= OFFSET_NONE);
    CHECK(f->next_shard_sequence >= 1 && f->next_shard_sequence <= OUTBOX_SEQUENCE_MAX);
    CHECK(h->log_first >= 1 && h->log_first <= f->version + 1);
    for (int32_t i = 0; i < h->part_count; i++) {
        const struct redis_part *part = &h->parts[i];
        CHECK(part->index >= 0 && part->index < REDIS_PARTS_MAX);
        CHECK(part->version >= 1 && part->version <= f->version);
        CHECK(part->version + 1 >= h->log_first); /* else what it lacks is trimmed */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    redisReply *reply = reply_of(span_of(data, size));
    struct redis_header header;
    struct reason why = { "" };
    const enum status s = redis_header_parse(reply, span_of_text(KEY), &header, &why);
    if (s == STATUS_OK)
        header_is_usable(&header);
    else
        CHECK(s == STATUS_MALFORMED && strstr(why.text, KEY) != NULL);
    redis_header_free(&header);
    freeReplyObject(reply);
    return 0;
}
