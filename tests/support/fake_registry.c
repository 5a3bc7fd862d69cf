/* fake_registry.c - see fake_registry.h.
 *
 * One thread a connection, so that a slow answer holds up nobody else. Schemas
 * are kept as they were posted; ids start at an odd number and skip, because
 * nobody may depend on them.
 */
#include "support/fake_registry.h"

#include "base/check.h"
#include "http/registry_http.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCHEMAS_MAX = 32, URL_BYTES = 64, ID_FIRST = 17, ID_STEP = 3, BEHIND_MS = 10000 };

static const char base[] = "/apis/ccompat/v7";

struct kept {
    int32_t id;
    char *schema;
    char *more;
    char *subject; /* NULL: only known by its id */
};

struct fake_registry {
    struct MHD_Daemon *daemon;
    struct registry_http *behind; /* the real one; NULL: none */
    _Atomic bool behind_stop;
    char url[URL_BYTES];
    pthread_mutex_t lock;
    struct kept kept[SCHEMAS_MAX];
    int count;
    unsigned broken_code; /* 0: well */
    char *broken_body;
    int delay_ms;
    bool rewrites;
    bool races;
    int requests;
    struct fake_request newest;
};

/* One request while its body comes in. */
struct visit {
    char body[sizeof((struct fake_request *)0)->body];
    size_t size;
};

static char *copy_of(const char *text)
{
    char *copy = strdup(text);
    CHECK(copy != NULL);
    return copy;
}

/* ---- what it says; the lock is held -------------------------------------------- */

static char *said(json_t *root)
{
    CHECK(root != NULL);
    char *text = json_dumps(root, JSON_COMPACT);
    CHECK(text != NULL);
    json_decref(root);
    return text;
}

static char *complain(unsigned *ret_code, unsigned code, int error_code, const char *message)
{
    *ret_code = code;
    return said(json_pack("{s:i, s:s}", "error_code", error_code, "message", message));
}

/* Text and id of a kept schema, with what else was ordered. */
static char *show(const struct kept *k)
{
    char *text = said(json_pack("{s:s, s:i}", "schema", k->schema, "id", (int)k->id));
    const size_t size = strlen(text) + strlen(k->more) + 1;
    char *whole = malloc(size);
    CHECK(whole != NULL);
    snprintf(whole, size, "%.*s%s}", (int)strlen(text) - 1, text, k->more);
    free(text);
    return whole;
}

static struct kept *keep(struct fake_registry *r, const char *schema, const char *subject)
{
    CHECK(r->count < SCHEMAS_MAX);
    struct kept *k = &r->kept[r->count];
    *k = (struct kept){ .id = ID_FIRST + ID_STEP * r->count, .schema = copy_of(schema) };
    k->more = copy_of("");
    k->subject = subject == NULL ? NULL : copy_of(subject);
    r->count++;
    return k;
}

static struct kept *find(struct fake_registry *r, const char *subject, const char *schema)
{
    for (int i = r->count - 1; i >= 0; i--) {
        struct kept *k = &r->kept[i];
        if (k->subject == NULL || strcmp(k->subject, subject) != 0)
            continue;
        if (schema == NULL || strcmp(k->schema, schema) == 0)
            return k;
    }
    return NULL;
}

static char *say_schema(struct fake_registry *r, int32_t id, unsigned *ret_code)
{
    for (int i = 0; i < r->count; i++) {
        if (r->kept[i].id == id)
            return show(&r->kept[i]);
    }
    return complain(ret_code, MHD_HTTP_NOT_FOUND, 40403, "Schema not found");
}

/* Compatible is what names the same record: enough to be refused by. */
static bool compatible(const char *one, const char *other)
{
    json_t *a = json_loads(one, JSON_DECODE_ANY, NULL);
    json_t *b = json_loads(other, JSON_DECODE_ANY, NULL);
    const bool same = json_equal(json_object_get(a, "name"), json_object_get(b, "name")) == 1;
    json_decref(a);
    json_decref(b);
    return same;
}

static char *say_register(struct fake_registry *r, const char *subject, const char *schema,
                          unsigned *ret_code)
{
    struct kept *k = find(r, subject, schema);
    const struct kept *before = find(r, subject, NULL);
    if (k == NULL && before != NULL && !compatible(before->schema, schema))
        return complain(ret_code, MHD_HTTP_CONFLICT, 409, "Schema is \"incompatible\"");
    if (k == NULL)
        k = keep(r, schema, subject);
    if (r->races) {
        r->races = false;
        return complain(ret_code, MHD_HTTP_CONFLICT, 409, "An artifact already exists");
    }
    return said(json_pack("{s:i}", "id", (int)k->id));
}

static char *say_lookup(struct fake_registry *r, const char *subject, const char *schema,
                        unsigned *ret_code)
{
    const struct kept *k = r->rewrites ? NULL : find(r, subject, schema);
    if (k == NULL)
        return complain(ret_code, MHD_HTTP_NOT_FOUND, 40403, "Schema not found");
    return show(k);
}

static char *say_subject(struct fake_registry *r, char *subject, const char *posted,
                         unsigned *ret_code)
{
    char *rest = strchr(subject, '/');
    if (rest != NULL)
        *rest++ = '\0';
    json_t *root = json_loads(posted, 0, NULL);
    const char *schema = json_string_value(json_object_get(root, "schema"));
    char *answer = NULL;
    if (rest != NULL && strcmp(rest, "versions/latest") == 0) {
        const struct kept *k = find(r, subject, NULL);
        answer = k != NULL ? show(k) : complain(ret_code, 404, 40401, "Subject not found");
    } else if (schema == NULL) {
        answer = complain(ret_code, 422, 42201, "Empty schema");
    } else if (rest != NULL) {
        answer = say_register(r, subject, schema, ret_code);
    } else {
        answer = say_lookup(r, subject, schema, ret_code);
    }
    json_decref(root);
    return answer;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What the real one says; 502 if nothing. */
static char *pass_on(struct fake_registry *r, const char *method, const char *path,
                     const char *posted, unsigned *ret_code)
{
    struct buffer into = { 0 };
    struct reason why = { "" };
    struct registry_answer heard = { 0 };
    const struct registry_request request = {
        .method = method, .path = path, .body = span_of(posted, strlen(posted)), .into = &into
    };
    if (registry_http_ask(r->behind, &request, &heard, &why) != STATUS_OK) {
        buffer_free(&into);
        return complain(ret_code, MHD_HTTP_BAD_GATEWAY, 502, why.text);
    }
    *ret_code = (unsigned)heard.code;
    char *text = strndup((const char *)heard.body.at, heard.body.size);
    CHECK(text != NULL);
    buffer_free(&into);
    return text;
}

static char *say_own(struct fake_registry *r, const char *url, const char *posted,
                     unsigned *ret_code)
{
    if (begins(url, "/schemas/ids/"))
        return say_schema(r, (int32_t)strtol(url + strlen("/schemas/ids/"), NULL, 10),
                          ret_code);
    if (begins(url, "/config/"))
        return copy_of(posted);
    if (!begins(url, "/subjects/"))
        return complain(ret_code, MHD_HTTP_NOT_FOUND, 404, "HTTP 404 Not Found");
    char *subject = copy_of(url + strlen("/subjects/"));
    char *answer = say_subject(r, subject, posted, ret_code);
    free(subject);
    return answer;
}

static char *say(struct fake_registry *r, const char *url, unsigned *ret_code)
{
    char method[8] = "";
    *ret_code = MHD_HTTP_OK;
    if (r->broken_code != 0) {
        *ret_code = r->broken_code;
        return copy_of(r->broken_body);
    }
    if (!begins(url, base))
        return complain(ret_code, MHD_HTTP_NOT_FOUND, 404, "HTTP 404 Not Found");
    url += strlen(base);
    if (r->behind == NULL)
        return say_own(r, url, r->newest.body, ret_code);
    snprintf(method, sizeof method, "%.*s", (int)strcspn(r->newest.line, " "), r->newest.line);
    return pass_on(r, method, url, r->newest.body, ret_code);
}

/* ---- HTTP ---------------------------------------------------------------------- */

static void header_copy(struct MHD_Connection *connection, const char *name, char *ret_text,
                        size_t size)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    snprintf(ret_text, size, "%s", value == NULL ? "" : value);
}

static int note_request(struct fake_registry *r, struct MHD_Connection *connection,
                        const char *method, const char *url, const struct visit *v)
{
    pthread_mutex_lock(&r->lock);
    struct fake_request *n = &r->newest;
    r->requests++;
    snprintf(n->line, sizeof n->line, "%s %s", method, url);
    header_copy(connection, "Authorization", n->authorization, sizeof n->authorization);
    header_copy(connection, "Content-Type", n->content_type, sizeof n->content_type);
    snprintf(n->body, sizeof n->body, "%.*s", (int)v->size, v->body);
    const int delay_ms = r->delay_ms;
    pthread_mutex_unlock(&r->lock);
    return delay_ms;
}

static void wait_ms(int ms)
{
    const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L };
    nanosleep(&time, NULL);
}

static enum MHD_Result answer(struct fake_registry *r, struct MHD_Connection *connection,
                              const char *method, const char *url, const struct visit *v)
{
    wait_ms(note_request(r, connection, method, url, v));
    unsigned code = 0;
    pthread_mutex_lock(&r->lock);
    char *text = say(r, url, &code);
    pthread_mutex_unlock(&r->lock);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    CHECK(response != NULL);
    const enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result serve(void *self, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **visit)
{
    (void)version;
    if (*visit == NULL) {
        *visit = calloc(1, sizeof(struct visit));
        return *visit == NULL ? MHD_NO : MHD_YES;
    }
    struct visit *v = *visit;
    if (*upload_size == 0)
        return answer(self, connection, method, url, v);
    CHECK(v->size + *upload_size < sizeof v->body);
    memcpy(v->body + v->size, upload, *upload_size);
    v->size += *upload_size;
    *upload_size = 0;
    return MHD_YES;
}

static void visit_over(void *self, struct MHD_Connection *connection, void **visit,
                       enum MHD_RequestTerminationCode why)
{
    (void)self;
    (void)connection;
    (void)why;
    free(*visit);
    *visit = NULL;
}

struct fake_registry *fake_registry_open(void)
{
    struct fake_registry *r = calloc(1, sizeof *r);
    CHECK(r != NULL);
    CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
    r->broken_body = copy_of("");
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    r->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve,
        r, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)&at, MHD_OPTION_NOTIFY_COMPLETED,
        visit_over, NULL, MHD_OPTION_END);
    CHECK(r->daemon != NULL);
    const union MHD_DaemonInfo *port =
        MHD_get_daemon_info(r->daemon, MHD_DAEMON_INFO_BIND_PORT);
    CHECK(port != NULL && port->port != 0);
    snprintf(r->url, sizeof r->url, "http://127.0.0.1:%u%s", (unsigned)port->port, base);
    return r;
}

struct fake_registry *fake_registry_before(const char *url)
{
    struct fake_registry *r = fake_registry_open();
    struct reason why = { "" };
    const struct registry_http_options options = { .url = url, .timeout_ms = BEHIND_MS };
    r->behind = registry_http_open(&options, &r->behind_stop, &why);
    CHECK(r->behind != NULL);
    return r;
}

void fake_registry_close(struct fake_registry *r)
{
    MHD_stop_daemon(r->daemon);
    registry_http_close(r->behind);
    for (int i = 0; i < r->count; i++) {
        free(r->kept[i].schema);
        free(r->kept[i].more);
        free(r->kept[i].subject);
    }
    free(r->broken_body);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

const char *fake_registry_url(const struct fake_registry *r)
{
    return r->url;
}

void fake_registry_put(struct fake_registry *r, int32_t id, const char *schema,
                       const char *more)
{
    pthread_mutex_lock(&r->lock);
    struct kept *k = keep(r, schema, NULL);
    k->id = id;
    free(k->more);
    k->more = copy_of(more);
    pthread_mutex_unlock(&r->lock);
}

void fake_registry_break(struct fake_registry *r, unsigned code, const char *body)
{
    pthread_mutex_lock(&r->lock);
    free(r->broken_body);
    r->broken_code = code;
    r->broken_body = copy_of(body);
    pthread_mutex_unlock(&r->lock);
}

void fake_registry_slow(struct fake_registry *r, int delay_ms)
{
    pthread_mutex_lock(&r->lock);
    r->delay_ms = delay_ms;
    pthread_mutex_unlock(&r->lock);
}

void fake_registry_mend(struct fake_registry *r)
{
    pthread_mutex_lock(&r->lock);
    r->broken_code = 0;
    r->delay_ms = 0;
    pthread_mutex_unlock(&r->lock);
}

void fake_registry_rewrites(struct fake_registry *r)
{
    pthread_mutex_lock(&r->lock);
    r->rewrites = true;
    pthread_mutex_unlock(&r->lock);
}

void fake_registry_race(struct fake_registry *r)
{
    pthread_mutex_lock(&r->lock);
    r->races = true;
    pthread_mutex_unlock(&r->lock);
}

int fake_registry_requests(struct fake_registry *r)
{
    pthread_mutex_lock(&r->lock);
    const int requests = r->requests;
    pthread_mutex_unlock(&r->lock);
    return requests;
}

void fake_registry_newest(struct fake_registry *r, struct fake_request *ret_request)
{
    pthread_mutex_lock(&r->lock);
    *ret_request = r->newest;
    pthread_mutex_unlock(&r->lock);
}
