/* http_server_test.c - the routes over real loopback sockets, asked by libcurl. */
#include "http/http_server.h"

#include "base/name.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_S = 5, LONG_HEADER = 40000, LARGE_LINES = 20000 };

static _Atomic bool is_ready;
static _Atomic bool was_verbose;

static void say_metrics(void *self, struct buffer *text)
{
    (void)self;
    for (int i = 0; i < LARGE_LINES; i++)
        buffer_printf(text, "number_%d 1\n", i);
}

static bool say_live(void *self, struct buffer *text)
{
    (void)self;
    buffer_printf(text, "live\n");
    return true;
}

static bool say_ready(void *self, bool verbose, struct buffer *text)
{
    (void)self;
    was_verbose = verbose;
    buffer_printf(text, is_ready ? "ready\n" : "not ready: REDIS\n");
    return is_ready;
}

static const struct http_server_options options = {
    .address = "127.0.0.1",
    .sources = { .metrics = say_metrics, .live = say_live, .ready = say_ready },
};

static struct http_server *server;
static struct reason why;

static int open_server(void **state)
{
    (void)state;
    server = http_server_open(&options, &why);
    assert_non_null(server);
    assert_in_range(http_server_port(server), 1, 65535);
    return 0;
}

static int close_server(void **state)
{
    (void)state;
    http_server_close(server);
    return 0;
}

/* ---- one request, one answer --------------------------------------------------- */

struct got {
    long code;
    curl_off_t length; /* as the header says */
    char type[128];
    char allow[64];
    struct buffer body;
};

static size_t take(char *bytes, size_t one, size_t size, void *body)
{
    buffer_add(body, span_of(bytes, one * size));
    return one * size;
}

static size_t take_header(char *line, size_t one, size_t size, void *self)
{
    struct got *got = self;
    if (size > 7 && strncmp(line, "Allow: ", 7) == 0)
        snprintf(got->allow, sizeof got->allow, "%.*s", (int)size - 9, line + 7);
    return one * size;
}

static struct got ask_with(CURL *curl, const char *path)
{
    struct got got = { 0 };
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", http_server_port(server), path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)PATIENCE_S);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &got.body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &got);
    if (curl_easy_perform(curl) != CURLE_OK)
        return got;
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.code);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &got.length);
    snprintf(got.type, sizeof got.type, "%s", type == NULL ? "" : type);
    return got;
}

static struct got ask(const char *method, const char *path)
{
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, "POST") == 0)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "a=b");
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    const struct got got = ask_with(curl, path);
    curl_easy_cleanup(curl);
    return got;
}

static void assert_got(struct got got, long code, const char *body)
{
    assert_int_equal(got.code, code);
    assert_true(span_equal(buffer_span(&got.body), span_of_text(body)));
    buffer_free(&got.body);
}

/* ---- promises -------------------------------------------------------------------- */

static void every_path_answers_over_the_wire(void **state)
{
    (void)state;
    is_ready = true;
    assert_got(ask("GET", "/livez"), 200, "live\n");
    assert_got(ask("GET", "/readyz"), 200, "ready\n");
    is_ready = false;
    assert_got(ask("GET", "/readyz"), 503, "not ready: REDIS\n");

    struct got got = ask("GET", "/");
    assert_int_equal(got.code, 200);
    assert_string_equal(got.type, "text/plain; charset=utf-8");
    buffer_free(&got.body);
}

static void a_large_scrape_arrives_whole_with_its_content_type(void **state)
{
    (void)state;
    struct buffer expected = { 0 };
    say_metrics(NULL, &expected);
    struct got got = ask("GET", "/metrics");
    assert_int_equal(got.code, 200);
    assert_string_equal(got.type, "text/plain; version=0.0.4; charset=utf-8");
    assert_true(span_equal(buffer_span(&got.body), buffer_span(&expected)));
    buffer_free(&got.body);
    buffer_free(&expected);
}

static void head_says_what_get_would_say_without_the_body(void **state)
{
    (void)state;
    struct got got = ask("HEAD", "/metrics");
    struct buffer expected = { 0 };
    say_metrics(NULL, &expected);
    assert_int_equal(got.code, 200);
    assert_int_equal(got.length, (int64_t)expected.size);
    assert_int_equal(got.body.size, 0);
    buffer_free(&expected);
}

static void verbose_is_seen_in_the_query(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool verbose;
    } cases[] = { { "/readyz", false },          { "/readyz?verbose", true },
                  { "/readyz?verbose=1", true }, { "/readyz?a=verbose", false },
                  { "/readyz?a&verbose", true }, { "/readyz?verbosely", false } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct got got = ask("GET", cases[i].path);
        buffer_free(&got.body);
        assert_int_equal(was_verbose, cases[i].verbose);
    }
}

static void what_is_not_there_or_not_allowed_is_said_in_a_sentence(void **state)
{
    (void)state;
    assert_got(ask("GET", "/nothing"), 404, "Nothing is here; / lists what there is.\n");
    assert_got(ask("GET", "/../etc/passwd"), 404, "Nothing is here; / lists what there is.\n");

    struct got got = ask("POST", "/metrics");
    assert_int_equal(got.code, 405);
    assert_string_equal(got.allow, "GET, HEAD");
    buffer_free(&got.body);
    got = ask("DELETE", "/metrics");
    assert_int_equal(got.code, 405);
    buffer_free(&got.body);
}

static void one_connection_serves_many_requests(void **state)
{
    (void)state;
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    long connects = 0;
    for (int i = 0; i < 5; i++) {
        long more = 0;
        assert_got(ask_with(curl, "/livez"), 200, "live\n");
        curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &more);
        connects += more;
    }
    assert_int_equal(connects, 1);
    curl_easy_cleanup(curl);
}

static int connect_raw(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)http_server_port(server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    return fd;
}

/* Sends and reads until the other side closes; the status code, 0: no answer. */
static int raw_code(const char *text, size_t size)
{
    const int fd = connect_raw();
    for (size_t sent = 0; sent < size;) {
        const ssize_t now = send(fd, text + sent, size - sent, MSG_NOSIGNAL);
        if (now <= 0)
            break;
        sent += (size_t)now;
    }
    char answer[4096] = "";
    size_t filled = 0;
    ssize_t got = 1;
    while (got > 0 && filled < sizeof answer - 1) {
        got = recv(fd, answer + filled, sizeof answer - 1 - filled, 0);
        filled += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    int code = 0;
    return sscanf(answer, "HTTP/1.1 %d", &code) == 1 ? code : 0;
}

static void oversized_and_broken_requests_are_refused_and_harm_nobody(void **state)
{
    (void)state;
    static char request[LONG_HEADER + 100];
    memset(request, 'x', sizeof request);
    memcpy(request, "GET /livez HTTP/1.1\r\nHost: h\r\nX: ", 34);
    memcpy(request + LONG_HEADER, "\r\n\r\n", 5);
    const int code = raw_code(request, strlen(request));
    assert_true(code == 0 || (code >= 400 && code < 500));

    memset(request, 'x', sizeof request);
    memcpy(request, "GET /", 5);
    const int too_long = raw_code(request, sizeof request);
    assert_true(too_long == 0 || (too_long >= 400 && too_long < 500));

    const char garbage[] = "\x16\x03\x01\x02\r\n\r\n\r\n";
    const int broken = raw_code(garbage, sizeof garbage - 1);
    assert_true(broken == 0 || (broken >= 400 && broken < 500));
    assert_got(ask("GET", "/livez"), 200, "live\n");
}

static void a_get_with_a_body_is_hung_up_on(void **state)
{
    (void)state;
    const char text[] = "GET /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
    assert_int_not_equal(raw_code(text, sizeof text - 1), 200);
    assert_got(ask("GET", "/livez"), 200, "live\n");
}

static void silent_connections_do_not_keep_others_out(void **state)
{
    (void)state;
    int silent[30];
    for (int i = 0; i < 30; i++)
        silent[i] = connect_raw();
    assert_got(ask("GET", "/livez"), 200, "live\n");
    for (int i = 0; i < 30; i++)
        close(silent[i]);
}

static void a_port_in_use_is_said_with_what_would_be_right(void **state)
{
    (void)state;
    struct http_server_options same = options;
    same.port = http_server_port(server);
    assert_null(http_server_open(&same, &why));
    assert_non_null(strstr(why.text, "in use"));
    assert_non_null(strstr(why.text, "http.port"));
    char at[32];
    snprintf(at, sizeof at, "127.0.0.1:%d", same.port);
    assert_non_null(strstr(why.text, at));
}

static void an_address_of_another_machine_is_refused(void **state)
{
    (void)state;
    struct http_server_options far = options;
    far.address = "192.0.2.1";
    assert_null(http_server_open(&far, &why));
    assert_non_null(strstr(why.text, "no such address"));
    far.address = "not an address";
    assert_null(http_server_open(&far, &why));
    assert_non_null(strstr(why.text, "not an address"));
}

static void the_port_is_free_again_after_closing(void **state)
{
    (void)state;
    struct http_server_options same = options;
    same.port = http_server_port(server);
    assert_got(ask("GET", "/livez"), 200, "live\n");
    http_server_close(server);
    server = http_server_open(&same, &why);
    assert_non_null(server);
    assert_got(ask("GET", "/livez"), 200, "live\n");
    http_server_close(NULL);
}

static void *ask_some(void *arg)
{
    int *good = arg;
    for (int i = 0; i < 20; i++) {
        struct got got = ask("GET", i % 2 == 0 ? "/livez" : "/readyz");
        *good += got.code == 200;
        buffer_free(&got.body);
    }
    return NULL;
}

static void many_askers_at_once_are_all_answered(void **state)
{
    (void)state;
    is_ready = true;
    pthread_t askers[4];
    int good[4] = { 0 };
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&askers[i], NULL, ask_some, &good[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(askers[i], NULL);
        assert_int_equal(good[i], 20);
    }
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_server, close_server)

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        PROMISE(every_path_answers_over_the_wire),
        PROMISE(a_large_scrape_arrives_whole_with_its_content_type),
        PROMISE(head_says_what_get_would_say_without_the_body),
        PROMISE(verbose_is_seen_in_the_query),
        PROMISE(what_is_not_there_or_not_allowed_is_said_in_a_sentence),
        PROMISE(one_connection_serves_many_requests),
        PROMISE(oversized_and_broken_requests_are_refused_and_harm_nobody),
        PROMISE(a_get_with_a_body_is_hung_up_on),
        PROMISE(silent_connections_do_not_keep_others_out),
        PROMISE(a_port_in_use_is_said_with_what_would_be_right),
        PROMISE(an_address_of_another_machine_is_refused),
        PROMISE(the_port_is_free_again_after_closing),
        PROMISE(many_askers_at_once_are_all_answered),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
