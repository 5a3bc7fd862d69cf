/* redis_session.c - see redis_session.h.
 *
 * DESIGN
 * ------
 * Nothing waits in a save: what the socket does not take at once goes out in
 * later moves, while answers come in. A script that Redis forgot (SCRIPT FLUSH,
 * a restart) is sent again together with the slot's bytes: the caller does not
 * notice.
 *
 * If the connection breaks, it is not known which of the saves under way
 * happened: all become UNAVAILABLE. The caller sends the very same save again,
 * and save.lua recognises what is there already.
 */
#include "redis/redis_session.h"

#include "base/check.h"
#include "base/log.h"
#include "base/name.h"
#include "scripts_embedded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_CALL = -1, TAG_SCRIPT = -2 };

/* ---- open and close ------------------------------------------------------------- */

static void encode_script_load(struct buffer *out)
{
    struct redis_command c = redis_command_begin(out, 3);
    redis_command_text(&c, "SCRIPT");
    redis_command_text(&c, "LOAD");
    redis_command_text(&c, embedded_save_lua);
    redis_command_end(&c);
}

bool redis_session_open(struct redis_session *session, const struct redis_options *options,
                        struct reason *why)
{
    *session = (struct redis_session){ 0 };
    if (!redis_keys_prefix_is_valid(options->prefix)) {
        reason_set(why,
                   "redis.prefix \"%s\" cannot begin a key: use 1 to %d printable characters "
                   "without blanks and braces",
                   options->prefix, REDIS_PREFIX_BYTES_MAX);
        return false;
    }
    snprintf(session->prefix, sizeof session->prefix, "%s", options->prefix);
    session->link = redis_link_open(options, why);
    if (session->link == NULL)
        return false;
    session->pipe.link = session->link;
    session->pipe.timeout_ms = options->timeout_ms;
    encode_script_load(&session->script);
    return true;
}

void redis_session_close(struct redis_session *session)
{
    for (int32_t i = 0; i < session->slot_count; i++)
        buffer_free(&session->slots[i].command);
    free(session->slots);
    buffer_free(&session->call);
    buffer_free(&session->script);
    buffer_free(&session->key);
    redis_pipe_free(&session->pipe);
    redis_link_close(session->link);
    *session = (struct redis_session){ 0 };
}

/* ---- slots ------------------------------------------------------------------------ */

struct redis_slot *redis_session_find(struct redis_session *session, int32_t shard)
{
    for (int32_t i = 0; i < session->slot_count; i++) {
        if (session->slots[i].state != REDIS_SLOT_FREE && session->slots[i].shard == shard)
            return &session->slots[i];
    }
    return NULL;
}

static struct redis_slot *find_free_slot(struct redis_session *session)
{
    int32_t i = 0;
    while (i < session->slot_count && session->slots[i].state != REDIS_SLOT_FREE)
        i++;
    if (i < session->slot_count)
        return &session->slots[i];
    session->slot_count += 1;
    session->slots =
        realloc(session->slots, (size_t)session->slot_count * sizeof *session->slots);
    CHECK(session->slots != NULL);
    session->slots[i] = (struct redis_slot){ 0 };
    return &session->slots[i];
}

struct redis_slot *redis_session_take(struct redis_session *session, int32_t shard,
                                      uint64_t version)
{
    CHECK(redis_session_find(session, shard) == NULL);
    struct redis_slot *slot = find_free_slot(session);
    slot->shard = shard;
    slot->state = REDIS_SLOT_UNDER_WAY;
    slot->script_sent_again = false;
    slot->result = (struct save_result){ .shard = shard, .version = version };
    buffer_clear(&slot->command);
    return slot;
}

void redis_session_begin(struct redis_session *session, struct redis_slot *slot)
{
    const int32_t tag = (int32_t)(slot - session->slots);
    redis_pipe_add(&session->pipe, buffer_span(&slot->command), 1, tag);
}

/* Only these four may come out of `poll`: what no retry mends stays
 * UNAVAILABLE, with the sentence that says what to mend. */
enum status redis_session_save_status(enum status status)
{
    const bool known = status == STATUS_OK || status == STATUS_FENCED || status == STATUS_FULL;
    return known ? status : STATUS_UNAVAILABLE;
}

static void answer_slot(struct redis_slot *slot, enum status status, const struct reason *why)
{
    CHECK(slot->state == REDIS_SLOT_UNDER_WAY);
    slot->state = REDIS_SLOT_ANSWERED;
    slot->result.status = redis_session_save_status(status);
    slot->result.why = *why;
}

/* The connection is gone, and with it every answer that was still to come. */
static void fail_slots(struct redis_session *session, const struct reason *why)
{
    redis_pipe_forget(&session->pipe);
    for (int32_t i = 0; i < session->slot_count; i++) {
        if (session->slots[i].state == REDIS_SLOT_UNDER_WAY)
            answer_slot(&session->slots[i], STATUS_UNAVAILABLE, why);
    }
    log_write(LOG_WARN, "redis_connection_lost", "address=\"%s\" why=\"%s\"",
              redis_link_address(session->link), why->text);
}

void redis_session_disconnect(struct redis_session *session)
{
    struct reason why = { 0 };
    reason_set(&why, "connection to Redis at %s closed", redis_link_address(session->link));
    redis_link_drop(session->link);
    fail_slots(session, &why);
}

/* ---- answers -------------------------------------------------------------------------- */

const char *redis_session_text(const redisReply *reply, size_t i)
{
    if (i >= (size_t)reply->elements || reply->element[i]->type != REDIS_REPLY_STRING)
        return "";
    return reply->element[i]->str;
}

/* What save.lua returned. */
static enum status read_verdict(const struct redis_session *session, const redisReply *reply,
                                struct reason *why)
{
    const char *verdict = reply->type == REDIS_REPLY_ARRAY ? redis_session_text(reply, 0) : "";
    if (strcmp(verdict, "OK") == 0)
        return STATUS_OK;
    const char *address = redis_link_address(session->link);
    if (strcmp(verdict, "FENCED") == 0) {
        reason_set(why, "Redis at %s holds epoch %s, version %s, %s", address,
                   redis_session_text(reply, 1), redis_session_text(reply, 2),
                   redis_session_text(reply, 3));
        return STATUS_FENCED;
    }
    reason_set(why, "Redis at %s: %s", address,
               strcmp(verdict, "BROKEN") == 0 ? redis_session_text(reply, 1)
                                              : "unknown answer to a save");
    return STATUS_UNAVAILABLE;
}

static bool is_missing_script(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR &&
           strncmp(reply->str, "NOSCRIPT", strlen("NOSCRIPT")) == 0;
}

static void take_save_answer(struct redis_session *session, int32_t tag,
                             const redisReply *reply)
{
    CHECK(tag >= 0 && tag < session->slot_count);
    struct redis_slot *slot = &session->slots[tag];
    if (is_missing_script(reply) && !slot->script_sent_again) {
        slot->script_sent_again = true;
        redis_pipe_add(&session->pipe, buffer_span(&session->script), 1, TAG_SCRIPT);
        redis_pipe_add(&session->pipe, buffer_span(&slot->command), 1, tag);
        return;
    }
    struct reason why = { 0 };
    if (reply->type != REDIS_REPLY_ERROR) {
        answer_slot(slot, read_verdict(session, reply, &why), &why);
        return;
    }
    const enum status s = redis_link_explain(session->link, reply->str, &why);
    answer_slot(slot, s, &why);
    if (!redis_link_is_connected(session->link))
        fail_slots(session, &why);
}

/* Writes what goes and takes what came. OK: an answer to a call, in *ret_reply.
 * PENDING: nothing (more) to take now. UNAVAILABLE: the connection is gone. */
static enum status turn(struct redis_session *session, redisReply **ret_reply,
                        struct reason *why)
{
    while (true) {
        redisReply *reply = NULL;
        int32_t tag = 0;
        const enum status s = redis_pipe_turn(&session->pipe, &reply, &tag, why);
        if (s == STATUS_UNAVAILABLE)
            fail_slots(session, why);
        if (s != STATUS_OK)
            return s;
        if (tag == TAG_CALL) {
            *ret_reply = reply;
            return STATUS_OK;
        }
        if (tag != TAG_SCRIPT)
            take_save_answer(session, tag, reply);
        freeReplyObject(reply);
    }
}

void redis_session_move(struct redis_session *session)
{
    struct reason why = { 0 };
    redisReply *reply = NULL;
    const enum status s = turn(session, &reply, &why);
    CHECK(s != STATUS_OK); /* that would be the answer to a call, and none is under way */
}

/* ---- calls: ask and wait ---------------------------------------------------------------- */

/* The next answer of the call under way. Errors of Redis become their status. */
enum status redis_session_answer(struct redis_session *session, redisReply **ret_reply,
                                 struct reason *why)
{
    redisReply *reply = NULL;
    while (true) {
        struct reason broken = { 0 };
        const enum status s = turn(session, &reply, &broken);
        if (s == STATUS_OK)
            break;
        if (s == STATUS_UNAVAILABLE || redis_pipe_is_empty(&session->pipe)) {
            reason_set(why, "%s", redis_link_why(session->link));
            return STATUS_UNAVAILABLE;
        }
        redis_pipe_wait(&session->pipe, INT32_MAX);
    }
    if (reply->type != REDIS_REPLY_ERROR) {
        *ret_reply = reply;
        return STATUS_OK;
    }
    struct reason error = { 0 };
    const enum status s = redis_link_explain(session->link, reply->str, &error);
    freeReplyObject(reply);
    if (!redis_link_is_connected(session->link))
        fail_slots(session, &error);
    if (s == STATUS_MALFORMED) /* Redis does not say of which key it speaks */
        reason_set(why, "key %.*s: %s", (int)session->key.size, (const char *)session->key.at,
                   error.text);
    else
        reason_set(why, "%s", error.text);
    return s;
}

void redis_session_ask(struct redis_session *session, int32_t answers)
{
    redis_pipe_add(&session->pipe, buffer_span(&session->call), answers, TAG_CALL);
}

/* Asks what stands in session->call, which has one answer. */
enum status redis_session_call(struct redis_session *session, redisReply **ret_reply,
                               struct reason *why)
{
    redis_session_ask(session, 1);
    return redis_session_answer(session, ret_reply, why);
}

struct span redis_session_shard_key(struct redis_session *session, int32_t shard)
{
    buffer_clear(&session->key);
    redis_keys_shard(&session->key, session->prefix, shard);
    return buffer_span(&session->key);
}

struct span redis_session_log_key(struct redis_session *session, int32_t shard)
{
    buffer_clear(&session->key);
    redis_keys_log(&session->key, session->prefix, shard);
    return buffer_span(&session->key);
}

struct span redis_session_part_key(struct redis_session *session, int32_t shard, int32_t part)
{
    buffer_clear(&session->key);
    redis_keys_part(&session->key, session->prefix, shard, part);
    return buffer_span(&session->key);
}

struct redis_command redis_session_command(struct redis_session *session,
                                           int64_t argument_count)
{
    buffer_clear(&session->call);
    return redis_command_begin(&session->call, argument_count);
}

/* ---- connecting ---------------------------------------------------------------------- */

static enum status send_script(struct redis_session *session, struct reason *why)
{
    redisReply *reply = NULL;
    redis_pipe_add(&session->pipe, buffer_span(&session->script), 1, TAG_CALL);
    enum status s = redis_session_answer(session, &reply, why);
    if (s != STATUS_OK)
        return s;
    CHECK(reply != NULL);
    if (reply->type == REDIS_REPLY_STRING && strlen(reply->str) == REDIS_SHA_CHARACTERS) {
        memcpy(session->save_sha, reply->str, REDIS_SHA_CHARACTERS + 1);
    } else {
        reason_set(why, "Redis at %s: unknown answer to SCRIPT LOAD",
                   redis_link_address(session->link));
        redis_link_drop(session->link);
        s = STATUS_UNAVAILABLE;
    }
    freeReplyObject(reply);
    return s;
}

enum status redis_session_connect(struct redis_session *session, struct reason *why)
{
    enum status s = redis_link_ensure(session->link, why);
    if (s != STATUS_OK)
        return s;
    const uint64_t generation = redis_link_generation(session->link);
    if (generation == session->generation)
        return STATUS_OK;
    s = send_script(session, why);
    if (s == STATUS_OK)
        session->generation = generation;
    else if (redis_link_is_connected(session->link))
        redis_link_drop(session->link);
    return s;
}
