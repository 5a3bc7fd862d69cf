/* alert_life.c - evaluates readings and moves alerts from state to state; see alert.h. */
#include "base/check.h"
#include "base/hash.h"
#include "kpi/alert.h"
#include "kpi/statistics.h"

#define PPM INT64_C(1000000)
#define TO(status) (1u << (status))

static const unsigned allowed[ALERT_STATUS_COUNT] = {
    [ALERT_OK] = TO(ALERT_PENDING) | TO(ALERT_FIRING),
    [ALERT_PENDING] = TO(ALERT_OK) | TO(ALERT_FIRING),
    [ALERT_FIRING] = TO(ALERT_RECOVERING) | TO(ALERT_RESOLVED),
    [ALERT_RECOVERING] = TO(ALERT_FIRING) | TO(ALERT_RESOLVED),
    [ALERT_RESOLVED] = TO(ALERT_PENDING) | TO(ALERT_FIRING),
};

/* One evaluation of one alert. */
struct look {
    uint32_t cell;
    const struct kpi_row *row;
    const struct threshold *threshold;
    int32_t window;
    bool may_be_critical;
    bool corrected; /* late knowledge took a bad fact away in this step */
    bool rule_changed;
    struct reading reading;
};

/* ---- what the numbers say --------------------------------------------------------------- */

static int64_t breach_ppm(const struct look *k)
{
    const struct reading *r = &k->reading;
    if (k->row->kind != KPI_RATIO || r->numerator > r->denominator)
        return PPM; /* not a rate: the number speaks for itself */
    return statistics_breach_ppm(r->numerator, r->denominator, k->row->warn_op,
                                 k->threshold->warn);
}

static enum severity breach(const struct look *k)
{
    if (k->may_be_critical &&
        reading_beyond(&k->reading, k->row->critical_op, k->threshold->critical))
        return SEVERITY_CRITICAL;
    if (reading_beyond(&k->reading, k->row->warn_op, k->threshold->warn))
        return SEVERITY_WARNING;
    return SEVERITY_NONE;
}

/* The breach, if there are facts enough for an alert to start or to get worse. */
static enum severity breach_with_facts(const struct look *k)
{
    const struct threshold *t = k->threshold;
    const enum severity severity = breach(k);
    if (severity == SEVERITY_NONE)
        return SEVERITY_NONE;
    if (k->reading.denominator < t->min_denominator || k->reading.bad < t->min_bad)
        return SEVERITY_NONE;
    if (t->evidence_fire_ppm > 0 && breach_ppm(k) < t->evidence_fire_ppm)
        return SEVERITY_NONE;
    return severity;
}

static bool not_clear(const struct look *k, enum comparison op, int64_t limit)
{
    const int64_t clear = reading_clear_limit_milli(k->reading.kpi, op, limit,
                                                    k->threshold->clear_margin_permille);
    return reading_beyond_milli(&k->reading, op, clear);
}

/* What a firing alert is now, by the limits at which each severity clears. */
static enum severity still_firing(const struct look *k, enum severity now)
{
    const struct threshold *t = k->threshold;
    if (breach_with_facts(k) == SEVERITY_CRITICAL)
        return SEVERITY_CRITICAL;
    if (now == SEVERITY_CRITICAL && k->may_be_critical &&
        not_clear(k, k->row->critical_op, t->critical))
        return SEVERITY_CRITICAL;
    if (t->evidence_clear_ppm > 0 && breach_ppm(k) <= t->evidence_clear_ppm)
        return SEVERITY_NONE;
    return not_clear(k, k->row->warn_op, t->warn) ? SEVERITY_WARNING : SEVERITY_NONE;
}

/* ---- moving ------------------------------------------------------------------------------ */

static void move(struct alerts *as, struct alert *a, enum alert_status next)
{
    CHECK(allowed[a->status] & TO(next));
    const bool was = a->status == ALERT_FIRING || a->status == ALERT_RECOVERING;
    const bool is = next == ALERT_FIRING || next == ALERT_RECOVERING;
    a->status = (uint8_t)next;
    a->since = as->now;
    alert_sample(as, a);
    if (was != is)
        alert_count_firing(as, (enum kpi)a->kpi, is ? 1 : -1);
}

static enum alert_reason why(const struct look *k, enum alert_reason usual)
{
    return k->rule_changed ? ALERT_REASON_RULE_CHANGED : usual;
}

static void tell(struct alerts *as, struct alert *a, const struct look *k,
                 struct alert_news news)
{
    news.reason = why(k, news.reason);
    alert_publish(as, a, &k->reading, news);
}

/* A new episode; never dated like the one before, so its id is its own. */
static void begin_episode(struct alerts *as, struct alert *a, enum severity severity)
{
    a->started = as->now > a->started ? as->now : a->started + 1;
    a->sequence = 0;
    a->severity = (uint8_t)severity;
    a->worst = (uint8_t)severity;
    a->fired = TIME_NEVER_YET;
    a->resolved = TIME_NEVER_YET;
    a->published = (struct kpi_value){ 0 };
}

static void fire(struct alerts *as, struct alert *a, const struct look *k)
{
    const enum alert_status previous = (enum alert_status)a->status;
    if (a->fired == TIME_NEVER_YET) {
        a->fired = as->now;
        a->throttled = as->storm[a->kpi] && a->sequence == 0;
    }
    move(as, a, ALERT_FIRING);
    tell(as, a, k, (struct alert_news){ ALERT_EVENT_FIRING, ALERT_REASON_THRESHOLD, previous });
}

static void resolve(struct alerts *as, struct alert *a, const struct look *k,
                    struct alert_news news)
{
    news.previous = (enum alert_status)a->status;
    a->resolved = as->now;
    /* The change is told before the storm may end, so that it keeps its place. */
    move(as, a, ALERT_RESOLVED);
    tell(as, a, k, news);
    a->throttled = false;
}

/* Does the seller have facts of the KPI in more than one storefront (rule 2.9.10)? */
static bool spans_storefronts(const struct alerts *as, const struct look *k)
{
    const struct cell *total = sellers_cell(as->sellers, k->cell);
    CHECK(total->is_total);
    uint32_t ref = sellers_seller(as->sellers, total->seller)->first_cell;
    int storefronts = 0;
    for (; ref != 0 && storefronts < 2; ref = sellers_cell(as->sellers, ref)->next) {
        const struct reading r = reading_take(as->sellers, sellers_cell(as->sellers, ref),
                                              k->reading.kpi, k->window, THRESHOLD_OFF);
        storefronts +=
            k->row->kind == KPI_GAUGE ? r.numerator > 0 : r.denominator > 0 || r.bad > 0;
    }
    return storefronts > 1;
}

/* The severity with which an alert starts; NONE: it does not. */
static enum severity start_severity(const struct alerts *as, const struct look *k)
{
    const enum severity severity = breach_with_facts(k);
    if (severity == SEVERITY_NONE)
        return SEVERITY_NONE;
    const bool total = sellers_cell(as->sellers, k->cell)->is_total;
    return total && !spans_storefronts(as, k) ? SEVERITY_NONE : severity;
}

/* ---- the states ----------------------------------------------------------------------------
 */

static void when_idle(struct alerts *as, struct alert *a, const struct look *k)
{
    const enum severity severity = start_severity(as, k);
    if (severity == SEVERITY_NONE)
        return;
    begin_episode(as, a, severity);
    if (k->threshold->for_ms == 0) {
        fire(as, a, k);
        return;
    }
    const enum alert_status previous = (enum alert_status)a->status;
    move(as, a, ALERT_PENDING);
    tell(as, a, k,
         (struct alert_news){ ALERT_EVENT_PENDING, ALERT_REASON_THRESHOLD, previous });
}

static void when_pending(struct alerts *as, struct alert *a, const struct look *k)
{
    const enum severity severity = breach_with_facts(k);
    if (severity == SEVERITY_NONE) {
        a->resolved = as->now;
        move(as, a, ALERT_OK);
        tell(
            as, a, k,
            (struct alert_news){ ALERT_EVENT_RESOLVED, ALERT_REASON_RECOVERED, ALERT_PENDING });
        return;
    }
    a->severity = (uint8_t)severity;
    a->worst = a->worst > severity ? a->worst : (uint8_t)severity;
    if (as->now - a->since >= k->threshold->for_ms)
        fire(as, a, k);
}

/* Late knowledge took away what made it fire: it would not start now. */
static bool is_correction(const struct look *k)
{
    return k->corrected && breach_with_facts(k) == SEVERITY_NONE;
}

static void when_firing(struct alerts *as, struct alert *a, const struct look *k)
{
    if (is_correction(k)) {
        resolve(as, a, k,
                (struct alert_news){ .type = ALERT_EVENT_CORRECTED,
                                     .reason = ALERT_REASON_DATA_CORRECTED });
        return;
    }
    const enum severity now = still_firing(k, (enum severity)a->severity);
    if (now == SEVERITY_NONE && k->threshold->keep_firing_ms == 0) {
        resolve(as, a, k,
                (struct alert_news){ .type = ALERT_EVENT_RESOLVED,
                                     .reason = ALERT_REASON_RECOVERED });
    } else if (now == SEVERITY_NONE) {
        move(as, a, ALERT_RECOVERING);
        tell(as, a, k,
             (struct alert_news){ ALERT_EVENT_RECOVERING, ALERT_REASON_RECOVERED,
                                  ALERT_FIRING });
    } else if (now != (enum severity)a->severity) {
        a->severity = (uint8_t)now;
        a->worst = a->worst > now ? a->worst : (uint8_t)now;
        tell(as, a, k,
             (struct alert_news){ ALERT_EVENT_UPDATED, ALERT_REASON_THRESHOLD, ALERT_FIRING });
    }
}

static void when_recovering(struct alerts *as, struct alert *a, const struct look *k)
{
    if (is_correction(k)) {
        resolve(as, a, k,
                (struct alert_news){ .type = ALERT_EVENT_CORRECTED,
                                     .reason = ALERT_REASON_DATA_CORRECTED });
        return;
    }
    const enum severity again = breach(k);
    if (again != SEVERITY_NONE) {
        a->severity = (uint8_t)again;
        a->worst = a->worst > again ? a->worst : (uint8_t)again;
        fire(as, a, k);
    } else if (as->now - a->since >= k->threshold->keep_firing_ms) {
        resolve(as, a, k,
                (struct alert_news){ .type = ALERT_EVENT_RESOLVED,
                                     .reason = ALERT_REASON_RECOVERED });
    }
}

/* ---- evaluating
 * ------------------------------------------------------------------------------- */

static uint64_t version_of(const struct threshold *t)
{
    const int64_t members[] = { t->warn,
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

static struct look take_look(const struct alerts *as, uint32_t cell_ref, enum kpi kpi,
                             int32_t window)
{
    const struct cell *cell = sellers_cell(as->sellers, cell_ref);
    struct look k = { .cell = cell_ref,
                      .row = catalogue_row(kpi),
                      .threshold = alerts_threshold(as, cell, kpi, window),
                      .window = window,
                      .corrected = (cell->corrected_kpis >> kpi & 1) != 0 };
    k.may_be_critical = k.row->kind == KPI_GAUGE || as->rules->windows[window].may_be_critical;
    k.reading = reading_take(as->sellers, cell, kpi, window, k.threshold->warn);
    return k;
}

static void forget(struct alerts *as, uint32_t ref)
{
    struct buffer *out = &as->entities->tombstones;
    const size_t begin = image_begin(out, ENTITY_ALERT);
    buffer_add_u8(out, LAYOUT_TOMBSTONE);
    alert_key(as, alert_at(as, ref), out);
    image_end(out, begin);
    alert_free(as, ref);
}

static void step(struct alerts *as, struct alert *a, const struct look *k)
{
    switch ((enum alert_status)a->status) {
    case ALERT_OK:
    case ALERT_RESOLVED:
        when_idle(as, a, k);
        return;
    case ALERT_PENDING:
        when_pending(as, a, k);
        return;
    case ALERT_FIRING:
        when_firing(as, a, k);
        return;
    case ALERT_RECOVERING:
        when_recovering(as, a, k);
        return;
    case ALERT_STATUS_COUNT:
        break;
    }
    CHECK(a->status < ALERT_STATUS_COUNT);
}

static void evaluate(struct alerts *as, uint32_t cell, enum kpi kpi, int32_t window)
{
    struct look k = take_look(as, cell, kpi, window);
    uint32_t ref = alert_find_ref(as, cell, kpi, window);
    if (ref == 0) {
        if (start_severity(as, &k) == SEVERITY_NONE)
            return;
        ref = alert_new(as, cell, kpi, window);
    }
    struct alert *a = alert_at(as, ref);
    const uint64_t version = version_of(k.threshold);
    k.rule_changed = a->sequence > 0 && a->rule_version != version;
    a->rule_version = version;
    alert_sample(as, a);
    step(as, a, &k);
    entities_touch(as->entities, ENTITY_ALERT, ref, &a->entity);
    alert_arm(as, ref);
}

static void evaluate_cell(struct alerts *as, uint32_t ref)
{
    struct cell *cell = sellers_cell(as->sellers, ref);
    uint32_t kpis = cell->dirty_kpis;
    for (; kpis != 0; kpis &= kpis - 1) {
        const enum kpi kpi = (enum kpi)__builtin_ctz(kpis);
        const bool gauge = catalogue_row(kpi)->kind == KPI_GAUGE;
        const int32_t windows = gauge ? 1 : as->rules->window_count;
        for (int32_t w = 0; w < windows && as->live; w++)
            evaluate(as, ref, kpi, w);
    }
    cell->dirty_kpis = 0;
    cell->corrected_kpis = 0;
    sellers_queue_view(as->sellers, ref, false);
}

static void timer_due(struct alerts *as, uint32_t ref)
{
    const struct alert a = *alert_at(as, ref);
    if (a.status != ALERT_OK && a.status != ALERT_RESOLVED) {
        evaluate(as, a.cell, (enum kpi)a.kpi, a.window);
        return;
    }
    sellers_queue_view(as->sellers, a.cell, false);
    forget(as, ref);
}

void alerts_evaluate(struct alerts *as, event_time stream_time, wall_time wall)
{
    CHECK(stream_time.ms >= as->now);
    as->now = stream_time.ms;
    as->wall = wall;
    for (uint32_t i = 0; i < as->sellers->dirty.count; i++)
        evaluate_cell(as, as->sellers->dirty.refs[i]);
    as->sellers->dirty.count = 0;

    uint32_t ref;
    while ((ref = deadlines_due(&as->timers, stream_time.ms)) != 0)
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

/* ---- adoption
 * ------------------------------------------------------------------------------------ */

static int32_t window_of(const struct alerts *as, const struct alert_change *change)
{
    if (catalogue_row(change->kpi)->kind == KPI_GAUGE || change->type == ALERT_EVENT_STORM)
        return 0;
    for (int32_t w = 0; w < as->rules->window_count; w++) {
        if (span_equal(name_span(&as->rules->windows[w].name), name_span(&change->window)))
            return w;
    }
    return -1;
}

static bool knows(const struct alert *a, const struct alert_change *change)
{
    if (a->started != change->started.ms)
        return a->started > change->started.ms;
    return a->sequence >= change->sequence;
}

bool alerts_adopt(struct alerts *as, const struct alert_change *change)
{
    const int32_t window = window_of(as, change);
    if (window < 0)
        return false;
    const uint32_t cell = sellers_cell_of(as->sellers, name_span(&change->seller),
                                          name_span(&change->storefront));
    uint32_t ref = alert_find_ref(as, cell, change->kpi, window);
    if (ref == 0)
        ref = alert_new(as, cell, change->kpi, window);
    struct alert *a = alert_at(as, ref);
    if (knows(a, change))
        return false;
    a->started = change->started.ms;
    a->sequence = change->sequence;
    a->status = (uint8_t)change->status;
    a->severity = (uint8_t)change->severity;
    a->worst = (uint8_t)change->worst_severity;
    a->throttled = false;
    a->since = change->evaluated.ms;
    a->fired = change->fired.ms;
    a->resolved = change->resolved.ms;
    a->published = change->value;
    entities_touch(as->entities, ENTITY_ALERT, ref, &a->entity);
    sellers_mark(as->sellers, cell, UINT32_C(1) << change->kpi);
    return true;
}
