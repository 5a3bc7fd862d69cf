/* redis_store.c - store_port on Redis.
 *
 * How saves are under way while calls wait is told in redis_session.c, how a
 * save is one atomic step in save.lua, how a shard is read back in redis_load.c.
 * Here they become the four functions of the port.
 */
#include "redis/redis_store.h"

#include "base/check.h"
#include "redis/redis_header.h"
#include "redis/redis_load.h"
#include "redis/redis_save.h"
#include "redis/redis_session.h"
#include "scripts_embedded.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct redis_store {
    struct redis_session session;
    struct redis_save_scratch scratch;
    int32_t next_answer; /* the slot where poll goes on looking: no shard starves */
};

struct redis_store *redis_store_open(const struct redis_options *options, struct reason *why)
{
    struct redis_store *store = calloc(1, sizeof *store);
    CHECK(store != NULL);
    if (!redis_session_open(&store->session, options, why))
        goto fail;
    return store;

fail:
    redis_store_close(store);
    return NULL;
}

void redis_store_close(struct redis_store *store)
{
    if (store == NULL)
        return;
    redis_session_close(&store->session);
    redis_save_scratch_free(&store->scratch);
    free(store);
}

bool redis_store_is_connected(const struct redis_store *store)
{
    return redis_link_is_connected(store->session.link);
}

enum status redis_store_connect(struct redis_store *store, struct reason *why)
{
    return redis_session_connect(&store->session, why);
}

void redis_store_disconnect(struct redis_store *store)
{
    redis_session_disconnect(&store->session);
}

/* ---- describe ------------------------------------------------------------------------ */

static void encode_description(struct redis_session *session, const struct redis_description *d)
{
    static const char *const fields[TOPIC_COUNT] = { "topic:orders", "topic:messages",
                                                     "topic:shipments" };
    struct redis_command c = redis_session_command(session, 4 + 6 + 2 * TOPIC_COUNT);
    redis_command_text(&c, "EVAL");
    redis_command_text(&c, embedded_describe_lua);
    redis_command_number(&c, 1);
    buffer_clear(&session->key);
    redis_keys_meta(&session->key, session->prefix);
    redis_command_bytes(&c, buffer_span(&session->key));
    redis_command_text(&c, "layout");
    redis_command_number(&c, REDIS_LAYOUT);
    redis_command_text(&c, "partitions");
    redis_command_number(&c, d->partition_count);
    redis_command_text(&c, "partitioner");
    redis_command_text(&c, "murmur2");
    for (int i = 0; i < TOPIC_COUNT; i++) {
        redis_command_text(&c, fields[i]);
        redis_command_text(&c, d->topic_names[i]);
    }
    redis_command_end(&c);
}

enum status redis_store_describe(struct redis_store *store,
                                 const struct redis_description *description,
                                 struct reason *why)
{
    struct redis_session *session = &store->session;
    enum status s = redis_session_connect(session, why);
    if (s != STATUS_OK)
        return s;
    encode_description(session, description);
    redisReply *reply = NULL;
    s = redis_session_call(session, &reply, why);
    if (s != STATUS_OK)
        return s;
    if (strcmp(redis_session_text(reply, 0), "OK") != 0) {
        const char *field = redis_session_text(reply, 1);
        reason_set(why, "%s:meta in Redis at %s says %s=%s, but it is %s: %s", session->prefix,
                   redis_link_address(session->link), field, redis_session_text(reply, 2),
                   redis_session_text(reply, 3),
                   strcmp(field, "layout") == 0
                       ? "another version of the program wrote this: run that one, or use "
                         "another redis.prefix or database"
                       : "use another redis.prefix or database for other topics");
        s = STATUS_REFUSED;
    }
    freeReplyObject(reply);
    return s;
}

/* ---- claim --------------------------------------------------------------------------- */

static void encode_claim(struct redis_session *session, int32_t shard, const char *writer)
{
    struct redis_command c = redis_session_command(session, 6);
    redis_command_text(&c, "EVAL");
    redis_command_text(&c, embedded_claim_lua);
    redis_command_number(&c, 1);
    redis_command_bytes(&c, redis_session_shard_key(session, shard));
    redis_command_number(&c, REDIS_LAYOUT);
    redis_command_text(&c, writer);
    redis_command_end(&c);
}

/* A save of ours that was under way when we lost the shard is of no interest
 * any more; but it must be answered before its slot can be free. */
static void forget_save(struct redis_session *session, int32_t shard)
{
    struct redis_slot *slot = redis_session_find(session, shard);
    while (slot != NULL && slot->state == REDIS_SLOT_UNDER_WAY) {
        redis_pipe_wait(&session->pipe, session->pipe.timeout_ms);
        redis_session_move(session);
    }
    if (slot != NULL)
        slot->state = REDIS_SLOT_FREE;
}

static enum status redis_store_claim(void *self, int32_t shard, const char *writer,
                                     struct shard_header *ret_header, struct reason *why)
{
    struct redis_session *session = &((struct redis_store *)self)->session;
    CHECK(strlen(writer) < WRITER_BYTES);
    forget_save(session, shard);
    enum status s = redis_session_connect(session, why);
    if (s != STATUS_OK)
        return s;

    encode_claim(session, shard, writer);
    redisReply *reply = NULL;
    s = redis_session_call(session, &reply, why);
    if (s != STATUS_OK)
        return s;
    struct redis_header header;
    s = redis_header_parse(reply, redis_session_shard_key(session, shard), &header, why);
    if (s == STATUS_OK)
        *ret_header = header.fields;
    redis_header_free(&header);
    freeReplyObject(reply);
    return s;
}

/* ---- load, save and poll ------------------------------------------------------- */

/* The signature is store_port.load. NOLINTNEXTLINE(readability-function-size) */
static enum status redis_store_load(void *self, int32_t shard,
                                    const struct shard_header *header,
                                    enum status (*each)(void *arg, struct span images),
                                    void *arg, struct reason *why)
{
    struct redis_store *store = self;
    const struct redis_images to = { .each = each, .arg = arg };
    return redis_load(&store->session, shard, header, to, why);
}

static enum status redis_store_save(void *self, const struct save *save, struct reason *why)
{
    struct redis_store *store = self;
    struct redis_session *session = &store->session;
    const enum status s = redis_session_connect(session, why);
    if (s != STATUS_OK)
        return redis_session_save_status(s);

    struct redis_slot *slot = redis_session_take(session, save->shard, save->header.version);
    redis_save_encode(&slot->command, session->prefix, session->save_sha, save,
                      &store->scratch);
    redis_session_begin(session, slot);
    redis_session_move(session); /* if the connection breaks now, poll tells */
    return STATUS_PENDING;
}

static int32_t take_results(struct redis_store *store, struct save_result *ret_results,
                            int32_t max)
{
    struct redis_session *session = &store->session;
    int32_t count = 0;
    for (int32_t i = 0; i < session->slot_count && count < max; i++) {
        struct redis_slot *slot = &session->slots[store->next_answer % session->slot_count];
        store->next_answer = (store->next_answer + 1) % session->slot_count;
        if (slot->state != REDIS_SLOT_ANSWERED)
            continue;
        ret_results[count++] = slot->result;
        slot->state = REDIS_SLOT_FREE;
    }
    return count;
}

static int32_t redis_store_poll(void *self, int patience_ms, struct save_result *ret_results,
                                int32_t max)
{
    struct redis_store *store = self;
    struct redis_session *session = &store->session;
    const int64_t deadline = redis_link_clock_ms() + patience_ms;
    while (true) {
        redis_session_move(session);
        const int32_t count = take_results(store, ret_results, max);
        const int64_t left = deadline - redis_link_clock_ms();
        if (count > 0 || left <= 0)
            return count;
        if (redis_pipe_is_empty(&session->pipe))
            (void)poll(NULL, 0, (int)left);
        else
            redis_pipe_wait(&session->pipe, left);
    }
}

static void redis_store_hurry(void *self)
{
    struct redis_store *store = self;
    redis_link_hurry(store->session.link);
}

struct store_port redis_store_port(struct redis_store *store)
{
    return (struct store_port){
        .self = store,
        .claim = redis_store_claim,
        .load = redis_store_load,
        .save = redis_store_save,
        .poll = redis_store_poll,
        .hurry = redis_store_hurry,
    };
}
