/* text.c - see text.h. */
#include "base/text.h"

#include "base/check.h"

#include <string.h>

enum { DECIMAL_DIGITS_MAX = 20, HEX32_DIGITS = 8 };

struct text text_over(char *memory, size_t capacity)
{
    CHECK(memory != NULL && capacity > 0);
    return (struct text){ .at = memory, .capacity = capacity };
}

void text_add(struct text *t, struct span bytes)
{
    CHECK(t->size <= t->capacity);
    CHECK(bytes.size <= t->capacity - t->size);
    if (bytes.size > 0)
        memcpy(t->at + t->size, bytes.at, bytes.size);
    t->size += bytes.size;
}

void text_add_string(struct text *t, const char *string)
{
    CHECK(string != NULL);
    text_add(t, span_of(string, strlen(string)));
}

void text_add_char(struct text *t, char c)
{
    CHECK(t->size < t->capacity);
    t->at[t->size++] = c;
}

void text_add_integer(struct text *t, int64_t number)
{
    char digits[DECIMAL_DIGITS_MAX];
    size_t first = sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        CHECK(first > 0);
        digits[--first] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        text_add_char(t, '-');
    text_add(t, span_of(digits + first, sizeof digits - first));
}

void text_add_hex32(struct text *t, uint32_t number)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = HEX32_DIGITS - 1; i >= 0; i--)
        text_add_char(t, digits[number >> (4 * i) & 0xf]);
}

struct span text_since(const struct text *t, size_t begin)
{
    CHECK(begin <= t->size);
    CHECK(t->size <= t->capacity);
    return span_of(t->at + begin, t->size - begin);
}

void text_end(struct text *t)
{
    text_add_char(t, '\0');
    t->size -= 1;
    CHECK(t->at[t->size] == '\0');
}
