/* demo_tally.c - see demo_tally.h. */
#include "app/demo_tally.h"

#include "base/check.h"
#include "kpi/catalogue.h"

#include <inttypes.h>
#include <string.h>

void demo_tally_open(struct demo_tally *t, const struct market *market, int32_t sellers)
{
    const struct market_seller *all = market_sellers_of(market);
    *t = (struct demo_tally){ .sellers = all, .seller_count = sellers };
    for (int32_t i = 0; i < sellers && t->planted_count < SCREEN_PLANTED_MAX; i++) {
        if (all[i].fault == MARKET_FAULT_COUNT)
            continue;
        t->planted[t->planted_count++] =
            (struct screen_planted){ .seller = all[i].id,
                                     .fault = market_sellers_fault_name(all[i].fault),
                                     .kpi = market_sellers_fault_kpi(all[i].fault),
                                     .turns = all[i].turns,
                                     .found = { TIME_NEVER } };
    }
}

/* "avoidable_enquiries" and "avoidable_enquiries.defect" are one family. */
static bool is_family(const char *kpi, const char *planted)
{
    const size_t size = strlen(planted);
    return strncmp(kpi, planted, size) == 0 && (kpi[size] == '\0' || kpi[size] == '.');
}

static void look_for_planted(struct demo_tally *t, const struct alert_change *change)
{
    const char *kpi = catalogue_row(change->kpi)->name;
    for (int32_t i = 0; i < t->planted_count; i++) {
        struct screen_planted *p = &t->planted[i];
        if (!span_equal(name_span(&change->seller), span_of_text(p->seller)))
            continue;
        if (is_family(kpi, p->kpi) && change->evaluated.ms >= p->turns.ms)
            p->found = event_time_min(p->found, change->evaluated);
    }
}

static void count_by_seller(struct demo_tally *t, const struct alert_change *change)
{
    for (int32_t i = 0; i < t->seller_count; i++) {
        const struct market_seller *s = &t->sellers[i];
        if (!span_equal(name_span(&change->seller), span_of_text(s->id)))
            continue;
        const bool turned = change->evaluated.ms >= s->turns.ms;
        t->fired_by[turned ? MARKET_QUALITY_COUNT : s->quality] += 1;
        return;
    }
}

/* Told for the first time: not out of recovery. What began in a storm may recover before it
 * is told. */
static bool begins(const struct alert_change *change)
{
    const bool begun =
        change->previous_status == ALERT_FIRING || change->previous_status == ALERT_RECOVERING;
    return !begun &&
           (change->type == ALERT_EVENT_FIRING || change->type == ALERT_EVENT_RECOVERING);
}

void demo_tally_add(struct demo_tally *t, const struct alert_change *change)
{
    const int32_t kept =
        t->newest_count < SCREEN_ALERTS_MAX ? t->newest_count : SCREEN_ALERTS_MAX - 1;
    memmove(&t->newest[1], &t->newest[0], (size_t)kept * sizeof t->newest[0]);
    t->newest[0] = *change;
    t->newest_count = kept + 1;
    t->changes += 1;
    if (begins(change)) {
        t->fired[change->kpi] += 1;
        count_by_seller(t, change);
    }
    if (change->type == ALERT_EVENT_FIRING)
        look_for_planted(t, change);
}

static void add_planted(const struct screen_planted *p, event_time start, struct buffer *b)
{
    buffer_printf(b, "  %-13s %-9s day %5.1f   ", p->seller, p->fault,
                  (double)(p->turns.ms - start.ms) / (double)DAY_MS);
    if (p->found.ms == TIME_NEVER)
        buffer_printf(b, "not found by %s\n", p->kpi);
    else
        buffer_printf(b, "found by %s after %.1f days\n", p->kpi,
                      (double)(p->found.ms - p->turns.ms) / (double)DAY_MS);
}

static void add_by_seller(const struct demo_tally *t, struct buffer *b)
{
    int32_t sellers[MARKET_QUALITY_COUNT + 1] = { 0 };
    for (int32_t i = 0; i < t->seller_count; i++)
        sellers[t->sellers[i].turns.ms != TIME_NEVER ? MARKET_QUALITY_COUNT
                                                     : t->sellers[i].quality] += 1;
    buffer_printf(b, "\nAlerts that began, by kind of seller\n");
    for (unsigned q = 0; q <= MARKET_QUALITY_COUNT; q++) {
        const char *name = q == MARKET_QUALITY_COUNT
                               ? "turned bad"
                               : market_sellers_quality_name((enum market_quality)q);
        buffer_printf(b, "  %-10s %6" PRId64 "  (%d sellers)\n", name, t->fired_by[q],
                      sellers[q]);
    }
}

void demo_tally_text(const struct demo_tally *t, const struct screen *s, struct buffer *b)
{
    int32_t turned = 0, found = 0;
    buffer_printf(b, "%" PRId64 " events of %" PRId64 " pairs of seller and storefront, ",
                  s->events, s->pairs);
    buffer_printf(
        b,
        "%.1f days of story; %" PRId64 " alert changes, %" PRId64 " alerts firing at the end\n",
        s->now.ms == TIME_NEVER_YET ? 0.0 : (double)(s->now.ms - s->start.ms) / (double)DAY_MS,
        t->changes, s->firing);
    buffer_printf(b, "\nAlerts that began, by KPI\n");
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        if (t->fired[k] > 0)
            buffer_printf(b, "  %-34s %6" PRId64 "\n", catalogue_row((enum kpi)k)->name,
                          t->fired[k]);
    }
    add_by_seller(t, b);
    buffer_printf(b, "\nSellers that turned bad\n");
    for (int32_t i = 0; i < t->planted_count; i++) {
        if (t->planted[i].turns.ms > s->now.ms)
            continue;
        turned += 1;
        found += t->planted[i].found.ms != TIME_NEVER;
        add_planted(&t->planted[i], s->start, b);
    }
    buffer_printf(b, "  %d of %d found", found, turned);
    if (turned < t->planted_count)
        buffer_printf(b, "; %d had not turned bad yet", t->planted_count - turned);
    buffer_printf(b, "\n");
}
