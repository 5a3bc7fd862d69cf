/* utf8.c - see utf8.h. Eight bytes of plain ASCII, the usual case, at a time. */
#include "codec/utf8.h"

#include <string.h>

static const uint64_t HIGH_BITS = UINT64_C(0x8080808080808080);

static bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Length of the well-formed character at `at` that begins with a byte above 7F; 0: none. */
static size_t wide_character(const uint8_t *at, size_t left)
{
    const uint8_t first = at[0];
    if (first >= 0xc2 && first <= 0xdf)
        return left >= 2 && continues(at[1]) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        if (left < 3 || !continues(at[1]) || !continues(at[2]))
            return 0;
        const bool overlong = first == 0xe0 && at[1] < 0xa0;
        const bool surrogate = first == 0xed && at[1] >= 0xa0;
        return overlong || surrogate ? 0 : 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (left < 4 || !continues(at[1]) || !continues(at[2]) || !continues(at[3]))
            return 0;
        const bool overlong = first == 0xf0 && at[1] < 0x90;
        const bool beyond = first == 0xf4 && at[1] >= 0x90;
        return overlong || beyond ? 0 : 4;
    }
    return 0;
}

bool utf8_valid(struct span text)
{
    size_t i = 0;
    while (i < text.size) {
        uint64_t eight;
        if (text.size - i >= sizeof eight) {
            memcpy(&eight, text.at + i, sizeof eight);
            if ((eight & HIGH_BITS) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        const size_t size = text.at[i] < 0x80 ? 1 : wide_character(text.at + i, text.size - i);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}
