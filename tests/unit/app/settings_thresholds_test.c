/* settings_thresholds_test.c - whose limit holds where, and which limits make no sense. */
#include "app/settings.h"
#include "app/settings_windows.h"
#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { W_1H, W_24H, W_7D, W_30D };

struct outcome {
    bool good;
    struct settings settings;
    struct settings_problems problems;
};

static struct outcome parse(const char *text)
{
    struct outcome o = { 0 };
    const struct settings_source source = { .path = "t.yaml", .text = span_of_text(text) };
    o.good = settings_parse(&source, &o.settings, &o.problems);
    return o;
}

static void discard(struct outcome *o)
{
    settings_free(&o->settings);
    settings_problems_free(&o->problems);
}

static struct settings valid(const char *text)
{
    struct outcome o = parse(text);
    if (!o.good)
        fail_msg("line %d: %s", (int)o.problems.at[0].line, o.problems.at[0].what.text);
    settings_problems_free(&o.problems);
    return o.settings;
}

/* Exactly one mistake, in that line, of which this is a part. */
static void assert_mistake(const char *text, int32_t line, const char *part)
{
    struct outcome o = parse(text);
    assert_false(o.good);
    assert_int_equal(o.problems.count, 1);
    assert_int_equal(o.problems.at[0].line, line);
    if (strstr(o.problems.at[0].what.text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", o.problems.at[0].what.text, part);
    discard(&o);
}

/* ---- resolution -------------------------------------------------------------------- */

static void without_a_word_the_catalogue_holds_for_every_kpi_and_window(void **state)
{
    (void)state;
    struct settings s = valid("");
    for (int32_t k = 0; k < KPI_COUNT; k++) {
        const struct kpi_row *row = catalogue_row((enum kpi)k);
        for (int32_t w = 0; w < s.windows.count; w++) {
            const struct threshold *t = &s.thresholds.of[k][w];
            assert_int_equal(t->warn, row->warn);
            assert_int_equal(t->critical, row->critical);
            assert_int_equal(t->min_denominator, row->min_denominator);
            assert_int_equal(t->min_bad, row->kind == KPI_GAUGE ? 0 : 3);
            assert_int_equal(t->for_ms, 0);
            assert_int_equal(t->keep_firing_ms, 6 * HOUR_MS);
            assert_int_equal(t->clear_margin_permille, 100);
        }
    }
    settings_free(&s);
}

static void limits_are_read_in_the_unit_of_their_kpi(void **state)
{
    (void)state;
    struct settings s = valid("thresholds:\n"
                              "  delivery_on_time: {warn: 93.25%, critical: off}\n"
                              "  response_time: {warn: 20h, critical: 1d12h}\n"
                              "  response_overdue: {warn: 2, critical: 7}\n"
                              "  avoidable_enquiries: {critical: 150%}\n");
    assert_int_equal(s.thresholds.of[KPI_DELIVERY_ON_TIME][W_7D].warn, 932500);
    assert_true(s.thresholds.of[KPI_DELIVERY_ON_TIME][W_7D].critical == THRESHOLD_OFF);
    assert_int_equal(s.thresholds.of[KPI_RESPONSE_TIME][W_1H].warn, 20 * HOUR_MS);
    assert_int_equal(s.thresholds.of[KPI_RESPONSE_TIME][W_1H].critical, 36 * HOUR_MS);
    assert_int_equal(s.thresholds.of[KPI_RESPONSE_OVERDUE][0].critical, 7);
    assert_int_equal(s.thresholds.of[KPI_AVOIDABLE_ENQUIRIES][0].critical, 1500000);
    settings_free(&s);
}

/* The order in the file does not matter: `windows` first, then the rest. */
static void limit_of_one_window_wins_over_the_kpis(void **state)
{
    (void)state;
    struct settings s = valid("thresholds:\n"
                              "  delivery_on_time:\n"
                              "    windows: {7d: {warn: 96%, for: 1h}}\n"
                              "    warn: 95%\n"
                              "    evidence: {fire: 90%, clear: 50%}\n");
    const struct threshold *row = s.thresholds.of[KPI_DELIVERY_ON_TIME];
    assert_int_equal(row[W_7D].warn, 960000);
    assert_int_equal(row[W_7D].for_ms, HOUR_MS);
    assert_int_equal(row[W_7D].evidence_fire_ppm, 900000);
    assert_int_equal(row[W_30D].warn, 950000);
    assert_int_equal(row[W_30D].for_ms, 0);
    assert_int_equal(row[W_30D].evidence_clear_ppm, 500000);
    settings_free(&s);
}

static void storefront_has_the_global_limits_where_it_says_nothing(void **state)
{
    (void)state;
    struct settings s = valid("storefronts:\n"
                              "  pl: {thresholds: {cancellation: {warn: 2%}}}\n"
                              "  xx: {calendar: always}\n"
                              "thresholds:\n"
                              "  cancellation: {min_bad: 5}\n"
                              "  escalation: {warn: 12%}\n");
    const struct settings_storefront *pl = settings_storefront(&s, span_of_text("pl"));
    const struct settings_storefront *xx = settings_storefront(&s, span_of_text("xx"));
    assert_non_null(pl);
    assert_true(pl->has_thresholds);
    assert_true(pl->own[KPI_CANCELLATION]);
    assert_false(pl->own[KPI_ESCALATION]);
    assert_int_equal(pl->thresholds.of[KPI_CANCELLATION][W_7D].warn, 20000);
    assert_int_equal(pl->thresholds.of[KPI_CANCELLATION][W_7D].min_bad, 5);
    assert_int_equal(pl->thresholds.of[KPI_ESCALATION][W_7D].warn, 120000);
    assert_int_equal(s.thresholds.of[KPI_CANCELLATION][W_7D].warn, 10000);
    assert_string_equal(s.calendars[pl->calendar].name, "pl");

    assert_non_null(xx);
    assert_false(xx->has_thresholds);
    assert_string_equal(s.calendars[xx->calendar].name, "always");
    assert_null(settings_storefront(&s, span_of_text("yy")));
    assert_string_equal(s.calendars[s.default_calendar_index].name, "de");
    settings_free(&s);
}

static void alerts_settings_are_the_default_of_every_threshold(void **state)
{
    (void)state;
    struct settings s = valid("alerts: {min_bad: 4, for: 5m, clear_margin: 20%}\n"
                              "thresholds: {escalation: {min_bad: 1, clear_margin: 0%}}\n");
    assert_int_equal(s.thresholds.of[KPI_CANCELLATION][0].min_bad, 4);
    assert_int_equal(s.thresholds.of[KPI_CANCELLATION][0].for_ms, 5 * MINUTE_MS);
    assert_int_equal(s.thresholds.of[KPI_CANCELLATION][0].clear_margin_permille, 200);
    assert_int_equal(s.thresholds.of[KPI_ESCALATION][0].min_bad, 1);
    assert_int_equal(s.thresholds.of[KPI_ESCALATION][0].clear_margin_permille, 0);
    settings_free(&s);
}

static void rule_version_changes_with_a_rule_and_with_nothing_else(void **state)
{
    (void)state;
    struct settings plain = valid("");
    struct settings other = valid("batch: {records: 3}\nthresholds: {escalation: {warn: 10%}}");
    struct settings rule = valid("thresholds: {escalation: {warn: 11%}}");
    struct settings store = valid("storefronts: {de: {thresholds: {escalation: {warn: 11%}}}}");
    assert_string_equal(plain.rule_version, other.rule_version);
    assert_string_not_equal(plain.rule_version, rule.rule_version);
    assert_string_not_equal(plain.rule_version, store.rule_version);
    assert_string_not_equal(rule.rule_version, store.rule_version);
    settings_free(&plain);
    settings_free(&other);
    settings_free(&rule);
    settings_free(&store);
}

/* ---- limits that make no sense ----------------------------------------------------- */

static void unknown_kpi_names_the_nearest_one(void **state)
{
    (void)state;
    assert_mistake("thresholds:\n  delivery_on_tme: {}", 2, "did you mean delivery_on_time?");
    assert_mistake("thresholds:\n  agreement_compliance: {}", 2, "there is no KPI");
}

static void critical_on_the_wrong_side_of_warn_is_a_mistake(void **state)
{
    (void)state;
    assert_mistake("thresholds:\n  delivery_on_time: {warn: 90%, critical: 93%}", 2,
                   "the warning could never come first; give critical at or below warn");
    assert_mistake("thresholds:\n  delivery_late: {warn: 11%}", 2, "critical at or above warn");
    struct settings s = valid("thresholds: {delivery_late: {warn: 10%, critical: 10%}}");
    settings_free(&s);
}

static void limit_that_no_value_can_cross_is_a_mistake(void **state)
{
    (void)state;
    assert_mistake("thresholds:\n  delivery_on_time: {critical: 0%}", 2, "can never fire");
    assert_mistake("thresholds:\n  delivery_late: {critical: 100%}", 2, "can never fire");
    assert_mistake("thresholds:\n  delivery_late: {critical: 101%}", 2, "out of range");
}

static void critical_in_a_window_that_only_warns_is_a_mistake(void **state)
{
    (void)state;
    assert_mistake("thresholds:\n  delivery_late:\n    windows:\n      1h: {critical: 50%}", 4,
                   "alerts of this window are warnings at most");
}

/* Each once, though a limit above `windows` holds for every window. */
static void every_mistake_in_the_limits_of_a_kpi_is_told(void **state)
{
    (void)state;
    struct outcome o = parse("thresholds:\n"
                             "  delivery_on_time:\n"
                             "    warn: 0%\n"
                             "    critical: 50%\n"
                             "    evidence: {fire: 50%, clear: 60%}\n"
                             "    windows:\n"
                             "      7d: {warn: 40%}\n"
                             "      30d: {warn: 60%, critical: 70%, evidence: {clear: 10%}}\n"
                             "  delivery_late: {warn: 100%, critical: 100%}\n");
    static const struct {
        int32_t line;
        const char *part;
    } expected[] = {
        { 2, "delivery_on_time < 0% can never fire" },
        { 2, "delivery_on_time breaches at 0% warn and 50% critical" },
        { 2, "delivery_on_time needs a breach probability of 50% to fire and clears at 60%" },
        { 2, "delivery_on_time breaches at 40% warn and 50% critical" },
        { 2, "delivery_on_time breaches at 60% warn and 70% critical" },
        { 9, "delivery_late > 100% can never fire" },
    };
    assert_false(o.good);
    for (int32_t i = 0; i < o.problems.count; i++) {
        assert_int_equal(o.problems.at[i].line, expected[i].line);
        assert_non_null(strstr(o.problems.at[i].what.text, expected[i].part));
    }
    assert_int_equal(o.problems.count, sizeof expected / sizeof expected[0]);
    discard(&o);
}

static void gauge_has_no_windows_and_no_denominator(void **state)
{
    (void)state;
    assert_mistake("thresholds:\n  delivery_overdue: {windows: {7d: {warn: 1}}}", 2,
                   "is a gauge: it counts now and has no windows");
    assert_mistake("thresholds:\n  delivery_overdue: {min_denominator: 5}", 2,
                   "a gauge counts");
    assert_mistake("thresholds:\n  delivery_overdue: {warn: 3%}", 2, "not a whole number");
}

static void probability_to_clear_is_below_the_one_to_fire(void **state)
{
    (void)state;
    assert_mistake("thresholds:\n  delivery_late: {evidence: {fire: 50%, clear: 50%}}", 2,
                   "it would clear at once");
    assert_mistake("thresholds:\n  response_time: {evidence: {fire: 90%}}", 2,
                   "only a ratio has a breach probability");
}

/* ---- windows, calendars, storefronts ----------------------------------------------- */

static void windows_of_the_file_replace_the_default_ones(void **state)
{
    (void)state;
    struct settings s = valid("windows:\n"
                              "  - {name: 2h, length: 2h, pane: 5m, critical: false}\n"
                              "  - {name: 14d, length: 14d, pane: 1d}\n"
                              "thresholds: {escalation: {windows: {14d: {critical: 40%}}}}\n");
    assert_int_equal(s.windows.count, 2);
    assert_int_equal(s.windows.at[1].length_ms, 14 * DAY_MS);
    assert_true(s.windows.at[1].may_be_critical);
    assert_int_equal(settings_windows_find(&s.windows, "14d"), 1);
    assert_int_equal(settings_windows_find(&s.windows, "7d"), -1);
    assert_int_equal(s.thresholds.of[KPI_ESCALATION][1].critical, 400000);
    assert_int_equal(s.thresholds.of[KPI_ESCALATION][0].critical, 200000);
    settings_free(&s);
}

static void window_that_cannot_work_is_a_mistake(void **state)
{
    (void)state;
    assert_mistake("windows:\n- {name: a, length: 1h, pane: 7m}", 2, "not a multiple");
    assert_mistake("windows:\n- {name: a, length: 30d, pane: 1m}", 2, "more than 2000 panes");
    assert_mistake("windows:\n- {name: a, length: 1h}", 2, "needs name, length and pane");
    assert_mistake("windows: []", 1, "no window at all");
    assert_mistake(
        "windows:\n- {name: a, length: 2h, pane: 1h}\n- {name: b, length: 1h, pane: 1h}", 3,
        "in order of length");
    assert_mistake(
        "windows:\n- {name: a, length: 1h, pane: 1h}\n- {name: a, length: 2h, pane: 1h}", 3,
        "given twice");
    assert_mistake("windows:\n- {name: a b, length: 1h, pane: 1h}", 2,
                   "is no name of a window");
}

static void name_of_the_gauges_window_is_taken(void **state)
{
    (void)state;
    assert_mistake("windows:\n- {name: now, length: 1h, pane: 1h}", 2,
                   "now is what gauges have instead of a window");
}

/* One look at what is told is enough to mend the whole list. */
static void every_mistake_in_the_list_of_windows_is_told(void **state)
{
    (void)state;
    struct outcome o = parse("windows:\n"
                             "- {name: a, length: 2h, pane: 7m}\n"
                             "- {name: a, length: 1h, pane: 1m}\n"
                             "- {name: b, length: soon, pane: 1x}\n"
                             "- {length: 3h}\n"
                             "- {name: c, length: 30d, pane: 1m}\n"
                             "thresholds:\n"
                             "  escalation: {windows: {b: {warn: 12%}, c: {warn: 13%}}}\n");
    static const struct {
        int32_t line;
        const char *part;
    } expected[] = {
        { 2, "window a: its length is not a multiple of its pane" },
        { 3, "window a: its name is given twice" },
        { 3, "window a: it is not longer than the one before it" },
        { 4, "\"soon\"" },
        { 4, "\"1x\"" },
        { 5, "a window needs name, length and pane" },
        { 6, "window c: it has more than 2000 panes" },
    };
    assert_false(o.good);
    assert_int_equal(o.problems.count, sizeof expected / sizeof expected[0]);
    for (int32_t i = 0; i < o.problems.count; i++) {
        assert_int_equal(o.problems.at[i].line, expected[i].line);
        assert_non_null(strstr(o.problems.at[i].what.text, expected[i].part));
    }
    discard(&o);
}

static void more_than_eight_windows_or_four_panes_are_a_mistake(void **state)
{
    (void)state;
    struct buffer nine = { 0 };
    struct buffer panes = { 0 };
    buffer_printf(&nine, "windows:\n");
    buffer_printf(&panes, "windows:\n");
    for (int i = 1; i <= 9; i++)
        buffer_printf(&nine, "- {name: w%d, length: %dh, pane: 1h}\n", i, i);
    for (int i = 1; i <= 5; i++)
        buffer_printf(&panes, "- {name: w%d, length: %dh, pane: %dm}\n", i, i * 5, i);
    buffer_add_u8(&nine, 0);
    buffer_add_u8(&panes, 0);
    assert_mistake((const char *)nine.at, 10, "8 windows at most");
    assert_mistake((const char *)panes.at, 2, "more than 4 different panes");
    buffer_free(&nine);
    buffer_free(&panes);
}

static void calendar_of_the_file_replaces_or_adds(void **state)
{
    (void)state;
    struct settings s = valid("calendars:\n"
                              "  de: {timezone: Europe/Berlin, holidays: [2026-05-25]}\n"
                              "  ie: {timezone: Europe/Dublin, weekdays: [sun, mon]}\n"
                              "default_calendar: ie\n");
    const struct settings_storefront *de = settings_storefront(&s, span_of_text("de"));
    const struct settings_storefront *ie = settings_storefront(&s, span_of_text("ie"));
    assert_int_equal(s.calendars[de->calendar].holiday_count, 1);
    assert_int_equal(s.calendars[de->calendar].holidays[0], 20598); /* 2026-05-25 */
    assert_int_equal(s.calendars[ie->calendar].weekdays, 0x41);
    assert_string_equal(s.calendars[s.default_calendar_index].name, "ie");
    settings_free(&s);
}

static void calendar_that_cannot_be_kept_is_a_mistake(void **state)
{
    (void)state;
    assert_mistake("calendars:\n  x: {timezone: Europe/Nowhere}", 2, "there is no time zone");
    assert_mistake("calendars:\n  x: {timezone: leapseconds}", 2, "there is no time zone");
    assert_mistake("calendars:\n  x: {weekdays: [mon]}", 2, "it has no time zone");
    assert_mistake("calendars:\n  x: {timezone: UTC, weekdays: []}", 2, "no working day");
    assert_mistake("calendars:\n  x: {timezone: UTC, weekdays: [mo]}", 2, "did you mean mon?");
    assert_mistake("calendars:\n  x: {timezone: UTC, holidays: [2026-02-29]}", 2,
                   "is not a date");
    assert_mistake("calendars:\n  x: {timezone: UTC, holidays: [2026-02-03, 2026-02-03]}", 2,
                   "stands twice");
    assert_mistake("calendars:\n  always: {timezone: UTC}", 2, "exists already");
    assert_mistake("calendars_file: missing.yaml", 1, "missing.yaml cannot be opened");
    assert_mistake("default_calendar: dd", 1, "did you mean de?");
}

static void storefront_with_an_unknown_calendar_names_the_nearest(void **state)
{
    (void)state;
    assert_mistake("storefronts:\n  xx: {calendar: alway}", 2, "did you mean always?");
    assert_mistake("storefronts:\n  '*': {calendar: de}", 2, "* is all storefronts together");
    assert_mistake("storefronts:\n  de: {calender: de}", 2, "did you mean calendar?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_the_catalogue_holds_for_every_kpi_and_window),
        cmocka_unit_test(limits_are_read_in_the_unit_of_their_kpi),
        cmocka_unit_test(limit_of_one_window_wins_over_the_kpis),
        cmocka_unit_test(storefront_has_the_global_limits_where_it_says_nothing),
        cmocka_unit_test(alerts_settings_are_the_default_of_every_threshold),
        cmocka_unit_test(rule_version_changes_with_a_rule_and_with_nothing_else),
        cmocka_unit_test(unknown_kpi_names_the_nearest_one),
        cmocka_unit_test(critical_on_the_wrong_side_of_warn_is_a_mistake),
        cmocka_unit_test(limit_that_no_value_can_cross_is_a_mistake),
        cmocka_unit_test(critical_in_a_window_that_only_warns_is_a_mistake),
        cmocka_unit_test(every_mistake_in_the_limits_of_a_kpi_is_told),
        cmocka_unit_test(gauge_has_no_windows_and_no_denominator),
        cmocka_unit_test(probability_to_clear_is_below_the_one_to_fire),
        cmocka_unit_test(windows_of_the_file_replace_the_default_ones),
        cmocka_unit_test(window_that_cannot_work_is_a_mistake),
        cmocka_unit_test(name_of_the_gauges_window_is_taken),
        cmocka_unit_test(every_mistake_in_the_list_of_windows_is_told),
        cmocka_unit_test(more_than_eight_windows_or_four_panes_are_a_mistake),
        cmocka_unit_test(calendar_of_the_file_replaces_or_adds),
        cmocka_unit_test(calendar_that_cannot_be_kept_is_a_mistake),
        cmocka_unit_test(storefront_with_an_unknown_calendar_names_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
