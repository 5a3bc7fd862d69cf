/* outbox_test.c - alert changes on their way out: saved, then sent, then delivered. */
#include "kpi/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct desk {
    struct arena arena;
    struct entities entities;
    struct outbox outbox;
};

static int setup(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    entities_open(&d->entities, &d->arena);
    outbox_open(&d->outbox, &d->entities);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    outbox_close(&d->outbox);
    entities_close(&d->entities);
    free(d);
    return 0;
}

static void add(struct desk *d, uint32_t sequence)
{
    const struct alert_change change = { .seller = name_of(span_of_text("4711")),
                                         .storefront = name_of(span_of_text("de")),
                                         .window = name_of(span_of_text("7d")),
                                         .sequence = sequence };
    outbox_add(&d->outbox, &change);
}

static void send_all(struct desk *d, uint64_t version)
{
    outbox_in_save(&d->outbox, version);
    while (outbox_next(&d->outbox, version) != NULL)
        outbox_sent(&d->outbox);
}

static void a_change_is_sent_only_when_its_save_is_acknowledged(void **state)
{
    struct desk *d = *state;
    add(d, 1);
    assert_null(outbox_next(&d->outbox, 9));
    outbox_in_save(&d->outbox, 10);
    assert_null(outbox_next(&d->outbox, 9));
    assert_int_equal(outbox_next(&d->outbox, 10)->sequence, 1);
}

/* A new owner reads the topic from there on: what still waits must not lie before it. */
static void the_tail_begins_before_what_still_waits(void **state)
{
    struct desk *d = *state;
    add(d, 1);
    add(d, 2);
    send_all(d, 1);
    outbox_delivered(&d->outbox, 2, 11);
    assert_int_equal(d->outbox.offset, -1);
    outbox_delivered(&d->outbox, 1, 10);
    assert_int_equal(d->outbox.offset, 11);
    assert_int_equal(d->outbox.waiting, 0);
}

/* What the tables of facts and gauges say of one unit or ticket is what is read back. */
static void whatever_is_wrong_has_words_of_its_own(void **state)
{
    (void)state;
    for (uint8_t wrong = 0; wrong < EVIDENCE_WRONG_COUNT; wrong++) {
        const struct span words = span_of_text(evidence_detail(wrong));
        assert_int_equal(evidence_wrong_of(words), words.size > 0 ? wrong : WRONG_UNTOLD);
    }
    assert_int_equal(evidence_wrong_of(span_of_text("of a newer program")), WRONG_UNTOLD);
}

static void drop_byte(struct buffer *image, size_t from_end)
{
    memmove(&image->at[image->size - from_end], &image->at[image->size - from_end + 1],
            from_end - 1);
    image->size -= 1;
}

/* A change that an older program saved, without what is wrong with each unit. */
static void change_of_an_older_layout_is_read(void **state)
{
    struct desk *d = *state;
    struct buffer image = { 0 };
    struct alert_change change = { .seller = name_of(span_of_text("4711")),
                                   .storefront = name_of(span_of_text("de")),
                                   .window = name_of(span_of_text("7d")),
                                   .evidence_count = 1 };
    change.evidence[0] =
        (struct evidence){ .wrong = FACT_DELIVERY_LATE, .id = name_of(span_of_text("u")) };
    outbox_add(&d->outbox, &change);
    outbox_encode(&d->outbox, d->outbox.first, &image);

    /* One byte of kind, three of length, layout. At the end: how many contributors, the sum
     * and the number of the evidence, its kind, what is wrong, its id and time. */
    enum { LAYOUT_AT = 4, WRONG_FROM_END = 4, CONTRIBUTORS_FROM_END = 8 };
    assert_int_equal(image.at[LAYOUT_AT], 2);
    assert_int_equal(image.at[image.size - WRONG_FROM_END], FACT_DELIVERY_LATE);
    drop_byte(&image, CONTRIBUTORS_FROM_END);
    drop_byte(&image, WRONG_FROM_END);
    image.at[LAYOUT_AT] = 1;
    struct reader in = reader_of(span_of(image.at + LAYOUT_AT, image.size - LAYOUT_AT));
    assert_true(outbox_decode(&d->outbox, &in));
    const struct waiting_change *w = pool_at(&d->outbox.pool, d->outbox.first);
    assert_int_equal(w->change.evidence[0].wrong, WRONG_UNTOLD);
    assert_int_equal(w->change.evidence[0].at.ms, 0);
    buffer_free(&image);
}

static void a_delivery_of_nothing_that_waits_changes_nothing(void **state)
{
    struct desk *d = *state;
    add(d, 1);
    send_all(d, 1);
    outbox_delivered(&d->outbox, 7, 100);
    assert_int_equal(d->outbox.offset, -1);
    assert_int_equal(d->outbox.waiting, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_change_is_sent_only_when_its_save_is_acknowledged,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_tail_begins_before_what_still_waits, setup,
                                        teardown),
        cmocka_unit_test(whatever_is_wrong_has_words_of_its_own),
        cmocka_unit_test_setup_teardown(change_of_an_older_layout_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_delivery_of_nothing_that_waits_changes_nothing, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
