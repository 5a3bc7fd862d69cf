/* redis_keys_test.c - names of keys, and the cluster slots they are in. */
#include "base/name.h"
#include "redis/redis_keys.h"
#include "redis/redis_save.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SLOTS = 16384, KEYS_MAX = 32 };

/* CRC16 (XMODEM: polynomial 0x1021, start 0), as the cluster specification of
 * Redis has it. */
static unsigned crc16(struct span bytes)
{
    unsigned crc = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        crc ^= (unsigned)bytes.at[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1 & 0xffff;
    }
    return crc;
}

/* What is hashed: between the first '{' and the first '}' after it, unless
 * there is nothing between them. */
static unsigned slot_of(struct span key)
{
    const uint8_t *open = memchr(key.at, '{', key.size);
    if (open == NULL)
        return crc16(key) % SLOTS;
    const size_t left = key.size - (size_t)(open + 1 - key.at);
    const uint8_t *close = memchr(open + 1, '}', left);
    if (close == NULL || close == open + 1)
        return crc16(key) % SLOTS;
    return crc16(span_of(open + 1, (size_t)(close - open - 1))) % SLOTS;
}

static void assert_key(struct buffer *key, const char *expected)
{
    assert_int_equal(key->size, strlen(expected));
    assert_memory_equal(key->at, expected, key->size);
    buffer_clear(key);
}

static void keys_are_named_as_the_public_contract_says(void **state)
{
    (void)state;
    struct buffer key = { 0 };
    redis_keys_shard(&key, "sw", 0);
    assert_key(&key, "sw:{0}:shard");
    redis_keys_log(&key, "sw", 11);
    assert_key(&key, "sw:{11}:log");
    redis_keys_part(&key, "sw", 11, 255);
    assert_key(&key, "sw:{11}:part:255");
    redis_keys_view(&key, "test", 3, span_of_text("4711|de"));
    assert_key(&key, "test:{3}:kpi:4711|de");
    redis_keys_rank(&key, "sw", 3, span_of_text("delivery_late:7d"));
    assert_key(&key, "sw:{3}:rank:delivery_late:7d");
    redis_keys_meta(&key, "sw");
    assert_key(&key, "sw:meta");
    buffer_free(&key);
}

/* Values that the specification and redis-server itself give. */
static void the_slot_function_of_this_test_is_that_of_redis(void **state)
{
    (void)state;
    assert_int_equal(crc16(span_of_text("123456789")), 0x31c3);
    assert_int_equal(slot_of(span_of_text("foo")), 12182);
    assert_int_equal(slot_of(span_of_text("a{foo}b")), 12182);
    assert_int_equal(slot_of(span_of_text("{}foo")), crc16(span_of_text("{}foo")) % SLOTS);
}

/* Reads "$size\r\n...\r\n" and moves on. */
static struct span next_argument(const uint8_t **at)
{
    assert_int_equal(**at, '$');
    char *end = NULL;
    const size_t size = (size_t)strtoul((const char *)*at + 1, &end, 10);
    const struct span argument = span_of(end + 2, size);
    *at = argument.at + size + 2;
    return argument;
}

/* The keys that a save as it goes to Redis names. */
static int32_t keys_of_save(const struct save *save, struct buffer *out, struct span *ret_keys)
{
    struct redis_save_scratch scratch = { 0 };
    redis_save_encode(out, "sw", "0123456789012345678901234567890123456789", save, &scratch);
    redis_save_scratch_free(&scratch);
    buffer_add_u8(out, 0);
    const uint8_t *at = (const uint8_t *)strstr((const char *)out->at, "\r\n") + 2;
    next_argument(&at);
    next_argument(&at);
    const int32_t count = (int32_t)strtol((const char *)next_argument(&at).at, NULL, 10);
    assert_in_range(count, 1, KEYS_MAX);
    for (int32_t i = 0; i < count; i++)
        ret_keys[i] = next_argument(&at);
    return count;
}

/* Seller ids may hold anything, braces, too. */
static void all_keys_of_a_save_are_in_one_slot(void **state)
{
    (void)state;
    const struct saved_part parts[] = { { .index = 0 }, { .index = 63 } };
    const struct saved_view views[] = { { .seller_storefront = span_of_text("4711|de") },
                                        { .seller_storefront = span_of_text("{x}}{|sk") } };
    const struct saved_rank ranks[] = {
        { .kpi_window = span_of_text("delivery_late:7d"), .member = span_of_text("a|de") },
        { .kpi_window = span_of_text("escalation:1h"), .member = span_of_text("a|de") },
        { .kpi_window = span_of_text("delivery_late:7d"), .member = span_of_text("b|de") },
    };
    for (int32_t shard = 0; shard < 300; shard += 7) {
        const struct save save = {
            .shard = shard,
            .writer = "w",
            .header = { .epoch = 1, .version = 1 },
            .parts = parts,
            .part_count = 2,
            .views = views,
            .view_count = 2,
            .ranks = ranks,
            .rank_count = 3,
        };
        struct buffer out = { 0 };
        struct span keys[KEYS_MAX];
        const int32_t count = keys_of_save(&save, &out, keys);
        assert_int_equal(count, 2 + 2 + 2 + 2); /* the rank named twice is one key */
        for (int32_t i = 1; i < count; i++)
            assert_int_equal(slot_of(keys[i]), slot_of(keys[0]));
        buffer_free(&out);
    }
}

static void different_shards_spread_over_slots(void **state)
{
    (void)state;
    struct buffer key = { 0 };
    redis_keys_shard(&key, "sw", 1);
    const unsigned one = slot_of(buffer_span(&key));
    buffer_clear(&key);
    redis_keys_shard(&key, "sw", 2);
    assert_int_not_equal(slot_of(buffer_span(&key)), one);
    buffer_free(&key);
}

static void a_prefix_with_braces_blanks_or_nothing_is_refused(void **state)
{
    (void)state;
    assert_true(redis_keys_prefix_is_valid("sw"));
    assert_true(redis_keys_prefix_is_valid("team-a:sw"));
    assert_false(redis_keys_prefix_is_valid(""));
    assert_false(redis_keys_prefix_is_valid("{sw"));
    assert_false(redis_keys_prefix_is_valid("sw}"));
    assert_false(redis_keys_prefix_is_valid("s w"));
    assert_false(redis_keys_prefix_is_valid("s\xc3\xa4"));
    char longest[REDIS_PREFIX_BYTES_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[REDIS_PREFIX_BYTES_MAX + 1] = '\0';
    assert_false(redis_keys_prefix_is_valid(longest));
    longest[REDIS_PREFIX_BYTES_MAX] = '\0';
    assert_true(redis_keys_prefix_is_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_named_as_the_public_contract_says),
        cmocka_unit_test(the_slot_function_of_this_test_is_that_of_redis),
        cmocka_unit_test(all_keys_of_a_save_are_in_one_slot),
        cmocka_unit_test(different_shards_spread_over_slots),
        cmocka_unit_test(a_prefix_with_braces_blanks_or_nothing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
