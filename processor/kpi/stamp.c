/* stamp.c - see stamp.h.
 *
 * In an image: how many distinct stamps, each with time and id, then one byte a
 * slot: 0 for none, else which of them.
 */
#include "kpi/stamp.h"

#include "base/check.h"

enum { SLOTS_MAX = 8 };

bool stamp_before(const struct stamp *a, const struct stamp *b)
{
    CHECK(a->users > 0 && b->users > 0);
    if (a->at.ms != b->at.ms)
        return a->at.ms < b->at.ms;
    return span_compare(name_span(&a->id_message), name_span(&b->id_message)) < 0;
}

bool stamp_decides(const struct pool *stamps, uint32_t ref, event_time at,
                   struct span id_message)
{
    if (ref == 0)
        return true;
    const struct stamp *s = pool_at(stamps, ref);
    CHECK(s->users > 0);
    if (at.ms != s->at.ms)
        return at.ms < s->at.ms;
    return span_compare(id_message, name_span(&s->id_message)) < 0;
}

void stamp_point(struct pool *stamps, uint32_t *slot, uint32_t ref)
{
    if (ref != 0)
        ((struct stamp *)pool_at(stamps, ref))->users += 1;
    if (*slot != 0) {
        struct stamp *old = pool_at(stamps, *slot);
        CHECK(old->users > 0);
        old->users -= 1;
        if (old->users == 0)
            pool_free(stamps, *slot);
    }
    *slot = ref;
}

uint32_t stamp_new(struct pool *stamps, event_time at, struct span id_message)
{
    CHECK(id_message.size > 0);
    const uint32_t ref = pool_new(stamps);
    struct stamp *s = pool_at(stamps, ref);
    s->at = at;
    s->id_message = name_of(id_message);
    return ref;
}

void stamp_encode_slots(const struct pool *stamps, const uint32_t *slots, int32_t count,
                        struct buffer *out)
{
    CHECK(count > 0 && count <= SLOTS_MAX);
    uint32_t distinct[SLOTS_MAX];
    uint8_t which[SLOTS_MAX] = { 0 };
    uint8_t distinct_count = 0;
    for (int32_t i = 0; i < count; i++) {
        if (slots[i] == 0)
            continue;
        uint8_t d = 0;
        while (d < distinct_count && distinct[d] != slots[i])
            d++;
        if (d == distinct_count)
            distinct[distinct_count++] = slots[i];
        which[i] = (uint8_t)(d + 1);
    }
    buffer_add_u8(out, distinct_count);
    for (uint8_t d = 0; d < distinct_count; d++) {
        const struct stamp *s = pool_at(stamps, distinct[d]);
        buffer_add_signed(out, s->at.ms);
        buffer_add_string(out, name_span(&s->id_message));
    }
    buffer_add(out, span_of(which, (size_t)count));
}

void stamp_decode_slots(struct pool *stamps, uint32_t *slots, int32_t count, struct reader *in)
{
    CHECK(count > 0 && count <= SLOTS_MAX);
    struct stamp told[SLOTS_MAX];
    uint32_t refs[SLOTS_MAX] = { 0 };
    const uint8_t distinct = reader_u8(in);
    if (distinct > count)
        in->broken = true;
    for (uint8_t d = 0; d < distinct && !in->broken; d++) {
        told[d].at.ms = image_time(in);
        told[d].id_message = name_of(image_name(in));
    }
    for (int32_t i = 0; i < count; i++) {
        const uint8_t which = reader_u8(in);
        if (which > distinct)
            in->broken = true;
        if (in->broken || which == 0)
            continue;
        if (refs[which - 1] == 0)
            refs[which - 1] =
                stamp_new(stamps, told[which - 1].at, name_span(&told[which - 1].id_message));
        stamp_point(stamps, &slots[i], refs[which - 1]);
    }
}
