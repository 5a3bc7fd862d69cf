/* name.h - a string of 1 to 64 bytes: the ids and short names of the domain.
 *
 * Kept by value, so that nothing has to be freed; not NUL-terminated.
 */
#pragma once

#include "base/units.h"

#include <string.h>

enum { NAME_BYTES_MAX = 64 };

struct name {
    uint8_t size;
    char text[NAME_BYTES_MAX];
};

/* `bytes` has at most NAME_BYTES_MAX bytes (the callers' input checks see to
 * that); anything longer is cut. */
static inline struct name name_of(struct span bytes)
{
    struct name n = { 0 };
    n.size = (uint8_t)(bytes.size < NAME_BYTES_MAX ? bytes.size : NAME_BYTES_MAX);
    if (n.size > 0)
        memcpy(n.text, bytes.at, n.size);
    return n;
}

/* Is it a name: 1 to 64 bytes? */
static inline bool name_fits(struct span bytes)
{
    return bytes.size > 0 && bytes.size <= NAME_BYTES_MAX;
}

static inline struct span name_span(const struct name *n)
{
    return span_of(n->text, n->size);
}

static inline struct span span_of_text(const char *text)
{
    return span_of(text, strlen(text));
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* Byte order, shorter first where one begins the other: <0, 0, >0. */
static inline int span_compare(struct span a, struct span b)
{
    const size_t shared = a.size < b.size ? a.size : b.size;
    const int order = shared == 0 ? 0 : memcmp(a.at, b.at, shared);
    if (order != 0)
        return order;
    return a.size < b.size ? -1 : a.size > b.size;
}
