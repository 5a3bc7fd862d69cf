/* alert_text.c - see alert_text.h. */
#include "codec/alert_text.h"

#include "base/check.h"
#include "kpi/threshold.h"
#include "codec/alert_identity.h"
#include "codec/alert_unit.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- for people ------------------------------------------------------------------ */

static const char *colour_of(const struct alert_change *a)
{
    if (a->status == ALERT_RESOLVED || a->status == ALERT_OK)
        return "\033[32m";
    if (a->severity == SEVERITY_CRITICAL)
        return "\033[1;31m";
    return a->severity == SEVERITY_WARNING ? "\033[33m" : "\033[36m";
}

static void add_safe(struct buffer *b, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.at[i];
        buffer_add_u8(b, byte < 0x20 || byte == 0x7f ? (uint8_t)'?' : byte);
    }
}

/* 12.40 % · 5 · 36 h 0 min */
static void add_amount(struct buffer *b, enum kpi kpi, int64_t amount)
{
    const enum kpi_kind kind = catalogue_row(kpi)->kind;
    if (kind == KPI_RATIO)
        buffer_printf(b, "%.2f %%", (double)amount / 10000.0);
    else if (kind == KPI_GAUGE)
        buffer_printf(b, "%" PRId64, amount);
    else
        buffer_printf(b, "%" PRId64 " h %02d min", amount / HOUR_MS,
                      (int)(amount % HOUR_MS / MINUTE_MS));
}

static void add_value(struct buffer *b, const struct alert_change *a)
{
    if (a->type == ALERT_EVENT_STORM) {
        buffer_printf(b, "%" PRId64 " alerts fire", a->numerator);
        return;
    }
    if (!a->value.known)
        buffer_printf(b, "no value");
    else
        add_amount(b, a->kpi, a->value.amount);
    if (catalogue_row(a->kpi)->kind == KPI_RATIO)
        buffer_printf(b, " (%" PRId64 " of %" PRId64 ")", a->numerator, a->denominator);
    buffer_printf(b, "  limit %s ", comparison_sign(a->comparison));
    if (a->threshold == THRESHOLD_OFF)
        buffer_printf(b, "off");
    else
        add_amount(b, a->kpi, a->threshold);
}

void alert_text_line(const struct alert_change *a, bool colour, struct buffer *b)
{
    char at[ALERT_UNIT_TIME_BYTES];
    alert_unit_time(a->evaluated.ms, at);
    buffer_printf(b, "%s  %s%-10s %-8s%s  ", at, colour ? colour_of(a) : "",
                  alert_event_type_symbol(a->type), severity_symbol(a->severity),
                  colour ? "\033[0m" : "");
    add_safe(b, name_span(&a->seller));
    buffer_printf(b, " ");
    add_safe(b, name_span(&a->storefront));
    buffer_printf(b, "  %s ", catalogue_row(a->kpi)->name);
    add_safe(b, name_span(&a->window));
    buffer_printf(b, "  ");
    add_value(b, a);
    buffer_printf(b, "  ");
    add_safe(b, span_of(a->threshold_source, strnlen(a->threshold_source, SOURCE_BYTES)));
    if (a->reason != ALERT_REASON_THRESHOLD)
        buffer_printf(b, "  %s", alert_reason_symbol(a->reason));
    if ((a->flags & ALERT_FLAG_FLAPPING) != 0)
        buffer_printf(b, "  %s", ALERT_DECODE_FLAPPING);
    if ((a->flags & ALERT_FLAG_THROTTLED) != 0)
        buffer_printf(b, "  %s", ALERT_DECODE_THROTTLED);
    buffer_printf(b, "\n");
}

/* ---- for programs ---------------------------------------------------------------- */

static void put(json_t *object, const char *name, json_t *value)
{
    CHECK(value != NULL && json_object_set_new(object, name, value) == 0);
}

static json_t *text_json(struct span text)
{
    /* Text that is no UTF-8 cannot be in JSON; ids were checked when they came in. */
    json_t *value = json_stringn(text.size == 0 ? "" : (const char *)text.at, text.size);
    return value != NULL ? value : json_null();
}

static json_t *real_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *value_json(enum kpi kpi, struct kpi_value value)
{
    return value.known ? json_real(alert_unit_show(kpi, value.amount)) : json_null();
}

static json_t *time_json(event_time at)
{
    return at.ms == TIME_NEVER_YET || at.ms == TIME_NEVER ? json_null() : json_integer(at.ms);
}

static json_t *flags_json(uint32_t flags)
{
    json_t *list = json_array();
    if ((flags & ALERT_FLAG_FLAPPING) != 0)
        json_array_append_new(list, json_string(ALERT_DECODE_FLAPPING));
    if ((flags & ALERT_FLAG_THROTTLED) != 0)
        json_array_append_new(list, json_string(ALERT_DECODE_THROTTLED));
    return list;
}

static json_t *evidence_json(const struct alert_change *a)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < a->evidence_count; i++) {
        const struct evidence *e = &a->evidence[i];
        json_t *item = json_object();
        put(item, "kind", json_string(alert_decode_evidence_kind(e->kind)));
        put(item, "id", text_json(name_span(&e->id)));
        put(item, "event_time", json_integer(e->at.ms));
        put(item, "detail", json_string(evidence_detail(e->wrong)));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *contributors_json(const struct alert_change *a)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < a->contributor_count; i++) {
        const struct contributor *c = &a->contributors[i];
        json_t *item = json_object();
        put(item, "dimension", json_string(ALERT_DECODE_STOREFRONT));
        put(item, "member", text_json(name_span(&c->storefront)));
        put(item, "bad", json_integer(c->bad));
        put(item, "total", json_integer(c->total));
        put(item, "excess_bad", real_json(alert_unit_excess(c)));
        put(item, "value_if_at_reference", real_json(alert_unit_like_the_others(a, c)));
        json_array_append_new(list, item);
    }
    return list;
}

static void put_state(json_t *o, const struct alert_change *a)
{
    char key[ALERT_IDENTITY_KEY_BYTES];
    char id[ALERT_IDENTITY_ID_BYTES];
    alert_identity_key(a, key);
    alert_identity_id(a, id);
    put(o, "event_type", json_string(alert_event_type_symbol(a->type)));
    put(o, "reason", json_string(alert_reason_symbol(a->reason)));
    put(o, "alert_key", text_json(span_of_text(key)));
    put(o, "alert_id", json_string(id));
    put(o, "sequence", json_integer(a->sequence));
    put(o, "shard_sequence", json_integer((json_int_t)a->shard_sequence));
    put(o, "status", json_string(alert_status_symbol(a->status)));
    put(o, "previous_status", json_string(alert_status_symbol(a->previous_status)));
    put(o, "severity", json_string(severity_symbol(a->severity)));
    put(o, "worst_severity", json_string(severity_symbol(a->worst_severity)));
    put(o, "flags", flags_json(a->flags));
}

static void put_watched(json_t *o, const struct alert_change *a)
{
    const char *kpi = catalogue_row(a->kpi)->name;
    put(o, "id_seller", text_json(name_span(&a->seller)));
    put(o, "storefront", text_json(name_span(&a->storefront)));
    put(o, "segment", json_null());
    put(o, "account_manager", json_null());
    put(o, "kpi", json_string(kpi));
    put(o, "unit", json_string(catalogue_unit(a->kpi)));
    put(o, "window", text_json(name_span(&a->window)));
    put(o, "rule_id", json_sprintf("%s:%.*s", kpi, (int)a->window.size, a->window.text));
    put(o, "rule_version",
        text_json(span_of(a->rule_version, strnlen(a->rule_version, sizeof a->rule_version))));
    put(o, "window_start", json_integer(a->window_start.ms));
    put(o, "window_end", json_integer(a->window_end.ms));
}

static void put_numbers(json_t *o, const struct alert_change *a)
{
    put(o, "comparator", json_string(comparison_sign(a->comparison)));
    put(o, "value", value_json(a->kpi, a->value));
    put(o, "previous_value", value_json(a->kpi, a->previous_value));
    put(o, "threshold", real_json(alert_unit_show(a->kpi, a->threshold)));
    put(o, "clear_threshold",
        real_json(alert_unit_show_milli(a->kpi, a->clear_threshold_milli)));
    put(o, "threshold_source",
        text_json(span_of(a->threshold_source, strnlen(a->threshold_source, SOURCE_BYTES))));
    put(o, "id_agreement", json_null());
    put(o, "agreement_version", json_null());
    put(o, "numerator", json_integer(a->numerator));
    put(o, "denominator", json_integer(a->denominator));
    put(o, "ci_low", real_json(a->interval_low));
    put(o, "ci_high", real_json(a->interval_high));
    put(o, "breach_probability", real_json(a->breach_probability));
}

/* A name that jansson does not take for UTF-8 is left out. */
static json_t *map_json(struct span map)
{
    struct alert_decode_walk walk = { .at = reader_of(map) };
    struct span name;
    struct span value;
    json_t *object = json_object();
    while (alert_decode_entry(&walk, &name, &value))
        (void)json_object_setn_new(object, name.size == 0 ? "" : (const char *)name.at,
                                   name.size, text_json(value));
    return object;
}

static void put_rest(json_t *o, const struct alert_change *a)
{
    put(o, "contributors", contributors_json(a));
    put(o, "recommendations", json_array());
    put(o, "evidence", evidence_json(a));
    put(o, "evidence_total", json_integer(a->evidence_total));
    put(o, "started_at", time_json(a->started));
    put(o, "fired_at", time_json(a->fired));
    put(o, "resolved_at", time_json(a->resolved));
    put(o, "evaluated_at", time_json(a->evaluated));
    put(o, "emitted_at", json_integer(a->emitted.ms));
    put(o, "actor", json_null());
    put(o, "comment", json_null());
    put(o, "silenced_until", json_null());
}

static int add_chunk(const char *text, size_t size, void *arg)
{
    buffer_add(arg, span_of(text, size));
    return 0;
}

void alert_text_json(const struct alert_change *change, const struct alert_decode_maps *maps,
                     struct buffer *b)
{
    json_t *o = json_object();
    CHECK(o != NULL);
    put_state(o, change);
    put_watched(o, change);
    put_numbers(o, change);
    put_rest(o, change);
    put(o, "links", map_json(maps->links));
    put(o, "labels", map_json(maps->labels));
    CHECK(json_dump_callback(o, add_chunk, b, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0);
    json_decref(o);
    buffer_add_u8(b, '\n');
}
