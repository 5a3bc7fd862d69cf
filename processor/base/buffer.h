/* buffer.h - a growing run of bytes, and how integers are packed into it.
 *
 * Grows by doubling and keeps its memory when emptied, so a buffer that is
 * used again and again stops allocating. Out of memory aborts (CHECK).
 */
#pragma once

#include "base/units.h"

struct buffer {
    uint8_t *at; /* owned; free with buffer_free */
    size_t size;
    size_t capacity;
};

void buffer_free(struct buffer *b);

void buffer_clear(struct buffer *b);

/* Room for `size` more bytes; returns where they begin. Counts them as used. */
uint8_t *buffer_extend(struct buffer *b, size_t size);

void buffer_add(struct buffer *b, struct span bytes);

void buffer_add_u8(struct buffer *b, uint8_t value);

/* LEB128: seven bits a byte, low bits first. 1 to 10 bytes. */
void buffer_add_varint(struct buffer *b, uint64_t value);

/* Zigzag, then LEB128: small magnitudes are short, whichever sign. */
void buffer_add_signed(struct buffer *b, int64_t value);

/* Length as varint, then the bytes. */
void buffer_add_string(struct buffer *b, struct span bytes);

void buffer_printf(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline struct span buffer_span(const struct buffer *b)
{
    return span_of(b->at, b->size);
}
