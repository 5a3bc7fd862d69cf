/* redis_session.h - one worker's talk with Redis: saves under way, and calls.
 *
 *     save shard 3   --> slot 0 .
 *     save shard 7   --> slot 1 +--> redis_pipe --> Redis
 *     claim, load ...--> "call" '
 *
 * A slot keeps a shard's save, as the bytes of its command, from its beginning
 * until its answer was fetched. A call (at most one at a time) waits for its
 * answers, and puts answers of saves that come before its own into the slots.
 */
#pragma once

#include "flow/ports.h"
#include "redis/redis_command.h"
#include "redis/redis_keys.h"
#include "redis/redis_pipe.h"

enum { REDIS_SHA_CHARACTERS = 40 };

enum redis_slot_state { REDIS_SLOT_FREE, REDIS_SLOT_UNDER_WAY, REDIS_SLOT_ANSWERED };

struct redis_slot {
    int32_t shard;
    enum redis_slot_state state;
    bool script_sent_again;
    struct buffer command; /* kept until answered */
    struct save_result result;
};

struct redis_session {
    char prefix[REDIS_PREFIX_BYTES_MAX + 1];
    struct redis_link *link;
    struct redis_pipe pipe;
    uint64_t generation; /* of the link, when the script was sent */
    char save_sha[REDIS_SHA_CHARACTERS + 1];
    struct redis_slot *slots;
    int32_t slot_count;
    struct buffer call;   /* bytes of the call under way */
    struct buffer script; /* bytes of SCRIPT LOAD */
    struct buffer key;    /* the key that was named last */
};

/* Does not connect. false: the options cannot work (*why); close it anyway. */
bool redis_session_open(struct redis_session *session, const struct redis_options *options,
                        struct reason *why);

/* Also after a failed open. */
void redis_session_close(struct redis_session *session);

/* Connects and sends the script if that is not done. OK, UNAVAILABLE, REFUSED. */
enum status redis_session_connect(struct redis_session *session, struct reason *why);

/* Drops the connection; saves under way become UNAVAILABLE. */
void redis_session_disconnect(struct redis_session *session);

/* ---- saves ---- */

/* The slot in use for this shard, or NULL. */
struct redis_slot *redis_session_find(struct redis_session *session, int32_t shard);

/* A free slot for a save; encode it into slot->command, then begin it. */
struct redis_slot *redis_session_take(struct redis_session *session, int32_t shard,
                                      uint64_t version);
void redis_session_begin(struct redis_session *session, struct redis_slot *slot);

/* Writes what goes and takes what came, without waiting. */
void redis_session_move(struct redis_session *session);

/* What a save's status may be: OK, FENCED, FULL; all others UNAVAILABLE. */
enum status redis_session_save_status(enum status status);

/* ---- calls ---- */

/* Begins a command in session->call. */
struct redis_command redis_session_command(struct redis_session *session,
                                           int64_t argument_count);

/* Asks what stands in session->call, which has so many answers. */
void redis_session_ask(struct redis_session *session, int32_t answers);

/* Waits for the next answer. Errors of Redis become their status; MALFORMED names
 * session->key, so that is the key that was asked for. */
enum status redis_session_answer(struct redis_session *session, redisReply **ret_reply,
                                 struct reason *why);

/* Both, for a command with one answer. */
enum status redis_session_call(struct redis_session *session, redisReply **ret_reply,
                               struct reason *why);

/* Name a key into session->key. */
struct span redis_session_shard_key(struct redis_session *session, int32_t shard);
struct span redis_session_log_key(struct redis_session *session, int32_t shard);
struct span redis_session_part_key(struct redis_session *session, int32_t shard, int32_t part);

/* Text i of an array answer; "" if there is none. */
const char *redis_session_text(const redisReply *reply, size_t i);
