/* text.h - writes text into memory of a fixed size, without stdio.
 *
 * For the domain, which must not include <stdio.h>, and for texts whose longest
 * form is known: running over the end is a mistake of ours (CHECK), never cut.
 *
 *      const size_t begin = t.size;
 *      text_add_string(&t, "storefront:");
 *      text_add(&t, name_span(&storefront));
 *      struct span written = text_since(&t, begin);
 */
#pragma once

#include "base/units.h"

struct text {
    char *at; /* borrowed */
    size_t size;
    size_t capacity;
};

/* An empty text over somebody's memory. */
struct text text_over(char *memory, size_t capacity);

void text_add(struct text *t, struct span bytes);

void text_add_string(struct text *t, const char *string);

void text_add_char(struct text *t, char c);

/* In decimal, with a minus sign below zero. */
void text_add_integer(struct text *t, int64_t number);

/* Eight hexadecimal digits. */
void text_add_hex32(struct text *t, uint32_t number);

/* What was added since the text had `begin` bytes. */
struct span text_since(const struct text *t, size_t begin);

/* Ends with a NUL that does not count, so that the memory is a C string. */
void text_end(struct text *t);
