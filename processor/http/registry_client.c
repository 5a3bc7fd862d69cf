/* registry_client.c - see registry_client.h.
 *
 * DESIGN
 * ------
 * A table of ids, filled by one thread. Whoever asks only looks at the table and,
 * where something is to do, wakes the thread:
 *
 *      FREE ──ask──▶ WANTED ──▶ ASKING ──▶ SETTLED   OK or MALFORMED: for good
 *                      ▲          │  └───▶ SETTLED   MISSING: for missing_ms
 *                      │          ▼
 *                      └─due── FAILED    UNAVAILABLE, pause doubles up to retry_last_ms
 *
 * So an id is asked for once, however many records wait for it. A FAILED id is
 * asked again only if somebody has asked since: ids that nobody wants any more
 * make no traffic. One request is under way at a time: schemas are few, and a
 * registry that is unwell is not helped by many.
 *
 * The table has a fixed number of places; a new id takes the place of the one
 * that was asked for longest ago, but never of one that is WANTED or ASKING.
 */
#include "http/registry_client.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/log.h"

#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    IDS_MAX = 512,
    PATH_BYTES = 48,
    RETRY_FIRST_MS = 100,
    RETRY_LAST_MS = 10000,
    MISSING_MS = 10000,
    NS_PER_MS = 1000000,
};

enum place_state { PLACE_FREE, PLACE_WANTED, PLACE_ASKING, PLACE_FAILED, PLACE_SETTLED };

struct place {
    enum place_state state;
    int32_t id;
    uint64_t asked;     /* order of asking: the newest is the highest */
    bool wanted;        /* FAILED: asked for since */
    enum status status; /* FAILED and SETTLED: the answer */
    int pause_ms;       /* FAILED: the next pause, before its jitter */
    int64_t due_ms;     /* FAILED: when to ask again; MISSING: until when it is believed */
    struct buffer schema;
    struct reason why;
};

struct registry_client {
    struct registry_client_options options; /* its texts are owned */
    struct registry_http *http;             /* the thread's alone */
    pthread_mutex_t lock;                   /* over what follows */
    pthread_cond_t work;                    /* somebody wants an id, or we stop */
    uint64_t turn;
    struct place places[IDS_MAX];
    _Atomic bool stop;
    bool running;
    pthread_t thread;
};

static int64_t clock_ms(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / NS_PER_MS;
}

static void client_lock(struct registry_client *c)
{
    CHECK(pthread_mutex_lock(&c->lock) == 0);
}

static void client_unlock(struct registry_client *c)
{
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
}

/* ---- the table; the lock is held -------------------------------------------- */

static bool is_busy(const struct place *p)
{
    return p->state == PLACE_WANTED || p->state == PLACE_ASKING;
}

static void place_want(struct registry_client *c, struct place *p)
{
    p->state = PLACE_WANTED;
    p->wanted = false;
    CHECK(pthread_cond_signal(&c->work) == 0);
}

static struct place *place_find(struct registry_client *c, int32_t id)
{
    for (size_t i = 0; i < IDS_MAX; i++) {
        if (c->places[i].state != PLACE_FREE && c->places[i].id == id)
            return &c->places[i];
    }
    return NULL;
}

/* A place for a new id; NULL: all are busy. */
static struct place *place_new(struct registry_client *c, int32_t id)
{
    struct place *oldest = NULL;
    for (size_t i = 0; i < IDS_MAX; i++) {
        struct place *p = &c->places[i];
        if (!is_busy(p) && (oldest == NULL || p->asked < oldest->asked))
            oldest = p;
    }
    if (oldest == NULL)
        return NULL;
    struct buffer kept = oldest->schema;
    buffer_clear(&kept);
    *oldest = (struct place){ .id = id, .schema = kept, .pause_ms = c->options.retry_first_ms };
    place_want(c, oldest);
    return oldest;
}

static enum status place_answer(struct place *p, struct buffer *ret_json, struct reason *why)
{
    if (is_busy(p))
        return STATUS_PENDING;
    p->wanted = true;
    if (p->status == STATUS_OK)
        buffer_add(ret_json, buffer_span(&p->schema));
    else
        reason_set(why, "%s", p->why.text);
    return p->status;
}

enum status registry_client_fetch(void *self, int32_t id, struct buffer *ret_json,
                                  struct reason *why)
{
    struct registry_client *c = self;
    client_lock(c);
    struct place *p = place_find(c, id);
    if (p == NULL)
        p = place_new(c, id);
    else if (p->state == PLACE_SETTLED && p->status == STATUS_MISSING &&
             clock_ms() >= p->due_ms)
        place_want(c, p);

    enum status status = STATUS_PENDING;
    if (p != NULL) {
        p->asked = ++c->turn;
        status = place_answer(p, ret_json, why);
        if (p->state == PLACE_FAILED)
            CHECK(pthread_cond_signal(&c->work) == 0);
    }
    client_unlock(c);
    return status;
}

/* ---- the thread -------------------------------------------------------------- */

static bool is_due(const struct place *p, int64_t now_ms)
{
    if (p->state == PLACE_FAILED)
        return p->wanted && now_ms >= p->due_ms;
    return p->state == PLACE_WANTED;
}

/* What to ask for next, longest waiting first; NULL: nothing now, and
 * *ret_next_ms says when there will be something (TIME_NEVER: when told). */
static struct place *place_due(struct registry_client *c, int64_t now_ms, int64_t *ret_next_ms)
{
    struct place *first = NULL;
    *ret_next_ms = TIME_NEVER;
    for (size_t i = 0; i < IDS_MAX; i++) {
        struct place *p = &c->places[i];
        if (is_due(p, now_ms) && (first == NULL || p->asked < first->asked))
            first = p;
        if (p->state == PLACE_FAILED && p->wanted && p->due_ms < *ret_next_ms)
            *ret_next_ms = p->due_ms;
    }
    return first;
}

/* Half of the pause is certain, half is chance: many clients that failed together
 * do not come back together. */
static int64_t with_jitter(int pause_ms, int32_t id)
{
    CHECK(pause_ms > 0);
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    const uint64_t chance = hash_mix((uint64_t)now.tv_nsec, (uint64_t)id);
    const uint64_t half = (uint64_t)pause_ms / 2;
    return pause_ms - (int64_t)(chance % (half + 1));
}

static void place_fail(struct registry_client *c, struct place *p)
{
    const int64_t pause_ms = with_jitter(p->pause_ms, p->id);
    p->state = PLACE_FAILED;
    p->due_ms = clock_ms() + pause_ms;
    const int longest = c->options.retry_last_ms;
    p->pause_ms = p->pause_ms > longest / 2 ? longest : p->pause_ms * 2;
    log_write(LOG_WARN, "registry_unavailable", "schema_id=%d retry_ms=%lld why=\"%s\"",
              (int)p->id, (long long)pause_ms, p->why.text);
}

static void place_settle(struct registry_client *c, struct place *p)
{
    p->state = PLACE_SETTLED;
    p->due_ms = clock_ms() + c->options.missing_ms;
    p->pause_ms = c->options.retry_first_ms;
    if (p->status == STATUS_OK)
        log_write(LOG_INFO, "schema_fetched", "schema_id=%d bytes=%zu", (int)p->id,
                  p->schema.size);
    else
        log_write(LOG_WARN, "schema_unusable", "schema_id=%d why=\"%s\"", (int)p->id,
                  p->why.text);
}

/* Without the lock: blocks for as long as the registry takes. */
static enum status ask_schema(struct registry_client *c, int32_t id, struct buffer *ret_schema,
                              struct reason *why)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/schemas/ids/%d", (int)id);
    struct buffer body = { 0 };
    const struct registry_request request = { .method = "GET", .path = path, .into = &body };
    struct registry_answer answer;
    enum status status = registry_http_ask(c->http, &request, &answer, why);
    if (status == STATUS_OK)
        status = registry_answer_schema(&answer, ret_schema, why);
    buffer_free(&body);
    return status;
}

static void serve_place(struct registry_client *c, struct place *p)
{
    CHECK(p->state == PLACE_WANTED || p->state == PLACE_FAILED);
    p->state = PLACE_ASKING;
    const int32_t id = p->id;
    client_unlock(c);
    struct buffer schema = { 0 };
    struct reason why = { 0 };
    const enum status status = ask_schema(c, id, &schema, &why);
    client_lock(c);

    CHECK(p->state == PLACE_ASKING && p->id == id);
    buffer_clear(&p->schema);
    buffer_add(&p->schema, buffer_span(&schema));
    buffer_free(&schema);
    p->status = status;
    p->why = why;
    p->wanted = false;
    if (status == STATUS_UNAVAILABLE)
        place_fail(c, p);
    else
        place_settle(c, p);
}

static void wait_for_work(struct registry_client *c, int64_t until_ms)
{
    if (until_ms == TIME_NEVER) {
        CHECK(pthread_cond_wait(&c->work, &c->lock) == 0);
        return;
    }
    const struct timespec until = { .tv_sec = until_ms / SECOND_MS,
                                    .tv_nsec = (until_ms % SECOND_MS) * NS_PER_MS };
    (void)pthread_cond_timedwait(&c->work, &c->lock, &until);
}

static void *run(void *self)
{
    struct registry_client *c = self;
    client_lock(c);
    while (!atomic_load(&c->stop)) {
        int64_t next_ms = TIME_NEVER;
        struct place *p = place_due(c, clock_ms(), &next_ms);
        if (p != NULL)
            serve_place(c, p);
        else
            wait_for_work(c, next_ms);
    }
    client_unlock(c);
    return NULL;
}

/* ---- opening and closing ------------------------------------------------------ */

static char *owned(const char *text)
{
    char *copy = strdup(text == NULL ? "" : text);
    CHECK(copy != NULL);
    return copy;
}

static void options_own(struct registry_client *c, const struct registry_client_options *o)
{
    c->options = *o;
    c->options.http.url = owned(o->http.url);
    c->options.http.user = owned(o->http.user);
    c->options.http.password = owned(o->http.password);
    c->options.http.ca_file = owned(o->http.ca_file);
    if (o->retry_first_ms == 0)
        c->options.retry_first_ms = RETRY_FIRST_MS;
    if (o->retry_last_ms == 0)
        c->options.retry_last_ms = RETRY_LAST_MS;
    if (o->missing_ms == 0)
        c->options.missing_ms = MISSING_MS;
    CHECK(c->options.retry_first_ms > 0 && c->options.retry_last_ms > 0);
}

/* Waits are measured with the clock that nobody sets. */
static void client_prepare(struct registry_client *c)
{
    pthread_condattr_t monotonic;
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&c->work, &monotonic) == 0);
    CHECK(pthread_condattr_destroy(&monotonic) == 0);
    CHECK(pthread_mutex_init(&c->lock, NULL) == 0);
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

/* Signals are the main thread's business. */
static bool thread_start(struct registry_client *c)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    const int error = pthread_create(&c->thread, NULL, run, c);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return error == 0;
}

struct registry_client *registry_client_open(const struct registry_client_options *options,
                                             struct reason *ret_why)
{
    struct registry_client *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    options_own(c, options);
    client_prepare(c);
    c->http = registry_http_open(&c->options.http, &c->stop, ret_why);
    if (c->http == NULL)
        goto fail;
    c->running = thread_start(c);
    if (!c->running) {
        reason_set(ret_why, "cannot start a thread for the schema registry");
        goto fail;
    }
    return c;

fail:
    registry_client_close(c);
    return NULL;
}

static void thread_stop(struct registry_client *c)
{
    client_lock(c);
    atomic_store(&c->stop, true);
    CHECK(pthread_cond_signal(&c->work) == 0);
    client_unlock(c);
    CHECK(pthread_join(c->thread, NULL) == 0);
}

/* Frees a text of ours; the options show it as somebody else's. */
static void disown(const char *text)
{
    union {
        const char *seen;
        char *ours;
    } both = { .seen = text };
    explicit_bzero(both.ours, strlen(both.ours));
    free(both.ours);
}

void registry_client_close(struct registry_client *c)
{
    if (c == NULL)
        return;
    if (c->running)
        thread_stop(c);
    registry_http_close(c->http);
    for (size_t i = 0; i < IDS_MAX; i++)
        buffer_free(&c->places[i].schema);
    disown(c->options.http.url);
    disown(c->options.http.user);
    disown(c->options.http.password);
    disown(c->options.http.ca_file);
    CHECK(pthread_cond_destroy(&c->work) == 0);
    CHECK(pthread_mutex_destroy(&c->lock) == 0);
    curl_global_cleanup();
    free(c);
}

/* ---- calls that wait ----------------------------------------------------------- */

/* One request on a connection of its own. */
static enum status ask_now(struct registry_client *c, const struct registry_request *request,
                           struct registry_answer *ret_answer, struct reason *why)
{
    struct registry_http *http = registry_http_open(&c->options.http, &c->stop, why);
    if (http == NULL)
        return STATUS_REFUSED;
    const enum status status = registry_http_ask(http, request, ret_answer, why);
    registry_http_close(http);
    return status;
}

/* "/subjects/alerts-value/versions", NUL-terminated. */
static void path_make(struct buffer *path, const char *before, const char *subject,
                      const char *after)
{
    buffer_clear(path);
    buffer_printf(path, "%s", before);
    registry_http_escape(path, subject);
    buffer_printf(path, "%s", after);
    buffer_add_u8(path, '\0');
}

/* {"schema": the text, literally}. The type is left out: AVRO is the default,
 * and old registries do not know the word. */
static void body_make(struct buffer *body, const char *name, struct span text)
{
    buffer_clear(body);
    json_t *root = json_pack("{s:s%}", name, (const char *)text.at, text.size);
    CHECK(root != NULL);
    char *json = json_dumps(root, JSON_COMPACT);
    CHECK(json != NULL);
    buffer_add(body, span_of(json, strlen(json)));
    free(json);
    json_decref(root);
}

/* What the calls below work with. */
struct errand {
    struct buffer path;
    struct buffer body;
    struct buffer into;
    struct registry_answer answer;
};

static void errand_end(struct errand *e)
{
    buffer_free(&e->path);
    buffer_free(&e->body);
    buffer_free(&e->into);
}

static enum status errand_run(struct registry_client *c, const char *method, struct errand *e,
                              struct reason *why)
{
    const struct registry_request request = { .method = method,
                                              .path = (const char *)e->path.at,
                                              .body = buffer_span(&e->body),
                                              .into = &e->into };
    return ask_now(c, &request, &e->answer, why);
}

static enum status register_once(struct registry_client *c, const char *subject,
                                 struct span schema, int32_t *ret_id, struct reason *why)
{
    struct errand e = { 0 };
    path_make(&e.path, "/subjects/", subject, "/versions");
    body_make(&e.body, "schema", schema);
    enum status status = errand_run(c, "POST", &e, why);
    if (status == STATUS_OK)
        status = registry_answer_id(&e.answer, ret_id, why);
    errand_end(&e);
    return status;
}

/* The newest version may be ours although the registry does not recognise it:
 * some compare texts letter by letter after rewriting what they store. */
static enum status lookup_newest(struct registry_client *c, const char *subject,
                                 struct span schema, int32_t *ret_id, struct reason *why)
{
    struct errand e = { 0 };
    struct buffer found = { 0 };
    int32_t id = 0;
    path_make(&e.path, "/subjects/", subject, "/versions/latest");
    enum status status = errand_run(c, "GET", &e, why);
    if (status == STATUS_OK)
        status = registry_answer_schema(&e.answer, &found, why);
    if (status == STATUS_OK)
        status = registry_answer_id(&e.answer, &id, why);
    if (status == STATUS_OK && !registry_answer_same(buffer_span(&found), schema)) {
        reason_set(why, "subject %s has other schemas, but not this one", subject);
        status = STATUS_MISSING;
    }
    if (status == STATUS_OK)
        *ret_id = id;
    buffer_free(&found);
    errand_end(&e);
    return status;
}

enum status registry_client_lookup(struct registry_client *c, const char *subject,
                                   struct span schema, int32_t *ret_id, struct reason *why)
{
    struct errand e = { 0 };
    path_make(&e.path, "/subjects/", subject, "");
    body_make(&e.body, "schema", schema);
    enum status status = errand_run(c, "POST", &e, why);
    if (status == STATUS_OK)
        status = registry_answer_id(&e.answer, ret_id, why);
    errand_end(&e);
    return status == STATUS_MISSING ? lookup_newest(c, subject, schema, ret_id, why) : status;
}

/* Of two that register a subject's first version at once, some registries refuse the
 * second as they refuse an incompatible schema: what is there now tells the difference. */
enum status registry_client_register(struct registry_client *c, const char *subject,
                                     struct span schema, int32_t *ret_id, struct reason *why)
{
    const enum status status = register_once(c, subject, schema, ret_id, why);
    if (status != STATUS_REFUSED)
        return status;
    struct reason ignored = { "" };
    if (registry_client_lookup(c, subject, schema, ret_id, &ignored) == STATUS_OK)
        return STATUS_OK;
    return register_once(c, subject, schema, ret_id, why);
}

enum status registry_client_compatibility(struct registry_client *c, const char *subject,
                                          const char *level, struct reason *why)
{
    struct errand e = { 0 };
    path_make(&e.path, "/config/", subject, "");
    body_make(&e.body, "compatibility", span_of(level, strlen(level)));
    enum status status = errand_run(c, "PUT", &e, why);
    if (status == STATUS_OK)
        status = registry_answer_done(&e.answer, why);
    errand_end(&e);
    return status;
}
