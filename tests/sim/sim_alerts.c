/* sim_alerts.c - are the states of alerts those that follow from the counts, and does the
 * feed end where they stand?
 *
 * What an alert is now may depend on the way there (between the limit at which it starts and
 * the one at which it clears), so a state is judged by what it may not be: nothing is idle
 * beyond its limit with facts enough, nothing fires on the clear side of its clear limit,
 * nothing recovers while it is in such a breach, and nothing is told to have recovered that is
 * beyond its limit, by however few facts. Limits are those of the KPI table of the
 * domain's description.
 */
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { FIELD_BYTES = 64, EPISODES_MOST = 2048, PLACE_BYTES = 96 };

#define PPM INT64_C(1000000)

/* In ppm of facts, or in units and tickets where `is_gauge`. */
struct limits {
    const char *kpi;
    char sign; /* '<', '>', or 'g' for >= */
    int64_t warn;
    int64_t critical;
    bool is_gauge;
};

static const struct limits table[] = {
    { "response_on_time", '<', 1000000, 900000, false },
    { "delivery_late", '>', 70000, 100000, false },
    { "delivery_early", '>', 100000, 200000, false },
    { "dispatch_late", '>', 40000, 100000, false },
    { "tracking_valid", '<', 950000, 900000, false },
    { "cancellation", 'g', 10000, 30000, false },
    { "repeat_contact", '>', 150000, 300000, false },
    { "escalation", '>', 100000, 200000, false },
    { "delivery_overdue", 'g', 3, 10, true },
    { "response_overdue", 'g', 1, 5, true },
};

/* One row of a view. */
struct row {
    const struct sim *sim;
    int32_t shard;
    char place[PLACE_BYTES];
    char field[FIELD_BYTES];
    const struct limits *limits; /* NULL: nobody watches it */
    bool may_be_critical;
    int64_t bad;
    int64_t total;
    char state[SIM_WORD_BYTES];
};

/* ---- what the counts say ----------------------------------------------------------- */

static bool is_beyond(const struct row *r, int64_t limit, int64_t margin_permille)
{
    const struct limits *l = r->limits;
    const bool good = l->sign == '<';
    const int64_t perfect = good ? PPM : 0;
    const int64_t limit_milli = limit * 1000 + (perfect - limit) * margin_permille;
    const int64_t shown = good ? r->total - r->bad : r->bad;
    const int64_t left = shown * 1000 * (l->is_gauge ? 1 : PPM);
    const int64_t right = limit_milli * (l->is_gauge ? 1 : r->total);
    if (!l->is_gauge && r->total == 0)
        return false;
    if (good)
        return left < right;
    return l->sign == '>' ? left > right : left >= right;
}

static bool is_state(const struct row *r, const char *state)
{
    return strcmp(r->state, state) == 0;
}

static bool is_idle(const struct row *r)
{
    return is_state(r, "ok") || is_state(r, "not_enough_data");
}

/* Are there facts of the row in more than one storefront? */
static bool spans_storefronts(const struct row *r)
{
    const struct sim *s = r->sim;
    int with_facts = 0;
    for (int i = 0; i < SIM_STOREFRONTS; i++) {
        char place[PLACE_BYTES + 4];
        struct span value;
        const int seller = (int)(strchr(r->place, '|') - r->place);
        snprintf(place, sizeof place, "%.*s|%s", seller, r->place, s->storefronts[i].name);
        if (!fake_store_view(s->world.store, r->shard, span_of_text(place),
                             span_of_text(r->field), &value))
            continue;
        const struct sim_value v = sim_value_of(value);
        const bool has_bad = strcmp(v.bad, "0") != 0;
        with_facts += has_bad || (!r->limits->is_gauge && strcmp(v.total, "0") != 0);
    }
    return with_facts > 1;
}

static bool has_facts(const struct row *r)
{
    if (r->limits->is_gauge)
        return true;
    return r->total >= r->sim->min_facts && r->bad >= r->sim->min_bad;
}

static bool is_breach(const struct row *r)
{
    const bool is_beyond_any = is_beyond(r, r->limits->warn, 0) ||
                               (r->may_be_critical && is_beyond(r, r->limits->critical, 0));
    return is_beyond_any && has_facts(r);
}

static bool may_start(const struct row *r)
{
    const bool is_total = strchr(r->place, '*') != NULL;
    return is_breach(r) && (!is_total || spans_storefronts(r));
}

static bool is_right(const struct row *r)
{
    const struct limits *l = r->limits;
    const int64_t margin = r->sim->clear_margin_permille;
    if (l == NULL)
        return is_idle(r);
    if (is_idle(r))
        return !may_start(r);
    if (is_state(r, "critical"))
        return r->may_be_critical && is_beyond(r, l->critical, margin);
    if (is_state(r, "warning"))
        return is_beyond(r, l->warn, margin) &&
               !(r->may_be_critical && is_beyond(r, l->critical, 0) && has_facts(r));
    if (is_state(r, "pending"))
        return r->sim->for_ms > 0 && is_breach(r);
    /* Without patience it may yet wait, if it recovered under another configuration. */
    const bool waits = r->sim->keep_firing_ms > 0 || is_beyond(r, l->warn, margin);
    return waits && !is_breach(r);
}

/* ---- rows -------------------------------------------------------------------------- */

static const struct limits *find_limits(const char *field, const char *window)
{
    if (strcmp(window, "24h") != 0 && strcmp(window, "7d") != 0 && strcmp(window, "now") != 0)
        return NULL;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const size_t size = strlen(table[i].kpi);
        if (strncmp(field, table[i].kpi, size) == 0 && field[size] == ':')
            return &table[i];
    }
    return NULL;
}

struct judged {
    const struct sim *sim;
    int32_t shard;
};

static bool read_row(const struct judged *j, struct span place, struct span field,
                     struct span value, struct row *ret_row)
{
    struct row r = { .sim = j->sim, .shard = j->shard };
    sim_text_of(place, r.place, sizeof r.place);
    sim_text_of(field, r.field, sizeof r.field);
    const char *colon = strchr(r.field, ':');
    if (colon == NULL || strncmp(r.field, "response_time", 13) == 0)
        return false; /* limits of durations are compared by buckets: unit tests do that */
    const struct sim_value v = sim_value_of(value);
    r.bad = strtoll(v.bad, NULL, 10);
    r.total = strtoll(v.total, NULL, 10);
    memcpy(r.state, v.state, sizeof r.state);
    r.limits = find_limits(r.field, colon + 1);
    r.may_be_critical = strcmp(colon + 1, "24h") != 0;
    *ret_row = r;
    return true;
}

static void check_view(void *arg, struct span place, struct span field, struct span value)
{
    struct row r;
    if (!read_row(arg, place, field, value, &r) || is_right(&r) || r.place[0] == '*')
        return; /* nobody's are the storms: they count alerts, not facts */
    fail_msg("%s %s is %s with %lld bad of %lld", r.place, r.field, r.state, (long long)r.bad,
             (long long)r.total);
}

/* ---- the feed ---------------------------------------------------------------------- */

/* The last that the feed says of each alert; a late repeat is not the last. */
struct endings {
    struct alert_change at[EPISODES_MOST];
    int32_t count;
};

static bool is_later(const struct alert_change *a, const struct alert_change *b)
{
    if (a->started.ms != b->started.ms)
        return a->started.ms > b->started.ms;
    return a->sequence > b->sequence;
}

static void note_ending(struct endings *all, const struct alert_change *change)
{
    for (int32_t i = 0; i < all->count; i++) {
        if (!little_world_same_alert(&all->at[i], change))
            continue;
        if (is_later(change, &all->at[i]))
            all->at[i] = *change;
        return;
    }
    assert_true(all->count < EPISODES_MOST);
    all->at[all->count++] = *change;
}

static const char *state_told(const struct alert_change *change)
{
    switch (change->status) {
    case ALERT_PENDING:
        return "pending";
    case ALERT_FIRING:
        return change->severity == SEVERITY_CRITICAL ? "critical" : "warning";
    case ALERT_RECOVERING:
        return "recovering";
    case ALERT_OK:
    case ALERT_RESOLVED:
    case ALERT_STATUS_COUNT:
        break;
    }
    return "idle";
}

static const char *state_shown(const struct sim *s, int32_t shard,
                               const struct alert_change *change, struct row *row)
{
    char place[PLACE_BYTES * 2];
    char field[PLACE_BYTES * 2];
    struct span value;
    const struct judged judged = { .sim = s, .shard = shard };
    snprintf(place, sizeof place, "%.*s|%.*s", (int)change->seller.size, change->seller.text,
             (int)change->storefront.size, change->storefront.text);
    snprintf(field, sizeof field, "%s:%.*s", catalogue_row(change->kpi)->name,
             (int)change->window.size, change->window.text);
    if (!fake_store_view(s->world.store, shard, span_of_text(place), span_of_text(field),
                         &value) ||
        !read_row(&judged, span_of_text(place), span_of_text(field), value, row) ||
        is_idle(row))
        return "idle";
    return row->state;
}

/* Margins change from one configuration to the next, the limits that they move do not. */
static void what_recovered_is_clear(const struct sim *s, const struct alert_change *change)
{
    if (change->type != ALERT_EVENT_RESOLVED || change->reason != ALERT_REASON_RECOVERED ||
        change->previous_status == ALERT_PENDING)
        return;
    char window[PLACE_BYTES];
    char field[PLACE_BYTES * 2];
    sim_text_of(name_span(&change->window), window, sizeof window);
    snprintf(field, sizeof field, "%s:%s", catalogue_row(change->kpi)->name, window);
    const struct row r = { .sim = s,
                           .limits = find_limits(field, window),
                           .bad = change->evidence_total,
                           .total = change->denominator };
    if (r.limits != NULL && is_beyond(&r, r.limits->warn, 0))
        fail_msg("%.*s %s recovered with %lld bad of %lld", (int)change->seller.size,
                 change->seller.text, field, (long long)r.bad, (long long)r.total);
}

static void feed_ends_where_alerts_stand(const struct sim *s, int32_t shard)
{
    static struct endings all;
    all.count = 0;
    for (int64_t n = 0; fake_topics_alert(s->world.topics, shard, n) != NULL; n++) {
        const struct alert_change change = little_world_change(&s->world, shard, n);
        what_recovered_is_clear(s, &change);
        if (change.type != ALERT_EVENT_STORM)
            note_ending(&all, &change);
    }
    for (int32_t i = 0; i < all.count; i++) {
        struct row row;
        const char *told = state_told(&all.at[i]);
        const char *shown = state_shown(s, shard, &all.at[i], &row);
        const bool throttled = s->world.rules->storm_limit < SIM_CALM_STORM_LIMIT;
        if (strcmp(told, shown) != 0 && !(throttled && strcmp(told, "idle") == 0))
            fail_msg("%.*s %.*s %s: the feed ends %s, the view says %s",
                     (int)all.at[i].seller.size, all.at[i].seller.text,
                     (int)all.at[i].window.size, all.at[i].window.text,
                     catalogue_row(all.at[i].kpi)->name, told, shown);
    }
}

void sim_judge_alerts(const struct sim *s)
{
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++) {
        struct judged judged = { .sim = s, .shard = shard };
        fake_store_each_view(s->world.store, shard, check_view, &judged);
        feed_ends_where_alerts_stand(s, shard);
    }
}
