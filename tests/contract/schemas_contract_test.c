/* schemas_contract_test.c - from a record to its event, wherever its schema comes from? One
 * suite, run on files and on the small registry of the tests or, if
 * SELLERWATCH_TEST_REGISTRY=URL names one, on a real registry.
 *
 * The real one stands behind the small one (fake_registry_before), which passes on what is
 * asked, counts it, and can be broken, while the answers are the real one's.
 */
#include "base/name.h"
#include "codec/event_encode.h"
#include "codec/event_schema.h"
#include "codec/schemas.h"
#include "http/registry_client.h"
#include "support/fake_registry.h"
#include "support/source_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    WORKERS = 2,
    IMPATIENT_MS = 300,
    PATIENCE_MS = 10000,
    QUIET_MS = 150,
    SUBJECT_BYTES = 64,
    FILE_ID = 7,
    NEWER_ID = 8,
    UNKNOWN_ID = 1987654321,
};

struct world {
    struct fake_registry *registry; /* NULL: files */
    struct registry_client *client;
    int timeout_ms; /* its own */
    struct schemas *workers[WORKERS];
    pthread_mutex_t avro_lock;
    struct schemas_local files[2];
    struct buffer newer; /* a schema that is ahead of ours; NUL-terminated */
    int32_t id;          /* of ours of the shipments */
    int32_t newer_id;
    char subject[SUBJECT_BYTES];
    struct buffer value;
    struct event event;
    enum reject reject;
};

static wall_time now(void)
{
    return source_reader_now();
}

static struct span ours(void)
{
    return span_of_text(event_schema_text(TOPIC_SHIPMENTS));
}

/* ---- the three worlds -------------------------------------------------------------------- */

static const char *real_registry(void)
{
    return getenv("SELLERWATCH_TEST_REGISTRY");
}

/* Ours with one field more, behind the others. */
static void write_newer_schema(struct buffer *ret_text)
{
    const char *text = event_schema_text(TOPIC_SHIPMENTS);
    const char *end = strrchr(text, ']');
    assert_non_null(end);
    buffer_add(ret_text, span_of(text, (size_t)(end - text)));
    buffer_printf(ret_text, ", {\"name\": \"news\", \"type\": \"int\", \"default\": 0}%s", end);
    buffer_add_u8(ret_text, '\0');
}

static struct span newer(const struct world *w)
{
    return span_of(w->newer.at, w->newer.size - 1);
}

static void open_workers(struct world *w)
{
    struct schemas_options options = { .now = now, .lock = &w->avro_lock };
    if (w->registry == NULL) {
        w->files[0] = (struct schemas_local){ FILE_ID, ours() };
        w->files[1] = (struct schemas_local){ NEWER_ID, newer(w) };
        options.locals = w->files;
        options.local_count = 2;
    } else {
        options.source = (struct schemas_source){ w->client, registry_client_fetch };
    }
    for (int i = 0; i < WORKERS; i++)
        w->workers[i] = schemas_open(&options);
}

static void open_client(struct world *w)
{
    struct reason why = { "" };
    const struct registry_client_options options = {
        .http = { .url = fake_registry_url(w->registry), .timeout_ms = w->timeout_ms },
        .retry_first_ms = 20,
        .retry_last_ms = 80,
    };
    w->client = registry_client_open(&options, &why);
    if (w->client == NULL)
        fail_msg("%s", why.text);
}

static int32_t register_schema(struct world *w, struct span schema)
{
    struct reason why = { "" };
    int32_t id = -1;
    if (registry_client_register(w->client, w->subject, schema, &id, &why) != STATUS_OK)
        fail_msg("%s", why.text);
    return id;
}

static struct world *new_world(void **state)
{
    static int number;
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    *state = w;
    w->timeout_ms = PATIENCE_MS; /* a registry that was just started is slow */
    assert_int_equal(pthread_mutex_init(&w->avro_lock, NULL), 0);
    (void)snprintf(w->subject, sizeof w->subject, "contract-%d-%lld-%d", (int)getpid(),
                   (long long)now().ms, ++number);
    write_newer_schema(&w->newer);
    return w;
}

static int set_up_files(void **state)
{
    struct world *w = new_world(state);
    w->id = FILE_ID;
    w->newer_id = NEWER_ID;
    open_workers(w);
    return 0;
}

static void set_up_with(struct world *w, struct fake_registry *registry)
{
    w->registry = registry;
    open_client(w);
    w->id = register_schema(w, ours());
    w->newer_id = register_schema(w, newer(w));
    open_workers(w);
}

static int set_up_small(void **state)
{
    set_up_with(new_world(state), fake_registry_open());
    return 0;
}

static int set_up_real(void **state)
{
    set_up_with(new_world(state), fake_registry_before(real_registry()));
    return 0;
}

static void close_clients(struct world *w)
{
    for (int i = 0; i < WORKERS; i++)
        schemas_close(w->workers[i]);
    registry_client_close(w->client);
}

static int tear_down(void **state)
{
    struct world *w = *state;
    close_clients(w);
    if (w->registry != NULL)
        fake_registry_close(w->registry);
    assert_int_equal(pthread_mutex_destroy(&w->avro_lock), 0);
    buffer_free(&w->newer);
    buffer_free(&w->value);
    free(w);
    return 0;
}

/* The same world, seen by workers and a client that know nothing yet. */
static void begin_anew(struct world *w)
{
    close_clients(w);
    open_client(w);
    open_workers(w);
}

/* ---- helpers
 * --------------------------------------------------------------------------------- */

static void write_record(struct world *w, int32_t id)
{
    const struct event e = {
        .topic = TOPIC_SHIPMENTS,
        .kind = EVENT_DELIVERED,
        .ts_event = { 1767225600000 },
        .id_message = span_of_text("m1"),
        .id_seller = span_of_text("4711"),
        .storefront = span_of_text("de"),
        .shipment = { .id_order = span_of_text("o"),
                      .id_order_unit = span_of_text("u"),
                      .parcel_count = 3 },
    };
    struct reader_schema *schema = event_schema_open(TOPIC_SHIPMENTS);
    buffer_clear(&w->value);
    event_encode(schema, id, &e, &w->value);
    reader_schema_close(schema);
}

static enum status decode_on(struct world *w, int worker, enum topic topic)
{
    const struct decoder_port port = schemas_port(w->workers[worker]);
    const struct record record = { .topic = topic,
                                   .key = span_of_text("4711"),
                                   .value = buffer_span(&w->value) };
    int32_t id = -1;
    return port.decode(port.self, &record, &w->event, &w->reject, &id);
}

static enum status decode(struct world *w)
{
    return decode_on(w, 0, TOPIC_SHIPMENTS);
}

/* As a worker does: tries again until the answer is final. */
static enum status decode_finally(struct world *w, enum topic topic)
{
    const int64_t until = now().ms + PATIENCE_MS;
    enum status s = decode_on(w, 0, topic);
    while (s == STATUS_PENDING) {
        assert_true(now().ms < until);
        (void)usleep(2000);
        s = decode_on(w, 0, topic);
    }
    return s;
}

static void assert_event_comes(struct world *w)
{
    assert_int_equal(decode_finally(w, TOPIC_SHIPMENTS), STATUS_OK);
    assert_int_equal(w->event.kind, EVENT_DELIVERED);
    assert_int_equal(w->event.shipment.parcel_count, 3);
}

static bool is_troubled(struct world *w)
{
    struct reason why = { "" };
    const struct decoder_port port = schemas_port(w->workers[0]);
    const bool troubled = port.troubled(port.self, &why);
    assert_int_equal(why.text[0] != '\0', troubled);
    return troubled;
}

/* For a while at least, and until we have heard that the registry is unwell. */
static void assert_waits(struct world *w)
{
    const int64_t began = now().ms;
    while (now().ms < began + QUIET_MS || !is_troubled(w)) {
        assert_int_equal(decode(w), STATUS_PENDING);
        assert_true(now().ms < began + PATIENCE_MS);
        (void)usleep(2000);
    }
}

/* ---- promises
 * ---------------------------------------------------------------------------------- */

static void a_record_of_a_known_schema_becomes_its_event(void **state)
{
    struct world *w = *state;
    write_record(w, w->id);
    assert_event_comes(w);
    assert_int_equal(decode(w), STATUS_OK); /* and from now on at once */
}

static void a_record_of_an_unknown_schema_is_rejected_as_such(void **state)
{
    struct world *w = *state;
    write_record(w, UNKNOWN_ID);
    assert_int_equal(decode_finally(w, TOPIC_SHIPMENTS), STATUS_MALFORMED);
    assert_int_equal(w->reject, REJECT_UNKNOWN_SCHEMA);
    assert_false(is_troubled(w));
}

static void a_schema_of_another_topic_is_rejected_there_and_read_where_it_belongs(void **state)
{
    struct world *w = *state;
    write_record(w, w->id);
    assert_int_equal(decode_finally(w, TOPIC_MESSAGES), STATUS_MALFORMED);
    assert_int_equal(w->reject, REJECT_INCOMPATIBLE_SCHEMA);
    assert_event_comes(w);
}

static void a_newer_writer_is_read_alike(void **state)
{
    struct world *w = *state;
    write_record(w, w->newer_id);
    buffer_add_signed(&w->value, 1); /* the news */
    assert_event_comes(w);
    w->value.size -= 1;
    assert_int_equal(decode(w), STATUS_MALFORMED);
    assert_int_equal(w->reject, REJECT_UNDECODABLE);
}

static void however_many_records_wait_the_schema_is_asked_for_once(void **state)
{
    struct world *w = *state;
    write_record(w, w->id);
    const int before = w->registry == NULL ? 0 : fake_registry_requests(w->registry);
    const int64_t until = now().ms + PATIENCE_MS;
    int read = 0;
    while (read < 1000) {
        assert_true(now().ms < until);
        for (int worker = 0; worker < WORKERS; worker++)
            read += decode_on(w, worker, TOPIC_SHIPMENTS) == STATUS_OK;
    }
    if (w->registry != NULL)
        assert_int_equal(fake_registry_requests(w->registry) - before, 1);
}

/* ---- promises of registries
 * --------------------------------------------------------------------- */

static void records_wait_while_the_registry_is_down_and_then_come(void **state)
{
    struct world *w = *state;
    write_record(w, w->id);
    fake_registry_break(w->registry, 503, "closed");
    assert_waits(w);
    assert_in_range(fake_registry_requests(w->registry), 1, 50); /* asked, not hammered */
    fake_registry_mend(w->registry);
    assert_event_comes(w);
}

/* What a proxy, a login page or a cut connection makes of an answer is not what the
 * registry knows: no record is set aside for it. */
static void rubbish_is_never_taken_for_an_answer(void **state)
{
    static const struct {
        unsigned code;
        const char *body;
    } rubbish[] = {
        { 200, "<html><body>Please log in</body></html>" },
        { 200, "{\"schema\": \"{\\\"type\\\": \\\"rec" },
        { 200, "" },
        { 200, "{}" },
        { 404, "<html>Not Found</html>" },
        { 500, "{\"error_code\": 50001, \"message\": \"Error in the backend data store\"}" },
    };
    struct world *w = *state;
    write_record(w, w->id);
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        fake_registry_break(w->registry, rubbish[i].code, rubbish[i].body);
        begin_anew(w);
        assert_waits(w);
        fake_registry_mend(w->registry);
        assert_event_comes(w);
    }
}

static void a_slow_answer_holds_up_nobody(void **state)
{
    enum { DELAY_MS = 250 };
    struct world *w = *state;
    write_record(w, w->id);
    fake_registry_slow(w->registry, DELAY_MS);
    const int64_t began = now().ms;
    assert_int_equal(decode(w), STATUS_PENDING);
    assert_in_range(now().ms - began, 0, DELAY_MS - 1);
    assert_event_comes(w);
    assert_true(now().ms - began >= DELAY_MS);
}

static void an_answer_slower_than_our_patience_is_asked_for_again(void **state)
{
    struct world *w = *state;
    write_record(w, w->id);
    w->timeout_ms = IMPATIENT_MS;
    begin_anew(w);
    fake_registry_slow(w->registry, 2 * IMPATIENT_MS);
    const int64_t until = now().ms + 3 * IMPATIENT_MS;
    while (now().ms < until) {
        assert_int_equal(decode(w), STATUS_PENDING);
        (void)usleep(2000);
    }
    fake_registry_mend(w->registry);
    assert_event_comes(w);
}

static void a_schema_that_is_registered_twice_has_one_id(void **state)
{
    struct world *w = *state;
    struct reason why = { "" };
    int32_t found = -1;
    assert_int_equal(register_schema(w, ours()), w->id);
    assert_int_equal(register_schema(w, newer(w)), w->newer_id);
    assert_int_not_equal(w->id, w->newer_id);
    assert_int_equal(registry_client_lookup(w->client, w->subject, ours(), &found, &why),
                     STATUS_OK);
    assert_int_equal(found, w->id);
}

static void looking_up_registers_nothing(void **state)
{
    struct world *w = *state;
    struct reason why = { "" };
    int32_t found = -1;
    const struct span other = span_of_text(event_schema_text(TOPIC_ORDERS));
    for (int i = 0; i < 2; i++)
        assert_int_equal(registry_client_lookup(w->client, w->subject, other, &found, &why),
                         STATUS_MISSING);
    assert_int_equal(
        registry_client_lookup(w->client, "contract-of-nobody", ours(), &found, &why),
        STATUS_MISSING);
    assert_int_equal(found, -1);
}

static void an_incompatible_schema_is_refused(void **state)
{
    struct world *w = *state;
    struct reason why = { "" };
    int32_t id = -1;
    const struct span other = span_of_text(event_schema_text(TOPIC_ORDERS));
    assert_int_equal(
        registry_client_compatibility(w->client, w->subject, "FULL_TRANSITIVE", &why),
        STATUS_OK);
    assert_int_equal(registry_client_register(w->client, w->subject, other, &id, &why),
                     STATUS_REFUSED);
    assert_true(why.text[0] != '\0');
    assert_int_equal(id, -1);
}

/* ---- the suite
 * ---------------------------------------------------------------------------------------- */

#define ON_FILES(f)                                                                            \
    {                                                                                          \
        "files: " #f, f, set_up_files, tear_down, NULL                                         \
    }
#define ON_SMALL(f)                                                                            \
    {                                                                                          \
        "small registry: " #f, f, set_up_small, tear_down, NULL                                \
    }
#define ON_REAL(f)                                                                             \
    {                                                                                          \
        "real registry: " #f, f, set_up_real, tear_down, NULL                                  \
    }

static const struct CMUnitTest on_files[] = {
#define PROMISE(f) ON_FILES(f),
#define PROMISE_OF_REGISTRIES(f)
#include "contract/schemas_promises.def"
#undef PROMISE
#undef PROMISE_OF_REGISTRIES
};

static const struct CMUnitTest on_small_registry[] = {
#define PROMISE(f) ON_SMALL(f),
#define PROMISE_OF_REGISTRIES(f) ON_SMALL(f),
#include "contract/schemas_promises.def"
#undef PROMISE
#undef PROMISE_OF_REGISTRIES
};

static const struct CMUnitTest on_real_registry[] = {
#define PROMISE(f) ON_REAL(f),
#define PROMISE_OF_REGISTRIES(f) ON_REAL(f),
#include "contract/schemas_promises.def"
#undef PROMISE
#undef PROMISE_OF_REGISTRIES
};

int main(void)
{
    if (real_registry() != NULL)
        return cmocka_run_group_tests_name("schemas_contract: real registry", on_real_registry,
                                           NULL, NULL);
    return cmocka_run_group_tests_name("schemas_contract: files", on_files, NULL, NULL) +
           cmocka_run_group_tests_name("schemas_contract: small registry", on_small_registry,
                                       NULL, NULL);
}
