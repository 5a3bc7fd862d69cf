/* alerts.c - all alerts of a shard: which are looked at, when; and adoption.
 *
 * Evaluated are cells whose counts changed in the step and alerts whose timer is
 * due: a queue, never a scan.
 */
#include "base/check.h"
#include "base/hash.h"
#include "kpi/alert_life.h"

#include <string.h>

/* ---- evaluating ---------------------------------------------------------------------- */

/* Everything that a verdict of the rule depends on beside the facts. */
static uint64_t version_of(const struct alerts *as, const struct alert_look *k)
{
    const struct threshold *t = k->threshold;
    const struct window_rule *window = &as->rules->windows[k->window];
    const bool is_gauge = k->row->kind == KPI_GAUGE;
    const int64_t members[] = { is_gauge ? 0 : window->length_ms,
                                is_gauge ? 0 : window->pane_ms,
                                k->may_be_critical,
                                t->warn,
                                t->critical,
                                t->min_denominator,
                                t->min_bad,
                                t->for_ms,
                                t->keep_firing_ms,
                                t->clear_margin_permille,
                                t->evidence_fire_ppm,
                                t->evidence_clear_ppm };
    return hash_bytes(span_of(members, sizeof members)) & UINT32_MAX;
}

static struct alert_look take_look(const struct alerts *as, uint32_t cell_ref, enum kpi kpi,
                                   int32_t window)
{
    const struct cell *cell = sellers_cell(as->sellers, cell_ref);
    struct alert_look k = { .cell = cell_ref,
                            .row = catalogue_row(kpi),
                            .threshold = alerts_threshold(as, cell, kpi, window),
                            .window = window,
                            .corrected = (cell->corrected_kpis[window] >> kpi & 1) != 0 };
    k.may_be_critical = k.row->kind == KPI_GAUGE || as->rules->windows[window].may_be_critical;
    k.reading = reading_take(as->sellers, cell, kpi, window, k.threshold->warn);
    return k;
}

static void evaluate(struct alerts *as, uint32_t cell, enum kpi kpi, int32_t window)
{
    struct alert_look k = take_look(as, cell, kpi, window);
    uint32_t ref = alert_find_ref(as, cell, kpi, window);
    if (ref == 0) {
        if (alert_life_start(as, &k) == SEVERITY_NONE)
            return;
        ref = alert_new(as, cell, kpi, window);
    }
    struct alert *a = alert_at(as, ref);
    if (alert_is_ahead(as, a)) {
        alert_arm(as, ref);
        return;
    }
    const uint64_t version = version_of(as, &k);
    k.rule_changed = a->sequence > 0 && a->rule_version != version;
    a->rule_version = version;
    alert_sample(as, a);
    alert_life_step(as, a, &k);
    entities_touch(as->entities, ENTITY_ALERT, ref, &a->entity);
    alert_arm(as, ref);
}

static void evaluate_cell(struct alerts *as, uint32_t ref)
{
    struct cell *cell = sellers_cell(as->sellers, ref);
    /* A storm begins and ends with the count of what fires, not with numbers of its own. */
    uint32_t kpis = alert_is_storm(as, ref) ? 0 : cell->dirty_kpis;
    for (; kpis != 0; kpis &= kpis - 1) {
        const enum kpi kpi = (enum kpi)__builtin_ctz(kpis);
        const bool gauge = catalogue_row(kpi)->kind == KPI_GAUGE;
        const int32_t windows = gauge ? 1 : as->rules->window_count;
        for (int32_t w = 0; w < windows && as->live; w++)
            evaluate(as, ref, kpi, w);
    }
    cell->dirty_kpis = 0;
    memset(cell->corrected_kpis, 0, sizeof cell->corrected_kpis);
    sellers_queue_view(as->sellers, ref, false);
}

/* Its window is no longer configured: nothing judges the alert any more. */
static void end_gone(struct alerts *as, uint32_t ref)
{
    struct alert *a = alert_at(as, ref);
    CHECK(alert_window_is_gone(a));
    const struct alert_look nothing = { .cell = a->cell,
                                        .rule_changed = true,
                                        .reading = { .kpi = (enum kpi)a->kpi } };
    alert_life_end(as, a, &nothing);
    if (as->now > a->started) {
        alert_bury(as, ref);
        return;
    }
    entities_touch(as->entities, ENTITY_ALERT, ref, &a->entity);
    alert_arm(as, ref);
}

/* What is idle is looked at once more before it is forgotten: an end that was adopted has
 * never been held against our counts. */
static void timer_due(struct alerts *as, uint32_t ref)
{
    const struct alert was = *alert_at(as, ref);
    CHECK(was.cell != 0);
    if (alert_window_is_gone(&was)) {
        end_gone(as, ref);
        return;
    }
    if (!alert_is_storm(as, was.cell))
        evaluate(as, was.cell, (enum kpi)was.kpi, was.window);
    const struct alert *a = alert_at(as, ref);
    const bool idle = a->status == ALERT_OK || a->status == ALERT_RESOLVED;
    if (!idle || as->now <= alert_forgotten_at(as, a))
        return;
    sellers_queue_view(as->sellers, a->cell, false);
    alert_bury(as, ref);
}

void alerts_evaluate(struct alerts *as, event_time stream_time, wall_time wall)
{
    CHECK(stream_time.ms >= as->now);
    as->now = stream_time.ms;
    as->wall = wall;
    for (uint32_t i = 0; i < as->sellers->dirty.count; i++)
        evaluate_cell(as, as->sellers->dirty.refs[i]);
    as->sellers->dirty.count = 0;

    /* Of what was adopted, too, nothing is judged by half of the events: it stays due. */
    uint32_t ref;
    while (as->live && (ref = deadlines_due(&as->timers, stream_time.ms)) != 0)
        timer_due(as, ref);
}

void alerts_go_live(struct alerts *as)
{
    CHECK(!as->live);
    as->live = true;
    for (uint32_t ref = 1; ref <= as->sellers->cells.used; ref++) {
        if (sellers_cell(as->sellers, ref)->seller != 0)
            sellers_mark(as->sellers, ref, (UINT32_C(1) << KPI_COUNT) - 1);
    }
}

/* ---- adoption ------------------------------------------------------------------------ */

static bool knows(const struct alert *a, const struct alert_change *change)
{
    if (a->started != change->started.ms)
        return a->started > change->started.ms;
    return a->sequence >= change->sequence;
}

/* Times that we may have written; else somebody else did. */
static bool is_believable(const struct alert_change *c)
{
    const int64_t fired = c->fired.ms == TIME_NEVER_YET ? 0 : c->fired.ms;
    const int64_t resolved = c->resolved.ms == TIME_NEVER_YET ? 0 : c->resolved.ms;
    return image_time_fits(c->started.ms) && image_time_fits(c->evaluated.ms) &&
           image_time_fits(fired) && image_time_fits(resolved);
}

/* The version as fill_threshold in alert_feed.c wrote it, in hexadecimal; it is compared
 * only, so that other text, which somebody else wrote, is a version like any other. */
static uint64_t version_told(const struct alert_change *change)
{
    uint64_t version = 0;
    for (size_t i = 0; i < sizeof change->rule_version && change->rule_version[i] != 0; i++) {
        const char c = change->rule_version[i];
        version = version << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return version;
}

static void become(struct alert *a, const struct alert_change *change)
{
    CHECK(!knows(a, change));
    a->rule_version = version_told(change);
    a->started = change->started.ms;
    a->sequence = change->sequence;
    a->status = (uint8_t)change->status;
    a->severity = (uint8_t)change->severity;
    a->worst = (uint8_t)change->worst_severity;
    a->throttled = false;
    a->relapsed = false;
    a->since = change->evaluated.ms;
    a->fired = change->fired.ms;
    a->resolved = change->resolved.ms;
    a->published = change->value;
}

bool alerts_adopt(struct alerts *as, const struct alert_change *change)
{
    CHECK(change->status < ALERT_STATUS_COUNT && change->severity < SEVERITY_COUNT);
    const int32_t window = change->type == ALERT_EVENT_STORM
                               ? GAUGE_WINDOW
                               : alert_window_of(as, change->kpi, name_span(&change->window));
    if (window < 0 || !is_believable(change))
        return false;
    const uint32_t cell = sellers_cell_of(as->sellers, name_span(&change->seller),
                                          name_span(&change->storefront));
    uint32_t ref = alert_find_ref(as, cell, change->kpi, window);
    if (ref == 0)
        ref = alert_new(as, cell, change->kpi, window);
    struct alert *a = alert_at(as, ref);
    if (knows(a, change))
        return false;
    alert_restore_count(as, a, -1);
    become(a, change);
    alert_restore_count(as, a, 1);
    alert_arm(as, ref);
    entities_touch(as->entities, ENTITY_ALERT, ref, &a->entity);
    sellers_mark(as->sellers, cell, UINT32_C(1) << change->kpi);
    return true;
}
