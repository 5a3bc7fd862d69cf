/* replay_lines.c - see replay_lines.h. */
#include "app/replay_lines.h"

#include "base/check.h"
#include "base/name.h"
#include "codec/event_check.h"
#include "codec/event_json.h"
#include "codec/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* U+FEFF in UTF-8. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

/* A file, and the event it shows. */
struct cursor {
    const char *path; /* borrowed */
    FILE *file;
    enum topic topic; /* TOPIC_COUNT: each line says it */
    char *line;       /* owned, as getline() has it */
    size_t capacity;
    int64_t number;
    struct event_json parser;
    struct event event;
    event_time told;
    enum status status; /* OK: shows an event. PENDING: read on. Others end it or this line */
    struct reason why;
};

struct replay_lines {
    struct cursor *cursors; /* [count] */
    int count;
    int64_t shift_ms;
};

/* ---- opening -------------------------------------------------------------------------- */

enum topic replay_lines_topic(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    for (unsigned t = 0; t < TOPIC_COUNT; t++) {
        const char *label = topic_label((enum topic)t);
        if (strncmp(name, label, strlen(label)) == 0)
            return (enum topic)t;
    }
    return TOPIC_COUNT;
}

static bool open_file(struct cursor *c, struct reason *why)
{
    if (strcmp(c->path, "-") == 0) {
        c->path = "standard input";
        c->file = stdin;
        return true;
    }
    struct stat about;
    c->file = fopen(c->path, "r");
    if (c->file == NULL) {
        reason_set(why, "%s cannot be opened: %s", c->path, strerror(errno));
        return false;
    }
    if (fstat(fileno(c->file), &about) == 0 && S_ISDIR(about.st_mode)) {
        reason_set(why, "%s is a folder; name the files in it", c->path);
        return false;
    }
    return true;
}

struct replay_lines *replay_lines_open(char *const *paths, int count, enum topic topic,
                                       struct reason *why)
{
    struct replay_lines *lines = calloc(1, sizeof *lines);
    CHECK(lines != NULL && count > 0);
    lines->cursors = calloc((size_t)count, sizeof *lines->cursors);
    CHECK(lines->cursors != NULL);
    while (lines->count < count) {
        struct cursor *c = &lines->cursors[lines->count];
        *c = (struct cursor){ .path = paths[lines->count], .status = STATUS_PENDING };
        c->topic = topic == TOPIC_COUNT ? replay_lines_topic(c->path) : topic;
        c->told.ms = TIME_NEVER_YET;
        lines->count += 1;
        event_json_open(&c->parser);
        if (!open_file(c, why)) {
            replay_lines_close(lines);
            return NULL;
        }
    }
    return lines;
}

void replay_lines_close(struct replay_lines *lines)
{
    if (lines == NULL)
        return;
    for (int i = 0; i < lines->count; i++) {
        struct cursor *c = &lines->cursors[i];
        event_json_close(&c->parser);
        free(c->line);
        if (c->file != NULL && c->file != stdin)
            (void)fclose(c->file);
    }
    free(lines->cursors);
    free(lines);
}

void replay_lines_shift(struct replay_lines *lines, int64_t ms)
{
    lines->shift_ms = ms;
}

/* ---- reading -------------------------------------------------------------------------- */

static void shift(struct optional *time, int64_t ms)
{
    if (time->known)
        time->value += ms;
}

static void shift_event(struct event *e, int64_t ms)
{
    e->ts_event.ms += ms;
    if (e->topic != TOPIC_ORDERS)
        return;
    e->order.ts_created += ms;
    shift(&e->order.ship_by, ms);
    shift(&e->order.deliver_from, ms);
    shift(&e->order.deliver_by, ms);
}

/* A line says what it wants, and a terminal obeys what is printed to it. Of UTF-8, only the
 * controls at U+0080 to U+009F are any; bytes that are no UTF-8 may be anything. */
static void disarm(char *text)
{
    const bool utf8 = utf8_valid(span_of_text(text));
    for (char *at = text; *at != '\0'; at++) {
        const uint8_t byte = (uint8_t)*at;
        const bool control = byte == 0xc2 && (uint8_t)at[1] < 0xa0;
        if (control)
            at[1] = '?';
        if (byte < 0x20 || byte == 0x7f || control || (byte >= 0x80 && !utf8))
            *at = '?';
    }
}

static void complain(struct cursor *c, const char *what)
{
    c->status = STATUS_MALFORMED;
    reason_set(&c->why, "%s:%lld: %s", c->path, (long long)c->number, what);
    disarm(c->why.text);
}

static void understand(struct cursor *c, struct span text, int64_t shift_ms)
{
    struct reason why = { "" };
    if (event_json_parse(&c->parser, text, c->topic, &c->event, &why) != STATUS_OK) {
        complain(c, why.text);
        return;
    }
    const char *wrong = NULL;
    enum reject reject = event_check_field(&c->event, &wrong);
    if (reject == REJECT_NONE) { /* no possible time can overflow */
        shift_event(&c->event, shift_ms);
        reject = event_check_field(&c->event, &wrong);
    }
    if (reject != REJECT_NONE) {
        complain(c, wrong);
        return;
    }
    c->told = event_time_max(c->told, c->event.ts_event);
    c->status = STATUS_OK;
}

static void read_line(struct cursor *c, int64_t shift_ms)
{
    errno = 0;
    const ssize_t size = getline(&c->line, &c->capacity, c->file);
    if (size < 0) {
        const bool failed = ferror(c->file) != 0;
        c->status = failed ? STATUS_UNAVAILABLE : STATUS_MISSING;
        if (failed)
            reason_set(&c->why, "%s cannot be read: %s", c->path, strerror(errno));
        return;
    }
    c->number += 1;
    const bool marked =
        c->number == 1 && strncmp(c->line, byte_order_mark, strlen(byte_order_mark)) == 0;
    const size_t begin = marked ? strlen(byte_order_mark) : 0;
    const struct span text = span_of(c->line + begin, (size_t)size - begin);
    if (strspn(c->line + begin, " \t\r\n") < text.size) /* empty lines are nothing */
        understand(c, text, shift_ms);
}

static bool shows_earlier(const struct cursor *a, const struct cursor *b)
{
    return b == NULL || a->told.ms < b->told.ms;
}

enum status replay_lines_next(struct replay_lines *lines, struct event *ret_event,
                              event_time *ret_told, struct reason *why)
{
    struct cursor *next = NULL;
    for (int i = 0; i < lines->count; i++) {
        struct cursor *c = &lines->cursors[i];
        while (c->status == STATUS_PENDING)
            read_line(c, lines->shift_ms);
        if (c->status == STATUS_MALFORMED || c->status == STATUS_UNAVAILABLE) {
            const enum status s = c->status;
            *why = c->why;
            c->status = s == STATUS_MALFORMED ? STATUS_PENDING : STATUS_MISSING;
            return s;
        }
        if (c->status == STATUS_OK && shows_earlier(c, next))
            next = c;
    }
    if (next == NULL)
        return STATUS_MISSING;
    *ret_event = next->event;
    *ret_told = next->told;
    next->status = STATUS_PENDING;
    return STATUS_OK;
}
