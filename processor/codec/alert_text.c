/* alert_text.c - see alert_text.h. */
#include "codec/alert_text.h"

#include "kpi/threshold.h"
#include "codec/alert_decode.h"
#include "codec/alert_unit.h"

#include <inttypes.h>
#include <string.h>

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
