/* runtime_test.c - who runs us can ask how we are from the first moment on. */
#include "app/runtime.h"

#include "app/clock.h"
#include "base/log.h"
#include "support/kafka_cluster.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000, PAUSE_MS = 50, PAGE_BYTES = 8192 };

struct start {
    struct settings settings;
    atomic_bool stop;
    pthread_t thread;
    bool running;
    struct runtime *runtime;
    enum status status;
    struct reason why;
};

static char page[PAGE_BYTES];

/* One that is free now; nobody on this machine is likely to take it at once. */
static int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

static void set_text(char **field, const char *text)
{
    free(*field);
    *field = strdup(text);
    assert_non_null(*field);
}

static size_t keep(char *bytes, size_t size, size_t count, void *arg)
{
    (void)arg;
    const size_t used = strlen(page);
    (void)snprintf(page + used, sizeof page - used, "%.*s", (int)(size * count), bytes);
    return size * count;
}

/* The status of a page, now in `page`; 0: nobody answers. */
static long ask(const struct start *s, const char *path)
{
    char url[64];
    long code = 0;
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", (int)s->settings.http_port, path);
    page[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_cleanup(curl);
    return code;
}

static void *open_runtime(void *arg)
{
    struct start *s = arg;
    s->runtime = runtime_open(&s->settings, &s->stop, &s->status, &s->why);
    return NULL;
}

static bool comes_to_say(const struct start *s, const char *text)
{
    const int64_t until_ms = clock_now().ms + PATIENCE_MS;
    while (clock_now().ms < until_ms) {
        if (ask(s, "/readyz") == 503 && strstr(page, text) != NULL)
            return true;
        clock_sleep(PAUSE_MS);
    }
    return false;
}

/* Nothing that we need is there: nobody listens on port 1. */
static int open_nowhere(void **state)
{
    struct start *s = calloc(1, sizeof *s);
    assert_non_null(s);
    log_open(LOG_ERROR, false);
    settings_defaults(&s->settings);
    s->settings.http_port = free_port();
    s->settings.retry_start_ms = 60000;
    set_text(&s->settings.kafka_brokers, "127.0.0.1:1");
    set_text(&s->settings.redis_address, "127.0.0.1:1");
    set_text(&s->settings.schemas_registry_url, "http://127.0.0.1:1");
    *state = s;
    return 0;
}

static void begin(struct start *s)
{
    s->running = true;
    assert_int_equal(pthread_create(&s->thread, NULL, open_runtime, s), 0);
}

static void end(struct start *s)
{
    if (!s->running)
        return;
    s->running = false;
    s->stop = true;
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    assert_null(s->runtime);
}

static int end_it(void **state)
{
    struct start *s = *state;
    end(s);
    settings_free(&s->settings);
    free(s);
    return 0;
}

static void while_the_registry_is_waited_for_it_lives_and_says_so(void **state)
{
    struct start *s = *state;
    s->settings.health_stall_after_ms = 2000;
    begin(s);
    assert_true(comes_to_say(s, "127.0.0.1:1"));
    assert_non_null(strstr(page, "not ready: SCHEMA: "));
    assert_non_null(strstr(
        page, "not ready: KAFKA: not asked yet: the schema registry is waited for first"));
    assert_non_null(strstr(
        page, "not ready: REDIS: not asked yet: the schema registry is waited for first"));
    clock_sleep(2500); /* longer than a loop may stand still */
    assert_int_equal(ask(s, "/livez"), 200);
    assert_int_equal(ask(s, "/metrics"), 200);
    assert_non_null(strstr(page, "sellerwatch_"));
}

static void while_kafka_is_waited_for_it_says_so(void **state)
{
    struct start *s = *state;
    s->settings.schemas_source = SCHEMAS_FROM_FILES;
    begin(s);
    assert_true(comes_to_say(s, "127.0.0.1:1"));
    assert_non_null(strstr(page, "not ready: KAFKA: "));
    assert_non_null(strstr(page, "not ready: REDIS: not asked yet: Kafka is waited for first"));
    assert_null(strstr(page, "SCHEMA"));
    assert_int_equal(ask(s, "/livez"), 200);
}

static void while_redis_is_waited_for_it_says_so(void **state)
{
    struct start *s = *state;
    struct kafka_cluster *cluster = kafka_cluster_open(1);
    kafka_cluster_topics(cluster, 2);
    set_text(&s->settings.kafka_brokers, kafka_cluster_brokers(cluster));
    s->settings.schemas_source = SCHEMAS_FROM_FILES;
    begin(s);
    assert_true(comes_to_say(s, "127.0.0.1:1"));
    assert_non_null(strstr(page, "not ready: REDIS: "));
    assert_null(strstr(page, "KAFKA"));
    assert_int_equal(ask(s, "/livez"), 200);
    end(s);
    kafka_cluster_close(cluster);
}

static void who_gives_up_says_how_long_it_waited_and_what_can_be_set(void **state)
{
    struct start *s = *state;
    s->settings.http_enabled = false;
    s->settings.retry_start_ms = 300;
    (void)open_runtime(s);
    assert_null(s->runtime);
    assert_int_equal(s->status, STATUS_UNAVAILABLE);
    assert_non_null(strstr(s->why.text,
                           "gave up after waiting 300ms (retry.start) for the schema registry "
                           "(schemas.registry.url): the registry at http://127.0.0.1:1"));

    s->settings.schemas_source = SCHEMAS_FROM_FILES;
    (void)open_runtime(s);
    assert_null(s->runtime);
    assert_non_null(strstr(s->why.text, " (retry.start) for Kafka (kafka.brokers): "));
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_nowhere, end_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(while_the_registry_is_waited_for_it_lives_and_says_so),
        PROMISE(while_kafka_is_waited_for_it_says_so),
        PROMISE(while_redis_is_waited_for_it_says_so),
        PROMISE(who_gives_up_says_how_long_it_waited_and_what_can_be_set),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
