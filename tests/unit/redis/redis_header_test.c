/* redis_header_test.c - the stored header is bytes from outside: whatever stands
 * there, the answer is a header or the name of the field that is wrong.
 */
#include "base/name.h"
#include "redis/redis_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { FIELDS_MAX = 40 };

/* An answer to HGETALL, made by hand. */
struct answer {
    redisReply reply;
    redisReply texts[FIELDS_MAX];
    redisReply *elements[FIELDS_MAX];
    char storage[FIELDS_MAX][40];
};

static void put(struct answer *a, const char *field, const char *value)
{
    size_t at = a->reply.elements;
    for (size_t i = 0; i < a->reply.elements; i += 2) {
        if (strcmp(a->texts[i].str, field) == 0)
            at = i;
    }
    const char *both[] = { field, value };
    for (size_t i = 0; i < 2; i++) {
        snprintf(a->storage[at + i], sizeof a->storage[0], "%s", both[i]);
        a->texts[at + i] = (redisReply){ .type = REDIS_REPLY_STRING };
        a->texts[at + i].str = a->storage[at + i];
        a->texts[at + i].len = strlen(both[i]);
        a->elements[at + i] = &a->texts[at + i];
    }
    if (at == a->reply.elements)
        a->reply.elements += 2;
}

static void make(struct answer *a)
{
    memset(a, 0, sizeof *a);
    a->reply.type = REDIS_REPLY_ARRAY;
    a->reply.element = a->elements;
    static const char *const pairs[][2] = {
        { "layout", "2" },
        { "epoch", "4" },
        { "writer", "w" },
        { "version", "9" },
        { "log_first", "8" },
        { "stream_time", "-7" },
        { "watermark", "never" },
        { "highest:orders", "1" },
        { "highest:messages", "2" },
        { "highest:shipments", "3" },
        { "offset:orders", "4" },
        { "offset:messages", "-1" },
        { "offset:shipments", "6" },
        { "alerts_offset", "7" },
        { "next_shard_sequence", "8" },
        { "alerts_live", "1" },
        { "part:0", "7" },
        { "part:12", "9" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        put(a, pairs[i][0], pairs[i][1]);
}

static enum status parse(const struct answer *a, struct redis_header *header,
                         struct reason *why)
{
    return redis_header_parse(&a->reply, span_of_text("sw:{1}:shard"), header, why);
}

static void a_whole_header_is_read_with_its_parts(void **state)
{
    (void)state;
    struct answer a;
    make(&a);
    struct redis_header h;
    assert_int_equal(parse(&a, &h, NULL), STATUS_OK);
    assert_int_equal(h.fields.epoch, 4);
    assert_int_equal(h.fields.version, 9);
    assert_int_equal(h.fields.stream_time, -7);
    assert_true(h.fields.watermark == TIME_NEVER_YET);
    assert_int_equal(h.fields.offsets[TOPIC_MESSAGES], OFFSET_NONE);
    assert_int_equal(h.fields.next_shard_sequence, 8);
    assert_true(h.fields.alerts_live);
    assert_int_equal(h.log_first, 8);
    assert_int_equal(h.part_count, 2);
    assert_int_equal(h.parts[1].index, 12);
    assert_int_equal(h.parts[1].version, 9);
    redis_header_free(&h);
}

static void an_impossible_value_is_malformed_and_its_field_is_named(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { "version", "-1" },
        { "version", "" },
        { "epoch", "1e3" },
        { "watermark", "99999999999999999999" },
        { "stream_time", "--7" },
        { "offset:orders", "4x" },
        { "log_first", "11" },
        { "log_first", "0" },
        { "part:0", "6" },
        { "part:12", "10" },
        { "part:-1", "9" },
        { "part:99999", "9" },
        { "part:", "9" },
        { "next_shard_sequence", "-2" },
        { "next_shard_sequence", "0" },
        { "next_shard_sequence", "never" },
        { "offset:shipments", "-2" },
        { "alerts_offset", "never" },
        { "next_shard_sequence", "17592186044416" },
        { "highest:orders", "9223372036854775807" },
        { "highest:messages", "-9223372036854775807" },
        { "stream_time", "506804601599999" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct answer a;
        make(&a);
        put(&a, wrong[i][0], wrong[i][1]);
        struct redis_header h;
        struct reason why = { 0 };
        assert_int_equal(parse(&a, &h, &why), STATUS_MALFORMED);
        assert_non_null(strstr(why.text, wrong[i][0]));
        assert_non_null(strstr(why.text, "sw:{1}:shard"));
        redis_header_free(&h);
    }
}

static void a_header_without_a_field_is_malformed_once_it_was_saved(void **state)
{
    (void)state;
    struct answer a;
    make(&a);
    a.texts[12].str = a.storage[12];
    snprintf(a.storage[12], sizeof a.storage[12], "other"); /* was: watermark */
    struct redis_header h;
    struct reason why = { 0 };
    assert_int_equal(parse(&a, &h, &why), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "watermark"));
    redis_header_free(&h);
}

static void what_is_no_hash_at_all_is_malformed(void **state)
{
    (void)state;
    struct answer a;
    make(&a);
    a.reply.elements = 3;
    struct redis_header h;
    assert_int_equal(parse(&a, &h, NULL), STATUS_MALFORMED);
    redis_header_free(&h);
    make(&a);
    a.reply.type = REDIS_REPLY_INTEGER;
    assert_int_equal(parse(&a, &h, NULL), STATUS_MALFORMED);
    redis_header_free(&h);
    make(&a);
    a.texts[5].type = REDIS_REPLY_NIL;
    assert_int_equal(parse(&a, &h, NULL), STATUS_MALFORMED);
    redis_header_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_header_is_read_with_its_parts),
        cmocka_unit_test(an_impossible_value_is_malformed_and_its_field_is_named),
        cmocka_unit_test(a_header_without_a_field_is_malformed_once_it_was_saved),
        cmocka_unit_test(what_is_no_hash_at_all_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
