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

void ticket_encode(const struct tickets *ts, uint32_t ref, struct buffer *out)
{
    struct ticket *t = tickets_at(ts, ref);
    const int64_t base = claim_base(&ts->claims, ref);
    const size_t begin = claim_begin_image(&ts->claims, ref, TICKET_LAYOUT, out);
    stamp_encode_slots(&ts->stamps, t->stamps, TICKET_STAMP_COUNT, out);
    buffer_add_u8(out, (uint8_t)((t->not_the_sellers ? FLAG_NOT_THE_SELLERS : 0) |
                                 (t->claim.contested ? FLAG_CONTESTED : 0) |
                                 (t->claim.disowned ? FLAG_DISOWNED : 0) |
                                 (t->is_repeat ? FLAG_REPEAT : 0)));
    buffer_add_u8(out, t->class_plus_one);
    buffer_add_u8(out, t->unit_count);
    buffer_add(out, span_of(t->units, t->unit_count * sizeof t->units[0]));

    int64_t *times[TIMES];
    times_of(t, times);
    image_add_times(out, times, TIMES, base);
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
    t->unit_count = (uint8_t)image_number(in, TICKET_UNITS_MAX);
    for (uint8_t u = 0; u < t->unit_count; u++) {
        t->units[u].low = reader_u64(in);
        t->units[u].high = reader_u64(in);
        if (u > 0 && !ticket_unit_less(t->units[u - 1], t->units[u]))
            in->broken = true; /* they stand in order, each once */
    }
}

static void decode_duration(struct ticket *t, int64_t base, struct reader *in)
{
    t->duration.is_counted = reader_u8(in) != 0;
    if (!t->duration.is_counted)
        return;
    t->duration.at = image_time_after(in, base);
    t->duration.ms = (int64_t)image_number(in, IMAGE_TIME_FURTHEST);
}

static void decode_flags(struct ticket *t, struct reader *in)
{
    const uint8_t flags = reader_u8(in);
    if (flags > (FLAG_NOT_THE_SELLERS | FLAG_CONTESTED | FLAG_DISOWNED | FLAG_REPEAT))
        in->broken = true;
    t->not_the_sellers = (flags & FLAG_NOT_THE_SELLERS) != 0;
    t->claim.contested = (flags & FLAG_CONTESTED) != 0;
    t->claim.disowned = (flags & FLAG_DISOWNED) != 0;
    t->is_repeat = (flags & FLAG_REPEAT) != 0;
    t->class_plus_one = (uint8_t)image_number(in, FACT_COUNT);
}

static void decode_body(struct tickets *ts, uint32_t ref, struct reader *in)
{
    struct ticket *t = tickets_at(ts, ref);
    stamp_decode_slots(&ts->stamps, t->stamps, TICKET_STAMP_COUNT, in);
    if (t->stamps[TICKET_STAMP_FIRST] == 0)
        in->broken = true;
    if (in->broken)
        return;
    const int64_t base = claim_base(&ts->claims, ref);
    decode_flags(t, in);
    decode_units(t, in);
    int64_t *times[TIMES];
    times_of(t, times);
    image_times(in, times, TIMES, base);
    counted_decode(t->counted, TICKET_FACT_COUNT, base, in);
    decode_duration(t, base, in);
    if (t->last_event == TIME_NEVER)
        in->broken = true;
    /* With the opening, and only with it, comes the due time. */
    if ((t->stamps[TICKET_STAMP_OPENED] != 0) != (t->due != TIME_NEVER))
        in->broken = true;
}

bool ticket_decode(struct tickets *ts, struct reader *in)
{
    struct claim_key key;
    if (!claim_read_key(in, TICKET_LAYOUT, &key))
        return false;

    /* An image replaces the whole ticket. */
    const uint32_t old = claim_of_key(&ts->claims, &key);
    if (old != 0)
        ticket_free(ts, old);
    if (key.layout == LAYOUT_TOMBSTONE)
        return reader_at_end(in);
    const uint32_t ref = ticket_new(
        ts, key.id, sellers_cell_of(ts->sellers, key.cell.seller, key.cell.storefront));
    decode_body(ts, ref, in);
    return !in->broken && reader_at_end(in);
}
