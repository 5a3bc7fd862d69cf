/* avro_reader.c - see avro_reader.h. */
#include "codec/avro_reader.h"

#include "codec/utf8.h"

#include <string.h>

enum { ITEMS_MAX = 1024 }; /* of any list or map in a record */

struct span avro_reader_text(struct reader *r)
{
    const int64_t size = reader_signed(r);
    if (r->broken || size < 0 || size > (int64_t)(r->end - r->at)) {
        r->broken = true;
        return (struct span){ 0 };
    }
    const struct span text = { r->at, (size_t)size };
    r->at += size;
    if (!utf8_valid(text))
        r->broken = true;
    return text;
}

double avro_reader_double(struct reader *r)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < sizeof bits; i++)
        bits |= (uint64_t)reader_u8(r) << (8 * i);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool avro_reader_given(struct reader *r)
{
    const int64_t branch = reader_signed(r);
    if (branch != 0 && branch != 1)
        r->broken = true;
    return branch == 1;
}

int64_t avro_reader_block(struct reader *r, int64_t so_far)
{
    int64_t count = reader_signed(r);
    if (count < -ITEMS_MAX || count > ITEMS_MAX - so_far) {
        r->broken = true;
        return 0;
    }
    if (count < 0) {
        count = -count;
        (void)reader_signed(r); /* its size in bytes */
    }
    if (count > ITEMS_MAX - so_far)
        r->broken = true;
    return r->broken ? 0 : count;
}
