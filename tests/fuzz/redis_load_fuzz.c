/* redis_load_fuzz.c - a shard is loaded whole or not at all, whatever Redis holds.
 *
 * redis_link is replaced by a Redis of this file, which answers at once from what the
 * fuzzer invented; all above it is the real thing, down to shard_decode.
 *
 *      tricks, 1 byte    bit 0: the second HGETALL shows a later version
 *                        bit 1: the log is longer than the header says
 *                        bit 2: LRANGE forgets its last element
 *      header            lines NAME=VALUE up to an empty line
 *      values            of parts, then of the log, in the order asked:
 *                        form, 1 byte | size, 2 bytes | images
 *
 * The forms are those of enum form; any but the first must keep the shard from loading.
 */
#include "fuzz/fuzz_rules.h"

#include "base/check.h"
#include "base/name.h"
#include "kpi/shard.h"
#include "redis/redis_load.h"

#include <stdlib.h>
#include <string.h>

enum {
    SHARD = 7,
    ARGUMENTS = 4, /* of the longest command of a load */
    HEADER_PAIRS = 64,
    LOG_MOST = 4096, /* elements: no list of ours is longer, whatever the header says */
    TRICK_MOVED = 1,
    TRICK_LONG_LOG = 2,
    TRICK_SHORT_RANGE = 4,
};

enum form {
    FORM_GOOD, /* with the version that is asked for */
    FORM_OLD,
    FORM_BARE, /* the images alone */
    FORM_NIL,
    FORM_NUMBER,
    FORM_ERROR,
    FORM_DAMAGED,
    FORM_COUNT
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what this Redis holds --------------------------------------------------------------- */

struct pair {
    struct span name;
    struct span value;
};

/* One for the process, like the server that it stands for. */
static struct {
    uint8_t tricks;
    struct pair pairs[HEADER_PAIRS];
    int pair_count;
    struct span values; /* those that were not asked for yet */
    int headers_told;
    int32_t handed_out;
    int32_t spoiled; /* of them, not what was asked for */
    redisReader *answers;
} redis;

static struct span take_line(struct span *text)
{
    const uint8_t *end = text->size == 0 ? NULL : memchr(text->at, '\n', text->size);
    const size_t length = end == NULL ? text->size : (size_t)(end - text->at);
    const size_t step = end == NULL ? length : length + 1;
    const struct span line = { text->at, length };
    *text = span_of(text->at + step, text->size - step);
    return line;
}

static void invent(struct span input)
{
    redis.tricks = input.at[0];
    redis.pair_count = 0;
    redis.headers_told = 0;
    redis.handed_out = 0;
    redis.spoiled = 0;
    struct span rest = span_of(input.at + 1, input.size - 1);
    struct span line = take_line(&rest);
    while (line.size > 0) {
        const uint8_t *equals = memchr(line.at, '=', line.size);
        if (equals != NULL && redis.pair_count < HEADER_PAIRS) {
            const size_t name = (size_t)(equals - line.at);
            redis.pairs[redis.pair_count++] =
                (struct pair){ { line.at, name }, { equals + 1, line.size - name - 1 } };
        }
        line = take_line(&rest);
    }
    redis.values = rest;
}

static int64_t field_number(const char *name)
{
    for (int i = 0; i < redis.pair_count; i++) {
        char text[24] = "";
        if (!span_equal(redis.pairs[i].name, span_of_text(name)))
            continue;
        const size_t size = redis.pairs[i].value.size;
        if (size < sizeof text)
            memcpy(text, redis.pairs[i].value.at, size);
        return strtoll(text, NULL, 10);
    }
    return 1; /* like log_first where there is none */
}

/* Elements that the log should have. */
static uint64_t log_size(void)
{
    return (uint64_t)field_number("version") - (uint64_t)field_number("log_first") + 1;
}

/* ---- answers --------------------------------------------------------------------------------
 */

static void add_bulk(struct buffer *wire, struct span bytes)
{
    buffer_printf(wire, "$%zu\r\n", bytes.size);
    buffer_add(wire, bytes);
    buffer_printf(wire, "\r\n");
}

/* As the program sends it in a command of one argument, without the count of arguments. */
static void add_versioned(struct buffer *wire, uint64_t version, struct span images)
{
    static const char count[] = "*1\r\n";
    struct buffer sent = { 0 };
    struct redis_command command = redis_command_begin(&sent, 1);
    redis_command_versioned(&command, version, images);
    redis_command_end(&command);
    buffer_add(wire, span_of(sent.at + strlen(count), sent.size - strlen(count)));
    buffer_free(&sent);
}

static void answer_header(struct buffer *wire)
{
    const bool moved = redis.headers_told++ > 0 && (redis.tricks & TRICK_MOVED) != 0;
    buffer_printf(wire, "*%d\r\n", 2 * redis.pair_count);
    for (int i = 0; i < redis.pair_count; i++) {
        const struct pair *p = &redis.pairs[i];
        const bool epoch = span_equal(p->name, span_of_text("epoch"));
        add_bulk(wire, p->name);
        add_bulk(wire, moved && epoch ? span_of_text("99999") : p->value);
    }
}

/* The next value, as the fuzzer wants it. */
static void answer_value(struct buffer *wire, uint64_t version)
{
    struct span images = { 0 };
    enum form form = FORM_GOOD;
    if (redis.values.size >= 3) {
        const uint8_t *at = redis.values.at;
        const size_t wanted = (size_t)at[1] << 8 | at[2];
        const size_t size = wanted < redis.values.size - 3 ? wanted : redis.values.size - 3;
        form = (enum form)(at[0] % FORM_COUNT);
        images = span_of(at + 3, size);
        redis.values = span_of(at + 3 + size, redis.values.size - 3 - size);
    }
    version -= form == FORM_OLD ? 1 : 0;
    if (form == FORM_NIL)
        buffer_printf(wire, "$-1\r\n");
    else if (form == FORM_NUMBER)
        buffer_printf(wire, ":5\r\n");
    else if (form == FORM_ERROR)
        buffer_printf(wire, "-WRONGTYPE Operation against a key of another kind\r\n");
    else if (form == FORM_BARE)
        add_bulk(wire, images);
    else
        add_versioned(wire, version, images);
    if (form == FORM_DAMAGED)
        wire->at[wire->size - sizeof "\r\n"] ^= 1;
    redis.handed_out++;
    redis.spoiled += form != FORM_GOOD;
}

static void answer_part(struct buffer *wire, struct span key)
{
    const struct span begin = span_of_text("fz:{7}:");
    CHECK(key.size > begin.size);
    char name[40] = "";
    memcpy(name, key.at + begin.size, key.size - begin.size);
    answer_value(wire, (uint64_t)field_number(name));
}

static void answer_range(struct buffer *wire, struct span from, struct span to)
{
    const int64_t first = strtoll((const char *)from.at, NULL, 10);
    const int64_t last = strtoll((const char *)to.at, NULL, 10);
    const int64_t count = last - first + 1 - ((redis.tricks & TRICK_SHORT_RANGE) != 0);
    buffer_printf(wire, "*%lld\r\n", (long long)count);
    for (int64_t i = 0; i < count; i++)
        answer_value(wire, (uint64_t)(field_number("log_first") + first + i));
}

static void answer(struct buffer *wire, const struct span *arguments)
{
    if (span_equal(arguments[0], span_of_text("HGETALL"))) {
        answer_header(wire);
    } else if (span_equal(arguments[0], span_of_text("GET"))) {
        answer_part(wire, arguments[1]);
    } else if (span_equal(arguments[0], span_of_text("LRANGE"))) {
        answer_range(wire, arguments[2], arguments[3]);
    } else if (span_equal(arguments[0], span_of_text("LLEN"))) {
        const uint64_t size = log_size() + ((redis.tricks & TRICK_LONG_LOG) != 0);
        buffer_printf(wire, ":%d\r\n", size < LOG_MOST ? (int)size : LOG_MOST);
    } else {
        CHECK(span_equal(arguments[0], span_of_text("SCRIPT")));
        add_bulk(wire, span_of_text("0123456789012345678901234567890123456789"));
    }
}

/* A number up to the line's end. */
static long take_number(const char **at, char mark)
{
    char *end = NULL;
    CHECK(**at == mark);
    const long number = strtol(*at + 1, &end, 10);
    CHECK(number >= 0 && end[0] == '\r' && end[1] == '\n');
    *at = end + 2;
    return number;
}

/* ---- the link, replaced --------------------------------------------------------------------
 */

struct redis_link *redis_link_open(const struct redis_options *options, struct reason *why)
{
    (void)options;
    (void)why;
    redis.answers = redisReaderCreate();
    return (struct redis_link *)&redis;
}

void redis_link_close(struct redis_link *link)
{
    (void)link;
    redisReaderFree(redis.answers);
}

enum status redis_link_ensure(struct redis_link *link, struct reason *why)
{
    (void)link;
    (void)why;
    return STATUS_OK;
}

bool redis_link_is_connected(const struct redis_link *link)
{
    return link != NULL;
}

uint64_t redis_link_generation(const struct redis_link *link)
{
    return link != NULL;
}

/* Whole commands, one or several. */
enum status redis_link_write(struct redis_link *link, struct span bytes, size_t *ret_taken,
                             struct reason *why)
{
    (void)link;
    (void)why;
    struct buffer wire = { 0 };
    const char *at = (const char *)bytes.at;
    while (at < (const char *)bytes.at + bytes.size) {
        struct span arguments[ARGUMENTS] = { 0 };
        const long count = take_number(&at, '*');
        CHECK(count <= ARGUMENTS);
        for (long i = 0; i < count; i++) {
            const long size = take_number(&at, '$');
            arguments[i] = span_of(at, (size_t)size);
            at += size + 2;
        }
        answer(&wire, arguments);
    }
    CHECK(redisReaderFeed(redis.answers, (const char *)wire.at, wire.size) == REDIS_OK);
    buffer_free(&wire);
    *ret_taken = bytes.size;
    return STATUS_OK;
}

bool redis_link_has_unsent(const struct redis_link *link)
{
    return link == NULL;
}

enum status redis_link_read(struct redis_link *link, redisReply **ret_reply, struct reason *why)
{
    (void)link;
    (void)why;
    void *reply = NULL;
    CHECK(redisReaderGetReply(redis.answers, &reply) == REDIS_OK);
    *ret_reply = reply;
    return reply == NULL ? STATUS_PENDING : STATUS_OK;
}

void redis_link_wait(struct redis_link *link, bool for_writing, int64_t patience_ms)
{
    (void)link;
    (void)for_writing;
    (void)patience_ms;
    const bool every_question_has_its_answer_at_once = false;
    CHECK(every_question_has_its_answer_at_once);
}

int64_t redis_link_progress_at(const struct redis_link *link)
{
    return link != NULL;
}

enum status redis_link_time_out(struct redis_link *link, struct reason *why)
{
    redis_link_wait(link, false, 0);
    reason_set(why, "late");
    return STATUS_UNAVAILABLE;
}

void redis_link_drop(struct redis_link *link)
{
    redis_link_wait(link, false, 0);
}

const char *redis_link_address(const struct redis_link *link)
{
    return link == NULL ? "" : "a fuzzer";
}

const char *redis_link_why(const struct redis_link *link)
{
    return redis_link_address(link);
}

enum status redis_link_explain(struct redis_link *link, const char *error, struct reason *why)
{
    (void)link;
    reason_set(why, "%s", error);
    return STATUS_MALFORMED; /* it is always WRONGTYPE */
}

int64_t redis_link_clock_ms(void)
{
    return 1;
}

/* ---- the load ------------------------------------------------------------------------------
 */

struct loaded {
    struct shard *shard;
    int32_t count;
};

static enum status take_images(void *arg, struct span images)
{
    struct loaded *loaded = arg;
    loaded->count++;
    return shard_decode(loaded->shard, images) ? STATUS_OK : STATUS_MALFORMED;
}

/* What the owner claimed: as the header says, so that a load can succeed. */
static struct shard_header claim(void)
{
    return (struct shard_header){ .epoch = (uint64_t)field_number("epoch"),
                                  .version = (uint64_t)field_number("version") };
}

static void judge(enum status s, const struct loaded *loaded, const struct reason *why)
{
    const uint64_t log = log_size();
    if (s == STATUS_OK) {
        CHECK((redis.tricks & TRICK_MOVED) == 0 && redis.spoiled == 0);
        CHECK(log == 0 || (redis.tricks & TRICK_SHORT_RANGE) == 0);
        CHECK(loaded->count == redis.handed_out && (uint64_t)loaded->count >= log);
    } else if (s == STATUS_MALFORMED) {
        CHECK(strstr(why->text, "fz:{7}:") != NULL);
    } else {
        CHECK(why->text[0] != '\0' && s == STATUS_FENCED);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    invent(span_of(data, size));
    struct arena arena = { 0 };
    struct loaded loaded = { .shard = calloc(1, sizeof *loaded.shard) };
    struct redis_session session;
    struct redis_options options = { .prefix = "fz", .timeout_ms = 1000 };
    struct reason why = { "" };
    CHECK(loaded.shard != NULL && redis_session_open(&session, &options, &why));
    shard_open(loaded.shard, fuzz_rules(), &arena);
    const struct shard_header claimed = claim();
    judge(redis_load(&session, SHARD, &claimed, (struct redis_images){ take_images, &loaded },
                     &why),
          &loaded, &why);
    redis_session_close(&session);
    shard_close(loaded.shard);
    CHECK(arena.taken == 0);
    free(loaded.shard);
    return 0;
}
