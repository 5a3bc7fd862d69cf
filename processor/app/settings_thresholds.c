/* settings_thresholds.c - limits of KPIs, and which of them make no sense.
 *
 *      thresholds:
 *        delivery_on_time:
 *          warn: 93%              a ratio in %, a duration with its unit, a gauge as
 *          critical: off          a number; off: never
 *          windows:
 *            7d: {warn: 95%}      for one window alone
 *
 * Limits above `windows` are written to all columns of the KPI's row first and those
 * of single windows on top, whatever the order in the file. Then the finished row is
 * looked at as a whole: a limit that can never fire is a mistake, not a preference.
 */
#include "app/settings_thresholds.h"

#include "app/settings_value.h"
#include "base/check.h"
#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PPM = 1000000, PPM_PER_PERMILLE = 1000, COUNT_MAX = 1000000 };

enum key {
    KEY_WARN,
    KEY_CRITICAL,
    KEY_MIN_DENOMINATOR,
    KEY_MIN_BAD,
    KEY_FOR,
    KEY_KEEP_FIRING_FOR,
    KEY_CLEAR_MARGIN,
    KEY_EVIDENCE,
    KEY_WINDOWS,
};

static const char *const keys[] = {
    "warn",         "critical", "min_denominator", "min_bad", "for", "keep_firing_for",
    "clear_margin", "evidence", "windows",         NULL
};

enum { EVIDENCE_FIRE, EVIDENCE_CLEAR };
static const char *const evidence_keys[] = { "fire", "clear", NULL };

/* The row of one KPI, and the columns that are being written. */
struct scope {
    const struct settings_reading *reading;
    enum kpi kpi;
    struct threshold *row; /* [WINDOWS_MAX] */
    int32_t first;
    int32_t end;
    bool one_window; /* inside `windows:` */
};

/* ---- defaults ---------------------------------------------------------------------- */

static struct threshold preset_of(const struct settings *settings, enum kpi kpi)
{
    const struct kpi_row *row = catalogue_row(kpi);
    return (struct threshold){
        .warn = row->warn,
        .critical = row->critical,
        .min_denominator = row->min_denominator,
        .min_bad = row->kind == KPI_GAUGE ? 0 : (int32_t)settings->alerts_min_bad,
        .for_ms = settings->alerts_for_ms,
        .keep_firing_ms = settings->alerts_keep_firing_ms,
        .clear_margin_permille =
            (int32_t)(settings->alerts_clear_margin_ppm / PPM_PER_PERMILLE),
    };
}

void settings_thresholds_preset(const struct settings *settings, struct threshold_table *table)
{
    for (int32_t k = 0; k < KPI_COUNT; k++) {
        for (int32_t w = 0; w < WINDOWS_MAX; w++)
            table->of[k][w] = preset_of(settings, (enum kpi)k);
    }
}

/* ---- one limit --------------------------------------------------------------------- */

/* Tickets per unit may be more than one; parts of a whole may not. */
static bool part_of_a_whole(const struct kpi_row *row)
{
    return row->side == SIDE_GOOD || (row->bad & row->total) == row->bad;
}

static bool limit_read(enum kpi kpi, const char *text, int64_t *ret_limit, struct reason *why)
{
    const struct kpi_row *row = catalogue_row(kpi);
    const struct settings_range ratio = { 0, part_of_a_whole(row) ? PPM : 10 * PPM };
    if (strcmp(text, "off") == 0) {
        *ret_limit = THRESHOLD_OFF;
        return true;
    }
    if (row->kind == KPI_RATIO)
        return settings_value_ratio(text, ratio, ret_limit, why);
    if (row->kind == KPI_DURATION)
        return settings_value_duration(text, (struct settings_range){ 0, 90 * DAY_MS },
                                       ret_limit, why);
    return settings_value_count(text, (struct settings_range){ 0, COUNT_MAX }, ret_limit, why);
}

static bool value_read(enum kpi kpi, enum key key, const char *text, int64_t *ret_value,
                       struct reason *why)
{
    switch (key) {
    case KEY_WARN:
    case KEY_CRITICAL:
        return limit_read(kpi, text, ret_value, why);
    case KEY_MIN_DENOMINATOR:
    case KEY_MIN_BAD:
        return settings_value_count(text, (struct settings_range){ 0, COUNT_MAX }, ret_value,
                                    why);
    case KEY_FOR:
    case KEY_KEEP_FIRING_FOR:
        return settings_value_duration(text, (struct settings_range){ 0, 30 * DAY_MS },
                                       ret_value, why);
    case KEY_CLEAR_MARGIN:
        return settings_value_ratio(text, (struct settings_range){ 0, PPM }, ret_value, why);
    case KEY_EVIDENCE:
    case KEY_WINDOWS:
        break;
    }
    CHECK(false);
    return false;
}

static void assign(struct threshold *t, enum key key, int64_t value)
{
    switch (key) {
    case KEY_WARN:
        t->warn = value;
        return;
    case KEY_CRITICAL:
        t->critical = value;
        return;
    case KEY_MIN_DENOMINATOR:
        t->min_denominator = (int32_t)value;
        return;
    case KEY_MIN_BAD:
        t->min_bad = (int32_t)value;
        return;
    case KEY_FOR:
        t->for_ms = value;
        return;
    case KEY_KEEP_FIRING_FOR:
        t->keep_firing_ms = value;
        return;
    case KEY_CLEAR_MARGIN:
        t->clear_margin_permille = (int32_t)(value / PPM_PER_PERMILLE);
        return;
    case KEY_EVIDENCE:
    case KEY_WINDOWS:
        break;
    }
    CHECK(false);
}

static void refuse(const struct scope *scope, const struct yaml_node *node,
                   const struct reason *why)
{
    settings_problems_add(scope->reading->problems, settings_reading_at(scope->reading, node),
                          "%s of %s: %s", node->key, catalogue_row(scope->kpi)->name,
                          why->text);
}

/* What this KPI cannot have, whatever the value; NULL: it can. */
static const char *meaningless(const struct scope *scope, enum key key)
{
    const bool gauge = catalogue_row(scope->kpi)->kind == KPI_GAUGE;
    const bool counted = key == KEY_MIN_DENOMINATOR || key == KEY_MIN_BAD;
    const struct window_rules *windows = &scope->reading->settings->windows;
    if (gauge && counted)
        return "a gauge counts open items and has no facts to divide; remove it";
    if (key == KEY_CRITICAL && scope->one_window && !gauge &&
        !windows->at[scope->first].may_be_critical)
        return "alerts of this window are warnings at most, so it can never fire; remove it, "
               "or "
               "set critical: true for the window";
    return NULL;
}

static void read_limit(const struct scope *scope, const struct yaml_node *node, enum key key)
{
    struct reason why = { "" };
    int64_t value = 0;
    const char *mistake = meaningless(scope, key);
    if (!settings_reading_expect(scope->reading, node, YAML_TEXT, node->key))
        return;
    if (mistake != NULL) {
        reason_set(&why, "%s", mistake);
        refuse(scope, node, &why);
        return;
    }
    if (!value_read(scope->kpi, key, node->text, &value, &why)) {
        refuse(scope, node, &why);
        return;
    }
    for (int32_t w = scope->first; w < scope->end; w++)
        assign(&scope->row[w], key, value);
}

/* ---- evidence ---------------------------------------------------------------------- */

static void read_probability(const struct scope *scope, const struct yaml_node *node)
{
    struct reason why = { "" };
    int64_t ppm = 0;
    const struct settings_reading *r = scope->reading;
    const int32_t key = settings_reading_key(r, node, evidence_keys, "evidence");
    if (key < 0 || !settings_reading_expect(r, node, YAML_TEXT, node->key))
        return;
    if (!settings_value_ratio(node->text, (struct settings_range){ 0, PPM - 1 }, &ppm, &why)) {
        refuse(scope, node, &why);
        return;
    }
    for (int32_t w = scope->first; w < scope->end; w++) {
        if (key == EVIDENCE_FIRE)
            scope->row[w].evidence_fire_ppm = (int32_t)ppm;
        else
            scope->row[w].evidence_clear_ppm = (int32_t)ppm;
    }
}

static void read_evidence(const struct scope *scope, const struct yaml_node *map)
{
    struct reason why = { "" };
    if (!settings_reading_expect(scope->reading, map, YAML_MAP, "evidence"))
        return;
    if (catalogue_row(scope->kpi)->kind != KPI_RATIO) {
        reason_set(&why, "only a ratio has a breach probability; remove it");
        refuse(scope, map, &why);
        return;
    }
    for (const struct yaml_node *node = yaml_tree_first(scope->reading->tree, map);
         node != NULL; node = yaml_tree_next(scope->reading->tree, node))
        read_probability(scope, node);
}

/* ---- one KPI ----------------------------------------------------------------------- */

static void read_limits(const struct scope *scope, const struct yaml_node *map)
{
    const struct settings_reading *r = scope->reading;
    for (const struct yaml_node *node = yaml_tree_first(r->tree, map); node != NULL;
         node = yaml_tree_next(r->tree, node)) {
        const int32_t key = settings_reading_key(r, node, keys, "a threshold");
        r->settings->given++;
        if (key == KEY_EVIDENCE)
            read_evidence(scope, node);
        else if (key == KEY_WINDOWS && scope->one_window)
            settings_problems_add(r->problems, settings_reading_at_key(r, node),
                                  "windows inside of windows; remove the inner one");
        else if (key >= 0 && key != KEY_WINDOWS)
            read_limit(scope, node, (enum key)key);
    }
}

static int32_t window_of(const struct settings_reading *r, const struct yaml_node *node)
{
    char names[WINDOWS_MAX][NAME_BYTES_MAX + 1];
    const char *words[WINDOWS_MAX + 1] = { NULL };
    const struct window_rules *windows = &r->settings->windows;
    for (int32_t i = 0; i < windows->count; i++) {
        const struct name *name = &windows->at[i].name;
        (void)snprintf(names[i], sizeof names[i], "%.*s", (int)name->size, name->text);
        words[i] = names[i];
    }
    return settings_reading_key(r, node, words, "the list of windows");
}

static void read_windows(const struct scope *scope, const struct yaml_node *map)
{
    const struct settings_reading *r = scope->reading;
    if (!settings_reading_expect(r, map, YAML_MAP, "windows"))
        return;
    if (catalogue_row(scope->kpi)->kind == KPI_GAUGE) {
        settings_problems_add(r->problems, settings_reading_at_key(r, map),
                              "%s is a gauge: it counts now and has no windows; remove this",
                              catalogue_row(scope->kpi)->name);
        return;
    }
    for (const struct yaml_node *node = yaml_tree_first(r->tree, map); node != NULL;
         node = yaml_tree_next(r->tree, node)) {
        const int32_t window = window_of(r, node);
        if (window < 0 || !settings_reading_expect(r, node, YAML_MAP, node->key))
            continue;
        struct scope one = *scope;
        one.first = window;
        one.end = window + 1;
        one.one_window = true;
        read_limits(&one, node);
    }
}

/* ---- limits that make no sense ----------------------------------------------------- */

static struct settings_value_text show(enum kpi kpi, int64_t limit)
{
    struct settings_value_text shown = { "off" };
    if (limit == THRESHOLD_OFF)
        return shown;
    if (catalogue_row(kpi)->kind == KPI_RATIO)
        return settings_value_show_ratio(limit);
    if (catalogue_row(kpi)->kind == KPI_DURATION)
        return settings_value_show_duration(limit);
    (void)snprintf(shown.text, sizeof shown.text, "%" PRId64, limit);
    return shown;
}

/* No value of the KPI is ever beyond the limit. */
static bool never_fires(enum kpi kpi, enum comparison op, int64_t limit)
{
    const struct kpi_row *row = catalogue_row(kpi);
    if (limit == THRESHOLD_OFF)
        return false;
    if (op == OP_LT)
        return limit <= 0;
    return op == OP_GT && row->kind == KPI_RATIO && part_of_a_whole(row) && limit >= PPM;
}

static bool wrong_order(const struct kpi_row *row, const struct threshold *t)
{
    if (t->warn == THRESHOLD_OFF || t->critical == THRESHOLD_OFF)
        return false;
    return row->warn_op == OP_LT ? t->critical > t->warn : t->critical < t->warn;
}

/* Adds the mistake unless another window of the row has told it already. */
static void tell_once(const struct scope *scope, const struct yaml_node *node,
                      const struct reason *why, int32_t told_before)
{
    const struct settings_problems *problems = scope->reading->problems;
    for (int32_t i = told_before; i < problems->count; i++) {
        if (strcmp(problems->at[i].what.text, why->text) == 0)
            return;
    }
    settings_problems_add(scope->reading->problems,
                          settings_reading_at_key(scope->reading, node), "%s", why->text);
}

static void check_fires(const struct scope *scope, const struct yaml_node *node,
                        const struct threshold *t, int32_t told_before)
{
    const struct kpi_row *row = catalogue_row(scope->kpi);
    const struct {
        enum comparison op;
        int64_t limit;
    } limits[] = { { row->warn_op, t->warn }, { row->critical_op, t->critical } };
    for (int i = 0; i < 2; i++) {
        struct reason why;
        if (!never_fires(scope->kpi, limits[i].op, limits[i].limit))
            continue;
        reason_set(&why, "%s %s %s can never fire; write off, or a limit that can be crossed",
                   row->name, comparison_sign(limits[i].op),
                   show(scope->kpi, limits[i].limit).text);
        tell_once(scope, node, &why, told_before);
    }
}

static void check_order(const struct scope *scope, const struct yaml_node *node,
                        const struct threshold *t, int32_t told_before)
{
    struct reason why;
    const struct kpi_row *row = catalogue_row(scope->kpi);
    if (!wrong_order(row, t))
        return;
    reason_set(&why,
               "%s breaches at %s warn and %s critical: the warning could never come "
               "first; give critical %s warn",
               row->name, show(scope->kpi, t->warn).text, show(scope->kpi, t->critical).text,
               row->warn_op == OP_LT ? "at or below" : "at or above");
    tell_once(scope, node, &why, told_before);
}

static void check_evidence(const struct scope *scope, const struct yaml_node *node,
                           const struct threshold *t, int32_t told_before)
{
    struct reason why;
    if (t->evidence_fire_ppm == 0 || t->evidence_clear_ppm < t->evidence_fire_ppm)
        return;
    reason_set(&why,
               "%s needs a breach probability of %s to fire and clears at %s: it would "
               "clear at once; give a lower clear",
               catalogue_row(scope->kpi)->name,
               settings_value_show_ratio(t->evidence_fire_ppm).text,
               settings_value_show_ratio(t->evidence_clear_ppm).text);
    tell_once(scope, node, &why, told_before);
}

static void check_row(const struct scope *scope, const struct yaml_node *node)
{
    const int32_t told_before = scope->reading->problems->count;
    for (int32_t w = scope->first; w < scope->end; w++) {
        check_fires(scope, node, &scope->row[w], told_before);
        check_order(scope, node, &scope->row[w], told_before);
        check_evidence(scope, node, &scope->row[w], told_before);
    }
}

/* ---- all KPIs ---------------------------------------------------------------------- */

static enum kpi kpi_of(const struct settings_reading *r, const struct yaml_node *node)
{
    struct reason memory;
    struct suggest suggest = suggest_for(span_of_text(node->key));
    const enum kpi kpi = catalogue_find(span_of_text(node->key));
    if (kpi != KPI_COUNT)
        return kpi;
    for (int32_t k = 0; k < KPI_COUNT; k++)
        suggest_offer(&suggest, catalogue_row((enum kpi)k)->name);
    settings_problems_add(r->problems, settings_reading_at_key(r, node), "there is no KPI %s%s",
                          node->key,
                          suggest.nearest != NULL ? suggest_text(&suggest, &memory)
                                                  : "; config/SETTINGS.md lists them");
    return KPI_COUNT;
}

static void read_kpi(const struct scope *scope, const struct yaml_node *node)
{
    const struct settings_reading *r = scope->reading;
    if (!settings_reading_expect(r, node, YAML_MAP, node->key))
        return;
    read_limits(scope, node);
    const struct yaml_node *windows = yaml_tree_member(r->tree, node, "windows");
    if (windows != NULL)
        read_windows(scope, windows);
    check_row(scope, node);
}

void settings_thresholds_read(const struct settings_reading *r, const struct yaml_node *map,
                              struct threshold_table *table, bool ret_own[KPI_COUNT])
{
    if (!settings_reading_expect(r, map, YAML_MAP, "thresholds"))
        return;
    for (const struct yaml_node *node = yaml_tree_first(r->tree, map); node != NULL;
         node = yaml_tree_next(r->tree, node)) {
        const enum kpi kpi = kpi_of(r, node);
        if (kpi == KPI_COUNT)
            continue;
        const struct scope scope = {
            .reading = r, .kpi = kpi, .row = table->of[kpi], .end = WINDOWS_MAX
        };
        read_kpi(&scope, node);
        if (ret_own != NULL)
            ret_own[kpi] = true;
    }
}

/* ---- version ----------------------------------------------------------------------- */

static uint64_t mix_table(uint64_t hash, const struct threshold_table *table, int32_t windows)
{
    for (int32_t i = 0; i < KPI_COUNT * windows; i++) {
        const struct threshold *t = &table->of[i / windows][i % windows];
        hash = hash_mix(hash, (uint64_t)t->warn);
        hash = hash_mix(hash, (uint64_t)t->critical);
        hash = hash_mix(hash, (uint64_t)t->min_denominator);
        hash = hash_mix(hash, (uint64_t)t->min_bad);
        hash = hash_mix(hash, (uint64_t)t->for_ms);
        hash = hash_mix(hash, (uint64_t)t->keep_firing_ms);
        hash = hash_mix(hash, (uint64_t)t->clear_margin_permille);
        hash = hash_mix(hash, (uint64_t)t->evidence_fire_ppm);
        hash = hash_mix(hash, (uint64_t)t->evidence_clear_ppm);
    }
    return hash;
}

void settings_thresholds_version(struct settings *settings)
{
    const struct window_rules *windows = &settings->windows;
    CHECK(windows->count > 0);
    uint64_t hash = mix_table(0, &settings->thresholds, windows->count);
    for (int32_t i = 0; i < windows->count; i++) {
        hash = hash_mix(hash, (uint64_t)windows->at[i].length_ms);
        hash = hash_mix(hash, (uint64_t)windows->at[i].pane_ms);
        hash = hash_mix(hash, windows->at[i].may_be_critical ? 1 : 0);
    }
    for (int32_t i = 0; i < settings->storefront_count; i++) {
        const struct settings_storefront *s = &settings->storefronts[i];
        if (!s->has_thresholds)
            continue;
        hash = hash_mix(hash, hash_bytes(span_of_text(s->name)));
        hash = mix_table(hash, &s->thresholds, windows->count);
    }
    (void)snprintf(settings->rule_version, sizeof settings->rule_version, "%016" PRIx64, hash);
}
