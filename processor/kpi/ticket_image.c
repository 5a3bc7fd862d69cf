/* ticket_image.c - a ticket as bytes; times relative to its first event. */
#include "base/check.h"
#include "kpi/ticket.h"

enum { TICKET_LAYOUT = 1, TIMES = 5 };

enum { FLAG_NOT_THE_SELLERS = 1, FLAG_CONTESTED = 2, FLAG_DISOWNED = 4, FLAG_REPEAT = 8 };

static void times_of(struct ticket *t, int64_t *ret_times[TIMES])
{
    int64_t *const times[TIMES] = { &t->due, &t->reply, &t->excused, &t->escalated,
                                    &t->last_event };
    for (int i = 0; i < TIMES; i++)
        ret_times[i] = times[i];
}

void ticket_key(const struct tickets *ts, const struct ticket *t, struct buffer *out)
{
    const struct cell *cell = sellers_cell(ts->sellers, t->cell);
    buffer_add_string(out, name_span(&t->id));
    buffer_add_string(out, name_span(&sellers_seller(ts->sellers, cell->seller)->id));
    buffer_add_string(out, name_span(&cell->storefront));
}

static int64_t base_of(const struct tickets *ts, const struct ticket *t)
{
    CHECK(t->stamps[TICKET_STAMP_FIRST] != 0);
    return ((const struct stamp *)pool_at(&ts->stamps, t->stamps[TICKET_STAMP_FIRST]))->at.ms;
}

void ticket_encode(const struct tickets *ts, uint32_t ref, struct buffer *out)
{
    struct ticket *t = tickets_at(ts, ref);
    const int64_t base = base_of(ts, t);
    const size_t begin = image_begin(out, ENTITY_TICKET);
    buffer_add_u8(out, TICKET_LAYOUT);
    ticket_key(ts, t, out);
    stamps_encode(&ts->stamps, t->stamps, TICKET_STAMP_COUNT, out);
    buffer_add_u8(out, (uint8_t)((t->not_the_sellers ? FLAG_NOT_THE_SELLERS : 0) |
                                 (t->contested ? FLAG_CONTESTED : 0) |
                                 (t->disowned ? FLAG_DISOWNED : 0) |
                                 (t->is_repeat ? FLAG_REPEAT : 0)));
    buffer_add_u8(out, t->class_plus_one);
    buffer_add_u8(out, t->unit_count);
    buffer_add(out, span_of(t->units, t->unit_count * sizeof t->units[0]));

    int64_t *times[TIMES];
    times_of(t, times);
    uint8_t present = 0;
    for (int i = 0; i < TIMES; i++)
        present |= (uint8_t)((*times[i] != TIME_NEVER) << i);
    buffer_add_u8(out, present);
    for (int i = 0; i < TIMES; i++) {
        if (*times[i] != TIME_NEVER)
            buffer_add_signed(out, *times[i] - base);
    }
    counted_encode(t->counted, TICKET_FACT_COUNT, base, out);
    buffer_add_u8(out, t->duration.is_counted);
    if (t->duration.is_counted) {
        buffer_add_signed(out, t->duration.at - base);
        buffer_add_varint(out, (uint64_t)t->duration.ms);
    }
    image_end(out, begin);
}

static void decode_units(struct ticket *t, struct reader *in)
{
    t->unit_count = reader_u8(in);
    if (t->unit_count > TICKET_UNITS_MAX) {
        t->unit_count = 0;
        in->broken = true;
    }
    for (uint8_t u = 0; u < t->unit_count; u++) {
        t->units[u].low = reader_u64(in);
        t->units[u].high = reader_u64(in);
    }
}

static void decode_duration(struct ticket *t, int64_t base, struct reader *in)
{
    t->duration.is_counted = reader_u8(in) != 0;
    if (!t->duration.is_counted)
        return;
    t->duration.at = reader_offset(in, base);
    const uint64_t ms = reader_varint(in);
    if (ms > INT64_MAX)
        in->broken = true;
    t->duration.ms = (int64_t)ms;
}

static void decode_body(struct tickets *ts, struct ticket *t, struct reader *in)
{
    stamps_decode(&ts->stamps, t->stamps, TICKET_STAMP_COUNT, in);
    if (t->stamps[TICKET_STAMP_FIRST] == 0)
        in->broken = true;
    if (in->broken)
        return;
    const int64_t base = base_of(ts, t);
    const uint8_t flags = reader_u8(in);
    t->not_the_sellers = (flags & FLAG_NOT_THE_SELLERS) != 0;
    t->contested = (flags & FLAG_CONTESTED) != 0;
    t->disowned = (flags & FLAG_DISOWNED) != 0;
    t->is_repeat = (flags & FLAG_REPEAT) != 0;
    t->class_plus_one = reader_u8(in);
    if (t->class_plus_one > FACT_COUNT)
        in->broken = true;
    decode_units(t, in);

    int64_t *times[TIMES];
    times_of(t, times);
    const uint8_t present = reader_u8(in);
    for (int i = 0; i < TIMES; i++)
        *times[i] = (present >> i & 1) != 0 ? reader_offset(in, base) : TIME_NEVER;
    counted_decode(t->counted, TICKET_FACT_COUNT, base, in);
    decode_duration(t, base, in);
}

bool ticket_decode(struct tickets *ts, struct reader *in)
{
    const uint8_t layout = reader_u8(in);
    const struct span id = reader_string(in);
    const struct span seller = reader_string(in);
    const struct span storefront = reader_string(in);
    if (in->broken || layout > TICKET_LAYOUT || !name_fits(id) || !name_fits(seller) ||
        !name_fits(storefront))
        return false;

    /* An image replaces the whole ticket. */
    const uint32_t known = sellers_find(ts->sellers, seller, storefront);
    const uint32_t old = known == 0 ? 0 : ticket_find(ts, id, known);
    if (old != 0)
        ticket_free(ts, old);
    if (layout == LAYOUT_TOMBSTONE)
        return reader_at_end(in);
    const uint32_t ref = ticket_new(ts, id, sellers_cell_of(ts->sellers, seller, storefront));
    decode_body(ts, tickets_at(ts, ref), in);
    return !in->broken && reader_at_end(in);
}
