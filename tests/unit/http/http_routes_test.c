/* http_routes_test.c - each path gives its answer, and all else a sentence. */
#include "http/http_routes.h"

#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct world {
    bool live;
    bool ready;
    bool asked_verbose;
};

static void say_metrics(void *self, struct buffer *text)
{
    (void)self;
    buffer_printf(text, "some_total 1\n");
}

static bool say_live(void *self, struct buffer *text)
{
    const struct world *w = self;
    buffer_printf(text, w->live ? "live\n" : "stuck\n");
    return w->live;
}

static bool say_ready(void *self, bool verbose, struct buffer *text)
{
    struct world *w = self;
    w->asked_verbose = verbose;
    buffer_printf(text, w->ready ? "ready\n" : "no Redis\n");
    return w->ready;
}

static struct world world;
static const struct http_sources sources = { &world, say_metrics, say_live, say_ready };

static void assert_answer(const char *method, const char *path, unsigned status,
                          const char *body)
{
    const struct http_request request = { .method = method, .path = path };
    struct http_answer answer;
    http_routes_answer(&sources, &request, &answer);
    assert_int_equal(answer.status, status);
    assert_true(span_equal(buffer_span(&answer.body), span_of_text(body)));
    assert_non_null(answer.content_type);
    buffer_free(&answer.body);
}

static void live_and_ready_turn_words_into_a_status(void **state)
{
    (void)state;
    world = (struct world){ .live = true, .ready = true };
    assert_answer("GET", "/livez", 200, "live\n");
    assert_answer("GET", "/readyz", 200, "ready\n");
    world = (struct world){ 0 };
    assert_answer("GET", "/livez", 503, "stuck\n");
    assert_answer("HEAD", "/readyz", 503, "no Redis\n");
}

static void verbose_is_passed_on(void **state)
{
    (void)state;
    const struct http_request request = { .method = "GET", .path = "/readyz", .verbose = true };
    struct http_answer answer;
    http_routes_answer(&sources, &request, &answer);
    buffer_free(&answer.body);
    assert_true(world.asked_verbose);
}

static void metrics_have_the_content_type_that_prometheus_insists_on(void **state)
{
    (void)state;
    const struct http_request request = { .method = "GET", .path = "/metrics" };
    struct http_answer answer;
    http_routes_answer(&sources, &request, &answer);
    assert_string_equal(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
    buffer_free(&answer.body);
}

static void the_index_names_every_path(void **state)
{
    (void)state;
    const struct http_request request = { .method = "GET", .path = "/" };
    struct http_answer answer;
    http_routes_answer(&sources, &request, &answer);
    buffer_add_u8(&answer.body, '\0');
    const char *text = (const char *)answer.body.at;
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(text, "\n/metrics "));
    assert_non_null(strstr(text, "\n/livez "));
    assert_non_null(strstr(text, "\n/readyz "));
    buffer_free(&answer.body);
}

static void unknown_paths_are_not_repeated_in_the_answer(void **state)
{
    (void)state;
    assert_answer("GET", "/<script>", 404, "Nothing is here; / lists what there is.\n");
    assert_answer("GET", "", 404, "Nothing is here; / lists what there is.\n");
    assert_answer("GET", "/metrics/", 404, "Nothing is here; / lists what there is.\n");
    assert_answer("POST", "/nowhere", 404, "Nothing is here; / lists what there is.\n");
}

static void writing_is_refused_with_the_methods_that_work(void **state)
{
    (void)state;
    const char *methods[] = { "POST", "PUT", "DELETE", "get", "" };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const struct http_request request = { .method = methods[i], .path = "/metrics" };
        struct http_answer answer;
        http_routes_answer(&sources, &request, &answer);
        assert_int_equal(answer.status, 405);
        assert_string_equal(answer.allow, "GET, HEAD");
        buffer_free(&answer.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_and_ready_turn_words_into_a_status),
        cmocka_unit_test(verbose_is_passed_on),
        cmocka_unit_test(metrics_have_the_content_type_that_prometheus_insists_on),
        cmocka_unit_test(the_index_names_every_path),
        cmocka_unit_test(unknown_paths_are_not_repeated_in_the_answer),
        cmocka_unit_test(writing_is_refused_with_the_methods_that_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
