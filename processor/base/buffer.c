/* buffer.c - see buffer.h. */
#include "base/buffer.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void buffer_free(struct buffer *b)
{
    free(b->at);
    *b = (struct buffer){ 0 };
}

void buffer_clear(struct buffer *b)
{
    b->size = 0;
}

static void buffer_reserve(struct buffer *b, size_t more)
{
    CHECK(more <= SIZE_MAX / 4 && b->size <= SIZE_MAX / 4);
    if (b->size + more <= b->capacity)
        return;

    size_t capacity = b->capacity == 0 ? FIRST_CAPACITY : b->capacity;
    while (capacity < b->size + more)
        capacity *= 2;
    uint8_t *at = realloc(b->at, capacity);
    CHECK(at != NULL);
    b->at = at;
    b->capacity = capacity;
}

uint8_t *buffer_extend(struct buffer *b, size_t size)
{
    buffer_reserve(b, size);
    uint8_t *at = b->at + b->size;
    b->size += size;
    return at;
}

void buffer_add(struct buffer *b, struct span bytes)
{
    if (bytes.size > 0)
        memcpy(buffer_extend(b, bytes.size), bytes.at, bytes.size);
}

void buffer_add_u8(struct buffer *b, uint8_t value)
{
    *buffer_extend(b, 1) = value;
}

void buffer_add_varint(struct buffer *b, uint64_t value)
{
    uint8_t packed[10];
    size_t size = 0;
    while (value >= 0x80) {
        packed[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    packed[size++] = (uint8_t)value;
    buffer_add(b, span_of(packed, size));
}

void buffer_add_signed(struct buffer *b, int64_t value)
{
    const uint64_t sign = value < 0 ? UINT64_MAX : 0;
    buffer_add_varint(b, ((uint64_t)value << 1) ^ sign);
}

void buffer_add_string(struct buffer *b, struct span bytes)
{
    buffer_add_varint(b, bytes.size);
    buffer_add(b, bytes);
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(size >= 0);

    /* vsnprintf also writes a NUL, which is not ours to keep. */
    uint8_t *at = buffer_extend(b, (size_t)size + 1);
    vsnprintf((char *)at, (size_t)size + 1, format, again);
    va_end(again);
    b->size -= 1;
}
