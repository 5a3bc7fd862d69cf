/* redis_pipe.h - questions in a row over one link, and their answers.
 *
 *     add ──▶ [ q4 | q3 | q2 | q1 ] ──▶ link ──▶ answers in the order asked
 *                 ▲ writing: part of it may be in the socket
 *
 * Nothing here waits: redis_pipe_turn writes what the socket takes and returns
 * an answer if one is there. So a large question is never a deadlock: while
 * its bytes go out, answers to earlier ones come in.
 */
#pragma once

#include "redis/redis_link.h"

struct redis_question {
    struct span bytes; /* borrowed until answered or the connection breaks */
    int32_t answers;   /* still to come */
    int32_t tag;       /* the caller's: whose answer it is */
};

struct redis_pipe {
    struct redis_link *link; /* borrowed */
    struct redis_question *questions;
    int32_t capacity;
    int32_t first;   /* the oldest that has answers to come */
    int32_t end;     /* one after the newest */
    int32_t writing; /* the first that is not wholly handed to the link */
    size_t written;  /* bytes of it that are */
    int64_t asked_at;
    int timeout_ms;
};

void redis_pipe_free(struct redis_pipe *pipe);

/* Asks; `answers` answers will come with this tag. */
void redis_pipe_add(struct redis_pipe *pipe, struct span bytes, int32_t answers, int32_t tag);

bool redis_pipe_is_empty(const struct redis_pipe *pipe);

/* OK: one answer (freeReplyObject) and its tag. PENDING: none yet. UNAVAILABLE:
 * the connection broke or nothing moved within timeout_ms; it was dropped and
 * all questions are forgotten. */
enum status redis_pipe_turn(struct redis_pipe *pipe, redisReply **ret_reply, int32_t *ret_tag,
                            struct reason *why);

/* Until there may be something to do in a turn, at most patience_ms. */
void redis_pipe_wait(const struct redis_pipe *pipe, int64_t patience_ms);

/* Forgets all questions: the connection they went over is gone. */
void redis_pipe_forget(struct redis_pipe *pipe);
