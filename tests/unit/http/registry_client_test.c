/* registry_client_test.c - workers never wait for the registry, and its faults are
 * never taken for bad input. Over real sockets, against tests/support/fake_registry.
 */
#include "http/registry_client.h"

#include "base/name.h"
#include "support/fake_registry.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { PATIENCE_MS = 5000, TICK_MS = 2, TIMEOUT_MS = 300, QUICK_MS = 100 };

static const char text_of_a[] = "{\n  \"type\": \"record\", \"name\": \"A\",\"fields\": []}";

static struct fake_registry *registry;
static struct registry_client *client;
static struct reason why;
static struct buffer json;

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_ms(int ms)
{
    const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L };
    nanosleep(&time, NULL);
}

static struct registry_client_options usual(void)
{
    return (struct registry_client_options){
        .http = { .url = fake_registry_url(registry), .timeout_ms = TIMEOUT_MS },
        .retry_first_ms = 20,
        .retry_last_ms = 80,
        .missing_ms = 150,
    };
}

static int open_both(void **state)
{
    (void)state;
    registry = fake_registry_open();
    const struct registry_client_options options = usual();
    client = registry_client_open(&options, &why);
    assert_non_null(client);
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    registry_client_close(client);
    fake_registry_close(registry);
    buffer_free(&json);
    return 0;
}

static void open_with(const struct registry_client_options *options)
{
    registry_client_close(client);
    client = registry_client_open(options, &why);
    assert_non_null(client);
}

/* Asks until the answer is `wanted`, as a worker does that has other work. */
static void fetch_until(int32_t id, enum status wanted)
{
    const int64_t until = clock_ms() + PATIENCE_MS;
    enum status status = STATUS_PENDING;
    while (status != wanted && clock_ms() < until) {
        buffer_clear(&json);
        status = registry_client_fetch(client, id, &json, &why);
        if (status != wanted)
            wait_ms(TICK_MS);
    }
    assert_int_equal(status, wanted);
}

static enum status fetch_settled(int32_t id)
{
    enum status status = STATUS_PENDING;
    const int64_t until = clock_ms() + PATIENCE_MS;
    while (status == STATUS_PENDING && clock_ms() < until) {
        buffer_clear(&json);
        status = registry_client_fetch(client, id, &json, &why);
        wait_ms(TICK_MS);
    }
    return status;
}

static void assert_json(const char *text)
{
    assert_true(span_equal(buffer_span(&json), span_of_text(text)));
}

/* ---- fetching ------------------------------------------------------------------ */

static void a_schema_is_fetched_word_for_word(void **state)
{
    (void)state;
    fake_registry_put(registry, 7, text_of_a, "");
    assert_int_equal(registry_client_fetch(client, 7, &json, &why), STATUS_PENDING);
    assert_int_equal(fetch_settled(7), STATUS_OK);
    assert_json(text_of_a);

    struct fake_request request;
    fake_registry_newest(registry, &request);
    assert_string_equal(request.line, "GET /apis/ccompat/v7/schemas/ids/7");
    assert_string_equal(request.authorization, "");
}

static void *ask_often(void *arg)
{
    (void)arg;
    struct buffer mine = { 0 };
    struct reason reason;
    for (int i = 0; i < 1000; i++) {
        buffer_clear(&mine);
        (void)registry_client_fetch(client, 7, &mine, &reason);
    }
    buffer_free(&mine);
    return NULL;
}

static void thousand_asks_of_three_workers_make_one_request(void **state)
{
    (void)state;
    fake_registry_put(registry, 7, text_of_a, "");
    fake_registry_slow(registry, 100);
    pthread_t workers[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&workers[i], NULL, ask_often, NULL), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(workers[i], NULL);
    fetch_until(7, STATUS_OK);
    (void)ask_often(NULL);
    assert_int_equal(fake_registry_requests(registry), 1);
}

static void an_id_that_does_not_exist_is_missing(void **state)
{
    (void)state;
    assert_int_equal(fetch_settled(9), STATUS_MISSING);
    assert_non_null(strstr(why.text, "Schema not found"));
    assert_int_equal(json.size, 0);
    assert_int_equal(fake_registry_requests(registry), 1);
}

static void a_missing_id_is_asked_for_again_after_a_while(void **state)
{
    (void)state;
    fetch_until(9, STATUS_MISSING);
    fake_registry_put(registry, 9, text_of_a, "");
    assert_int_equal(registry_client_fetch(client, 9, &json, &why), STATUS_MISSING);
    fetch_until(9, STATUS_OK);
    assert_int_equal(fake_registry_requests(registry), 2);
}

static void an_unwell_registry_is_asked_again_until_it_is_well(void **state)
{
    (void)state;
    fake_registry_put(registry, 7, text_of_a, "");
    fake_registry_break(registry, 500,
                        "{\"error_code\":50001,\"message\":\"store\\nis gone\"}");
    assert_int_equal(fetch_settled(7), STATUS_UNAVAILABLE);
    assert_string_equal(why.text, "the registry answered 500: store is gone");
    const int64_t until = clock_ms() + PATIENCE_MS;
    while (fake_registry_requests(registry) < 3 && clock_ms() < until) {
        assert_int_not_equal(registry_client_fetch(client, 7, &json, &why), STATUS_MISSING);
        wait_ms(TICK_MS);
    }
    assert_true(fake_registry_requests(registry) >= 3);
    fake_registry_mend(registry);
    fetch_until(7, STATUS_OK);
    assert_json(text_of_a);
}

static void pauses_grow_up_to_the_longest(void **state)
{
    (void)state;
    fake_registry_break(registry, 503, "");
    const int64_t until = clock_ms() + 600;
    while (clock_ms() < until) {
        (void)registry_client_fetch(client, 7, &json, &why);
        wait_ms(TICK_MS);
    }
    /* 10-20, 20-40, then 40-80 ms each: some 8 to 17 requests. */
    assert_in_range(fake_registry_requests(registry), 4, 18);
}

static void an_id_nobody_wants_any_more_makes_no_traffic(void **state)
{
    (void)state;
    fake_registry_break(registry, 503, "");
    fetch_until(7, STATUS_UNAVAILABLE);
    wait_ms(150); /* the ask that saw the failure allows one more request */
    const int before = fake_registry_requests(registry);
    assert_true(before <= 2);
    wait_ms(250);
    assert_int_equal(fake_registry_requests(registry), before);
}

/* Whatever its status line says: without a readable body it is the registry, or
 * something before it, that is wrong, never the record. */
static void an_answer_without_a_readable_body_is_unwell(void **state)
{
    (void)state;
    static const struct {
        unsigned code;
        const char *body;
    } odd[] = { { 200, "" },
                { 200, "<html>" },
                { 200, "[]" },
                { 200, "{}" },
                { 200, "{\"schema\":7}" },
                { 404, "" },
                { 404, "<html>not found</html>" },
                { 404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}" },
                { 401, "" },
                { 403, "{\"error_code\":403,\"message\":\"Forbidden\"}" },
                { 302, "" } };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        fake_registry_break(registry, odd[i].code, odd[i].body);
        assert_int_equal(fetch_settled((int32_t)(100 + i)), STATUS_UNAVAILABLE);
    }
}

static void a_slow_registry_holds_up_nobody(void **state)
{
    (void)state;
    fake_registry_put(registry, 7, text_of_a, "");
    fake_registry_slow(registry, TIMEOUT_MS + 200);
    const int64_t before = clock_ms();
    assert_int_equal(registry_client_fetch(client, 7, &json, &why), STATUS_PENDING);
    for (int i = 0; i < 100; i++)
        (void)registry_client_fetch(client, 7, &json, &why);
    assert_true(clock_ms() - before < QUICK_MS);

    fetch_until(7, STATUS_UNAVAILABLE);
    assert_true(clock_ms() - before >= TIMEOUT_MS - TICK_MS);
    assert_non_null(strstr(why.text, fake_registry_url(registry)));
    fake_registry_mend(registry);
    fetch_until(7, STATUS_OK);
}

static void an_endless_answer_is_not_taken(void **state)
{
    (void)state;
    const size_t size = 3 * 1024 * 1024;
    char *body = malloc(size + 1);
    assert_non_null(body);
    memset(body, ' ', size);
    body[size] = '\0';
    fake_registry_break(registry, 200, body);
    free(body);
    assert_int_equal(fetch_settled(7), STATUS_UNAVAILABLE);
    assert_non_null(strstr(why.text, "more than"));
}

static void a_registry_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct registry_client_options options = usual();
    options.http.url = "http://127.0.0.1:1/base/"; /* nobody listens there */
    open_with(&options);
    assert_int_equal(fetch_settled(7), STATUS_UNAVAILABLE);
    assert_non_null(
        strstr(why.text, "the registry at http://127.0.0.1:1/base does not answer"));
}

static void schemas_we_can_never_read_are_told_from_unknown_ones(void **state)
{
    (void)state;
    fake_registry_put(registry, 7, "syntax = proto3", ",\"schemaType\":\"PROTOBUF\"");
    fake_registry_put(registry, 8, text_of_a,
                      ",\"references\":[{\"name\":\"B\",\"subject\":\"b\",\"version\":1}]");
    fake_registry_put(registry, 9, text_of_a, ",\"schemaType\":\"AVRO\",\"references\":[]");
    assert_int_equal(fetch_settled(7), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "AVRO"));
    assert_int_equal(fetch_settled(8), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "refers to other schemas"));
    assert_int_equal(fetch_settled(9), STATUS_OK);
}

/* Garbage records carry random ids: they must not fill the memory, nor push out
 * an id that is being asked for. */
static void more_ids_than_places_are_all_answered(void **state)
{
    (void)state;
    fake_registry_put(registry, 7, text_of_a, "");
    for (int32_t id = 1000; id < 2500; id++)
        (void)registry_client_fetch(client, id, &json, &why);
    fetch_until(7, STATUS_OK);
    fetch_until(2600, STATUS_MISSING);
}

/* ---- rights ------------------------------------------------------------------- */

static void user_and_password_are_sent_and_never_said(void **state)
{
    (void)state;
    struct registry_client_options options = usual();
    options.http.user = "sam";
    options.http.password = "s3cret";
    open_with(&options);
    fake_registry_put(registry, 7, text_of_a, "");
    fetch_until(7, STATUS_OK);
    struct fake_request request;
    fake_registry_newest(registry, &request);
    assert_string_equal(request.authorization, "Basic c2FtOnMzY3JldA==");

    fake_registry_break(registry, 401, "{\"error_code\":401,\"message\":\"Unauthorized\"}");
    fetch_until(8, STATUS_UNAVAILABLE);
    assert_non_null(strstr(why.text, "user and password"));
    assert_null(strstr(why.text, "s3cret"));
    assert_null(strstr(why.text, "c2FtOnMzY3JldA"));
}

static void settings_that_cannot_be_right_are_refused_with_a_sentence(void **state)
{
    (void)state;
    struct registry_client_options options = usual();
    options.http.url = "127.0.0.1:8081";
    assert_null(registry_client_open(&options, &why));
    assert_non_null(strstr(why.text, "http://"));

    options.http.url = "http://sam:s3cret@127.0.0.1:8081";
    assert_null(registry_client_open(&options, &why));
    assert_non_null(strstr(why.text, "user"));
    assert_null(strstr(why.text, "s3cret"));

    options.http.url = "http://127.0.0.1:8081/?a=b";
    assert_null(registry_client_open(&options, &why));

    options = usual();
    options.http.ca_file = "/nowhere/ca.pem";
    assert_null(registry_client_open(&options, &why));
    assert_non_null(strstr(why.text, "/nowhere/ca.pem"));
}

static void closing_does_not_wait_for_a_hanging_registry(void **state)
{
    (void)state;
    struct registry_client_options options = usual();
    options.http.timeout_ms = 60000;
    open_with(&options);
    fake_registry_slow(registry, 2500);
    (void)registry_client_fetch(client, 7, &json, &why);
    while (fake_registry_requests(registry) == 0)
        wait_ms(TICK_MS);

    const int64_t before = clock_ms();
    registry_client_close(client);
    client = NULL;
    assert_true(clock_ms() - before < 2000);
}

/* ---- at the start ----------------------------------------------------------------- */

static void registering_twice_gives_the_same_id(void **state)
{
    (void)state;
    int32_t first = -1;
    int32_t second = -2;
    const struct span text = span_of_text(text_of_a);
    assert_int_equal(registry_client_register(client, "alerts-value", text, &first, &why),
                     STATUS_OK);
    struct fake_request request;
    fake_registry_newest(registry, &request);
    assert_string_equal(request.line, "POST /apis/ccompat/v7/subjects/alerts-value/versions");
    assert_string_equal(request.content_type, "application/vnd.schemaregistry.v1+json");

    assert_int_equal(registry_client_register(client, "alerts-value", text, &second, &why),
                     STATUS_OK);
    assert_int_equal(first, second);
    fetch_until(first, STATUS_OK);
    assert_json(text_of_a); /* the literal text: blanks and line ends too */
}

static void an_incompatible_schema_is_refused_in_the_registrys_words(void **state)
{
    (void)state;
    int32_t id = -1;
    assert_int_equal(
        registry_client_register(client, "alerts-value", span_of_text(text_of_a), &id, &why),
        STATUS_OK);
    const int32_t before = id;
    assert_int_equal(registry_client_register(client, "alerts-value",
                                              span_of_text("{\"name\":\"B\"}"), &id, &why),
                     STATUS_REFUSED);
    assert_non_null(strstr(why.text, "Schema is  incompatible "));
    assert_int_equal(id, before);
}

/* Two instances start at once on a new registry. */
static void who_registers_second_finds_what_the_first_registered(void **state)
{
    (void)state;
    int32_t id = -1;
    fake_registry_race(registry);
    assert_int_equal(
        registry_client_register(client, "alerts-value", span_of_text(text_of_a), &id, &why),
        STATUS_OK);
    fetch_until(id, STATUS_OK);
    assert_json(text_of_a);
}

static void looking_up_does_not_register(void **state)
{
    (void)state;
    int32_t id = -1;
    int32_t found = -2;
    const struct span text = span_of_text(text_of_a);
    assert_int_equal(registry_client_lookup(client, "a b?c", text, &found, &why),
                     STATUS_MISSING);
    assert_int_equal(registry_client_lookup(client, "a b?c", text, &found, &why),
                     STATUS_MISSING);
    struct fake_request request;
    fake_registry_newest(registry, &request);
    assert_string_equal(request.line, "GET /apis/ccompat/v7/subjects/a b?c/versions/latest");
    assert_int_equal(registry_client_register(client, "alerts-value", text, &id, &why),
                     STATUS_OK);
    assert_int_equal(registry_client_lookup(client, "alerts-value", text, &found, &why),
                     STATUS_OK);
    assert_int_equal(id, found);
}

/* The registry stores another spelling and does not recognise ours. */
static void a_rewritten_schema_is_found_by_what_it_says(void **state)
{
    (void)state;
    int32_t id = -1;
    int32_t found = -2;
    assert_int_equal(registry_client_register(
                         client, "alerts-value",
                         span_of_text("{\"fields\":[],\"name\":\"A\",\"type\":\"record\"}"),
                         &id, &why),
                     STATUS_OK);
    fake_registry_rewrites(registry);
    assert_int_equal(
        registry_client_lookup(client, "alerts-value", span_of_text(text_of_a), &found, &why),
        STATUS_OK);
    assert_int_equal(id, found);
    assert_int_equal(registry_client_lookup(client, "alerts-value",
                                            span_of_text("{\"name\":\"A\"}"), &found, &why),
                     STATUS_MISSING);
}

static void the_compatibility_level_is_set_for_the_subject(void **state)
{
    (void)state;
    assert_int_equal(
        registry_client_compatibility(client, "alerts-value", "FULL_TRANSITIVE", &why),
        STATUS_OK);
    struct fake_request request;
    fake_registry_newest(registry, &request);
    assert_string_equal(request.line, "PUT /apis/ccompat/v7/config/alerts-value");
    assert_string_equal(request.body, "{\"compatibility\":\"FULL_TRANSITIVE\"}");

    fake_registry_break(registry, 500, "");
    assert_int_equal(
        registry_client_compatibility(client, "alerts-value", "FULL_TRANSITIVE", &why),
        STATUS_UNAVAILABLE);
    fake_registry_break(registry, 403, "{\"error_code\":40301,\"message\":\"no\"}");
    assert_int_equal(
        registry_client_compatibility(client, "alerts-value", "FULL_TRANSITIVE", &why),
        STATUS_REFUSED);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_both, close_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_schema_is_fetched_word_for_word),
        PROMISE(thousand_asks_of_three_workers_make_one_request),
        PROMISE(an_id_that_does_not_exist_is_missing),
        PROMISE(a_missing_id_is_asked_for_again_after_a_while),
        PROMISE(an_unwell_registry_is_asked_again_until_it_is_well),
        PROMISE(pauses_grow_up_to_the_longest),
        PROMISE(an_id_nobody_wants_any_more_makes_no_traffic),
        PROMISE(an_answer_without_a_readable_body_is_unwell),
        PROMISE(a_slow_registry_holds_up_nobody),
        PROMISE(an_endless_answer_is_not_taken),
        PROMISE(a_registry_that_is_not_there_is_named),
        PROMISE(schemas_we_can_never_read_are_told_from_unknown_ones),
        PROMISE(more_ids_than_places_are_all_answered),
        PROMISE(user_and_password_are_sent_and_never_said),
        PROMISE(settings_that_cannot_be_right_are_refused_with_a_sentence),
        PROMISE(closing_does_not_wait_for_a_hanging_registry),
        PROMISE(registering_twice_gives_the_same_id),
        PROMISE(an_incompatible_schema_is_refused_in_the_registrys_words),
        PROMISE(who_registers_second_finds_what_the_first_registered),
        PROMISE(looking_up_does_not_register),
        PROMISE(a_rewritten_schema_is_found_by_what_it_says),
        PROMISE(the_compatibility_level_is_set_for_the_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
