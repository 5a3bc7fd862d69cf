/* redis_pipe.c - see redis_pipe.h. */
#include "redis/redis_pipe.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void redis_pipe_free(struct redis_pipe *pipe)
{
    free(pipe->questions);
    *pipe = (struct redis_pipe){ 0 };
}

bool redis_pipe_is_empty(const struct redis_pipe *pipe)
{
    return pipe->first == pipe->end;
}

void redis_pipe_forget(struct redis_pipe *pipe)
{
    pipe->first = 0;
    pipe->end = 0;
    pipe->writing = 0;
    pipe->written = 0;
}

/* Room for one more: first by moving the waiting ones down, then by growing. */
static void make_room(struct redis_pipe *pipe)
{
    if (pipe->end < pipe->capacity)
        return;
    if (pipe->first > 0) {
        const int32_t count = pipe->end - pipe->first;
        memmove(pipe->questions, pipe->questions + pipe->first,
                (size_t)count * sizeof *pipe->questions);
        pipe->writing -= pipe->first;
        pipe->end = count;
        pipe->first = 0;
        return;
    }
    pipe->capacity = pipe->capacity == 0 ? FIRST_CAPACITY : 2 * pipe->capacity;
    pipe->questions =
        realloc(pipe->questions, (size_t)pipe->capacity * sizeof *pipe->questions);
    CHECK(pipe->questions != NULL);
}

void redis_pipe_add(struct redis_pipe *pipe, struct span bytes, int32_t answers, int32_t tag)
{
    CHECK(bytes.size > 0 && answers > 0);
    make_room(pipe);
    if (redis_pipe_is_empty(pipe))
        pipe->asked_at = redis_link_clock_ms();
    pipe->questions[pipe->end++] =
        (struct redis_question){ .bytes = bytes, .answers = answers, .tag = tag };
}

static enum status write_questions(struct redis_pipe *pipe, struct reason *why)
{
    while (pipe->writing < pipe->end) {
        const struct span bytes = pipe->questions[pipe->writing].bytes;
        const struct span rest = { bytes.at + pipe->written, bytes.size - pipe->written };
        size_t taken = 0;
        const enum status s = redis_link_write(pipe->link, rest, &taken, why);
        if (s != STATUS_OK)
            return s;
        pipe->written += taken;
        if (pipe->written < bytes.size)
            return STATUS_OK;
        pipe->writing += 1;
        pipe->written = 0;
    }
    if (!redis_link_has_unsent(pipe->link))
        return STATUS_OK;
    size_t none = 0;
    return redis_link_write(pipe->link, (struct span){ 0 }, &none, why);
}

static int32_t count_answer(struct redis_pipe *pipe)
{
    struct redis_question *q = &pipe->questions[pipe->first];
    const int32_t tag = q->tag;
    q->answers -= 1;
    if (q->answers > 0)
        return tag;
    CHECK(pipe->first < pipe->writing);
    pipe->first += 1;
    if (redis_pipe_is_empty(pipe))
        redis_pipe_forget(pipe);
    return tag;
}

static bool is_late(const struct redis_pipe *pipe)
{
    const int64_t progress_at = redis_link_progress_at(pipe->link);
    const int64_t since = progress_at > pipe->asked_at ? progress_at : pipe->asked_at;
    return redis_link_clock_ms() - since > pipe->timeout_ms;
}

enum status redis_pipe_turn(struct redis_pipe *pipe, redisReply **ret_reply, int32_t *ret_tag,
                            struct reason *why)
{
    if (redis_pipe_is_empty(pipe))
        return STATUS_PENDING;
    enum status s = write_questions(pipe, why);
    if (s == STATUS_OK)
        s = redis_link_read(pipe->link, ret_reply, why);
    if (s == STATUS_PENDING && is_late(pipe))
        s = redis_link_time_out(pipe->link, why);
    if (s == STATUS_OK)
        *ret_tag = count_answer(pipe);
    if (s == STATUS_UNAVAILABLE)
        redis_pipe_forget(pipe);
    return s;
}

void redis_pipe_wait(const struct redis_pipe *pipe, int64_t patience_ms)
{
    const int64_t wait = patience_ms < pipe->timeout_ms ? patience_ms : pipe->timeout_ms;
    redis_link_wait(pipe->link, pipe->writing < pipe->end, wait);
}
