/* alert_text_test.c - what people and programs read. */
#include "alert_support.h"

#include "codec/alert_codec.h"
#include "codec/alert_text.h"

#include <jansson.h>

static const char *line(const struct alert_change *change, bool colour, struct buffer *b)
{
    buffer_clear(b);
    alert_text_line(change, colour, b);
    buffer_add_u8(b, 0);
    return (const char *)b->at;
}

static void ratio_is_shown_with_its_sum_and_its_limit(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    const struct alert_change a = sample_alert();
    assert_string_equal(
        line(&a, false, &b),
        "2026-01-01T00:00:55.123Z  FIRING     CRITICAL  4711 de  delivery_late 7d"
        "  12.40 % (31 of 250)  limit > 10.00 %  storefront:de  FLAPPING\n");
    buffer_free(&b);
}

static void gauge_and_duration_are_shown_in_their_units(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    struct alert_change a = sample_alert();
    a.kpi = KPI_RESPONSE_OVERDUE;
    a.comparison = OP_GE;
    a.value.amount = 7;
    a.threshold = 5;
    assert_non_null(strstr(line(&a, false, &b), "  7  limit >= 5  "));
    a.kpi = KPI_RESPONSE_TIME;
    a.value.amount = 50 * HOUR_MS + 5 * MINUTE_MS;
    a.threshold = 48 * HOUR_MS;
    assert_non_null(strstr(line(&a, false, &b), "  50 h 05 min  limit >= 48 h 00 min  "));
    a.value.known = false;
    assert_non_null(strstr(line(&a, false, &b), "  no value  "));
    buffer_free(&b);
}

static void reason_is_named_when_it_is_not_the_threshold(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    struct alert_change a = sample_alert();
    a.reason = ALERT_REASON_DATA_CORRECTED;
    assert_non_null(strstr(line(&a, false, &b), "DATA_CORRECTED"));
    buffer_free(&b);
}

static void colour_is_only_there_when_asked_for(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    const struct alert_change a = sample_alert();
    assert_null(strchr(line(&a, false, &b), '\033'));
    assert_non_null(strstr(line(&a, true, &b), "\033[1;31mFIRING"));
    buffer_free(&b);
}

static void id_with_escape_codes_cannot_play_with_the_terminal(void **state)
{
    (void)state;
    struct buffer b = { 0 };
    struct alert_change a = sample_alert();
    a.seller = name_of(span_of_text("\033[2Jevil\n"));
    assert_non_null(strstr(line(&a, false, &b), "?[2Jevil?"));
    buffer_free(&b);
}

static json_t *as_json_with(const struct alert_change *a, const struct alert_decode_maps *maps)
{
    struct buffer b = { 0 };
    alert_text_json(a, maps, &b);
    assert_int_equal(b.at[b.size - 1], '\n');
    assert_null(memchr(b.at, '\n', b.size - 1));
    json_t *json = json_loadb((const char *)b.at, b.size, 0, NULL);
    assert_non_null(json);
    buffer_free(&b);
    return json;
}

static json_t *as_json(const struct alert_change *a)
{
    const struct alert_decode_maps none = { .links = { 0 } };
    return as_json_with(a, &none);
}

/* Links and labels are as the record has them, whatever is configured here; of another
 * writer they may be in several blocks, which may say their size. */
static void json_shows_the_links_and_labels_of_the_record(void **state)
{
    (void)state;
    static const uint8_t links[] = { 2, 2, 'a', 2, '1', 1, 8, 2, 'b', 2, '2', 0 };
    static const uint8_t labels[] = { 2, 0, 0, 0 };
    const struct alert_change a = sample_alert();
    const struct alert_decode_maps maps = { span_of(links, sizeof links),
                                            span_of(labels, sizeof labels) };
    json_t *json = as_json_with(&a, &maps);
    const json_t *shown = json_object_get(json, "links");
    assert_int_equal(json_object_size(shown), 2);
    assert_string_equal(json_string_value(json_object_get(shown, "a")), "1");
    assert_string_equal(json_string_value(json_object_get(shown, "b")), "2");
    shown = json_object_get(json, "labels");
    assert_int_equal(json_object_size(shown), 1);
    assert_string_equal(json_string_value(json_object_get(shown, "")), "");
    json_decref(json);
}

/* Names in the JSON are those of the .avsc, in its order; only the producer is left out. */
static void json_has_the_fields_of_the_schema(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    json_t *json = as_json(&a);
    json_t *schema = json_loads(alert_codec_schema_text(), 0, NULL);
    const json_t *fields = json_object_get(schema, "fields");
    const size_t count = json_array_size(fields);
    assert_int_equal(json_object_size(json), count - 1);
    void *at = json_object_iter(json);
    for (size_t i = 0; i + 1 < count; i++, at = json_object_iter_next(json, at))
        assert_string_equal(json_object_iter_key(at), json_string_value(json_object_get(
                                                          json_array_get(fields, i), "name")));
    json_decref(schema);
    json_decref(json);
}

static void json_shows_values_in_the_kpis_unit_and_nulls(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    a.breach_probability = NAN;
    json_t *json = as_json(&a);
    assert_true(fabs(json_real_value(json_object_get(json, "value")) - 0.124) < 1e-12);
    assert_true(fabs(json_real_value(json_object_get(json, "threshold")) - 0.1) < 1e-12);
    assert_int_equal(json_integer_value(json_object_get(json, "numerator")), 31);
    assert_true(json_is_null(json_object_get(json, "breach_probability")));
    assert_true(json_is_null(json_object_get(json, "resolved_at")));
    assert_int_equal(json_array_size(json_object_get(json, "evidence")), 2);
    const json_t *part = json_array_get(json_object_get(json, "contributors"), 0);
    assert_string_equal(json_string_value(json_object_get(part, "member")), "de");
    assert_true(fabs(json_real_value(json_object_get(part, "excess_bad")) - 15) < 1e-12);
    const json_t *ticket = json_array_get(json_object_get(json, "evidence"), 1);
    assert_string_equal(json_string_value(json_object_get(ticket, "detail")),
                        "not answered, and past its due time");
    assert_string_equal(json_string_value(json_object_get(json, "alert_key")),
                        "4711|de|delivery_late|7d");
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratio_is_shown_with_its_sum_and_its_limit),
        cmocka_unit_test(gauge_and_duration_are_shown_in_their_units),
        cmocka_unit_test(reason_is_named_when_it_is_not_the_threshold),
        cmocka_unit_test(colour_is_only_there_when_asked_for),
        cmocka_unit_test(id_with_escape_codes_cannot_play_with_the_terminal),
        cmocka_unit_test(json_shows_the_links_and_labels_of_the_record),
        cmocka_unit_test(json_has_the_fields_of_the_schema),
        cmocka_unit_test(json_shows_values_in_the_kpis_unit_and_nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
