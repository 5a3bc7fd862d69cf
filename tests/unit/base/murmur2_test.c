/* murmur2_test.c - we must find the partition that Kafka's Java client finds. */
#include "base/murmur2.h"

#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* The vectors of Kafka's own UtilsTest.java. */
static void hash_equals_that_of_kafkas_java_client(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t hash;
    } known[] = {
        { "21", -973932308 },
        { "foobar", -790332482 },
        { "a-little-bit-long-string", -985981536 },
        { "a-little-bit-longer-string", -1486304829 },
        { "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
        { "abc", 479470107 },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal((int32_t)murmur2_hash(span_of_text(known[i].key)), known[i].hash);
}

static void partition_ignores_the_sign_of_the_hash(void **state)
{
    (void)state;
    assert_int_equal(murmur2_partition(span_of_text("21"), 7), (-973932308 & 0x7fffffff) % 7);
    assert_int_equal(murmur2_partition(span_of_text("abc"), 12), 479470107 % 12);
    assert_int_equal(murmur2_partition(span_of_text("anything"), 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_equals_that_of_kafkas_java_client),
        cmocka_unit_test(partition_ignores_the_sign_of_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
