/* alert_json_test.c - a record as JSON is what the record holds, whoever wrote it. */
#include "alert_support.h"

#include "codec/alert_codec.h"
#include "codec/alert_decode.h"
#include "codec/alert_json.h"
#include "codec/framing.h"

#include <avro.h>
#include <jansson.h>

enum { BODY_BYTES = 4096 };

static struct alert_codec *codec;
static struct alert_json *json;
static struct buffer line;

static int set_up(void **state)
{
    (void)state;
    codec = alert_codec_open(&(struct alert_codec_options){
        .source = "/s",
        .producer = "sellerwatch 9.9",
        .links = { { { "shop", "https://x/{id_seller}" } }, 1 },
        .labels = { { { "team", "\x01\"apm\"" }, { "", "" } }, 2 } });
    json = alert_json_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    alert_codec_close(codec);
    alert_json_close(json);
    buffer_free(&line);
    line = (struct buffer){ 0 };
    return 0;
}

/* Lasts until the next one is encoded. */
static struct span body_of(const struct alert_change *change)
{
    const struct encoder_port port = alert_codec_port(codec);
    struct outgoing out = { .shard = 3 };
    struct framed framed;
    struct reason why;
    assert_int_equal(port.encode(port.self, change, &out, &why), STATUS_OK);
    assert_int_equal(framing_split(out.value, &framed), REJECT_NONE);
    return framed.body;
}

static json_t *shown(struct span body)
{
    struct alert_change change;
    assert_true(alert_decode_body(body, &change));
    buffer_clear(&line);
    alert_json_line(json, body, &line);
    assert_int_equal(line.at[line.size - 1], '\n');
    assert_null(memchr(line.at, '\n', line.size - 1));
    json_t *object = json_loadb((const char *)line.at, line.size, 0, NULL);
    assert_non_null(object);
    return object;
}

static void assert_text(const json_t *object, const char *name, const char *expected)
{
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    assert_string_equal(text, expected);
}

static void assert_line_has(const char *text)
{
    assert_non_null(memmem(line.at, line.size, text, strlen(text)));
}

static void it_has_the_fields_of_the_schema_in_their_order(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    json_t *object = shown(body_of(&a));
    json_t *schema = json_loads(alert_codec_schema_text(), 0, NULL);
    const json_t *fields = json_object_get(schema, "fields");
    const size_t count = json_array_size(fields);
    assert_int_equal(json_object_size(object), count);
    void *at = json_object_iter(object);
    for (size_t i = 0; i < count; i++, at = json_object_iter_next(object, at))
        assert_string_equal(json_object_iter_key(at), json_string_value(json_object_get(
                                                          json_array_get(fields, i), "name")));
    json_decref(schema);
    json_decref(object);
}

static void it_shows_values_in_the_kpis_unit_and_nulls(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    a.breach_probability = NAN;
    json_t *object = shown(body_of(&a));
    assert_int_equal(json_integer_value(json_object_get(object, "numerator")), 31);
    assert_true(json_is_null(json_object_get(object, "breach_probability")));
    assert_true(json_is_null(json_object_get(object, "resolved_at")));
    assert_text(object, "status", "FIRING");
    assert_text(object, "previous_status", "PENDING");
    assert_text(object, "severity", "CRITICAL");
    assert_text(object, "alert_key", "4711|de|delivery_late|7d");
    assert_int_equal(json_array_size(json_object_get(object, "evidence")), 2);
    const json_t *part = json_array_get(json_object_get(object, "contributors"), 0);
    assert_text(part, "member", "de");
    assert_true(json_number_value(json_object_get(part, "excess_bad")) == 15);
    const json_t *ticket = json_array_get(json_object_get(object, "evidence"), 1);
    assert_text(ticket, "detail", "not answered, and past its due time");
    json_decref(object);
}

static void a_number_is_as_short_as_it_can_be(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    a.threshold = 40000;
    a.interval_low = 1.0 / 3;
    json_decref(shown(body_of(&a)));
    assert_line_has("\"value\":0.124,");
    assert_line_has("\"threshold\":0.04,");
    assert_line_has("\"ci_low\":0.3333333333333333,");
}

static void it_shows_the_links_the_labels_and_the_producer(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    json_t *object = shown(body_of(&a));
    assert_text(json_object_get(object, "links"), "shop", "https://x/4711");
    assert_text(json_object_get(object, "labels"), "team", "\x01\"apm\"");
    assert_text(json_object_get(object, "labels"), "", "");
    assert_text(object, "producer", "sellerwatch 9.9");
    json_decref(object);
}

/* ---- other writers ------------------------------------------------------------------ */

static avro_value_t member(avro_value_t *record, const char *name)
{
    avro_value_t field;
    avro_value_t branch = { 0 };
    assert_int_equal(avro_value_get_by_name(record, name, &field, NULL), 0);
    if (avro_value_get_type(&field) != AVRO_UNION)
        return field;
    assert_int_equal(avro_value_set_branch(&field, 1, &branch), 0);
    return branch;
}

static void set_text(avro_value_t *record, const char *name, const char *text)
{
    avro_value_t field = member(record, name);
    assert_int_equal(avro_value_set_string(&field, text), 0);
}

static void set_long(avro_value_t *record, const char *name, int64_t number)
{
    avro_value_t field = member(record, name);
    assert_int_equal(avro_value_set_long(&field, number), 0);
}

static void recommend(avro_value_t *record)
{
    avro_value_t list = member(record, "recommendations");
    avro_value_t item;
    assert_int_equal(avro_value_append(&list, &item, NULL), 0);
    set_text(&item, "code", "CARRIER");
    set_text(&item, "text", "Change the carrier.");
    avro_value_t expected = member(&item, "expected_value");
    assert_int_equal(avro_value_set_double(&expected, 0.1), 0);
    avro_value_t params = member(&item, "params");
    avro_value_t param;
    assert_int_equal(avro_value_add(&params, "from", &param, NULL, NULL), 0);
    assert_int_equal(avro_value_set_string(&param, "DHL"), 0);
}

/* The record that we would write, with what only others know. */
static struct span written_by_another(char *memory)
{
    const struct alert_change a = sample_alert();
    const struct span ours = body_of(&a);
    const char *text = alert_codec_schema_text();
    avro_schema_t schema;
    avro_value_t record;
    assert_int_equal(avro_schema_from_json_length(text, strlen(text), &schema), 0);
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    assert_int_equal(avro_generic_value_new(iface, &record), 0);
    avro_reader_t reader = avro_reader_memory((const char *)ours.at, (int64_t)ours.size);
    assert_int_equal(avro_value_read(reader, &record), 0);
    set_text(&record, "segment", "DE_INTL");
    set_text(&record, "account_manager", "Ada");
    set_text(&record, "id_agreement", "A-7");
    set_long(&record, "agreement_version", 3);
    set_text(&record, "actor", "ada");
    set_text(&record, "comment", "on holiday");
    set_long(&record, "silenced_until", 1767225600000);
    set_text(&record, "rule_id", "my own rule");
    recommend(&record);
    avro_writer_t writer = avro_writer_memory(memory, BODY_BYTES);
    assert_int_equal(avro_value_write(writer, &record), 0);
    const struct span body = span_of(memory, (size_t)avro_writer_tell(writer));
    avro_writer_free(writer);
    avro_reader_free(reader);
    avro_value_decref(&record);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    return body;
}

static void it_shows_what_only_others_write(void **state)
{
    (void)state;
    char memory[BODY_BYTES];
    json_t *object = shown(written_by_another(memory));
    assert_text(object, "segment", "DE_INTL");
    assert_text(object, "account_manager", "Ada");
    assert_text(object, "id_agreement", "A-7");
    assert_int_equal(json_integer_value(json_object_get(object, "agreement_version")), 3);
    assert_text(object, "actor", "ada");
    assert_text(object, "comment", "on holiday");
    assert_int_equal(json_integer_value(json_object_get(object, "silenced_until")),
                     1767225600000);
    assert_text(object, "rule_id", "my own rule");
    const json_t *advice = json_array_get(json_object_get(object, "recommendations"), 0);
    assert_text(advice, "code", "CARRIER");
    assert_true(json_number_value(json_object_get(advice, "expected_value")) == 0.1);
    assert_text(json_object_get(advice, "params"), "from", "DHL");
    json_decref(object);
}

/* Lists and maps may be in several blocks, which may say their size. */
static void it_reads_a_map_in_several_blocks(void **state)
{
    (void)state;
    static const uint8_t ours[] = { 2, 8, 't', 'e', 'a', 'm' };
    static const uint8_t end[] = { 2, 2, 'a', 2, '1', 1, 8, 2, 'b', 2, '2', 0, 2, 'p' };
    const struct alert_change a = sample_alert();
    alert_codec_close(codec);
    codec = alert_codec_open(&(struct alert_codec_options){
        .source = "/s", .producer = "p", .labels = { { { "team", "" } }, 1 } });
    const struct span body = body_of(&a);
    const uint8_t *labels = memmem(body.at, body.size, ours, sizeof ours);
    assert_non_null(labels);
    struct buffer other = { 0 };
    buffer_add(&other, span_of(body.at, (size_t)(labels - body.at)));
    buffer_add(&other, span_of(end, sizeof end));
    json_t *object = shown(buffer_span(&other));
    assert_text(json_object_get(object, "labels"), "a", "1");
    assert_text(json_object_get(object, "labels"), "b", "2");
    json_decref(object);
    buffer_free(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_has_the_fields_of_the_schema_in_their_order),
        TEST(it_shows_values_in_the_kpis_unit_and_nulls),
        TEST(a_number_is_as_short_as_it_can_be),
        TEST(it_shows_the_links_the_labels_and_the_producer),
        TEST(it_shows_what_only_others_write),
        TEST(it_reads_a_map_in_several_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
