/* utf8.c - see utf8.h. Eight bytes of plain ASCII, the usual case, at a time. */
#include "codec/utf8.h"

#include <string.h>

static const uint64_t HIGH_BITS = UINT64_C(0x8080808080808080);

static bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

static bool three_are_text(const uint8_t *at)
{
    const bool overlong = at[0] == 0xe0 && at[1] < 0xa0;
    const bool surrogate = at[0] == 0xed && at[1] >= 0xa0;
    return continues(at[1]) && continues(at[2]) && !overlong && !surrogate;
}

static bool four_are_text(const uint8_t *at)
{
    const bool overlong = at[0] == 0xf0 && at[1] < 0x90;
    const bool beyond = at[0] == 0xf4 && at[1] >= 0x90;
    return continues(at[1]) && continues(at[2]) && continues(at[3]) && !overlong && !beyond;
}

/* Length of the well-formed character at `at`; 0: there is none. */
static size_t character(const uint8_t *at, size_t left)
{
    const uint8_t first = at[0];
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return left >= 2 && continues(at[1]) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef)
        return left >= 3 && three_are_text(at) ? 3 : 0;
    if (first >= 0xf0 && first <= 0xf4)
        return left >= 4 && four_are_text(at) ? 4 : 0;
    return 0;
}

/* Are the next eight bytes there, and all ASCII? */
static bool eight_plain(const uint8_t *at, size_t left)
{
    uint64_t eight;
    if (left < sizeof eight)
        return false;
    memcpy(&eight, at, sizeof eight);
    return (eight & HIGH_BITS) == 0;
}

bool utf8_valid(struct span text)
{
    size_t i = 0;
    while (i < text.size) {
        const size_t left = text.size - i;
        const size_t size =
            eight_plain(text.at + i, left) ? sizeof(uint64_t) : character(text.at + i, left);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}
