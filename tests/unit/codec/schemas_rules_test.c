/* schemas_rules_test.c - the .avsc files keep the rules of schemas/README.md. */
#include "schemas_embedded.h"

#include "kpi/alert_change.h"

#include <avro.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct {
    const char *file;
    const char *text;
} schemas[] = {
    { "order_event", embedded_order_event_avsc },
    { "message_event", embedded_message_event_avsc },
    { "shipment_event", embedded_shipment_event_avsc },
    { "alert_event", embedded_alert_event_avsc },
    { "agreement", embedded_agreement_avsc },
};
enum { SCHEMAS = sizeof schemas / sizeof schemas[0], PARTS_MAX = 512 };

/* Every JSON object in a schema, found with a list of what is still to be looked into. */
static size_t all_objects(json_t *root, json_t *ret_objects[PARTS_MAX])
{
    json_t *todo[PARTS_MAX];
    size_t waiting = 0;
    size_t found = 0;
    todo[waiting++] = root;
    while (waiting > 0) {
        json_t *part = todo[--waiting];
        if (json_is_object(part))
            ret_objects[found++] = part;
        for (size_t i = 0; i < json_array_size(part); i++)
            todo[waiting++] = json_array_get(part, i);
        for (void *at = json_object_iter(part); at != NULL;
             at = json_object_iter_next(part, at))
            todo[waiting++] = json_object_iter_value(at);
        assert_true(waiting < PARTS_MAX - 64 && found < PARTS_MAX - 1);
    }
    return found;
}

static bool is(const json_t *object, const char *key, const char *expected)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && strcmp(text, expected) == 0;
}

static bool is_field(const json_t *object)
{
    return json_object_get(object, "name") != NULL && json_object_get(object, "type") != NULL &&
           json_object_get(object, "fields") == NULL &&
           json_object_get(object, "symbols") == NULL;
}

static void check_object(const char *file, json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *doc = json_string_value(json_object_get(object, "doc"));
    if (name != NULL && (doc == NULL || doc[0] == '\0'))
        fail_msg("%s: %s has no doc", file, name);
    if (is(object, "type", "enum")) {
        const json_t *first = json_array_get(json_object_get(object, "symbols"), 0);
        if (!is(object, "default", "UNKNOWN") ||
            strcmp(json_string_value(first), "UNKNOWN") != 0)
            fail_msg("%s: enum %s does not begin with UNKNOWN as default", file, name);
    }
    const json_t *type = json_object_get(object, "type");
    if (is_field(object) && json_is_array(type)) {
        const json_t *first = json_array_get(type, 0);
        if (!json_is_string(first) || strcmp(json_string_value(first), "null") != 0 ||
            !json_is_null(json_object_get(object, "default")))
            fail_msg("%s: optional field %s does not default to null", file, name);
    }
    if (is_field(object) && (is(type, "type", "array") || is(type, "type", "map"))) {
        const json_t *fallback = json_object_get(object, "default");
        if (fallback == NULL || json_array_size(fallback) + json_object_size(fallback) != 0)
            fail_msg("%s: list or map %s does not default to empty", file, name);
    }
}

static void every_part_has_a_doc_and_every_open_end_a_default(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMAS; i++) {
        json_t *objects[PARTS_MAX];
        json_t *root = json_loads(schemas[i].text, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(root);
        const size_t count = all_objects(root, objects);
        assert_true(count > 10);
        for (size_t j = 0; j < count; j++)
            check_object(schemas[i].file, objects[j]);
        json_decref(root);
    }
}

static void avro_c_takes_them_for_schemas(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMAS; i++) {
        avro_schema_t schema;
        assert_int_equal(
            avro_schema_from_json_length(schemas[i].text, strlen(schemas[i].text), &schema), 0);
        assert_int_equal(avro_typeof(schema), AVRO_RECORD);
        assert_string_equal(avro_schema_namespace(schema), "sellerwatch.v1");
        avro_schema_decref(schema);
    }
}

static json_t *enum_of(json_t *root, const char *name)
{
    json_t *objects[PARTS_MAX];
    const size_t count = all_objects(root, objects);
    for (size_t i = 0; i < count; i++) {
        if (is(objects[i], "type", "enum") && is(objects[i], "name", name))
            return json_object_get(objects[i], "symbols");
    }
    fail_msg("no enum %s", name);
    return NULL;
}

static void same_symbol(const json_t *symbols, size_t at, const char *expected)
{
    assert_string_equal(json_string_value(json_array_get(symbols, at)), expected);
}

/* The decoder of alerts reads enums by number: the domain's symbols come first, in order. */
static void alert_symbols_stand_in_the_order_of_the_domain(void **state)
{
    (void)state;
    json_t *root = json_loads(embedded_alert_event_avsc, 0, NULL);
    for (size_t i = 0; i < ALERT_EVENT_TYPE_COUNT; i++)
        same_symbol(enum_of(root, "AlertEventType"), i,
                    alert_event_type_symbol((enum alert_event_type)i));
    for (size_t i = 0; i < ALERT_REASON_COUNT; i++)
        same_symbol(enum_of(root, "AlertReason"), i, alert_reason_symbol((enum alert_reason)i));
    for (size_t i = 0; i < ALERT_STATUS_COUNT; i++)
        same_symbol(enum_of(root, "AlertStatus"), i + 1,
                    alert_status_symbol((enum alert_status)i));
    for (size_t i = 0; i < SEVERITY_COUNT; i++)
        same_symbol(enum_of(root, "Severity"), i + 1, severity_symbol((enum severity)i));
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_has_a_doc_and_every_open_end_a_default),
        cmocka_unit_test(avro_c_takes_them_for_schemas),
        cmocka_unit_test(alert_symbols_stand_in_the_order_of_the_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
