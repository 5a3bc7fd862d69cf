/* unit_image.c - an order unit as bytes.
 *
 * Times are written relative to the unit's first event, so most take three or
 * four bytes; which of them are known stands in a bit set before them.
 */
#include "base/check.h"
#include "kpi/unit.h"

enum { UNIT_LAYOUT = 1 };

enum { FLAG_BY_SELLER = 1, FLAG_NOT_THE_SELLERS = 2, FLAG_CONTESTED = 4, FLAG_DISOWNED = 8 };

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

void unit_key(const struct units *us, const struct unit *u, struct buffer *out)
{
    const struct cell *cell = sellers_cell(us->sellers, u->cell);
    buffer_add_string(out, name_span(&u->id));
    buffer_add_string(out, name_span(&sellers_seller(us->sellers, cell->seller)->id));
    buffer_add_string(out, name_span(&cell->storefront));
}

static int64_t base_of(const struct units *us, const struct unit *u)
{
    CHECK(u->stamps[UNIT_STAMP_FIRST] != 0);
    return ((const struct stamp *)pool_at(&us->stamps, u->stamps[UNIT_STAMP_FIRST]))->at.ms;
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
    const int64_t base = base_of(us, u);
    const size_t begin = image_begin(out, ENTITY_UNIT);
    buffer_add_u8(out, UNIT_LAYOUT);
    unit_key(us, u, out);
    stamps_encode(&us->stamps, u->stamps, UNIT_STAMP_COUNT, out);
    buffer_add_u8(out, (uint8_t)((u->cancelled_by_seller ? FLAG_BY_SELLER : 0) |
                                 (u->not_the_sellers ? FLAG_NOT_THE_SELLERS : 0) |
                                 (u->contested ? FLAG_CONTESTED : 0) |
                                 (u->disowned ? FLAG_DISOWNED : 0)));
    for (int p = 0; p < PROMISE_COUNT; p++) {
        if (u->stamps[p] != 0)
            buffer_add_signed(out, u->promises[p]);
    }
    int64_t *times[TIMES];
    times_of(u, times);
    uint8_t present = 0;
    for (int i = 0; i < TIMES; i++)
        present |= (uint8_t)((*times[i] != TIME_NEVER) << i);
    buffer_add_u8(out, present);
    for (int i = 0; i < TIMES; i++) {
        if (*times[i] != TIME_NEVER)
            buffer_add_signed(out, *times[i] - base);
    }
    buffer_add_varint(out, u->parcel_count);
    encode_parcels(us, u, base, out);
    counted_encode(u->counted, UNIT_FACT_COUNT, base, out);
    image_end(out, begin);
}

static void decode_parcels(struct units *us, struct unit *u, int64_t base, struct reader *in)
{
    const uint8_t count = reader_u8(in);
    if (count > PARCELS_MAX)
        in->broken = true;
    for (uint8_t i = 0; i < count && !in->broken; i++) {
        const uint64_t number = reader_u64(in);
        const bool attempted = reader_u8(in) != 0;
        struct parcel *p = unit_parcel(us, u, number);
        CHECK(p != NULL);
        if (attempted)
            p->attempt = reader_offset(in, base);
    }
}

static void decode_body(struct units *us, struct unit *u, struct reader *in)
{
    stamps_decode(&us->stamps, u->stamps, UNIT_STAMP_COUNT, in);
    if (u->stamps[UNIT_STAMP_FIRST] == 0)
        in->broken = true;
    if (in->broken)
        return;
    const int64_t base = base_of(us, u);
    const uint8_t flags = reader_u8(in);
    u->cancelled_by_seller = (flags & FLAG_BY_SELLER) != 0;
    u->not_the_sellers = (flags & FLAG_NOT_THE_SELLERS) != 0;
    u->contested = (flags & FLAG_CONTESTED) != 0;
    u->disowned = (flags & FLAG_DISOWNED) != 0;
    for (int p = 0; p < PROMISE_COUNT; p++)
        u->promises[p] = u->stamps[p] != 0 ? reader_signed(in) : 0;

    int64_t *times[TIMES];
    times_of(u, times);
    const uint8_t present = reader_u8(in);
    for (int i = 0; i < TIMES; i++)
        *times[i] = (present >> i & 1) != 0 ? reader_offset(in, base) : TIME_NEVER;
    const uint64_t parcel_count = reader_varint(in);
    if (parcel_count > PARCELS_MAX)
        in->broken = true;
    u->parcel_count = (uint16_t)parcel_count;
    decode_parcels(us, u, base, in);
    counted_decode(u->counted, UNIT_FACT_COUNT, base, in);
}

bool unit_decode(struct units *us, struct reader *in)
{
    const uint8_t layout = reader_u8(in);
    const struct span id = reader_string(in);
    const struct span seller = reader_string(in);
    const struct span storefront = reader_string(in);
    if (in->broken || layout > UNIT_LAYOUT || !name_fits(id) || !name_fits(seller) ||
        !name_fits(storefront))
        return false;

    /* An image replaces the whole unit. */
    const uint32_t known = sellers_find(us->sellers, seller, storefront);
    const uint32_t old = known == 0 ? 0 : unit_find(us, id, known);
    if (old != 0)
        unit_free(us, old);
    if (layout == LAYOUT_TOMBSTONE)
        return reader_at_end(in);
    const uint32_t ref = unit_new(us, id, sellers_cell_of(us->sellers, seller, storefront));
    decode_body(us, units_at(us, ref), in);
    return !in->broken && reader_at_end(in);
}
