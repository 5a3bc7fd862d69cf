/* schemas_test.c - from record to event, with a registry that has its moods. */
#include "codec_support.h"

#include "codec/event_encode.h"
#include "codec/event_schema.h"
#include "codec/framing.h"
#include "codec/schemas.h"

#include <unistd.h>

/* A registry that answers what the test says, and counts how often it was asked. */
struct registry {
    enum status status;
    const char *json;
    int asked;
};

static wall_time clock_now;

static wall_time now(void)
{
    return clock_now;
}

static enum status fetch(void *self, int32_t id, struct buffer *ret_json, struct reason *why)
{
    struct registry *r = self;
    (void)id;
    r->asked++;
    if (r->status == STATUS_OK)
        buffer_add(ret_json, span_of_text(r->json));
    if (r->status == STATUS_UNAVAILABLE)
        reason_set(why, "connection refused");
    return r->status;
}

struct fixture {
    struct registry registry;
    struct schemas *schemas;
    struct decoder_port port;
    struct buffer value;
    struct record record;
    struct event event;
    enum reject reject;
    int32_t id;
};

static void add_shipment(struct buffer *b, int32_t id)
{
    struct reader_schema *schema = event_schema_open(TOPIC_SHIPMENTS);
    const struct event e = {
        .topic = TOPIC_SHIPMENTS,
        .kind = EVENT_DELIVERED,
        .ts_event = { 1767225600000 },
        .id_message = span_of_text("m1"),
        .id_seller = span_of_text("4711"),
        .storefront = span_of_text("de"),
        .shipment = { .id_order = span_of_text("o"),
                      .id_order_unit = span_of_text("u"),
                      .parcel_count = 1 },
    };
    buffer_clear(b);
    event_encode(schema, id, &e, b);
    reader_schema_close(schema);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->registry = (struct registry){ STATUS_OK, event_schema_text(TOPIC_SHIPMENTS), 0 };
    clock_now.ms = 1767225600000;
    f->schemas = schemas_open(&(struct schemas_options){
        .source = { &f->registry, fetch }, .now = now, .missing_ms = 60000 });
    f->port = schemas_port(f->schemas);
    add_shipment(&f->value, 7);
    f->record = (struct record){ .topic = TOPIC_SHIPMENTS,
                                 .key = span_of_text("4711"),
                                 .value = buffer_span(&f->value) };
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    schemas_close(f->schemas);
    buffer_free(&f->value);
    free(f);
    return 0;
}

static enum status decode(struct fixture *f)
{
    f->record.value = buffer_span(&f->value);
    return f->port.decode(f->port.self, &f->record, &f->event, &f->reject, &f->id);
}

static void record_becomes_an_event(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(decode(f), STATUS_OK);
    assert_int_equal(f->id, 7);
    assert_int_equal(f->event.kind, EVENT_DELIVERED);
    assert_true(span_is(f->event.id_seller, "4711"));
    assert_int_equal(f->event.shipment.parcel_count, 1);
}

static void schema_is_asked_for_once(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(decode(f), STATUS_OK);
    assert_int_equal(f->registry.asked, 1);
}

static void records_wait_while_the_schema_is_under_way(void **state)
{
    struct fixture *f = *state;
    f->registry.status = STATUS_PENDING;
    assert_int_equal(decode(f), STATUS_PENDING);
    assert_int_equal(decode(f), STATUS_PENDING);
    struct reason why;
    assert_false(f->port.troubled(f->port.self, &why)); /* nothing is wrong */
    f->registry.status = STATUS_OK;
    assert_int_equal(decode(f), STATUS_OK);
}

/* A registry that does not answer is no bad input; and it is not hammered. */
static void registry_that_is_down_is_waited_for_with_growing_patience(void **state)
{
    struct fixture *f = *state;
    f->registry.status = STATUS_UNAVAILABLE;
    for (int i = 0; i < 100; i++)
        assert_int_equal(decode(f), STATUS_PENDING);
    assert_int_equal(f->registry.asked, 1);
    struct reason why;
    assert_true(f->port.troubled(f->port.self, &why));
    assert_non_null(strstr(why.text, "schema 7 of topic shipments: connection refused"));

    for (int i = 0; i < 600; i++) { /* a minute */
        clock_now.ms += 100;
        assert_int_equal(decode(f), STATUS_PENDING);
    }
    assert_in_range(f->registry.asked, 6, 15);

    f->registry.status = STATUS_OK;
    clock_now.ms += 10000;
    assert_int_equal(decode(f), STATUS_OK);
    assert_false(f->port.troubled(f->port.self, &why));
}

static void unknown_id_is_refused_and_asked_for_again_after_a_minute(void **state)
{
    struct fixture *f = *state;
    f->registry.status = STATUS_MISSING;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(decode(f), STATUS_MALFORMED);
        assert_int_equal(f->reject, REJECT_UNKNOWN_SCHEMA);
        assert_int_equal(f->id, 7);
    }
    assert_int_equal(f->registry.asked, 1);

    f->registry.status = STATUS_OK; /* registered meanwhile */
    clock_now.ms += 59999;
    assert_int_equal(decode(f), STATUS_MALFORMED);
    clock_now.ms += 1;
    assert_int_equal(decode(f), STATUS_OK);
    assert_int_equal(f->registry.asked, 2);
}

/* What is logged while `act` runs; lives until the next call. */
static const char *logged(struct fixture *f, void (*act)(struct fixture *f))
{
    static char text[4096];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const int kept = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    act(f);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    (void)close(ends[1]);
    const ssize_t size = read(ends[0], text, sizeof text - 1);
    (void)close(ends[0]);
    assert_true(size >= 0);
    text[size] = '\0';
    return text;
}

static void decode_thrice_as_messages(struct fixture *f)
{
    f->record.topic = TOPIC_MESSAGES;
    for (int i = 0; i < 3; i++)
        (void)decode(f);
}

/* Its dead letters name the id alone. */
static void what_is_incompatible_is_logged_once(void **state)
{
    struct fixture *f = *state;
    const char *text = logged(f, decode_thrice_as_messages);
    const char *line =
        strstr(text, "event=schema_incompatible topic=messages schema_id=7 why=");
    assert_non_null(line);
    assert_non_null(strstr(line, "'id_ticket'"));
    assert_null(strstr(line + 1, "event=schema_incompatible"));
}

static void schema_of_another_topic_is_incompatible_for_good(void **state)
{
    struct fixture *f = *state;
    f->record.topic = TOPIC_MESSAGES;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(decode(f), STATUS_MALFORMED);
        assert_int_equal(f->reject, REJECT_INCOMPATIBLE_SCHEMA);
        clock_now.ms += 3600000;
    }
    assert_int_equal(f->registry.asked, 1);
    f->record.topic = TOPIC_SHIPMENTS; /* and is fine where it belongs */
    assert_int_equal(decode(f), STATUS_OK);
}

static void registry_that_sends_nonsense_makes_incompatible(void **state)
{
    struct fixture *f = *state;
    f->registry.json = "<html>no</html>";
    assert_int_equal(decode(f), STATUS_MALFORMED);
    assert_int_equal(f->reject, REJECT_INCOMPATIBLE_SCHEMA);
}

/* The id names a Protobuf schema: waiting for it would stop the partition for good. */
static void schema_of_another_type_is_incompatible_for_good(void **state)
{
    struct fixture *f = *state;
    f->registry.status = STATUS_MALFORMED;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(decode(f), STATUS_MALFORMED);
        assert_int_equal(f->reject, REJECT_INCOMPATIBLE_SCHEMA);
        clock_now.ms += 3600000;
    }
    assert_int_equal(f->registry.asked, 1);
}

static enum reject rejected(struct fixture *f)
{
    assert_int_equal(decode(f), STATUS_MALFORMED);
    return f->reject;
}

static void each_damage_has_its_own_reason(void **state)
{
    struct fixture *f = *state;
    buffer_add_u8(&f->value, 0);
    assert_int_equal(rejected(f), REJECT_TRAILING_BYTES);
    f->value.size -= 2;
    assert_int_equal(rejected(f), REJECT_UNDECODABLE);
    f->value.at[0] = 1;
    assert_int_equal(rejected(f), REJECT_WRONG_MAGIC);
    assert_int_equal(f->id, -1);
    f->value.size = 4;
    assert_int_equal(rejected(f), REJECT_TOO_SHORT);
    f->value.size = 0;
    assert_int_equal(rejected(f), REJECT_TOO_SHORT);
    assert_int_equal(f->id, -1);
}

static void key_must_be_there_and_be_the_seller(void **state)
{
    struct fixture *f = *state;
    f->record.key = (struct span){ 0 };
    assert_int_equal(rejected(f), REJECT_KEY_MISMATCH);
    f->record.key = span_of_text("4712");
    assert_int_equal(rejected(f), REJECT_KEY_MISMATCH);
    f->record.key = span_of_text("47111");
    assert_int_equal(rejected(f), REJECT_KEY_MISMATCH);
}

/* A broken producer makes up ten thousand ids: the good one is still known after. */
static void made_up_ids_do_not_push_out_the_good_one(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(decode(f), STATUS_OK);
    f->registry.status = STATUS_MISSING;
    for (int32_t id = 1000; id < 11000; id++) {
        add_shipment(&f->value, id);
        assert_int_equal(rejected(f), REJECT_UNKNOWN_SCHEMA);
    }
    const int asked = f->registry.asked;
    add_shipment(&f->value, 7);
    assert_int_equal(decode(f), STATUS_OK);
    assert_int_equal(f->registry.asked, asked);
}

/* More schemas than there is room for: the oldest are asked for again, nothing else. */
static void more_schemas_than_places_only_cost_asking_again(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 2; round++) {
        for (int32_t id = 1; id < 400; id++) {
            add_shipment(&f->value, id);
            assert_int_equal(decode(f), STATUS_OK);
            assert_int_equal(f->id, id);
        }
    }
}

/* Hundreds of schemas come and go; the one that every other record uses stays. */
static void schema_in_use_is_not_pushed_out_by_others(void **state)
{
    struct fixture *f = *state;
    int asked = 0;
    for (int32_t id = 1000; id < 1400; id++) {
        add_shipment(&f->value, id);
        assert_int_equal(decode(f), STATUS_OK);
        const int before = f->registry.asked;
        add_shipment(&f->value, 7);
        assert_int_equal(decode(f), STATUS_OK);
        asked += f->registry.asked - before;
    }
    assert_int_equal(asked, 1);
}

static void schemas_from_files_need_no_registry(void **state)
{
    (void)state;
    const struct schemas_local locals[] = {
        { 1, span_of_text(event_schema_text(TOPIC_ORDERS)) },
        { 7, span_of_text(event_schema_text(TOPIC_SHIPMENTS)) },
    };
    struct fixture f = { 0 };
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    f.schemas = schemas_open(&(struct schemas_options){
        .locals = locals, .local_count = 2, .now = now, .lock = &lock });
    f.port = schemas_port(f.schemas);
    f.record = (struct record){ .topic = TOPIC_SHIPMENTS, .key = span_of_text("4711") };
    add_shipment(&f.value, 7);
    assert_int_equal(decode(&f), STATUS_OK);
    add_shipment(&f.value, 8);
    assert_int_equal(rejected(&f), REJECT_UNKNOWN_SCHEMA);
    schemas_close(f.schemas);
    buffer_free(&f.value);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(record_becomes_an_event),
        TEST(schema_is_asked_for_once),
        TEST(records_wait_while_the_schema_is_under_way),
        TEST(registry_that_is_down_is_waited_for_with_growing_patience),
        TEST(unknown_id_is_refused_and_asked_for_again_after_a_minute),
        TEST(what_is_incompatible_is_logged_once),
        TEST(schema_of_another_topic_is_incompatible_for_good),
        TEST(registry_that_sends_nonsense_makes_incompatible),
        TEST(schema_of_another_type_is_incompatible_for_good),
        TEST(each_damage_has_its_own_reason),
        TEST(key_must_be_there_and_be_the_seller),
        TEST(made_up_ids_do_not_push_out_the_good_one),
        TEST(more_schemas_than_places_only_cost_asking_again),
        TEST(schema_in_use_is_not_pushed_out_by_others),
        cmocka_unit_test(schemas_from_files_need_no_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
