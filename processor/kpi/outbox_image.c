/* outbox_image.c - a waiting alert change as bytes: every field of its record,
 * so that whoever publishes it later publishes the same.
 */
#include "base/check.h"
#include "kpi/outbox.h"

#include <string.h>

/* Layout 1 named no contributors, and did not say what is wrong with a piece of evidence. */
enum { CHANGE_LAYOUT = 2 };

static void encode_value(struct kpi_value value, struct buffer *out)
{
    buffer_add_u8(out, value.known);
    buffer_add_signed(out, value.amount);
}

/* Eight bytes as the machine has them: the statistics of a change. */
static void encode_bits(const void *value, struct buffer *out)
{
    CHECK(value != NULL);
    buffer_add(out, span_of(value, sizeof(uint64_t)));
}

static void encode_identity(const struct alert_change *c, struct buffer *out)
{
    buffer_add_u8(out, (uint8_t)c->type);
    buffer_add_u8(out, (uint8_t)c->reason);
    buffer_add_string(out, name_span(&c->seller));
    buffer_add_string(out, name_span(&c->storefront));
    buffer_add_u8(out, (uint8_t)c->kpi);
    buffer_add_string(out, name_span(&c->window));
    buffer_add_signed(out, c->started.ms);
    buffer_add_varint(out, c->sequence);
}

static void encode_state(const struct alert_change *c, struct buffer *out)
{
    buffer_add_u8(out, (uint8_t)c->status);
    buffer_add_u8(out, (uint8_t)c->previous_status);
    buffer_add_u8(out, (uint8_t)c->severity);
    buffer_add_u8(out, (uint8_t)c->worst_severity);
    buffer_add_varint(out, c->flags);
    buffer_add_signed(out, c->window_start.ms);
    buffer_add_signed(out, c->window_end.ms);
    buffer_add_signed(out, c->fired.ms);
    buffer_add_signed(out, c->resolved.ms);
    buffer_add_signed(out, c->evaluated.ms);
    buffer_add_signed(out, c->emitted.ms);
}

static void encode_numbers(const struct alert_change *c, struct buffer *out)
{
    _Static_assert(sizeof c->interval_low == sizeof(uint64_t), "packed as eight bytes");
    buffer_add_u8(out, (uint8_t)c->comparison);
    encode_value(c->value, out);
    encode_value(c->previous_value, out);
    buffer_add_signed(out, c->threshold);
    buffer_add_signed(out, c->clear_threshold_milli);
    buffer_add_string(out, span_of_text(c->threshold_source));
    buffer_add_string(out, span_of_text(c->rule_version));
    buffer_add_signed(out, c->numerator);
    buffer_add_signed(out, c->denominator);
    encode_bits(&c->interval_low, out);
    encode_bits(&c->interval_high, out);
    encode_bits(&c->breach_probability, out);
}

static void encode_evidence(const struct alert_change *c, struct buffer *out)
{
    CHECK(c->evidence_count >= 0 && c->evidence_count <= EVIDENCE_MAX);
    buffer_add_signed(out, c->evidence_total);
    buffer_add_u8(out, (uint8_t)c->evidence_count);
    for (int32_t i = 0; i < c->evidence_count; i++) {
        buffer_add_u8(out, (uint8_t)c->evidence[i].kind);
        buffer_add_u8(out, c->evidence[i].wrong);
        buffer_add_string(out, name_span(&c->evidence[i].id));
        buffer_add_signed(out, c->evidence[i].at.ms);
    }
}

static void encode_contributors(const struct alert_change *c, struct buffer *out)
{
    CHECK(c->contributor_count >= 0 && c->contributor_count <= CONTRIBUTORS_MAX);
    buffer_add_u8(out, (uint8_t)c->contributor_count);
    for (int32_t i = 0; i < c->contributor_count; i++) {
        buffer_add_string(out, name_span(&c->contributors[i].storefront));
        buffer_add_varint(out, (uint64_t)c->contributors[i].bad);
        buffer_add_varint(out, (uint64_t)c->contributors[i].total);
        buffer_add_signed(out, c->contributors[i].excess_millionths);
    }
}

void outbox_encode(const struct outbox *ob, uint32_t ref, struct buffer *out)
{
    const struct waiting_change *w = pool_at(&ob->pool, ref);
    const size_t begin = image_begin(out, ENTITY_CHANGE);
    buffer_add_u8(out, CHANGE_LAYOUT);
    buffer_add_varint(out, w->change.shard_sequence);
    encode_identity(&w->change, out);
    encode_state(&w->change, out);
    encode_numbers(&w->change, out);
    encode_contributors(&w->change, out);
    encode_evidence(&w->change, out);
    image_end(out, begin);
}

/* A byte below `limit`. */
static uint8_t decode_enum(struct reader *in, unsigned limit)
{
    CHECK(limit > 0 && limit <= UINT8_MAX);
    const uint8_t value = reader_u8(in);
    if (value >= limit)
        in->broken = true;
    return in->broken ? 0 : value;
}

static struct name decode_name(struct reader *in)
{
    const struct span bytes = image_name(in);
    CHECK(in->broken || name_fits(bytes));
    return name_of(bytes);
}

static struct kpi_value decode_value(struct reader *in)
{
    const bool known = reader_u8(in) != 0;
    return (struct kpi_value){ .known = known, .amount = reader_signed(in) };
}

static void decode_bits(struct reader *in, void *ret_value)
{
    CHECK(ret_value != NULL);
    const uint64_t bits = reader_u64(in);
    memcpy(ret_value, &bits, sizeof bits);
}

static void decode_text(struct reader *in, char *ret_text, size_t size)
{
    const struct span bytes = reader_string(in);
    if (bytes.size >= size) {
        in->broken = true;
        return;
    }
    if (bytes.size > 0)
        memcpy(ret_text, bytes.at, bytes.size);
    ret_text[bytes.size] = '\0';
}

static void decode_identity(struct alert_change *c, struct reader *in)
{
    c->type = (enum alert_event_type)decode_enum(in, ALERT_EVENT_TYPE_COUNT);
    c->reason = (enum alert_reason)decode_enum(in, ALERT_REASON_COUNT);
    c->seller = decode_name(in);
    c->storefront = decode_name(in);
    c->kpi = (enum kpi)decode_enum(in, KPI_COUNT);
    c->window = decode_name(in);
    c->started.ms = image_time(in);
    c->sequence = (uint32_t)image_number(in, UINT32_MAX);
}

static void decode_state(struct alert_change *c, struct reader *in)
{
    c->status = (enum alert_status)decode_enum(in, ALERT_STATUS_COUNT);
    c->previous_status = (enum alert_status)decode_enum(in, ALERT_STATUS_COUNT);
    c->severity = (enum severity)decode_enum(in, SEVERITY_COUNT);
    c->worst_severity = (enum severity)decode_enum(in, SEVERITY_COUNT);
    c->flags = (uint32_t)image_number(in, ALERT_FLAG_FLAPPING | ALERT_FLAG_THROTTLED);
    c->window_start.ms = image_time(in);
    c->window_end.ms = image_time(in);
    c->fired.ms = image_time_or_never_yet(in);
    c->resolved.ms = image_time_or_never_yet(in);
    c->evaluated.ms = image_time(in);
    c->emitted.ms = image_time(in);
}

static void decode_numbers(struct alert_change *c, struct reader *in)
{
    c->comparison = (enum comparison)decode_enum(in, OP_GE + 1);
    c->value = decode_value(in);
    c->previous_value = decode_value(in);
    c->threshold = reader_signed(in);
    c->clear_threshold_milli = reader_signed(in);
    decode_text(in, c->threshold_source, sizeof c->threshold_source);
    decode_text(in, c->rule_version, sizeof c->rule_version);
    c->numerator = reader_signed(in);
    c->denominator = reader_signed(in);
    decode_bits(in, &c->interval_low);
    decode_bits(in, &c->interval_high);
    decode_bits(in, &c->breach_probability);
}

static void decode_evidence(struct alert_change *c, uint8_t layout, struct reader *in)
{
    c->evidence_total = reader_signed(in);
    c->evidence_count = decode_enum(in, EVIDENCE_MAX + 1);
    for (int32_t i = 0; i < c->evidence_count && !in->broken; i++) {
        c->evidence[i].kind = (enum evidence_kind)decode_enum(in, EVIDENCE_TICKET + 1);
        c->evidence[i].wrong =
            layout == 1 ? WRONG_UNTOLD : decode_enum(in, EVIDENCE_WRONG_COUNT);
        c->evidence[i].id = decode_name(in);
        c->evidence[i].at.ms = image_time(in);
    }
}

static void decode_contributors(struct alert_change *c, struct reader *in)
{
    c->contributor_count = decode_enum(in, CONTRIBUTORS_MAX + 1);
    for (int32_t i = 0; i < c->contributor_count && !in->broken; i++) {
        c->contributors[i].storefront = decode_name(in);
        c->contributors[i].bad = (int64_t)image_number(in, UINT32_MAX);
        c->contributors[i].total = (int64_t)image_number(in, UINT32_MAX);
        c->contributors[i].excess_millionths = reader_signed(in);
    }
}

bool outbox_decode(struct outbox *ob, struct reader *in)
{
    const uint8_t layout = reader_u8(in);
    const uint64_t sequence = image_number(in, OUTBOX_SEQUENCE_MAX - 1);
    if (in->broken || layout > CHANGE_LAYOUT || sequence == 0)
        return false;
    uint32_t ref = outbox_find_sequence(ob, sequence);
    if (layout == LAYOUT_TOMBSTONE) {
        if (ref != 0)
            outbox_free(ob, ref);
        return reader_at_end(in);
    }
    if (ref == 0)
        ref = outbox_insert(ob, sequence);
    struct waiting_change *w = pool_at(&ob->pool, ref);
    w->state = WAITING_TO_BE_SENT; /* what is loaded was saved */
    decode_identity(&w->change, in);
    decode_state(&w->change, in);
    decode_numbers(&w->change, in);
    w->change.contributor_count = 0;
    if (layout > 1)
        decode_contributors(&w->change, in);
    decode_evidence(&w->change, layout, in);
    return !in->broken && reader_at_end(in);
}
