/* program_run_test.c - whatever the bytes claim, decoding ends soon and stays inside them. */
#include "codec_support.h"

#define FIELDS_BEFORE                                                                          \
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"text\",\"type\":\"string\"}," \
    "{\"name\":\"big\",\"type\":\"long\"}"
#define ITEMS(type) ",{\"name\":\"extra\",\"type\":{\"type\":\"array\",\"items\":" type "}}]}"
#define TEXTS ",{\"name\":\"texts\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}"

static struct sample sample;
static size_t used;

/* The status of decoding `body` as `schema`, a fresh heap copy so that a read beyond its
 * end is seen by the address sanitizer. */
static enum status run(const char *schema, const struct buffer *body)
{
    struct reader_schema *reader = sample_open();
    struct schema_program *program = NULL;
    struct reason why = { "" };
    if (schema_program_compile(span_of_text(schema), reader, NULL, &program, &why) != STATUS_OK)
        fail_msg("%s: %s", schema, why.text);
    const size_t size = body->size;
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    if (size > 0)
        memcpy(copy, body->at, size);
    const enum status s = program_run(program, span_of(copy, size), &sample, &used);
    free(copy);
    schema_program_free(program);
    reader_schema_close(reader);
    return s;
}

static void begin(struct buffer *b)
{
    buffer_clear(b);
    add_avro_text(b, "x");
    buffer_add_signed(b, 1);
}

static void list_of_a_billion_nulls_in_a_few_bytes_ends_at_once(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    begin(&b);
    buffer_add_signed(&b, 1000000000);
    buffer_add_signed(&b, 0);
    assert_int_equal(run(FIELDS_BEFORE ITEMS("\"null\""), &b), STATUS_MALFORMED);

    begin(&b); /* a few nulls are fine */
    buffer_add_signed(&b, 1000);
    buffer_add_signed(&b, 0);
    assert_int_equal(run(FIELDS_BEFORE ITEMS("\"null\""), &b), STATUS_OK);
    assert_int_equal(used, b.size);
    buffer_free(&b);
}

static void counts_beyond_the_record_and_at_the_ends_of_the_range_are_malformed(void **state)
{
    (void)state;
    static const int64_t counts[] = { 5, INT64_MAX, INT64_MIN, -1, -5, INT64_MIN + 1 };
    struct buffer b = { 0 };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        begin(&b);
        buffer_add_signed(&b, counts[i]);
        assert_int_equal(run(FIELDS_BEFORE ITEMS("\"long\""), &b), STATUS_MALFORMED);
        assert_int_equal(run(FIELDS_BEFORE TEXTS, &b), STATUS_MALFORMED);
    }
    buffer_free(&b);
}

static void blocks_with_their_size_are_read(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    begin(&b);
    buffer_add_signed(&b, -2);
    buffer_add_signed(&b, 4);
    add_avro_text(&b, "a");
    add_avro_text(&b, "b");
    buffer_add_signed(&b, 1);
    add_avro_text(&b, "c");
    buffer_add_signed(&b, 0);
    assert_int_equal(run(FIELDS_BEFORE TEXTS, &b), STATUS_OK);
    assert_int_equal(sample.text_count, 3);
    assert_int_equal(used, b.size);
    assert_int_equal(run(FIELDS_BEFORE ITEMS("\"bytes\""), &b), STATUS_OK);
    assert_int_equal(used, b.size);
    buffer_free(&b);
}

static void block_whose_size_is_a_lie_beyond_the_record_is_malformed(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 100, -1, INT64_MAX };
    struct buffer b = { 0 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        begin(&b);
        buffer_add_signed(&b, -1);
        buffer_add_signed(&b, sizes[i]);
        buffer_add_signed(&b, 7);
        buffer_add_signed(&b, 0);
        assert_int_equal(run(FIELDS_BEFORE ITEMS("\"long\""), &b), STATUS_MALFORMED);
    }
    buffer_free(&b);
}

static void more_items_than_there_is_room_for_are_counted_as_one_more(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    begin(&b);
    buffer_add_signed(&b, 10);
    for (int i = 0; i < 10; i++)
        add_avro_text(&b, "item");
    buffer_add_signed(&b, 0);
    assert_int_equal(run(FIELDS_BEFORE TEXTS, &b), STATUS_OK);
    assert_int_equal(sample.text_count, SAMPLE_TEXTS_MAX + 1);
    buffer_free(&b);
}

static void lengths_beyond_the_record_are_malformed(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 4, -1, INT64_MAX, INT64_MIN };
    struct buffer b = { 0 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        buffer_clear(&b);
        buffer_add_signed(&b, sizes[i]);
        buffer_add(&b, span_of("abc", 3));
        assert_int_equal(run(FIELDS_BEFORE "]}", &b), STATUS_MALFORMED);
    }
    buffer_free(&b);
}

/* The last field claims one byte more than there is. */
static void length_one_beyond_the_end_is_malformed(void **state)
{
    (void)state;
    static const char schema[] =
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"big\",\"type\":"
        "\"long\"},{\"name\":\"text\",\"type\":\"string\"}]}";
    struct buffer b = { 0 };
    for (int64_t size = 3; size <= 4; size++) {
        buffer_clear(&b);
        buffer_add_signed(&b, 1);
        buffer_add_signed(&b, size);
        buffer_add(&b, span_of("abc", 3));
        assert_int_equal(run(schema, &b), size == 3 ? STATUS_OK : STATUS_MALFORMED);
    }
    buffer_free(&b);
}

static void varint_of_eleven_bytes_or_beyond_64_bits_is_malformed(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    add_avro_text(&b, "x");
    for (int i = 0; i < 10; i++)
        buffer_add_u8(&b, 0x80);
    buffer_add_u8(&b, 0);
    assert_int_equal(run(FIELDS_BEFORE "]}", &b), STATUS_MALFORMED);

    buffer_clear(&b);
    add_avro_text(&b, "x");
    for (int i = 0; i < 9; i++)
        buffer_add_u8(&b, 0xff);
    buffer_add_u8(&b, 1);
    assert_int_equal(run(FIELDS_BEFORE "]}", &b), STATUS_OK);
    assert_true(sample.big == INT64_MIN);
    b.at[b.size - 1] = 2;
    assert_int_equal(run(FIELDS_BEFORE "]}", &b), STATUS_MALFORMED);
    buffer_free(&b);
}

static void int_beyond_32_bits_is_malformed(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        enum status status;
    } cases[] = {
        { INT32_MAX, STATUS_OK },
        { INT32_MIN, STATUS_OK },
        { (int64_t)INT32_MAX + 1, STATUS_MALFORMED },
        { (int64_t)INT32_MIN - 1, STATUS_MALFORMED },
    };
    struct buffer b = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(&b);
        buffer_add_signed(&b, cases[i].value);
        assert_int_equal(run(FIELDS_BEFORE ",{\"name\":\"small\",\"type\":\"int\"}]}", &b),
                         cases[i].status);
        assert_int_equal(run(FIELDS_BEFORE ",{\"name\":\"other\",\"type\":\"int\"}]}", &b),
                         cases[i].status);
        assert_int_equal(run(FIELDS_BEFORE ",{\"name\":\"real\",\"type\":\"int\"}]}", &b),
                         cases[i].status);
        assert_int_equal(run(FIELDS_BEFORE ",{\"name\":\"single\",\"type\":\"int\"}]}", &b),
                         cases[i].status);
    }
    buffer_free(&b);
}

static void boolean_other_than_0_and_1_is_malformed(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    for (uint8_t byte = 0; byte < 4; byte++) {
        const enum status expected = byte <= 1 ? STATUS_OK : STATUS_MALFORMED;
        begin(&b);
        buffer_add_u8(&b, byte);
        assert_int_equal(run(FIELDS_BEFORE ",{\"name\":\"yes\",\"type\":\"boolean\"}]}", &b),
                         expected);
        assert_int_equal(run(FIELDS_BEFORE ",{\"name\":\"no\",\"type\":\"boolean\"}]}", &b),
                         expected);
    }
    buffer_free(&b);
}

static void string_that_is_no_utf8_is_malformed_bytes_may_be_anything(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    add_avro_text(&b, "\xff\xfe");
    buffer_add_signed(&b, 1);
    assert_int_equal(run(FIELDS_BEFORE "]}", &b), STATUS_MALFORMED);
    begin(&b);
    add_avro_text(&b, "\xff\xfe");
    assert_int_equal(run(FIELDS_BEFORE ",{\"name\":\"raw\",\"type\":\"bytes\"}]}", &b),
                     STATUS_OK);
    buffer_free(&b);
}

/* A linked list: 40 links are read, 100,000 are a bomb. */
static void nesting_beyond_the_bound_is_malformed(void **state)
{
    (void)state;
    static const char schema[] = FIELDS_BEFORE
        ",{\"name\":\"n\",\"type\":{\"type\":\"record\",\"name\":\"N\",\"fields\":"
        "[{\"name\":\"next\",\"type\":[\"null\",\"N\"]}]}}]}";
    struct buffer b = { 0 };
    static const int lengths[] = { 25, 100000 };
    for (int i = 0; i < 2; i++) {
        begin(&b);
        for (int j = 0; j < lengths[i]; j++)
            buffer_add_signed(&b, 1);
        buffer_add_signed(&b, 0);
        assert_int_equal(run(schema, &b), i == 0 ? STATUS_OK : STATUS_MALFORMED);
    }
    buffer_free(&b);
}

/* A record that contains itself without a way out would never end. */
static void record_that_contains_itself_is_malformed_not_endless(void **state)
{
    (void)state;
    static const char schema[] = FIELDS_BEFORE
        ",{\"name\":\"n\",\"type\":{\"type\":\"record\",\"name\":\"N\",\"fields\":"
        "[{\"name\":\"next\",\"type\":\"N\"}]}}]}";
    struct buffer b = { 0 };
    begin(&b);
    assert_int_equal(run(schema, &b), STATUS_MALFORMED);
    buffer_free(&b);
}

static void bytes_behind_the_record_are_not_taken(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    begin(&b);
    const size_t size = b.size;
    buffer_add(&b, span_of("more", 4));
    assert_int_equal(run(FIELDS_BEFORE "]}", &b), STATUS_OK);
    assert_int_equal(used, size);
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_of_a_billion_nulls_in_a_few_bytes_ends_at_once),
        cmocka_unit_test(counts_beyond_the_record_and_at_the_ends_of_the_range_are_malformed),
        cmocka_unit_test(blocks_with_their_size_are_read),
        cmocka_unit_test(block_whose_size_is_a_lie_beyond_the_record_is_malformed),
        cmocka_unit_test(more_items_than_there_is_room_for_are_counted_as_one_more),
        cmocka_unit_test(lengths_beyond_the_record_are_malformed),
        cmocka_unit_test(length_one_beyond_the_end_is_malformed),
        cmocka_unit_test(varint_of_eleven_bytes_or_beyond_64_bits_is_malformed),
        cmocka_unit_test(int_beyond_32_bits_is_malformed),
        cmocka_unit_test(boolean_other_than_0_and_1_is_malformed),
        cmocka_unit_test(string_that_is_no_utf8_is_malformed_bytes_may_be_anything),
        cmocka_unit_test(nesting_beyond_the_bound_is_malformed),
        cmocka_unit_test(record_that_contains_itself_is_malformed_not_endless),
        cmocka_unit_test(bytes_behind_the_record_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
