/* alert_decode.c - see alert_decode.h. */
#include "codec/alert_decode.h"

#include "base/check.h"
#include "kpi/threshold.h"
#include "codec/alert_unit.h"
#include "codec/avro_reader.h"

#include <math.h>
#include <string.h>

/* More changes than a shard makes in a thousand years. */
static const int64_t SHARD_SEQUENCE_MAX = INT64_C(1) << 36;

const char *alert_decode_evidence_kind(enum evidence_kind kind)
{
    CHECK(kind == EVIDENCE_ORDER_UNIT || kind == EVIDENCE_TICKET);
    return kind == EVIDENCE_TICKET ? "ticket" : "order_unit";
}

/* ---- values ------------------------------------------------------------------- */

static struct name take_name(struct reader *r)
{
    const struct span text = avro_reader_text(r);
    if (text.size > NAME_BYTES_MAX)
        r->broken = true;
    return name_of(text);
}

static void take_into(struct reader *r, char *ret_text, size_t size)
{
    const struct span text = avro_reader_text(r);
    if (text.size >= size) {
        r->broken = true;
        return;
    }
    if (text.size > 0)
        memcpy(ret_text, text.at, text.size);
    ret_text[text.size] = '\0';
}

static double take_given_double(struct reader *r)
{
    return avro_reader_given(r) ? avro_reader_double(r) : NAN;
}

static int64_t take_given_long(struct reader *r, int64_t otherwise)
{
    return avro_reader_given(r) ? reader_signed(r) : otherwise;
}

static int64_t take_counter(struct reader *r, int64_t most)
{
    const int64_t value = reader_signed(r);
    if (value >= 0 && value <= most)
        return value;
    r->broken = true;
    return 0;
}

static void skip_given_text(struct reader *r)
{
    if (avro_reader_given(r))
        (void)avro_reader_text(r);
}

/* A number of an enum; those of a newer program are 0 (UNKNOWN). */
static uint32_t take_symbol(struct reader *r, uint32_t count)
{
    const int64_t index = reader_signed(r);
    if (index < 0)
        r->broken = true;
    return index >= 0 && index < (int64_t)count ? (uint32_t)index : 0;
}

/* An enum without UNKNOWN on our side: the wire's numbers are one higher. */
static uint32_t take_known_symbol(struct reader *r, uint32_t count)
{
    const uint32_t index = take_symbol(r, count + 1);
    if (index == 0) {
        r->broken = true;
        return 0;
    }
    return index - 1;
}

/* ---- lists -------------------------------------------------------------------- */

static void take_flag(struct reader *r, struct alert_change *a)
{
    const struct span flag = avro_reader_text(r);
    if (span_equal(flag, span_of_text(ALERT_DECODE_FLAPPING)))
        a->flags |= ALERT_FLAG_FLAPPING;
    else if (span_equal(flag, span_of_text(ALERT_DECODE_THROTTLED)))
        a->flags |= ALERT_FLAG_THROTTLED;
}

static void take_evidence(struct reader *r, struct alert_change *a)
{
    const struct span kind = avro_reader_text(r);
    const bool ticket =
        span_equal(kind, span_of_text(alert_decode_evidence_kind(EVIDENCE_TICKET)));
    struct evidence e = { .kind = ticket ? EVIDENCE_TICKET : EVIDENCE_ORDER_UNIT };
    e.id = take_name(r);
    e.at.ms = reader_signed(r);
    e.wrong = evidence_wrong_of(avro_reader_text(r));
    if (a->evidence_count == EVIDENCE_MAX)
        r->broken = true;
    else if (!r->broken)
        a->evidence[a->evidence_count++] = e;
}

/* Those of other dimensions are a newer program's. */
static void take_contributor(struct reader *r, struct alert_change *a)
{
    const bool known = span_equal(avro_reader_text(r), span_of_text(ALERT_DECODE_STOREFRONT));
    struct contributor c = { .storefront = { 0 } };
    const struct span member = avro_reader_text(r);
    c.bad = take_counter(r, UINT32_MAX);
    c.total = take_counter(r, UINT32_MAX);
    if (!alert_unit_read_excess(avro_reader_double(r), &c.excess_millionths))
        r->broken = true;
    (void)take_given_double(r); /* follows from the rest */
    if (!known || r->broken)
        return;
    if (!name_fits(member) || a->contributor_count == CONTRIBUTORS_MAX) {
        r->broken = true;
        return;
    }
    c.storefront = name_of(member);
    a->contributors[a->contributor_count++] = c;
}

static void skip_pair(struct reader *r, struct alert_change *a)
{
    (void)a;
    (void)avro_reader_text(r);
    (void)avro_reader_text(r);
}

static void take_list(struct reader *r, struct alert_change *a,
                      void (*take)(struct reader *r, struct alert_change *a))
{
    int64_t so_far = 0;
    for (int64_t count = avro_reader_block(r, 0); count > 0;
         count = avro_reader_block(r, so_far)) {
        for (int64_t i = 0; i < count && !r->broken; i++)
            take(r, a);
        so_far += count;
    }
}

static void skip_recommendation(struct reader *r, struct alert_change *a)
{
    (void)avro_reader_text(r);
    (void)avro_reader_text(r);
    (void)take_given_double(r);
    take_list(r, a, skip_pair);
}

/* ---- the record, part by part, in the order of alert_event.avsc --------------------- */

static void take_state(struct reader *r, struct alert_change *a)
{
    a->type = (enum alert_event_type)take_symbol(r, ALERT_EVENT_TYPE_COUNT);
    a->reason = (enum alert_reason)take_symbol(r, ALERT_REASON_COUNT);
    (void)avro_reader_text(r); /* alert_key and alert_id follow from the rest */
    (void)avro_reader_text(r);
    a->sequence = (uint32_t)take_counter(r, UINT32_MAX);
    a->shard_sequence = (uint64_t)take_counter(r, SHARD_SEQUENCE_MAX);
    a->status = (enum alert_status)take_known_symbol(r, ALERT_STATUS_COUNT);
    a->previous_status = (enum alert_status)take_known_symbol(r, ALERT_STATUS_COUNT);
    a->severity = (enum severity)take_known_symbol(r, SEVERITY_COUNT);
    a->worst_severity = (enum severity)take_known_symbol(r, SEVERITY_COUNT);
    take_list(r, a, take_flag);
}

static void take_comparison(struct reader *r, struct alert_change *a)
{
    const struct span sign = avro_reader_text(r);
    for (unsigned op = OP_LT; op <= OP_GE; op++) {
        if (span_equal(sign, span_of_text(comparison_sign((enum comparison)op)))) {
            a->comparison = (enum comparison)op;
            return;
        }
    }
    r->broken = true;
}

static void take_watched(struct reader *r, struct alert_change *a)
{
    a->seller = take_name(r);
    a->storefront = take_name(r);
    skip_given_text(r); /* segment, account_manager */
    skip_given_text(r);
    a->kpi = catalogue_find(avro_reader_text(r));
    if (a->kpi == KPI_COUNT) {
        r->broken = true;
        a->kpi = (enum kpi)0;
    }
    (void)avro_reader_text(r); /* unit */
    a->window = take_name(r);
    (void)avro_reader_text(r); /* rule_id */
    take_into(r, a->rule_version, sizeof a->rule_version);
    a->window_start.ms = reader_signed(r);
    a->window_end.ms = reader_signed(r);
    take_comparison(r, a);
}

static void take_value(struct reader *r, enum kpi kpi, struct kpi_value *ret_value)
{
    if (!avro_reader_given(r))
        return;
    ret_value->known = true;
    if (!alert_unit_read(kpi, avro_reader_double(r), &ret_value->amount))
        r->broken = true;
}

static void take_numbers(struct reader *r, struct alert_change *a)
{
    struct kpi_value threshold = { 0 };
    take_value(r, a->kpi, &a->value);
    take_value(r, a->kpi, &a->previous_value);
    take_value(r, a->kpi, &threshold);
    a->threshold = threshold.known ? threshold.amount : THRESHOLD_OFF;
    a->clear_threshold_milli = THRESHOLD_OFF;
    const double clear = take_given_double(r);
    if (!isnan(clear) && !alert_unit_read_milli(a->kpi, clear, &a->clear_threshold_milli))
        r->broken = true;
    take_into(r, a->threshold_source, sizeof a->threshold_source);
    skip_given_text(r); /* id_agreement, agreement_version */
    (void)take_given_long(r, 0);
    a->numerator = take_given_long(r, 0);
    a->denominator = take_given_long(r, 0);
    a->interval_low = take_given_double(r);
    a->interval_high = take_given_double(r);
    a->breach_probability = take_given_double(r);
}

static void take_times(struct reader *r, struct alert_change *a)
{
    a->started.ms = reader_signed(r);
    a->fired.ms = take_given_long(r, TIME_NEVER_YET);
    a->resolved.ms = take_given_long(r, TIME_NEVER_YET);
    a->evaluated.ms = reader_signed(r);
    a->emitted.ms = reader_signed(r);
}

bool alert_decode_body(struct span body, struct alert_change *ret_change)
{
    struct reader r = reader_of(body);
    struct alert_change a = { 0 };
    take_state(&r, &a);
    take_watched(&r, &a);
    take_numbers(&r, &a);
    take_list(&r, &a, take_contributor);
    take_list(&r, &a, skip_recommendation);
    take_list(&r, &a, take_evidence);
    a.evidence_total = reader_signed(&r);
    take_times(&r, &a);
    skip_given_text(&r); /* actor, comment, silenced_until */
    skip_given_text(&r);
    (void)take_given_long(&r, 0);
    take_list(&r, &a, skip_pair); /* links, labels */
    take_list(&r, &a, skip_pair);
    (void)avro_reader_text(&r); /* producer */
    if (r.broken || !reader_at_end(&r))
        return false;
    *ret_change = a;
    return true;
}
