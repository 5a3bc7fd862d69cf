/* redis_load.c - reads a shard's state back: parts, then the log.
 *
 *     header ──▶ parts, some at a time ──▶ log, chunk by chunk ──▶ header again
 *
 * If epoch and version are at the end still those it began with, nobody wrote
 * in between: only the owner of the newest epoch can, and every save raises the
 * version. What looked broken on the way is judged only then: it may have been
 * trimmed or replaced while we read.
 */
#include "redis/redis_load.h"

#include "base/check.h"
#include "redis/redis_header.h"

#include <inttypes.h>

enum {
    PARTS_AT_ONCE = 8,
    LOG_CHUNK_FIRST = 32, /* elements of the log asked for at once */
    LOG_CHUNK_LAST = 4096,
    LOG_CHUNK_BYTES = 1024 * 1024, /* what a chunk should come to */
};

/* What one load carries from step to step. */
struct load {
    struct redis_session *session;
    int32_t shard;
    struct redis_images to;
    struct redis_header header;
};

static enum status fetch_header(struct load *load, struct reason *why)
{
    struct redis_session *session = load->session;
    struct redis_command c = redis_session_command(session, 2);
    redis_command_text(&c, "HGETALL");
    redis_command_bytes(&c, redis_session_shard_key(session, load->shard));
    redis_command_end(&c);
    redisReply *reply = NULL;
    const enum status asked = redis_session_call(session, &reply, why);
    if (asked != STATUS_OK)
        return asked;
    redis_header_free(&load->header);
    const enum status s = redis_header_parse(
        reply, redis_session_shard_key(session, load->shard), &load->header, why);
    freeReplyObject(reply);
    return s;
}

/* Is the shard still as it was claimed? */
static enum status check_unmoved(struct load *load, const struct shard_header *claimed,
                                 struct reason *why)
{
    const enum status s = fetch_header(load, why);
    if (s != STATUS_OK)
        return s;
    const struct shard_header *now = &load->header.fields;
    if (now->epoch == claimed->epoch && now->version == claimed->version)
        return STATUS_OK;
    reason_set(why,
               "shard %d moved on in Redis at %s: epoch %" PRIu64 ", version %" PRIu64
               "; claimed were %" PRIu64 ", %" PRIu64,
               load->shard, redis_link_address(load->session->link), now->epoch, now->version,
               claimed->epoch, claimed->version);
    return STATUS_FENCED;
}

/* Hands over a stored value, which must be of this version. session->key names it. */
static enum status hand_over(struct load *load, const redisReply *value, uint64_t version,
                             struct reason *why)
{
    const struct buffer *key = &load->session->key;
    uint64_t found = 0;
    struct span images = { 0 };
    enum status s = STATUS_MISSING;
    if (value->type == REDIS_REPLY_STRING)
        s = redis_command_split(span_of(value->str, (size_t)value->len), &found, &images);
    if (s == STATUS_MALFORMED) {
        reason_set(why,
                   "key %.*s is damaged: what stands there instead of version %" PRIu64
                   " is not what was written",
                   (int)key->size, (const char *)key->at, version);
        return STATUS_MALFORMED;
    }
    if (s != STATUS_OK || found != version) {
        reason_set(why, "key %.*s: version %" PRIu64 " is missing, found %" PRIu64,
                   (int)key->size, (const char *)key->at, version, found);
        return STATUS_MALFORMED;
    }
    s = load->to.each(load->to.arg, images);
    if (s == STATUS_MALFORMED)
        reason_set(why, "key %.*s: the images of version %" PRIu64 " cannot be read",
                   (int)key->size, (const char *)key->at, version);
    return s;
}

static void ask_for_parts(struct load *load, int32_t from, int32_t to)
{
    struct redis_session *session = load->session;
    buffer_clear(&session->call);
    for (int32_t i = from; i < to; i++) {
        redis_session_part_key(session, load->shard, load->header.parts[i].index);
        struct redis_command c = redis_command_begin(&session->call, 2);
        redis_command_text(&c, "GET");
        redis_command_bytes(&c, buffer_span(&session->key));
        redis_command_end(&c);
    }
    redis_session_ask(session, to - from);
}

/* After a failure the answers still to come are read and thrown away. */
static enum status take_parts(struct load *load, int32_t from, int32_t to, struct reason *why)
{
    enum status s = STATUS_OK;
    for (int32_t i = from; i < to; i++) {
        redisReply *reply = NULL;
        struct reason unread = { 0 };
        redis_session_part_key(load->session, load->shard, load->header.parts[i].index);
        const enum status asked = redis_session_answer(load->session, &reply, &unread);
        if (s == STATUS_OK && asked != STATUS_OK) {
            s = asked;
            reason_set(why, "%s", unread.text);
        }
        if (s == STATUS_OK)
            s = hand_over(load, reply, load->header.parts[i].version, why);
        if (reply != NULL)
            freeReplyObject(reply);
        if (!redis_link_is_connected(load->session->link))
            return s;
    }
    return s;
}

static enum status load_parts(struct load *load, struct reason *why)
{
    const int32_t count = load->header.part_count;
    enum status s = STATUS_OK;
    for (int32_t from = 0; from < count && s == STATUS_OK; from += PARTS_AT_ONCE) {
        const int32_t to = from + PARTS_AT_ONCE < count ? from + PARTS_AT_ONCE : count;
        ask_for_parts(load, from, to);
        s = take_parts(load, from, to, why);
    }
    return s;
}

/* Elements [from, from + count) of the log, of which the first has `version`.
 * NOLINTNEXTLINE(readability-function-size) */
static enum status load_chunk(struct load *load, int64_t from, int64_t count, uint64_t version,
                              size_t *ret_bytes, struct reason *why)
{
    struct redis_session *session = load->session;
    struct redis_command c = redis_session_command(session, 4);
    redis_command_text(&c, "LRANGE");
    redis_command_bytes(&c, redis_session_log_key(session, load->shard));
    redis_command_number(&c, from);
    redis_command_number(&c, from + count - 1);
    redis_command_end(&c);
    redisReply *reply = NULL;
    enum status s = redis_session_call(session, &reply, why);
    if (s != STATUS_OK)
        return s;

    redis_session_log_key(session, load->shard);
    if (reply->type != REDIS_REPLY_ARRAY || (int64_t)reply->elements != count) {
        reason_set(why, "key %.*s ends before version %" PRIu64, (int)session->key.size,
                   (const char *)session->key.at, version + (uint64_t)count - 1);
        s = STATUS_MALFORMED;
    }
    size_t bytes = 0;
    for (int64_t i = 0; i < count && s == STATUS_OK; i++) {
        const redisReply *element = reply->element[i];
        bytes += (size_t)element->len;
        s = hand_over(load, element, version + (uint64_t)i, why);
    }
    freeReplyObject(reply);
    *ret_bytes = bytes;
    return s;
}

/* The log must end with the header's version: an element beyond it would make
 * every later save wrong. */
static enum status check_log_size(struct load *load, int64_t expected, struct reason *why)
{
    struct redis_session *session = load->session;
    struct redis_command c = redis_session_command(session, 2);
    redis_command_text(&c, "LLEN");
    redis_command_bytes(&c, redis_session_log_key(session, load->shard));
    redis_command_end(&c);
    redisReply *reply = NULL;
    enum status s = redis_session_call(session, &reply, why);
    if (s != STATUS_OK)
        return s;
    if (reply->type != REDIS_REPLY_INTEGER || reply->integer != expected) {
        reason_set(why, "key %.*s has %lld elements where the header says %lld",
                   (int)session->key.size, (const char *)session->key.at, reply->integer,
                   (long long)expected);
        s = STATUS_MALFORMED;
    }
    freeReplyObject(reply);
    return s;
}

/* Chunks grow while they are small: saves are of very different sizes. */
static enum status load_log(struct load *load, struct reason *why)
{
    const uint64_t first = load->header.log_first;
    const int64_t end = (int64_t)(load->header.fields.version - first + 1);
    enum status s = check_log_size(load, end, why);
    if (s != STATUS_OK)
        return s;
    int64_t chunk = LOG_CHUNK_FIRST;
    int64_t from = 0;
    while (from < end) {
        const int64_t count = end - from < chunk ? end - from : chunk;
        size_t bytes = 0;
        s = load_chunk(load, from, count, first + (uint64_t)from, &bytes, why);
        if (s != STATUS_OK)
            return s;
        from += count;
        if (bytes < LOG_CHUNK_BYTES && chunk < LOG_CHUNK_LAST)
            chunk *= 2;
        if (bytes > 2 * (size_t)LOG_CHUNK_BYTES && chunk > 1)
            chunk /= 2;
    }
    return STATUS_OK;
}

static enum status load_all(struct load *load, const struct shard_header *claimed,
                            struct reason *why)
{
    enum status s = check_unmoved(load, claimed, why);
    if (s != STATUS_OK)
        return s;
    s = load_parts(load, why);
    if (s == STATUS_OK)
        s = load_log(load, why);
    if (s != STATUS_OK && s != STATUS_MALFORMED)
        return s;

    /* What looked broken may have been written while we read. */
    struct reason moved = { 0 };
    const enum status checked = check_unmoved(load, claimed, &moved);
    if (checked == STATUS_OK)
        return s;
    reason_set(why, "%s", moved.text);
    return checked;
}

enum status redis_load(struct redis_session *session, int32_t shard,
                       const struct shard_header *claimed, struct redis_images to,
                       struct reason *why)
{
    const enum status connected = redis_session_connect(session, why);
    if (connected != STATUS_OK)
        return connected;
    struct load load = { .session = session, .shard = shard, .to = to };
    const enum status s = load_all(&load, claimed, why);
    redis_header_free(&load.header);
    return s;
}
