/* unit_image.c - an order unit as bytes.
 *
 * Times are written relative to the unit's first event, so most take three or
 * four bytes; which of them are known stands in a bit set before them.
 */
#include "base/check.h"
#include "kpi/unit.h"

enum { UNIT_LAYOUT = 1 };

enum {
    FLAG_BY_SELLER = 1,
    FLAG_NOT_THE_SELLERS = 2,
    FLAG_CONTESTED = 4,
    FLAG_DISOWNED = 8,
    FLAG_RETURNED = 16,
    FLAGS_ALL = 31
};

enum { TIMES = 7 };

/* The optional times of a unit, in the order in which an image has them. */
static void times_of(struct unit *u, int64_t *ret_times[TIMES])
{
    int64_t *const times[TIMES] = { &u->dispatch_due, &u->sent,     &u->scan,
                                    &u->tracked,      &u->received, &u->attempt_any,
                                    &u->last_event };
    for (int i = 0; i < TIMES; i++)
        ret_times[i] = times[i];
}

static void encode_parcels(const struct units *us, const struct unit *u, int64_t base,
                           struct buffer *out)
{
    uint8_t count = 0;
    for (uint32_t ref = u->parcels; ref != 0; count++)
        ref = ((const struct parcel *)pool_at(&us->parcels, ref))->next;
    buffer_add_u8(out, count);
    for (uint32_t ref = u->parcels; ref != 0;) {
        const struct parcel *p = pool_at(&us->parcels, ref);
        buffer_add(out, span_of(&p->number, sizeof p->number));
        buffer_add_u8(out, p->attempt != TIME_NEVER);
        if (p->attempt != TIME_NEVER)
            buffer_add_signed(out, p->attempt - base);
        ref = p->next;
    }
}

void unit_encode(const struct units *us, uint32_t ref, struct buffer *out)
{
    struct unit *u = units_at(us, ref);
    const int64_t base = claim_base(&us->claims, ref);
    const size_t begin = claim_begin_image(&us->claims, ref, UNIT_LAYOUT, out);
    stamp_encode_slots(&us->stamps, u->stamps, UNIT_STAMP_COUNT, out);
    buffer_add_u8(out, (uint8_t)((u->cancelled_by_seller ? FLAG_BY_SELLER : 0) |
                                 (u->not_the_sellers ? FLAG_NOT_THE_SELLERS : 0) |
                                 (u->claim.contested ? FLAG_CONTESTED : 0) |
                                 (u->claim.disowned ? FLAG_DISOWNED : 0) |
                                 (u->returned ? FLAG_RETURNED : 0)));
    for (int p = 0; p < PROMISE_COUNT; p++) {
        if (u->stamps[p] != 0)
            buffer_add_signed(out, u->promises[p]);
    }
    int64_t *times[TIMES];
    times_of(u, times);
    image_add_times(out, times, TIMES, base);
    buffer_add_varint(out, u->parcel_count);
    encode_parcels(us, u, base, out);
    counted_encode(u->counted, UNIT_FACT_COUNT, base, out);
    image_end(out, begin);
}

static void decode_parcels(struct units *us, struct unit *u, int64_t base, struct reader *in)
{
    const uint64_t count = image_number(in, PARCELS_MAX);
    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const uint64_t number = reader_u64(in);
        const bool attempted = reader_u8(in) != 0;
        struct parcel *p = unit_parcel(us, u, number);
        CHECK(p != NULL);
        if (attempted)
            p->attempt = image_time_after(in, base);
    }
}

static void decode_promises(struct unit *u, struct reader *in)
{
    for (int p = 0; p < PROMISE_COUNT; p++) {
        if (u->stamps[p] != 0 && p == PROMISE_HANDLING_TIME)
            u->promises[p] = reader_signed(in);
        else
            u->promises[p] = u->stamps[p] != 0 ? image_time(in) : 0;
    }
}

static void decode_flags(struct unit *u, struct reader *in)
{
    const uint8_t flags = reader_u8(in);
    if (flags > FLAGS_ALL)
        in->broken = true;
    u->cancelled_by_seller = (flags & FLAG_BY_SELLER) != 0;
    u->not_the_sellers = (flags & FLAG_NOT_THE_SELLERS) != 0;
    u->claim.contested = (flags & FLAG_CONTESTED) != 0;
    u->claim.disowned = (flags & FLAG_DISOWNED) != 0;
    u->returned = (flags & FLAG_RETURNED) != 0;
}

static void decode_body(struct units *us, uint32_t ref, struct reader *in)
{
    struct unit *u = units_at(us, ref);
    stamp_decode_slots(&us->stamps, u->stamps, UNIT_STAMP_COUNT, in);
    if (u->stamps[UNIT_STAMP_FIRST] == 0)
        in->broken = true;
    if (in->broken)
        return;
    const int64_t base = claim_base(&us->claims, ref);
    decode_flags(u, in);
    decode_promises(u, in);
    int64_t *times[TIMES];
    times_of(u, times);
    image_times(in, times, TIMES, base);
    if (u->last_event == TIME_NEVER)
        in->broken = true;
    u->parcel_count = (uint16_t)image_number(in, PARCELS_MAX);
    decode_parcels(us, u, base, in);
    counted_decode(u->counted, UNIT_FACT_COUNT, base, in);
}

bool unit_decode(struct units *us, struct reader *in)
{
    struct claim_key key;
    if (!claim_read_key(in, UNIT_LAYOUT, &key))
        return false;

    /* An image replaces the whole unit. */
    const uint32_t old = claim_of_key(&us->claims, &key);
    if (old != 0)
        unit_free(us, old);
    if (key.layout == LAYOUT_TOMBSTONE)
        return reader_at_end(in);
    const uint32_t ref = unit_new(
        us, key.id, sellers_cell_of(us->sellers, key.cell.seller, key.cell.storefront));
    decode_body(us, ref, in);
    return !in->broken && reader_at_end(in);
}
