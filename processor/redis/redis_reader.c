/* redis_reader.c - see redis_reader.h. */
#include "redis/redis_reader.h"

#include "base/check.h"
#include "base/name.h"
#include "redis/redis_command.h"
#include "redis/redis_keys.h"

#include <stdlib.h>

enum { TEXTS_MAX = 256 };

struct redis_reader {
    struct redis_link *link;
    struct buffer prefix; /* NUL-terminated */
    struct buffer key;    /* of the question being written */
    struct buffer questions;
    int32_t *tags; /* [tag_count], in the order asked */
    int32_t tag_count;
    int32_t tag_capacity;
};

struct redis_reader *redis_reader_open(const struct redis_options *options, struct reason *why)
{
    struct redis_reader *r = calloc(1, sizeof *r);
    CHECK(r != NULL);
    r->link = redis_link_open(options, why);
    if (r->link == NULL) {
        redis_reader_close(r);
        return NULL;
    }
    buffer_add(&r->prefix, span_of_text(options->prefix));
    buffer_add_u8(&r->prefix, 0);
    return r;
}

void redis_reader_close(struct redis_reader *r)
{
    if (r == NULL)
        return;
    redis_link_close(r->link);
    buffer_free(&r->prefix);
    buffer_free(&r->key);
    buffer_free(&r->questions);
    free(r->tags);
    free(r);
}

static void add_tag(struct redis_reader *r, int32_t tag)
{
    if (r->tag_count == r->tag_capacity) {
        r->tag_capacity = r->tag_capacity == 0 ? TEXTS_MAX : r->tag_capacity * 2;
        r->tags = reallocarray(r->tags, (size_t)r->tag_capacity, sizeof *r->tags);
        CHECK(r->tags != NULL);
    }
    r->tags[r->tag_count++] = tag;
}

void redis_reader_ask_worst(struct redis_reader *r, int32_t tag, int32_t shard,
                            const char *kpi_window, int32_t most)
{
    CHECK(most > 0 && most <= TEXTS_MAX / 2);
    buffer_clear(&r->key);
    redis_keys_rank(&r->key, (const char *)r->prefix.at, shard, span_of_text(kpi_window));
    struct redis_command c = redis_command_begin(&r->questions, 5);
    redis_command_text(&c, "ZREVRANGE");
    redis_command_bytes(&c, buffer_span(&r->key));
    redis_command_number(&c, 0);
    redis_command_number(&c, most - 1);
    redis_command_text(&c, "WITHSCORES");
    redis_command_end(&c);
    add_tag(r, tag);
}

void redis_reader_ask_field(struct redis_reader *r, int32_t tag, int32_t shard,
                            const char *seller_storefront, const char *field)
{
    buffer_clear(&r->key);
    redis_keys_view(&r->key, (const char *)r->prefix.at, shard,
                    span_of_text(seller_storefront));
    struct redis_command c = redis_command_begin(&r->questions, 3);
    redis_command_text(&c, "HGET");
    redis_command_bytes(&c, buffer_span(&r->key));
    redis_command_text(&c, field);
    redis_command_end(&c);
    add_tag(r, tag);
}

/* ---- answers -------------------------------------------------------------------------- */

static struct span text_of(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING)
        return span_of("", 0);
    return span_of(reply->str, (size_t)reply->len);
}

static void hand_over(const redisReply *reply, int32_t tag, redis_reader_each each, void *arg)
{
    struct span texts[TEXTS_MAX];
    int32_t count = 0;
    if (reply->type == REDIS_REPLY_STRING)
        texts[count++] = text_of(reply);
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        if (count < TEXTS_MAX)
            texts[count++] = text_of(reply->element[i]);
    }
    each(arg, tag, texts, count);
}

static enum status send_all(struct redis_reader *r, int64_t deadline, struct reason *why)
{
    struct span left = buffer_span(&r->questions);
    while (left.size > 0) {
        size_t taken = 0;
        const enum status s = redis_link_write(r->link, left, &taken, why);
        if (s != STATUS_OK)
            return s;
        left = span_of(left.at + taken, left.size - taken);
        if (redis_link_clock_ms() > deadline)
            return redis_link_time_out(r->link, why);
        if (taken == 0)
            redis_link_wait(r->link, true, deadline - redis_link_clock_ms());
    }
    return STATUS_OK;
}

/* Waits for one answer and hands it over. */
static enum status take(struct redis_reader *r, int64_t deadline, redisReply **ret_reply,
                        struct reason *why)
{
    enum status s = redis_link_read(r->link, ret_reply, why);
    while (s == STATUS_PENDING) {
        const int64_t left = deadline - redis_link_clock_ms();
        if (left <= 0)
            return redis_link_time_out(r->link, why);
        redis_link_wait(r->link, redis_link_has_unsent(r->link), left);
        s = redis_link_read(r->link, ret_reply, why);
    }
    return s;
}

enum status redis_reader_answers(struct redis_reader *r, int patience_ms,
                                 redis_reader_each each, void *arg, struct reason *why)
{
    const int64_t deadline = redis_link_clock_ms() + patience_ms;
    enum status s = redis_link_ensure(r->link, why);
    if (s == STATUS_OK)
        s = send_all(r, deadline, why);
    for (int32_t i = 0; i < r->tag_count && s == STATUS_OK; i++) {
        redisReply *reply = NULL;
        s = take(r, deadline, &reply, why);
        if (s != STATUS_OK)
            break;
        if (reply->type == REDIS_REPLY_ERROR) /* the rest of the answers goes with it */
            s = redis_link_explain(r->link, reply->str, why);
        else
            hand_over(reply, r->tags[i], each, arg);
        freeReplyObject(reply);
        if (s != STATUS_OK)
            redis_link_drop(r->link);
    }
    r->tag_count = 0;
    buffer_clear(&r->questions);
    return s;
}
