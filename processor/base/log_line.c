/* log_line.c - from a format and its arguments to one line.
 *
 * DESIGN
 * ------
 * Formatting everything first and quoting afterwards cannot work: once a value
 * that holds `" level="error` stands in the text, nobody can tell it from the
 * format's own quotes. So the format is walked by ourselves, field by field:
 *
 *      address=%s reason="%s"   ->   key, '=', value   key, '=', value
 *
 * Arguments can only ever become part of a value, and each value is quoted and
 * escaped as a whole. The price is a small printf of our own, which knows the
 * conversions a log line needs and no more.
 */
#include "base/log_line.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    VALUE_BYTES = 1024, /* longest value of one field, before escaping */
    NUMBER_BYTES = 64,
    TAIL_BYTES = 64, /* kept free for suppressed=N and the closing brace */
};

struct line {
    char *text;
    size_t size;
    size_t limit;
    bool json;
};

struct value {
    char text[VALUE_BYTES];
    size_t size;
};

/* A va_list inside a struct can be handed on by pointer on every machine. */
struct arguments {
    va_list list;
};

struct conversion {
    int precision; /* -1: none */
    int longs;     /* -1: h, 0: int, 1: long, 2: long long, 3: size_t and its like */
    char letter;
};

static void line_add(struct line *line, const char *text, size_t size)
{
    CHECK(line->size <= line->limit);
    const size_t room = line->limit - line->size;
    const size_t take = size < room ? size : room;
    memcpy(line->text + line->size, text, take);
    line->size += take;
    CHECK(line->size <= line->limit);
}

static void line_text(struct line *line, const char *text)
{
    CHECK(text != NULL);
    line_add(line, text, strlen(text));
}

static void value_add(struct value *value, const char *text, size_t size)
{
    CHECK(value->size <= VALUE_BYTES);
    const size_t room = VALUE_BYTES - value->size;
    const size_t take = size < room ? size : room;
    memcpy(value->text + value->size, text, take);
    value->size += take;
    CHECK(value->size <= VALUE_BYTES);
}

/* ---- escaping ---------------------------------------------------------------------- */

/* Bytes of the UTF-8 character at `at`; 0 if there is none. Over-long forms and
 * surrogates are refused only as far as their first two bytes show. */
static size_t utf8_length(const unsigned char *at, size_t room)
{
    size_t length = 0;
    CHECK(at != NULL && room > 0);
    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xC2 && at[0] <= 0xDF)
        length = 2;
    else if ((at[0] & 0xF0) == 0xE0)
        length = 3;
    else if (at[0] >= 0xF0 && at[0] <= 0xF4)
        length = 4;
    if (length == 0 || length > room)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    }
    const bool overlong = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
    const bool beyond = (at[0] == 0xED && at[1] > 0x9F) || (at[0] == 0xF4 && at[1] > 0x8F);
    return overlong || beyond ? 0 : length;
}

static void line_escape(struct line *line, unsigned char byte)
{
    char escaped[8];
    CHECK(byte < ' ' || byte == '"' || byte == '\\' || byte == 0x7F);
    switch (byte) {
    case '"':
        line_text(line, "\\\"");
        return;
    case '\\':
        line_text(line, "\\\\");
        return;
    case '\n':
        line_text(line, "\\n");
        return;
    case '\t':
        line_text(line, "\\t");
        return;
    default:
        (void)snprintf(escaped, sizeof escaped, "\\u%04x", byte);
        line_text(line, escaped);
    }
}

/* Stops with a whole character or escape, well before the line is full. */
static void line_quoted(struct line *line, const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + size;
    CHECK(text != NULL && line->limit <= LOG_LINE_BYTES);
    line_text(line, "\"");
    while (at < end && line->size + sizeof "\\u0000\"" < line->limit) {
        const size_t length = utf8_length(at, (size_t)(end - at));
        if (length == 0)
            line_text(line, "\xEF\xBF\xBD"); /* U+FFFD, for what is no UTF-8 */
        else if (length == 1 && (*at < ' ' || *at == '"' || *at == '\\' || *at == 0x7F))
            line_escape(line, *at);
        else
            line_add(line, (const char *)at, length);
        at += length == 0 ? 1 : length;
    }
    line_text(line, "\"");
}

static bool value_is_plain(const struct value *value)
{
    CHECK(value->size <= VALUE_BYTES);
    for (size_t i = 0; i < value->size; i++) {
        const unsigned char byte = (unsigned char)value->text[i];
        if (byte <= ' ' || byte >= 0x7F || byte == '"' || byte == '=' || byte == '\\')
            return false;
    }
    return value->size > 0;
}

static size_t digits_at(const struct value *value, size_t at)
{
    size_t digits = 0;
    CHECK(value->size <= VALUE_BYTES);
    while (at + digits < value->size && value->text[at + digits] >= '0' &&
           value->text[at + digits] <= '9')
        digits++;
    return digits;
}

/* -?digits(.digits)? without a leading zero: a number in JSON too. */
static bool value_is_number(const struct value *value)
{
    size_t at = value->size > 0 && value->text[0] == '-' ? 1 : 0;
    const size_t whole = digits_at(value, at);
    if (whole == 0 || whole > 15 || (whole > 1 && value->text[at] == '0'))
        return false;
    at += whole;
    if (at == value->size)
        return true;
    if (value->text[at] != '.')
        return false;
    const size_t fraction = digits_at(value, at + 1);
    CHECK(at + 1 + fraction <= value->size);
    return fraction > 0 && at + 1 + fraction == value->size;
}

static bool value_is_word(const struct value *value, const char *word)
{
    return value->size == strlen(word) && memcmp(value->text, word, value->size) == 0;
}

static bool value_is_json(const struct value *value)
{
    return value_is_number(value) || value_is_word(value, "true") ||
           value_is_word(value, "false");
}

/* ---- fields ------------------------------------------------------------------------ */

static void line_key(struct line *line, const char *key, size_t size)
{
    CHECK(size > 0);
    CHECK(line->size + size < line->limit);
    if (line->json)
        line_text(line, line->size == 0 ? "{" : ",");
    else if (line->size > 0)
        line_text(line, " ");
    if (line->json)
        line_quoted(line, key, size);
    else
        line_add(line, key, size);
    line_text(line, line->json ? ":" : "=");
}

/* A field that does not fit whole, key and a shortened value, is left out. */
static void line_field(struct line *line, struct span key, const struct value *value,
                       bool quoted)
{
    enum { LEAST_BYTES = 32 };
    CHECK(key.size > 0 && key.at != NULL);
    CHECK(value->size <= VALUE_BYTES);
    if (line->size + 2 * key.size + LEAST_BYTES > line->limit)
        return;
    line_key(line, (const char *)key.at, key.size);

    const bool bare =
        line->json ? !quoted && value_is_json(value) : !quoted && value_is_plain(value);
    if (bare && line->size + value->size <= line->limit)
        line_add(line, value->text, value->size);
    else
        line_quoted(line, value->text, value->size);
}

static void line_text_field(struct line *line, const char *key, const char *text)
{
    struct value value = { .size = 0 };
    value_add(&value, text, strlen(text));
    line_field(line, span_of(key, strlen(key)), &value, false);
}

/* ---- arguments --------------------------------------------------------------------- */

static const char *conversion_read(const char *at, struct arguments *arguments,
                                   struct conversion *ret_conversion)
{
    struct conversion c = { .precision = -1 };
    CHECK(at != NULL);
    at += strspn(at, "-+ #0123456789"); /* flags and width say nothing in a log line */
    if (*at == '.') {
        at++;
        c.precision = 0;
        if (*at == '*') {
            c.precision = va_arg(arguments->list, int);
            at++;
        }
        for (; *at >= '0' && *at <= '9'; at++)
            c.precision =
                c.precision < VALUE_BYTES ? c.precision * 10 + (*at - '0') : VALUE_BYTES;
    }
    for (; *at == 'h'; at++)
        c.longs = -1;
    for (; *at == 'l'; at++)
        c.longs++;
    if (*at == 'z' || *at == 'j' || *at == 't') {
        c.longs = 3;
        at++;
    }
    c.letter = *at;
    CHECK(c.longs >= -2 && c.longs <= 3); /* hh to ll, and z, j, t */
    *ret_conversion = c;
    return *at == '\0' ? at : at + 1;
}

/* long, size_t, ptrdiff_t and intmax_t are all 64 bits wide where we build. */
_Static_assert(sizeof(long) == 8 && sizeof(size_t) == 8, "a 64-bit system");

static long long signed_argument(struct arguments *arguments, int longs)
{
    CHECK(longs <= 3);
    if (longs <= 0)
        return va_arg(arguments->list, int);
    return longs == 2 ? va_arg(arguments->list, long long) : va_arg(arguments->list, long);
}

static unsigned long long unsigned_argument(struct arguments *arguments, int longs)
{
    CHECK(longs <= 3);
    if (longs <= 0)
        return va_arg(arguments->list, unsigned);
    return longs == 2 ? va_arg(arguments->list, unsigned long long)
                      : va_arg(arguments->list, unsigned long);
}

static void value_string(struct value *value, const char *text, int precision)
{
    if (text == NULL)
        text = "(null)";
    const size_t most = precision < 0 ? VALUE_BYTES : (size_t)precision;
    CHECK(value->size <= VALUE_BYTES);
    value_add(value, text, strnlen(text, most));
}

static void value_number(struct value *value, const struct conversion *c,
                         struct arguments *arguments)
{
    char text[NUMBER_BYTES];
    CHECK(strchr("diuxXfg", c->letter) != NULL);
    const int precision = c->precision < 0 || c->precision > 17 ? 6 : c->precision;
    if (c->letter == 'd' || c->letter == 'i')
        (void)snprintf(text, sizeof text, "%lld", signed_argument(arguments, c->longs));
    else if (c->letter == 'u')
        (void)snprintf(text, sizeof text, "%llu", unsigned_argument(arguments, c->longs));
    else if (c->letter == 'x' || c->letter == 'X')
        (void)snprintf(text, sizeof text, "%llx", unsigned_argument(arguments, c->longs));
    else if (c->letter == 'f')
        (void)snprintf(text, sizeof text, "%.*f", precision, va_arg(arguments->list, double));
    else
        (void)snprintf(text, sizeof text, "%.*g", precision, va_arg(arguments->list, double));
    CHECK(strlen(text) > 0);
    value_add(value, text, strlen(text));
}

static const char *value_convert(struct value *value, const char *at,
                                 struct arguments *arguments)
{
    struct conversion c;
    at = conversion_read(at, arguments, &c);
    CHECK(c.letter != '\0' && strchr("diuxXcsfg%", c.letter) != NULL);

    if (c.letter == '%') {
        value_add(value, "%", 1);
    } else if (c.letter == 's') {
        value_string(value, va_arg(arguments->list, const char *), c.precision);
    } else if (c.letter == 'c') {
        const char byte = (char)va_arg(arguments->list, int);
        value_add(value, &byte, 1);
    } else {
        value_number(value, &c, arguments);
    }
    return at;
}

/* Reads the value after the '=' of the format up to `end` or the format's end. */
static const char *value_read(struct value *value, const char *at, char end,
                              struct arguments *arguments)
{
    CHECK(end == ' ' || end == '"');
    while (*at != '\0' && *at != end) {
        if (*at == '%') {
            at = value_convert(value, at + 1, arguments);
        } else {
            value_add(value, at, 1);
            at++;
        }
    }
    return at;
}

static void line_fields(struct line *line, const char *at, struct arguments *arguments)
{
    CHECK(at != NULL);
    at += strspn(at, " ");
    while (*at != '\0') {
        const size_t key_size = strcspn(at, "= %");
        const bool named = at[key_size] == '=';
        const struct span key = named ? span_of(at, key_size) : span_of("note", 4);
        at += named ? key_size + 1 : 0;

        const bool quoted = *at == '"';
        struct value value = { .size = 0 };
        at = value_read(&value, at + (quoted ? 1 : 0), quoted ? '"' : ' ', arguments);
        at += quoted && *at == '"' ? 1 : 0;
        line_field(line, key, &value, quoted);
        at += strspn(at, " ");
    }
}

/* ---- the line ---------------------------------------------------------------------- */

static void line_time(struct line *line, wall_time at)
{
    struct tm utc;
    char day[32];
    char whole[48];
    const int64_t seconds = floor_div(at.ms, SECOND_MS);
    const time_t since_1970 = (time_t)seconds;
    if (gmtime_r(&since_1970, &utc) == NULL)
        return;
    if (strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        return;
    (void)snprintf(whole, sizeof whole, "%s.%03dZ", day, (int)(at.ms - seconds * SECOND_MS));
    line_text_field(line, "ts", whole);
}

static void line_close(struct line *line, int64_t suppressed)
{
    char number[NUMBER_BYTES];
    CHECK(line->size <= line->limit && line->limit < LOG_LINE_BYTES);
    CHECK(suppressed >= 0);
    line->limit = LOG_LINE_BYTES;
    if (suppressed > 0) {
        (void)snprintf(number, sizeof number, "%lld", (long long)suppressed);
        line_text_field(line, "suppressed", number);
    }
    line_text(line, line->json ? "}\n" : "\n");
}

size_t log_line_write(const struct log_line_head *head, char ret_text[LOG_LINE_BYTES],
                      const char *format, va_list arguments)
{
    CHECK(head->level != NULL && head->event != NULL);
    struct line line = { .text = ret_text,
                         .limit = LOG_LINE_BYTES - TAIL_BYTES,
                         .json = head->json };
    struct arguments own;
    va_copy(own.list, arguments);

    line_time(&line, head->at);
    line_text_field(&line, "level", head->level);
    line_text_field(&line, "event", head->event);
    line_fields(&line, format, &own);
    line_close(&line, head->suppressed);
    va_end(own.list);

    CHECK(line.size > 0 && line.text[line.size - 1] == '\n');
    return line.size;
}
