/* hash_test.c - hashes are stored, so they are the same for ever. */
#include "base/hash.h"

#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* From the published test vectors of XXH3 with seed 0 (empty input), and from
 * xxHash 0.8.1. If this fails, what Redis holds can no longer be found. */
static void known_bytes_have_their_published_hash(void **state)
{
    (void)state;
    assert_true(hash_bytes(span_of(NULL, 0)) == UINT64_C(0x2d06800538d394c2));
    const struct hash128 empty = hash_bytes_128(span_of(NULL, 0));
    assert_true(empty.low == UINT64_C(0x6001c324468d497f));
    assert_true(empty.high == UINT64_C(0x99aa06d3014798d8));
    assert_true(hash_bytes(span_of_text("sellerwatch")) == UINT64_C(0xae2a2c4d34c87035));
    const struct hash128 text = hash_bytes_128(span_of_text("sellerwatch"));
    assert_true(text.low == UINT64_C(0x3ae1923e671c9429));
    assert_true(text.high == UINT64_C(0xb12e2739c4c7765f));
}

static void mixing_depends_on_both_numbers_and_their_order(void **state)
{
    (void)state;
    assert_true(hash_mix(1, 2) == hash_mix(1, 2));
    assert_true(hash_mix(1, 2) != hash_mix(2, 1));
    assert_true(hash_mix(1, 2) != hash_mix(1, 3));
}

/* Parts are chosen by the low bits: consecutive ids must spread over them. */
static void consecutive_ids_spread_evenly_over_the_parts(void **state)
{
    (void)state;
    enum { PARTS = 64, IDS = 64000 };
    int counts[PARTS] = { 0 };

    for (uint64_t id = 0; id < IDS; id++)
        counts[hash_mix(0, id) % PARTS] += 1;
    for (int part = 0; part < PARTS; part++)
        assert_in_range(counts[part], 850, 1150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_bytes_have_their_published_hash),
        cmocka_unit_test(mixing_depends_on_both_numbers_and_their_order),
        cmocka_unit_test(consecutive_ids_spread_evenly_over_the_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
