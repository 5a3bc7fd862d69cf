/* alert_life.c - moves an alert from state to state; see alert.h for the picture. */
#include "kpi/alert_life.h"

#include "base/check.h"
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

/* ---- what the numbers say --------------------------------------------------------------- */

static int64_t breach_ppm(const struct alert_look *k)
{
    const struct reading *r = &k->reading;
    if (k->row->kind != KPI_RATIO || r->numerator > r->denominator)
        return PPM; /* not a rate: the number speaks for itself */
    return statistics_breach_ppm(r->numerator, r->denominator, k->row->warn_op,
                                 k->threshold->warn);
}

static enum severity breach(const struct alert_look *k)
{
    if (k->may_be_critical &&
        reading_beyond(&k->reading, k->row->critical_op, k->threshold->critical))
        return SEVERITY_CRITICAL;
    if (reading_beyond(&k->reading, k->row->warn_op, k->threshold->warn))
        return SEVERITY_WARNING;
    return SEVERITY_NONE;
}

/* The breach, if there are facts enough for an alert to start, to fire again or to get
 * worse. */
static enum severity breach_with_facts(const struct alert_look *k)
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

static bool not_clear(const struct alert_look *k, enum comparison op, int64_t limit)
{
    const int64_t clear = reading_clear_limit_milli(k->reading.kpi, op, limit,
                                                    k->threshold->clear_margin_permille);
    return reading_beyond_milli(&k->reading, op, clear);
}

/* What a firing alert is now, by the limits at which each severity clears. */
static enum severity still_firing(const struct alert_look *k, enum severity now)
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
    a->relapsed = false;
    alert_sample(as, a);
    if (was != is)
        alert_count_firing(as, (enum kpi)a->kpi, is ? 1 : -1);
}

static enum alert_reason why(const struct alert_look *k, enum alert_reason usual)
{
    return k->rule_changed ? ALERT_REASON_RULE_CHANGED : usual;
}

static void tell(struct alerts *as, struct alert *a, const struct alert_look *k,
                 struct alert_news news)
{
    news.reason = why(k, news.reason);
    alert_publish(as, a, &k->reading, news);
}

/* A new episode; never dated like the one before, so its id is its own. */
static void begin_episode(struct alerts *as, struct alert *a, enum severity severity)
{
    CHECK(severity != SEVERITY_NONE);
    a->started = as->now > a->started ? as->now : a->started + 1;
    a->sequence = 0;
    a->severity = (uint8_t)severity;
    a->worst = (uint8_t)severity;
    a->fired = TIME_NEVER_YET;
    a->resolved = TIME_NEVER_YET;
    a->published = (struct kpi_value){ 0 };
}

static void fire(struct alerts *as, struct alert *a, const struct alert_look *k)
{
    const enum alert_status previous = (enum alert_status)a->status;
    if (a->fired == TIME_NEVER_YET) {
        a->fired = as->now;
        a->throttled = as->storm[a->kpi] && a->sequence == 0;
    }
    /* Where few fire after a load, a storm may end with this very alert, and tell it. */
    const uint32_t told = a->sequence;
    move(as, a, ALERT_FIRING);
    if (a->sequence == told)
        tell(as, a, k,
             (struct alert_news){ ALERT_EVENT_FIRING, ALERT_REASON_THRESHOLD, previous });
}

static void resolve(struct alerts *as, struct alert *a, const struct alert_look *k,
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
static bool spans_storefronts(const struct alerts *as, const struct alert_look *k)
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

enum severity alert_life_start(const struct alerts *as, const struct alert_look *k)
{
    const enum severity severity = breach_with_facts(k);
    if (severity == SEVERITY_NONE)
        return SEVERITY_NONE;
    const bool total = sellers_cell(as->sellers, k->cell)->is_total;
    return total && !spans_storefronts(as, k) ? SEVERITY_NONE : severity;
}

/* ---- the states ---------------------------------------------------------------------- */

static void when_idle(struct alerts *as, struct alert *a, const struct alert_look *k)
{
    const enum severity severity = alert_life_start(as, k);
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

static void never_fire(struct alerts *as, struct alert *a, const struct alert_look *k)
{
    a->resolved = as->now;
    move(as, a, ALERT_OK);
    tell(as, a, k,
         (struct alert_news){ ALERT_EVENT_RESOLVED, ALERT_REASON_RECOVERED, ALERT_PENDING });
}

static void when_pending(struct alerts *as, struct alert *a, const struct alert_look *k)
{
    const enum severity severity = breach_with_facts(k);
    if (severity == SEVERITY_NONE) {
        never_fire(as, a, k);
        return;
    }
    a->severity = (uint8_t)severity;
    a->worst = a->worst > severity ? a->worst : (uint8_t)severity;
    if (as->now - a->since >= k->threshold->for_ms)
        fire(as, a, k);
}

/* Late knowledge took away what made it fire: it would not start now. */
static bool is_correction(const struct alert_look *k)
{
    return k->corrected && breach_with_facts(k) == SEVERITY_NONE;
}

static void when_firing(struct alerts *as, struct alert *a, const struct alert_look *k)
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

/* `keep_firing_for` is time spent clear: it begins anew each time that the value comes back
 * from beyond the clear limit, however few facts put it there. */
static void time_recovery(const struct alerts *as, struct alert *a, const struct alert_look *k)
{
    const bool beyond = still_firing(k, (enum severity)a->severity) != SEVERITY_NONE;
    if (a->relapsed && !beyond)
        a->since = as->now;
    a->relapsed = beyond;
}

static void when_recovering(struct alerts *as, struct alert *a, const struct alert_look *k)
{
    if (is_correction(k)) {
        resolve(as, a, k,
                (struct alert_news){ .type = ALERT_EVENT_CORRECTED,
                                     .reason = ALERT_REASON_DATA_CORRECTED });
        return;
    }
    const enum severity again = breach_with_facts(k);
    if (again != SEVERITY_NONE) {
        a->severity = (uint8_t)again;
        a->worst = a->worst > again ? a->worst : (uint8_t)again;
        fire(as, a, k);
        return;
    }
    time_recovery(as, a, k);
    if (!a->relapsed && as->now - a->since >= k->threshold->keep_firing_ms)
        resolve(as, a, k,
                (struct alert_news){ .type = ALERT_EVENT_RESOLVED,
                                     .reason = ALERT_REASON_RECOVERED });
}

static bool is_open(const struct alert *a)
{
    return a->status != ALERT_OK && a->status != ALERT_RESOLVED;
}

void alert_life_end(struct alerts *as, struct alert *a, const struct alert_look *k)
{
    CHECK(k->rule_changed);
    if (a->status == ALERT_PENDING)
        never_fire(as, a, k);
    else if (is_open(a))
        resolve(as, a, k,
                (struct alert_news){ .type = ALERT_EVENT_RESOLVED,
                                     .reason = ALERT_REASON_RULE_CHANGED });
}

static bool is_off(const struct alert_look *k)
{
    const struct threshold *t = k->threshold;
    return t->warn == THRESHOLD_OFF && (!k->may_be_critical || t->critical == THRESHOLD_OFF);
}

static void judge(struct alerts *as, struct alert *a, const struct alert_look *k)
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

/* Who reads the feed must know by which limits an open alert is judged now. */
void alert_life_step(struct alerts *as, struct alert *a, const struct alert_look *k)
{
    if (!is_open(a) || !k->rule_changed) {
        judge(as, a, k);
        return;
    }
    if (is_off(k)) {
        alert_life_end(as, a, k);
        return;
    }
    const uint32_t told = a->sequence;
    judge(as, a, k);
    if (a->sequence == told)
        tell(as, a, k,
             (struct alert_news){ ALERT_EVENT_UPDATED, ALERT_REASON_RULE_CHANGED,
                                  (enum alert_status)a->status });
}
