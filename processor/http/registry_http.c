/* registry_http.c - see registry_http.h.
 *
 * libcurl's easy interface, one connection kept open between requests. Redirects
 * are not followed: the password would follow them. A registry on this machine
 * is asked directly, whatever proxy the environment names.
 */
#include "http/registry_http.h"

#include "base/check.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 2 * 1024 * 1024 };

struct registry_http {
    CURL *curl;
    struct curl_slist *headers;
    struct buffer url; /* the base path, without a slash at its end; no NUL */
    const _Atomic bool *stop;
    struct buffer *into; /* of the request under way */
    bool too_long;       /* it answered more than ANSWER_BYTES_MAX */
    char error[CURL_ERROR_SIZE];
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* ---- called by libcurl ------------------------------------------------------ */

static size_t take(char *bytes, size_t one, size_t size, void *self)
{
    struct registry_http *h = self;
    h->too_long = h->into->size + one * size > ANSWER_BYTES_MAX;
    if (h->too_long)
        return 0;
    buffer_add(h->into, span_of(bytes, one * size));
    return one * size;
}

static int must_stop(void *self, curl_off_t down, curl_off_t downed, curl_off_t up,
                     curl_off_t upped)
{
    (void)down;
    (void)downed;
    (void)up;
    (void)upped;
    const struct registry_http *h = self;
    return atomic_load(h->stop) ? 1 : 0;
}

/* ---- opening ---------------------------------------------------------------- */

static bool options_right(const struct registry_http_options *o, struct reason *ret_why)
{
    const char *host = o->url == NULL ? NULL : strstr(o->url, "://");
    if (host == NULL || (!begins(o->url, "http://") && !begins(o->url, "https://"))) {
        reason_set(ret_why, "the registry's URL must begin with http:// or https://");
        return false;
    }
    host += strlen("://");
    if (host[strcspn(host, "/@")] == '@') {
        reason_set(ret_why, "the registry's URL holds a user or password; put them into their "
                            "own settings, where they are not printed");
        return false;
    }
    if (host[strcspn(host, "?#")] != '\0') {
        reason_set(ret_why, "the registry's URL must end with its path: no '?' and no '#'");
        return false;
    }
    if (is_given(o->ca_file) && access(o->ca_file, R_OK) != 0) {
        reason_set(ret_why, "cannot read the registry's certificate authorities at %s",
                   o->ca_file);
        return false;
    }
    return true;
}

static bool is_on_this_machine(const char *url)
{
    const char *host = strstr(url, "://");
    CHECK(host != NULL);
    host += strlen("://");
    return begins(host, "127.") || begins(host, "localhost") || begins(host, "[::1]");
}

static void set_rights(CURL *curl, const struct registry_http_options *o)
{
    if (is_given(o->user)) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, o->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, is_given(o->password) ? o->password : "");
    }
    if (is_given(o->ca_file))
        curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_file);
    if (is_on_this_machine(o->url))
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
}

static void set_manners(struct registry_http *h, const struct registry_http_options *o)
{
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
    curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "sellerwatch");
    curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)o->timeout_ms);
    curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)o->timeout_ms);
    curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h->curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(h->curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->error);
    curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, must_stop);
    curl_easy_setopt(h->curl, CURLOPT_XFERINFODATA, h);
}

static bool headers_add(struct registry_http *h, const char *line)
{
    struct curl_slist *longer = curl_slist_append(h->headers, line);
    if (longer == NULL)
        return false;
    h->headers = longer;
    return true;
}

struct registry_http *registry_http_open(const struct registry_http_options *options,
                                         const _Atomic bool *stop, struct reason *ret_why)
{
    CHECK(options->timeout_ms > 0);
    if (!options_right(options, ret_why))
        return NULL;
    struct registry_http *h = calloc(1, sizeof *h);
    CHECK(h != NULL);
    h->stop = stop;
    size_t size = strlen(options->url);
    while (options->url[size - 1] == '/')
        size--;
    buffer_add(&h->url, span_of(options->url, size));

    h->curl = curl_easy_init();
    if (h->curl == NULL ||
        !headers_add(h, "Content-Type: application/vnd.schemaregistry.v1+json") ||
        !headers_add(h, "Accept: application/vnd.schemaregistry.v1+json, application/json") ||
        !headers_add(h, "Expect:")) {
        reason_set(ret_why, "cannot prepare requests to the registry: libcurl does not start");
        goto fail;
    }
    set_manners(h, options);
    set_rights(h->curl, options);
    return h;

fail:
    registry_http_close(h);
    return NULL;
}

void registry_http_close(struct registry_http *h)
{
    if (h == NULL)
        return;
    if (h->curl != NULL)
        curl_easy_cleanup(h->curl);
    curl_slist_free_all(h->headers);
    buffer_free(&h->url);
    free(h);
}

/* ---- asking ------------------------------------------------------------------ */

static void set_request(struct registry_http *h, const struct registry_request *r,
                        const char *url)
{
    curl_easy_setopt(h->curl, CURLOPT_URL, url);
    if (r->body.size == 0) {
        curl_easy_setopt(h->curl, CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.size);
        curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, r->body.at);
    }
    curl_easy_setopt(h->curl, CURLOPT_CUSTOMREQUEST, r->method);
}

static void why_no_answer(const struct registry_http *h, CURLcode code, struct reason *why)
{
    const int size = (int)h->url.size;
    const char *url = (const char *)h->url.at;
    if (h->too_long)
        reason_set(why, "the registry at %.*s answered more than %d bytes", size, url,
                   ANSWER_BYTES_MAX);
    else
        reason_set(why, "the registry at %.*s does not answer: %s", size, url,
                   h->error[0] != '\0' ? h->error : curl_easy_strerror(code));
}

enum status registry_http_ask(struct registry_http *h, const struct registry_request *request,
                              struct registry_answer *ret_answer, struct reason *why)
{
    CHECK(request->into != NULL && request->path[0] == '/');
    struct buffer url = { 0 };
    buffer_add(&url, buffer_span(&h->url));
    buffer_printf(&url, "%s", request->path);
    buffer_add_u8(&url, '\0');
    set_request(h, request, (const char *)url.at);

    buffer_clear(request->into);
    h->into = request->into;
    h->too_long = false;
    h->error[0] = '\0';
    const CURLcode code = curl_easy_perform(h->curl);
    buffer_free(&url);
    if (code != CURLE_OK) {
        why_no_answer(h, code, why);
        return STATUS_UNAVAILABLE;
    }
    struct registry_answer answer = { .body = buffer_span(request->into) };
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &answer.code);
    *ret_answer = answer;
    return STATUS_OK;
}

void registry_http_escape(struct buffer *path, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        const bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                           (*c >= '0' && *c <= '9') || strchr("-._~", *c) != NULL;
        if (plain)
            buffer_add_u8(path, (uint8_t)*c);
        else
            buffer_printf(path, "%%%02X", (unsigned)(unsigned char)*c);
    }
}
