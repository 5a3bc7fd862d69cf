/* replay_lines_fuzz.c - any files of JSON lines: each event is possible, told in order, and
 * is read back the same when it is written as a line; each refusal names file and line.
 *
 *      topic, 1 byte (3: each line says it) | shift in days, 1 byte, 128: none | two files with
 * a NUL between
 */
#include "app/replay_lines.h"
#include "base/check.h"
#include "base/name.h"
#include "codec/event_check.h"
#include "codec/event_encode.h"
#include "codec/event_json.h"
#include "codec/event_json_write.h"
#include "codec/event_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILES = 2, PATH_BYTES = 32, HEAD = 2, SHIFT_ZERO = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory, and the path under which it can be opened. */
static int make_file(struct span text, char path[PATH_BYTES])
{
    const int fd = memfd_create("fuzz", 0);
    CHECK(fd >= 0 && write(fd, text.at, text.size) == (ssize_t)text.size);
    (void)snprintf(path, PATH_BYTES, "/proc/self/fd/%d", fd);
    return fd;
}

static const struct reader_schema *schema_of(enum topic topic)
{
    static struct reader_schema *schemas[TOPIC_COUNT];
    if (schemas[topic] == NULL)
        schemas[topic] = event_schema_open(topic);
    return schemas[topic];
}

/* What we write ourselves is read back as the same event. */
static void write_and_read(const struct event *event)
{
    static struct event_json parser;
    struct buffer line = { 0 };
    struct buffer first = { 0 };
    struct buffer second = { 0 };
    struct event back;
    struct reason why = { "" };
    if (parser.schemas[0] == NULL)
        event_json_open(&parser);
    event_json_write(schema_of(event->topic), event, &line);
    CHECK(event_json_parse(&parser, buffer_span(&line), TOPIC_COUNT, &back, &why) == STATUS_OK);
    event_encode(schema_of(event->topic), 1, event, &first);
    event_encode(schema_of(event->topic), 1, &back, &second);
    CHECK(span_equal(buffer_span(&first), buffer_span(&second)));
    buffer_free(&line);
    buffer_free(&first);
    buffer_free(&second);
}

/* Each line gives one answer at most, so there is an end. */
static void read_all(struct replay_lines *lines, size_t lines_most)
{
    event_time told_before = { TIME_NEVER_YET };
    size_t answers = 0;
    while (true) {
        struct event event;
        event_time told;
        struct reason why = { "" };
        const enum status s = replay_lines_next(lines, &event, &told, &why);
        if (s == STATUS_MISSING)
            return;
        CHECK(++answers <= lines_most);
        if (s == STATUS_OK) {
            CHECK(event_check(&event) == REJECT_NONE);
            CHECK(told.ms >= event.ts_event.ms && told.ms >= told_before.ms);
            told_before = told;
            write_and_read(&event);
        } else {
            CHECK(s == STATUS_MALFORMED && strncmp(why.text, "/proc/self/fd/", 14) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    const struct span text = span_of(data + HEAD, size - HEAD);
    const uint8_t *cut = text.size == 0 ? NULL : memchr(text.at, '\0', text.size);
    const size_t length = cut == NULL ? text.size : (size_t)(cut - text.at);
    char paths[FILES][PATH_BYTES];
    char *names[FILES] = { paths[0], paths[1] };
    const int one = make_file(span_of(text.at, length), paths[0]);
    const int two = make_file(span_of(text.at + length, text.size - length), paths[1]);
    const enum topic topic = (enum topic)(data[0] % (TOPIC_COUNT + 1U));
    struct reason why = { "" };
    struct replay_lines *lines = replay_lines_open(names, FILES, topic, &why);
    CHECK(lines != NULL);
    replay_lines_shift(lines, (data[1] - (int64_t)SHIFT_ZERO) * DAY_MS);
    read_all(lines, text.size + FILES);
    replay_lines_close(lines);
    (void)close(one);
    (void)close(two);
    return 0;
}
