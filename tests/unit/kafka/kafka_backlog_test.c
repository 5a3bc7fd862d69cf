/* kafka_backlog_test.c - no record is forgotten, none overtakes another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kafka/kafka_backlog.h"

#include <stdlib.h>

static struct kafka_slot *add(struct kafka_backlog *b, uint64_t cookie)
{
    const struct outgoing record = { .value = span_of("v", 1), .cookie = cookie };
    return kafka_backlog_add(b, &record);
}

static void expect_taken(struct kafka_backlog *b, uint64_t cookie, int64_t offset)
{
    struct delivery d = { 0 };
    assert_int_equal(kafka_backlog_take(b, &d, 1), 1);
    assert_int_equal(d.cookie, cookie);
    assert_int_equal(d.offset, offset);
}

static void acknowledged_records_are_handed_back_though_an_older_one_waits(void **state)
{
    (void)state;
    struct kafka_backlog b;
    struct delivery d;
    kafka_backlog_open(&b, 3);
    struct kafka_slot *first = add(&b, 1);
    struct kafka_slot *second = add(&b, 2);
    kafka_backlog_handed(&b);
    kafka_backlog_handed(&b);
    kafka_backlog_acknowledge(&b, second, 50);
    expect_taken(&b, 2, 50);
    assert_int_equal(kafka_backlog_take(&b, &d, 1), 0);
    kafka_backlog_acknowledge(&b, first, 7);
    expect_taken(&b, 1, 7);
    kafka_backlog_close(&b);
}

static void what_failed_is_unsent_again_before_what_came_after_it(void **state)
{
    (void)state;
    struct kafka_backlog b;
    kafka_backlog_open(&b, 4);
    struct kafka_slot *slots[4];
    for (uint64_t i = 0; i < 3; i++) {
        slots[i] = add(&b, i);
        kafka_backlog_handed(&b);
    }
    kafka_backlog_acknowledge(&b, slots[0], 0);
    kafka_backlog_failed(&b, slots[2]);
    kafka_backlog_failed(&b, slots[1]);
    slots[3] = add(&b, 3);
    assert_int_equal(b.handed_count, 0);
    kafka_backlog_rewind(&b);
    for (int i = 1; i <= 3; i++) {
        assert_ptr_equal(b.unsent, slots[i]);
        kafka_backlog_handed(&b);
    }
    assert_null(b.unsent);
    kafka_backlog_close(&b);
}

static void a_slot_is_free_only_once_its_delivery_was_taken(void **state)
{
    (void)state;
    struct kafka_backlog b;
    kafka_backlog_open(&b, 1);
    struct kafka_slot *slot = add(&b, 1);
    assert_true(kafka_backlog_full(&b));
    kafka_backlog_handed(&b);
    kafka_backlog_acknowledge(&b, slot, 0);
    assert_true(kafka_backlog_full(&b));
    expect_taken(&b, 1, 0);
    assert_false(kafka_backlog_full(&b));
    kafka_backlog_close(&b);
}

static void many_bytes_fill_it_before_many_records_do(void **state)
{
    (void)state;
    enum { BIG = KAFKA_BACKLOG_BYTES / 2 };
    struct kafka_backlog b;
    uint8_t *bytes = calloc(1, BIG);
    assert_non_null(bytes);
    const struct outgoing record = { .value = span_of(bytes, BIG) };
    kafka_backlog_open(&b, 100);
    struct kafka_slot *slot = kafka_backlog_add(&b, &record);
    assert_false(kafka_backlog_full(&b));
    (void)kafka_backlog_add(&b, &record);
    assert_true(kafka_backlog_full(&b));
    kafka_backlog_handed(&b);
    kafka_backlog_acknowledge(&b, slot, 0);
    assert_false(kafka_backlog_full(&b));
    expect_taken(&b, 0, 0);
    assert_int_equal(slot->bytes.capacity, 0); /* unusually big memory is given back */
    kafka_backlog_close(&b);
    free(bytes);
}

static void what_free_slots_keep_is_bounded_and_used_first(void **state)
{
    enum { SLOTS = 1000, SIZE = 4000 };
    (void)state;
    static char bytes[SIZE];
    struct kafka_backlog b;
    struct delivery d[SLOTS];
    const struct outgoing record = { .value = span_of(bytes, sizeof bytes) };
    kafka_backlog_open(&b, SLOTS);
    for (int i = 0; i < SLOTS; i++) {
        struct kafka_slot *slot = kafka_backlog_add(&b, &record);
        kafka_backlog_handed(&b);
        kafka_backlog_acknowledge(&b, slot, i);
    }
    assert_int_equal(kafka_backlog_take(&b, d, SLOTS), SLOTS);
    size_t kept = 0;
    for (int i = 0; i < SLOTS; i++)
        kept += b.all[i].bytes.capacity;
    assert_int_equal(kept, b.kept_bytes);
    assert_in_range(kept, SIZE, KAFKA_BACKLOG_KEEP_BYTES);
    assert_true(b.free.first->bytes.capacity > 0);
    kafka_backlog_close(&b);
}

static void no_key_and_an_empty_key_stay_different_and_so_do_values(void **state)
{
    (void)state;
    struct kafka_backlog b;
    const struct outgoing none = { .cookie = 1 };
    const struct outgoing empty = { .key = span_of("", 0), .value = span_of("", 0) };
    kafka_backlog_open(&b, 2);
    const struct kafka_slot *slot = kafka_backlog_add(&b, &none);
    assert_null(kafka_backlog_key(slot).at);
    assert_null(kafka_backlog_value(slot).at);
    slot = kafka_backlog_add(&b, &empty);
    assert_non_null(kafka_backlog_key(slot).at);
    assert_non_null(kafka_backlog_value(slot).at);
    assert_int_equal(kafka_backlog_headers(slot).size, 0);
    kafka_backlog_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged_records_are_handed_back_though_an_older_one_waits),
        cmocka_unit_test(what_failed_is_unsent_again_before_what_came_after_it),
        cmocka_unit_test(a_slot_is_free_only_once_its_delivery_was_taken),
        cmocka_unit_test(many_bytes_fill_it_before_many_records_do),
        cmocka_unit_test(what_free_slots_keep_is_bounded_and_used_first),
        cmocka_unit_test(no_key_and_an_empty_key_stay_different_and_so_do_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
