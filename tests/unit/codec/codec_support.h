/* codec_support.h - what the tests of codec/ share: a reader schema with every kind of
 * field, and short ways to write Avro bytes. */
#pragma once

#include "base/buffer.h"
#include "base/name.h"
#include "codec/program_run.h"
#include "codec/schema_program.h"
#include "kpi/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { SAMPLE_TEXTS_MAX = 3 };

enum sample_colour { COLOUR_UNKNOWN, COLOUR_RED, COLOUR_GREEN, COLOUR_BLUE };

struct sample {
    struct span text;
    struct span note;
    struct span raw;
    int32_t small;
    int64_t big;
    struct optional maybe;
    struct optional maybe_big;
    double single;
    double real;
    double maybe_real;
    bool yes;
    enum sample_colour colour;
    enum sample_colour maybe_colour;
    enum sample_colour strict_colour;
    struct span texts[SAMPLE_TEXTS_MAX];
    int32_t text_count;
};

static const char SAMPLE_SCHEMA[] =
    "{\"type\":\"record\",\"name\":\"Sample\",\"fields\":["
    "{\"name\":\"text\",\"aliases\":[\"words\",\"label\"],\"type\":\"string\"},"
    "{\"name\":\"note\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"raw\",\"type\":\"bytes\",\"default\":\"raw default\"},"
    "{\"name\":\"small\",\"type\":\"int\",\"default\":-7},"
    "{\"name\":\"big\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
    "{\"name\":\"maybe\",\"type\":[\"null\",\"int\"],\"default\":null},"
    "{\"name\":\"maybe_big\",\"type\":[\"long\",\"null\"],\"default\":42},"
    "{\"name\":\"single\",\"type\":\"float\",\"default\":0.5},"
    "{\"name\":\"real\",\"type\":\"double\",\"default\":1.25},"
    "{\"name\":\"maybe_real\",\"type\":[\"null\",\"double\"],\"default\":null},"
    "{\"name\":\"yes\",\"type\":\"boolean\",\"default\":true},"
    "{\"name\":\"colour\",\"type\":{\"type\":\"enum\",\"name\":\"Colour\",\"symbols\":"
    "[\"UNKNOWN\",\"blue\",\"red\",\"green\"],\"default\":\"UNKNOWN\"},\"default\":\"green\"},"
    "{\"name\":\"maybe_colour\",\"type\":[\"null\",{\"type\":\"enum\",\"name\":\"Maybe\","
    "\"symbols\":[\"red\",\"green\"],\"default\":\"red\"}],\"default\":null},"
    "{\"name\":\"strict_colour\",\"type\":{\"type\":\"enum\",\"name\":\"Strict\",\"symbols\":"
    "[\"red\",\"green\"]},\"default\":\"red\"},"
    "{\"name\":\"texts\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[]}"
    "]}";

static const struct slot_symbol sample_colours[] = {
    { "UNKNOWN", COLOUR_UNKNOWN }, { "red", COLOUR_RED }, { "green", COLOUR_GREEN },
    { "blue", COLOUR_BLUE },       { NULL, 0 },
};

#define SAMPLE_SLOT(name, slot_kind)                                                           \
    {                                                                                          \
        .field = #name, .kind = SLOT_##slot_kind, .offset = offsetof(struct sample, name),     \
        .symbols = sample_colours, .count_offset = offsetof(struct sample, text_count),        \
        .capacity = SAMPLE_TEXTS_MAX                                                           \
    }

static const struct slot sample_slots[] = {
    SAMPLE_SLOT(text, TEXT),          SAMPLE_SLOT(note, TEXT),
    SAMPLE_SLOT(raw, TEXT),           SAMPLE_SLOT(small, INT32),
    SAMPLE_SLOT(big, INT64),          SAMPLE_SLOT(maybe, OPTIONAL),
    SAMPLE_SLOT(maybe_big, OPTIONAL), SAMPLE_SLOT(single, DOUBLE),
    SAMPLE_SLOT(real, DOUBLE),        SAMPLE_SLOT(maybe_real, DOUBLE),
    SAMPLE_SLOT(yes, BOOL),           SAMPLE_SLOT(colour, ENUM),
    SAMPLE_SLOT(maybe_colour, ENUM),  SAMPLE_SLOT(strict_colour, ENUM),
    SAMPLE_SLOT(texts, TEXTS),
};

static inline struct reader_schema *sample_open(void)
{
    return reader_schema_open(SAMPLE_SCHEMA, sample_slots,
                              (int32_t)(sizeof sample_slots / sizeof sample_slots[0]),
                              sizeof(struct sample));
}

/* Avro's string. */
static inline void add_avro_text(struct buffer *b, const char *text)
{
    const struct span bytes = span_of_text(text);
    buffer_add_signed(b, (int64_t)bytes.size);
    buffer_add(b, bytes);
}

static inline bool span_is(struct span text, const char *expected)
{
    return span_equal(text, span_of_text(expected));
}
