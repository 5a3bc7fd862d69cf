/* schema_program_test.c - writer and reader are resolved as the Avro specification says. */
#include "codec_support.h"

#include <math.h>

struct fixture {
    struct reader_schema *reader;
    struct schema_program *program;
    struct buffer body;
    struct sample sample;
    struct reason why;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->reader = sample_open();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    schema_program_free(f->program);
    reader_schema_close(f->reader);
    buffer_free(&f->body);
    free(f);
    return 0;
}

#define RECORD(fields) "{\"type\":\"record\",\"name\":\"Other\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define TEXT FIELD("text", "\"string\"")
#define BIG FIELD("big", "\"long\"")

static enum status compile(struct fixture *f, const char *schema)
{
    schema_program_free(f->program);
    f->program = NULL;
    return schema_program_compile(span_of_text(schema), f->reader, NULL, &f->program, &f->why);
}

static void begin(struct fixture *f, const char *schema)
{
    if (compile(f, schema) != STATUS_OK)
        fail_msg("%s: %s", schema, f->why.text);
    buffer_clear(&f->body);
}

static enum status decode(struct fixture *f)
{
    size_t used = 0;
    const enum status s = program_run(f->program, buffer_span(&f->body), &f->sample, &used);
    if (s == STATUS_OK)
        assert_int_equal(used, f->body.size);
    return s;
}

static void fields_are_found_by_name_in_any_order(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(BIG "," FIELD("small", "\"int\"") "," TEXT));
    buffer_add_signed(&f->body, 1234567890123);
    buffer_add_signed(&f->body, -5);
    add_avro_text(&f->body, "hello");
    assert_int_equal(decode(f), STATUS_OK);
    assert_true(f->sample.big == 1234567890123);
    assert_int_equal(f->sample.small, -5);
    assert_true(span_is(f->sample.text, "hello"));
}

static void missing_fields_take_their_defaults(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(TEXT "," BIG));
    add_avro_text(&f->body, "x");
    buffer_add_signed(&f->body, 1);
    assert_int_equal(decode(f), STATUS_OK);
    const struct sample *s = &f->sample;
    assert_true(span_is(s->raw, "raw default") && s->note.size == 0);
    assert_int_equal(s->small, -7);
    assert_false(s->maybe.known);
    assert_true(s->maybe_big.known && s->maybe_big.value == 42);
    assert_true(s->single == 0.5 && s->real == 1.25 && isnan(s->maybe_real) && s->yes);
    assert_int_equal(s->colour, COLOUR_GREEN);
    assert_int_equal(s->maybe_colour, COLOUR_UNKNOWN);
    assert_int_equal(s->text_count, 0);
}

/* The record before had values; the next one has none, and must not inherit them. */
static void nothing_is_left_over_from_the_record_before(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(TEXT "," BIG "," FIELD("note", "[\"null\",\"string\"]") "," FIELD(
                 "texts", "{\"type\":\"array\",\"items\":\"string\"}")));
    add_avro_text(&f->body, "x");
    buffer_add_signed(&f->body, 1);
    buffer_add_signed(&f->body, 1);
    add_avro_text(&f->body, "a note");
    buffer_add_signed(&f->body, 1);
    add_avro_text(&f->body, "item");
    buffer_add_signed(&f->body, 0);
    assert_int_equal(decode(f), STATUS_OK);
    assert_true(span_is(f->sample.note, "a note"));
    assert_int_equal(f->sample.text_count, 1);

    buffer_clear(&f->body);
    add_avro_text(&f->body, "x");
    buffer_add_signed(&f->body, 1);
    buffer_add_signed(&f->body, 0);
    buffer_add_signed(&f->body, 0);
    assert_int_equal(decode(f), STATUS_OK);
    assert_int_equal(f->sample.note.size, 0);
    assert_int_equal(f->sample.text_count, 0);
}

static void missing_field_without_default_is_incompatible(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(compile(f, RECORD(TEXT)), STATUS_MALFORMED);
    assert_non_null(strstr(f->why.text, "'big'"));
}

static void field_is_found_by_the_readers_alias(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(FIELD("label", "\"string\"") "," BIG));
    add_avro_text(&f->body, "by alias");
    buffer_add_signed(&f->body, 1);
    assert_int_equal(decode(f), STATUS_OK);
    assert_true(span_is(f->sample.text, "by alias"));
}

static void name_wins_over_alias(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(FIELD("words", "\"string\"") "," TEXT "," BIG));
    add_avro_text(&f->body, "alias");
    add_avro_text(&f->body, "name");
    buffer_add_signed(&f->body, 1);
    assert_int_equal(decode(f), STATUS_OK);
    assert_true(span_is(f->sample.text, "name"));
}

static void numbers_are_promoted(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(TEXT "," FIELD("big", "\"int\"") "," FIELD("single", "\"int\"") "," FIELD(
                 "real", "\"float\"") "," FIELD("maybe_big", "\"int\"")));
    add_avro_text(&f->body, "x");
    buffer_add_signed(&f->body, -3);
    buffer_add_signed(&f->body, 7);
    const float half = 0.5F;
    buffer_add(&f->body, span_of(&half, sizeof half));
    buffer_add_signed(&f->body, 11);
    assert_int_equal(decode(f), STATUS_OK);
    assert_true(f->sample.big == -3 && f->sample.single == 7.0 && f->sample.real == 0.5);
    assert_true(f->sample.maybe_big.known && f->sample.maybe_big.value == 11);
}

static void long_is_not_demoted_to_int_nor_string_to_number(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(compile(f, RECORD(TEXT "," BIG "," FIELD("small", "\"long\""))),
                     STATUS_MALFORMED);
    assert_non_null(strstr(f->why.text, "'small'"));
    assert_int_equal(compile(f, RECORD(TEXT "," FIELD("big", "\"double\""))), STATUS_MALFORMED);
    assert_int_equal(compile(f, RECORD(BIG "," FIELD("text", "\"int\""))), STATUS_MALFORMED);
    assert_int_equal(compile(f, RECORD(TEXT "," BIG "," FIELD("yes", "\"int\""))),
                     STATUS_MALFORMED);
    assert_int_equal(compile(f, RECORD(TEXT "," BIG "," FIELD("colour", "\"string\""))),
                     STATUS_MALFORMED);
    assert_int_equal(compile(f, RECORD(TEXT "," BIG "," FIELD("small", "\"null\""))),
                     STATUS_MALFORMED);
    assert_int_equal(compile(f, RECORD(TEXT "," BIG "," FIELD(
                                    "texts", "{\"type\":\"array\",\"items\":\"int\"}"))),
                     STATUS_MALFORMED);
    assert_non_null(strstr(f->why.text, "'texts'"));
}

static void string_and_bytes_stand_for_each_other(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(FIELD("text", "\"bytes\"") "," FIELD("raw", "\"string\"") "," BIG));
    add_avro_text(&f->body, "from bytes");
    add_avro_text(&f->body, "from string");
    buffer_add_signed(&f->body, 1);
    assert_int_equal(decode(f), STATUS_OK);
    assert_true(span_is(f->sample.text, "from bytes"));
    assert_true(span_is(f->sample.raw, "from string"));
}

static void enum_symbols_are_matched_by_name_and_unknown_ones_default(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(TEXT "," BIG
                         "," FIELD("colour", "{\"type\":\"enum\",\"name\":\"C\","
                                             "\"symbols\":[\"pink\",\"green\",\"red\"]}")));
    static const enum sample_colour expected[] = { COLOUR_UNKNOWN, COLOUR_GREEN, COLOUR_RED };
    for (int i = 0; i < 3; i++) {
        buffer_clear(&f->body);
        add_avro_text(&f->body, "x");
        buffer_add_signed(&f->body, 1);
        buffer_add_signed(&f->body, i);
        assert_int_equal(decode(f), STATUS_OK);
        assert_int_equal(f->sample.colour, expected[i]);
    }
}

static void enum_index_beyond_the_writers_symbols_is_malformed(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(FIELD("colour",
                          "{\"type\":\"enum\",\"name\":\"C\",\"symbols\":[\"green\","
                          "\"red\"]}") "," FIELD("extra", "{\"type\":\"enum\",\"name\":\"D\","
                                                          "\"symbols\":[\"a\"]}") "," TEXT
                                                                                  "," BIG));
    static const int64_t bad[][2] = {
        { 2, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 }, { INT64_MAX, 0 }
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        buffer_clear(&f->body);
        buffer_add_signed(&f->body, bad[i][0]);
        buffer_add_signed(&f->body, bad[i][1]);
        add_avro_text(&f->body, "x");
        buffer_add_signed(&f->body, 1);
        assert_int_equal(decode(f), STATUS_MALFORMED);
    }
}

static void unknown_symbol_of_an_enum_without_default_is_malformed(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(TEXT "," BIG "," FIELD("strict_colour",
                                           "{\"type\":\"enum\",\"name\":\"S\",\"symbols\":"
                                           "[\"pink\",\"red\"]}")));
    add_avro_text(&f->body, "x");
    buffer_add_signed(&f->body, 1);
    buffer_add_signed(&f->body, 1);
    assert_int_equal(decode(f), STATUS_OK);
    assert_int_equal(f->sample.strict_colour, COLOUR_RED);
    f->body.size--;
    buffer_add_signed(&f->body, 0);
    assert_int_equal(decode(f), STATUS_MALFORMED);
}

static void writers_union_is_resolved_branch_by_branch(void **state)
{
    struct fixture *f = *state;
    begin(f, RECORD(TEXT "," FIELD("big", "[\"null\",\"int\",\"string\",\"long\"]")));
    static const enum status expected[] = { STATUS_MALFORMED, STATUS_OK, STATUS_MALFORMED,
                                            STATUS_OK, STATUS_MALFORMED };
    for (int branch = 0; branch < 5; branch++) {
        buffer_clear(&f->body);
        add_avro_text(&f->body, "x");
        buffer_add_signed(&f->body, branch);
        buffer_add_signed(&f->body, branch == 2 ? 0 : 99);
        assert_int_equal(decode(f), expected[branch]);
        if (expected[branch] == STATUS_OK)
            assert_true(f->sample.big == 99);
    }
}

static void union_without_any_fitting_branch_is_incompatible(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(compile(f, RECORD(TEXT "," FIELD("big", "[\"null\",\"string\"]"))),
                     STATUS_MALFORMED);
}

static void plain_value_fits_a_nullable_field(void **state)
{
    struct fixture *f = *state;
    begin(f,
          RECORD(TEXT "," BIG "," FIELD("note", "\"string\"") "," FIELD("maybe", "\"null\"")));
    add_avro_text(&f->body, "x");
    buffer_add_signed(&f->body, 1);
    add_avro_text(&f->body, "plain");
    assert_int_equal(decode(f), STATUS_OK);
    assert_true(span_is(f->sample.note, "plain"));
    assert_false(f->sample.maybe.known);
}

static const char NESTED[] =
    "{\"type\":\"record\",\"name\":\"Other\",\"fields\":["
    "{\"name\":\"e1\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"map\","
    "\"values\":[\"null\",\"double\"]}}},"
    "{\"name\":\"text\",\"type\":\"string\"},"
    "{\"name\":\"e2\",\"type\":{\"type\":\"record\",\"name\":\"Node\",\"fields\":["
    "{\"name\":\"id\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}},"
    "{\"name\":\"next\",\"type\":[\"null\",\"Node\"]}]}},"
    "{\"name\":\"e3\",\"type\":\"F\"},"
    "{\"name\":\"e4\",\"type\":\"boolean\"},"
    "{\"name\":\"e5\",\"type\":\"null\"},"
    "{\"name\":\"big\",\"type\":\"long\"}]}";

/* Everything that Avro has, nested, before and behind what we want. */
static void extra_fields_of_every_type_are_passed_over(void **state)
{
    struct fixture *f = *state;
    begin(f, NESTED);
    struct buffer *b = &f->body;
    buffer_add_signed(b, 1); /* e1: one map ... */
    buffer_add_signed(b, 2); /* ... of two */
    add_avro_text(b, "k1");
    buffer_add_signed(b, 0);
    add_avro_text(b, "k2");
    buffer_add_signed(b, 1);
    buffer_add(b, span_of("12345678", 8));
    buffer_add_signed(b, 0);
    buffer_add_signed(b, 0);
    add_avro_text(b, "wanted");
    buffer_add(b, span_of("abc", 3)); /* e2: a chain of three */
    buffer_add_signed(b, 1);
    buffer_add(b, span_of("def", 3));
    buffer_add_signed(b, 1);
    buffer_add(b, span_of("ghi", 3));
    buffer_add_signed(b, 0);
    buffer_add(b, span_of("xyz", 3)); /* e3 */
    buffer_add_u8(b, 1);              /* e4 */
    buffer_add_signed(b, 77);
    assert_int_equal(decode(f), STATUS_OK);
    assert_true(span_is(f->sample.text, "wanted"));
    assert_true(f->sample.big == 77);
}

static void record_may_be_one_branch_of_a_union(void **state)
{
    struct fixture *f = *state;
    begin(f, "[\"null\"," RECORD(TEXT "," BIG) ",{\"type\":\"record\",\"name\":\"Else\","
                                               "\"fields\":[" TEXT "]}]");
    buffer_add_signed(&f->body, 1);
    add_avro_text(&f->body, "x");
    buffer_add_signed(&f->body, 5);
    assert_int_equal(decode(f), STATUS_OK);
    assert_true(f->sample.big == 5);
    f->body.at[0] = 0; /* null */
    assert_int_equal(decode(f), STATUS_MALFORMED);
    f->body.at[0] = 4; /* a record that lacks a field */
    assert_int_equal(decode(f), STATUS_MALFORMED);
}

static void what_is_no_schema_or_no_record_is_refused_with_a_reason(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "",
        "{",
        "not json",
        "\"string\"",
        "{\"type\":\"record\"}",
        "[]",
        "[\"int\"]",
        "{\"type\":\"array\",\"items\":\"int\"}",
        RECORD(FIELD("text", "\"NoSuchType\"")),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(compile(f, bad[i]), STATUS_MALFORMED);
}

static void schema_beyond_its_bounds_is_refused(void **state)
{
    struct fixture *f = *state;
    struct buffer text = { 0 };
    for (int i = 0; i < 200; i++)
        buffer_printf(&text, "{\"type\":\"array\",\"items\":");
    buffer_printf(&text, "\"int\"");
    for (int i = 0; i < 200; i++)
        buffer_printf(&text, "}");
    assert_int_equal(
        schema_program_compile(buffer_span(&text), f->reader, NULL, &f->program, &f->why),
        STATUS_MALFORMED);
    assert_non_null(strstr(f->why.text, "too large or nests too deep"));

    buffer_clear(&text);
    buffer_printf(&text, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" TEXT "," BIG);
    for (int i = 0; i < PROGRAM_STEPS_MAX; i++)
        buffer_printf(&text, ",{\"name\":\"f%d\",\"type\":\"int\"}", i);
    buffer_printf(&text, "]}");
    assert_int_equal(
        schema_program_compile(buffer_span(&text), f->reader, NULL, &f->program, &f->why),
        STATUS_MALFORMED);
    buffer_free(&text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(fields_are_found_by_name_in_any_order),
        TEST(missing_fields_take_their_defaults),
        TEST(nothing_is_left_over_from_the_record_before),
        TEST(missing_field_without_default_is_incompatible),
        TEST(field_is_found_by_the_readers_alias),
        TEST(name_wins_over_alias),
        TEST(numbers_are_promoted),
        TEST(long_is_not_demoted_to_int_nor_string_to_number),
        TEST(string_and_bytes_stand_for_each_other),
        TEST(enum_symbols_are_matched_by_name_and_unknown_ones_default),
        TEST(enum_index_beyond_the_writers_symbols_is_malformed),
        TEST(unknown_symbol_of_an_enum_without_default_is_malformed),
        TEST(writers_union_is_resolved_branch_by_branch),
        TEST(union_without_any_fitting_branch_is_incompatible),
        TEST(plain_value_fits_a_nullable_field),
        TEST(extra_fields_of_every_type_are_passed_over),
        TEST(record_may_be_one_branch_of_a_union),
        TEST(what_is_no_schema_or_no_record_is_refused_with_a_reason),
        TEST(schema_beyond_its_bounds_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
