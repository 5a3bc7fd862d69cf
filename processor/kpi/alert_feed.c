/* alert_feed.c - what the feed hears of an alert: its changes, storms, flapping. */
#include "base/check.h"
#include "base/text.h"
#include "base/hash.h"
#include "kpi/alert.h"
#include "kpi/statistics.h"

#include <math.h>

/* ---- flapping ------------------------------------------------------------------------ */

/* A ring of the last 21 states, one a pane of the alert's window; changes weigh
 * from 0.8 (oldest) to 1.2 (newest); flapping begins above a half and ends below
 * a quarter (as Nagios has it). */
enum { FLAP_CHANGES = ALERT_FLAP_STATES - 1, WEIGHT_NEWEST = 1200, WEIGHT_SPAN = 400 };

static int32_t flap_permille(uint32_t ring)
{
    const uint32_t changes = ring ^ (ring >> 1);
    int32_t weight = 0;
    for (int32_t i = 0; i < FLAP_CHANGES; i++) {
        if ((changes >> i & 1) != 0)
            weight += WEIGHT_NEWEST - WEIGHT_SPAN * i / (FLAP_CHANGES - 1);
    }
    return weight / FLAP_CHANGES;
}

void alert_sample(struct alerts *as, struct alert *a)
{
    if (alert_window_is_gone(a))
        return; /* it ends */
    CHECK(a->window < as->rules->window_count);
    const int64_t pane = floor_div(as->now, as->rules->windows[a->window].pane_ms);
    const bool firing = a->status == ALERT_FIRING;
    int64_t times = pane - a->flap_pane;
    if (times <= 0 && (a->flap_ring & 1) != firing)
        times = 1; /* a change inside a pane is seen, too */
    if (times > ALERT_FLAP_STATES)
        times = ALERT_FLAP_STATES;
    for (int64_t i = 0; i < times; i++) {
        /* panes that passed unseen had the state of before */
        const uint32_t state = i + 1 == times ? firing : a->flap_ring & 1;
        a->flap_ring = (a->flap_ring << 1 | state) & ((1u << ALERT_FLAP_STATES) - 1);
    }
    if (pane > a->flap_pane)
        a->flap_pane = pane;
    const int32_t share = flap_permille(a->flap_ring);
    a->flapping = a->flapping ? share >= 250 : share > 500;
}

/* ---- changes ----------------------------------------------------------------------------- */

static void fill_source(const struct alerts *as, const struct cell *cell,
                        struct alert_change *change, int32_t window)
{
    const struct threshold *own = alerts_threshold(as, cell, change->kpi, window);
    const struct threshold *global = &as->rules->thresholds->of[change->kpi][window];
    struct text source = text_over(change->threshold_source, sizeof change->threshold_source);
    if (own == global || threshold_equal(own, global)) {
        text_add_string(&source, "global");
    } else {
        text_add_string(&source, "storefront:");
        text_add(&source, name_span(&cell->storefront));
    }
    text_end(&source);
}

static void fill_threshold(const struct alerts *as, const struct alert *a,
                           struct alert_change *change)
{
    const struct cell *cell = sellers_cell(as->sellers, a->cell);
    const struct kpi_row *row = catalogue_row(change->kpi);
    /* A storm counts alerts, not facts; of a window that is gone nothing holds any more. */
    if (alert_is_storm(as, a->cell) || alert_window_is_gone(a)) {
        change->comparison = row->warn_op;
        change->threshold = THRESHOLD_OFF;
        change->clear_threshold_milli = THRESHOLD_OFF;
        return;
    }
    const struct threshold *t = alerts_threshold(as, cell, change->kpi, a->window);
    const bool critical = a->severity == SEVERITY_CRITICAL || t->warn == THRESHOLD_OFF;
    change->comparison = critical ? row->critical_op : row->warn_op;
    change->threshold = critical ? t->critical : t->warn;
    change->clear_threshold_milli = reading_clear_limit_milli(
        change->kpi, change->comparison, change->threshold, t->clear_margin_permille);
    fill_source(as, cell, change, a->window);
    struct text version = text_over(change->rule_version, sizeof change->rule_version);
    text_add_hex32(&version, (uint32_t)a->rule_version);
    text_end(&version);
}

static void fill_numbers(const struct reading *r, struct alert_change *change)
{
    change->value = r->value;
    change->numerator = r->numerator;
    change->denominator = r->denominator;
    change->evidence_total = r->bad;
    change->interval_low = NAN;
    change->interval_high = NAN;
    change->breach_probability = NAN;
    const bool ratio = catalogue_row(r->kpi)->kind == KPI_RATIO;
    if (!ratio || r->denominator == 0 || r->numerator > r->denominator)
        return;
    if (change->threshold != THRESHOLD_OFF)
        change->breach_probability = statistics_breach_probability(
            r->numerator, r->denominator, change->comparison, change->threshold);
    const struct interval wilson = statistics_wilson(r->numerator, r->denominator);
    change->interval_low = wilson.low;
    change->interval_high = wilson.high;
}

static int32_t overdue_evidence(const struct alerts *as, uint32_t cell, enum kpi kpi,
                                struct evidence *newest, int32_t count)
{
    return kpi == KPI_RESPONSE_OVERDUE ? tickets_overdue(as->tickets, cell, newest, count)
                                       : units_overdue(as->units, cell, newest, count);
}

static void fill_evidence(const struct alerts *as, const struct alert *a,
                          struct alert_change *change)
{
    const struct kpi_row *row = catalogue_row(change->kpi);
    if (alert_window_is_gone(a))
        return;
    const struct cell *cell = sellers_cell(as->sellers, a->cell);
    if (row->kind != KPI_GAUGE) {
        const struct evidence_ask ask = {
            .facts = row->bad,
            .from = change->window_start,
            .warn_limit = alerts_threshold(as, cell, change->kpi, a->window)->warn
        };
        change->evidence_count =
            evidences_collect(as->evidences, a->cell, ask, change->evidence);
        return;
    }
    if (!cell->is_total) {
        change->evidence_count =
            overdue_evidence(as, a->cell, change->kpi, change->evidence, 0);
        return;
    }
    uint32_t ref = sellers_seller(as->sellers, cell->seller)->first_cell;
    for (; ref != 0; ref = sellers_cell(as->sellers, ref)->next)
        change->evidence_count =
            overdue_evidence(as, ref, change->kpi, change->evidence, change->evidence_count);
}

static void fill_window(const struct alerts *as, const struct alert *a,
                        struct alert_change *change)
{
    if (catalogue_row(change->kpi)->kind == KPI_GAUGE) {
        change->window = name_of(span_of_text("now"));
        change->window_start = (event_time){ as->now };
        change->window_end = (event_time){ as->now };
        return;
    }
    change->window = *alert_window_name(as, a);
    change->window_end = (event_time){ as->now };
    change->window_start =
        alert_window_is_gone(a) ? change->window_end : windows_start(as->windows, a->window);
}

static void fill_state(const struct alerts *as, const struct alert *a, struct alert_news news,
                       struct alert_change *change)
{
    const struct cell *cell = sellers_cell(as->sellers, a->cell);
    change->type = news.type;
    change->reason = news.reason;
    change->seller = sellers_seller(as->sellers, cell->seller)->id;
    change->storefront = cell->storefront;
    change->kpi = (enum kpi)a->kpi;
    change->started = (event_time){ a->started };
    change->sequence = a->sequence;
    change->status = (enum alert_status)a->status;
    change->previous_status = news.previous;
    change->severity = (enum severity)a->severity;
    change->worst_severity = (enum severity)a->worst;
    const bool told_late = news.reason == ALERT_REASON_STORM && news.type != ALERT_EVENT_STORM;
    change->flags =
        (a->flapping ? ALERT_FLAG_FLAPPING : 0) | (told_late ? ALERT_FLAG_THROTTLED : 0);
    change->fired = (event_time){ a->fired };
    change->resolved = (event_time){ a->resolved };
    change->evaluated = (event_time){ as->now };
    change->emitted = as->wall;
    change->previous_value = a->published;
}

void alert_publish(struct alerts *as, struct alert *a, const struct reading *r,
                   struct alert_news news)
{
    if (a->throttled)
        return;
    a->sequence += 1;
    struct alert_change change = { 0 };
    fill_state(as, a, news, &change);
    fill_window(as, a, &change);
    fill_threshold(as, a, &change);
    fill_numbers(r, &change);
    fill_evidence(as, a, &change);
    alert_contributors(as, a, &change);
    outbox_add(as->outbox, &change);
    a->published = r->value;
    as->changes[a->kpi][news.type] += 1;
    sellers_queue_view(as->sellers, a->cell, true);
}

/* ---- storms -------------------------------------------------------------------------- */

/* The storm itself is an alert of nobody: seller "*", storefront "*". */
static uint32_t storm_alert(struct alerts *as, enum kpi kpi)
{
    const struct span nobody = span_of_text("*");
    const uint32_t cell = sellers_cell_of(as->sellers, nobody, nobody);
    const uint32_t ref = alert_find_ref(as, cell, kpi, 0);
    return ref != 0 ? ref : alert_new(as, cell, kpi, 0);
}

static void tell_storm(struct alerts *as, enum kpi kpi, bool begins)
{
    const uint32_t ref = storm_alert(as, kpi);
    struct alert *a = alert_at(as, ref);
    const enum alert_status previous = (enum alert_status)a->status;
    if (begins) {
        a->started = as->now > a->started ? as->now : a->started + 1;
        a->sequence = 0;
        a->fired = as->now;
    } else {
        a->resolved = as->now;
    }
    a->since = as->now;
    a->status = begins ? ALERT_FIRING : ALERT_RESOLVED;
    const int64_t count = as->firing[kpi];
    const struct reading r = { .kpi = kpi,
                               .numerator = count,
                               .denominator = 0,
                               .bad = count,
                               .value = { .known = false } };
    alert_publish(as, a, &r,
                  (struct alert_news){ ALERT_EVENT_STORM, ALERT_REASON_STORM, previous });
    entities_touch(as->entities, ENTITY_ALERT, ref, &a->entity);
    alert_arm(as, ref);
}

/* What started in the storm and still fires is told now, one by one. */
static void announce_throttled(struct alerts *as, enum kpi kpi)
{
    for (uint32_t ref = 1; ref <= as->pool.used; ref++) {
        struct alert *a = alert_at(as, ref);
        const bool recovering = a->status == ALERT_RECOVERING;
        if (a->cell == 0 || a->kpi != kpi || !a->throttled || alert_window_is_gone(a) ||
            (a->status != ALERT_FIRING && !recovering))
            continue;
        a->throttled = false;
        const struct cell *cell = sellers_cell(as->sellers, a->cell);
        const struct threshold *t = alerts_threshold(as, cell, kpi, a->window);
        const struct reading r = reading_take(as->sellers, cell, kpi, a->window, t->warn);
        alert_publish(
            as, a, &r,
            (struct alert_news){ recovering ? ALERT_EVENT_RECOVERING : ALERT_EVENT_FIRING,
                                 ALERT_REASON_STORM, ALERT_OK });
        entities_touch(as->entities, ENTITY_ALERT, ref, &a->entity);
    }
}

void alert_count_firing(struct alerts *as, enum kpi kpi, int32_t by)
{
    CHECK(by > 0 || as->firing[kpi] > 0);
    as->firing[kpi] = (uint32_t)((int64_t)as->firing[kpi] + by);
    const int64_t count = as->firing[kpi];
    const int64_t limit = as->rules->storm_limit;
    if (!as->storm[kpi] && count > limit) {
        as->storm[kpi] = true;
        tell_storm(as, kpi, true);
    } else if (as->storm[kpi] && count * 10 <= limit * 9) {
        as->storm[kpi] = false;
        tell_storm(as, kpi, false);
        announce_throttled(as, kpi);
    }
}

bool alert_is_storm(const struct alerts *as, uint32_t cell_ref)
{
    const struct cell *cell = sellers_cell(as->sellers, cell_ref);
    CHECK(cell->seller != 0);
    return sellers_is_star(name_span(&sellers_seller(as->sellers, cell->seller)->id));
}

void alert_restore_count(struct alerts *as, const struct alert *a, int32_t by)
{
    CHECK(by == 1 || by == -1);
    const bool firing = a->status == ALERT_FIRING || a->status == ALERT_RECOVERING;
    if (alert_is_storm(as, a->cell))
        as->storm[a->kpi] = firing && by > 0;
    else if (firing)
        as->firing[a->kpi] = (uint32_t)((int64_t)as->firing[a->kpi] + by);
}
