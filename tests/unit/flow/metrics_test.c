/* metrics_test.c - what was counted is shown, in text that Prometheus reads. */
#include "flow/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a small reader of the text format, which knows nothing of metrics.def --- */

enum { LINES_MAX = 1000, LINE_BYTES = 400 };

struct page {
    char lines[LINES_MAX][LINE_BYTES];
    int count;
};

static struct page page; /* too large for a stack */

static void page_read(const struct metrics *const *parts, int32_t count)
{
    struct buffer text = { 0 };
    const struct metrics_scrape scrape = { parts, count, "1.2.3" };
    metrics_render(&scrape, &text);
    assert_true(text.size > 0);
    assert_int_equal(text.at[text.size - 1], '\n');

    page.count = 0;
    size_t begin = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] != '\n')
            continue;
        assert_true(i - begin < LINE_BYTES && page.count < LINES_MAX);
        memcpy(page.lines[page.count], text.at + begin, i - begin);
        page.lines[page.count++][i - begin] = '\0';
        begin = i + 1;
    }
    buffer_free(&text);
}

/* The value that stands behind exactly this name and labels. */
static const char *page_value(const char *series)
{
    const size_t size = strlen(series);
    for (int i = 0; i < page.count; i++) {
        if (strncmp(page.lines[i], series, size) == 0 && page.lines[i][size] == ' ')
            return page.lines[i] + size + 1;
    }
    fail_msg("no line for %s", series);
    return NULL;
}

static bool page_has(const char *begin)
{
    for (int i = 0; i < page.count; i++) {
        if (strncmp(page.lines[i], begin, strlen(begin)) == 0)
            return true;
    }
    return false;
}

static void name_of_line(const char *line, char ret_name[LINE_BYTES])
{
    snprintf(ret_name, LINE_BYTES, "%.*s", (int)strcspn(line, " {"), line);
}

static void strip(char *name, const char *end)
{
    const size_t size = strlen(name);
    if (size > strlen(end) && strcmp(name + size - strlen(end), end) == 0)
        name[size - strlen(end)] = '\0';
}

static bool is_name(const char *name)
{
    return name[0] != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name);
}

/* ---- promises --------------------------------------------------------------- */

static struct metrics one;
static struct metrics two;
static const struct metrics *const both[] = { &one, &two };

static int begin_anew(void **state)
{
    (void)state;
    memset(&one, 0, sizeof one);
    memset(&two, 0, sizeof two);
    return 0;
}

static void each_metric_is_one_group_with_help_and_type_first(void **state)
{
    (void)state;
    char seen[METRIC_COUNT][LINE_BYTES];
    int groups = 0;
    char current[LINE_BYTES] = "";
    bool histogram = false;
    page_read(both, 2);

    for (int i = 0; i < page.count; i++) {
        const char *line = page.lines[i];
        char name[LINE_BYTES];
        if (strncmp(line, "# HELP ", 7) == 0) {
            name_of_line(line + 7, name);
            for (int g = 0; g < groups; g++)
                assert_string_not_equal(seen[g], name);
            strcpy(seen[groups++], name);
            strcpy(current, name);
            const char *type = page.lines[i + 1];
            assert_int_equal(strncmp(type, "# TYPE ", 7), 0);
            name_of_line(type + 7, name);
            assert_string_equal(name, current);
            histogram = strstr(type, " histogram") != NULL;
            i++;
            continue;
        }
        assert_true(line[0] != '#');
        name_of_line(line, name);
        if (histogram) {
            strip(name, "_bucket");
            strip(name, "_sum");
            strip(name, "_count");
        }
        assert_string_equal(name, current);
    }
    assert_int_equal(groups, METRIC_COUNT);
}

static void names_say_their_unit_as_prometheus_wants(void **state)
{
    (void)state;
    page_read(both, 2);
    for (int i = 0; i < page.count; i++) {
        if (strncmp(page.lines[i], "# TYPE ", 7) != 0)
            continue;
        char name[LINE_BYTES];
        name_of_line(page.lines[i] + 7, name);
        assert_true(is_name(name));
        assert_true(strncmp(name, "sellerwatch_", 12) == 0 ||
                    strncmp(name, "process_", 8) == 0);
        const bool counter = strstr(page.lines[i], " counter") != NULL;
        const size_t size = strlen(name);
        const bool total = size > 6 && strcmp(name + size - 6, "_total") == 0;
        assert_int_equal(counter, total);
        assert_null(strstr(name, "_ms"));
    }
}

static void every_number_is_there_from_the_start(void **state)
{
    (void)state;
    page_read(both, 2);
    assert_string_equal(
        page_value("sellerwatch_events_total{topic=\"orders\",kind=\"order_unit_new\"}"), "0");
    assert_string_equal(
        page_value("sellerwatch_events_total{topic=\"messages\",kind=\"ticket_opened\"}"), "0");
    assert_string_equal(
        page_value("sellerwatch_events_total{topic=\"shipments\",kind=\"delivered\"}"), "0");
    assert_string_equal(page_value("sellerwatch_rejects_total{reason=\"too_late\"}"), "0");
    assert_string_equal(page_value("sellerwatch_saves_total{result=\"fenced\"}"), "0");
    assert_string_equal(page_value("sellerwatch_alert_changes_total{type=\"firing\","
                                   "kpi=\"avoidable_enquiries.delayed\"}"),
                        "0");
    assert_string_equal(page_value("sellerwatch_save_seconds_bucket{le=\"+Inf\"}"), "0");
}

/* A kind has one topic; the other pairs would be lines that never move. */
static void a_kind_is_shown_under_its_own_topic_only(void **state)
{
    (void)state;
    page_read(both, 2);
    for (int k = EVENT_UNKNOWN; k < EVENT_KIND_COUNT; k++) {
        int shown = 0;
        for (int t = 0; t < TOPIC_COUNT; t++) {
            char series[LINE_BYTES];
            snprintf(series, sizeof series,
                     "sellerwatch_events_total{topic=\"%s\",kind=\"%s\"}",
                     topic_label((enum topic)t), event_kind_name((enum event_kind)k));
            shown += page_has(series);
        }
        assert_int_equal(shown, k == EVENT_UNKNOWN ? 0 : 1);
    }
}

static void no_label_value_means_none(void **state)
{
    (void)state;
    page_read(both, 2);
    assert_false(page_has("sellerwatch_rejects_total{reason=\"none\"}"));
    assert_false(page_has("sellerwatch_saves_total{result=\"pending\"}"));
    assert_false(page_has("sellerwatch_alert_changes_total{type=\"unknown\""));
    assert_false(page_has("sellerwatch_entities{kind=\"none\"}"));
}

static void counts_of_two_workers_are_added_up(void **state)
{
    (void)state;
    metrics_add_of(&one, METRIC_EVENTS, EVENT_DELIVERED, 3);
    metrics_add_of(&one, METRIC_EVENTS, EVENT_DELIVERED, 1);
    metrics_add_of(&two, METRIC_EVENTS, EVENT_DELIVERED, 5);
    metrics_set_of(&one, METRIC_CONSUMER_LAG, TOPIC_MESSAGES, 7);
    metrics_set_of(&two, METRIC_CONSUMER_LAG, TOPIC_MESSAGES, 4);
    metrics_add_of2(&two, METRIC_ALERT_CHANGES, ALERT_EVENT_RESOLVED, KPI_ESCALATION, 2);
    page_read(both, 2);

    assert_string_equal(
        page_value("sellerwatch_events_total{topic=\"shipments\",kind=\"delivered\"}"), "9");
    assert_string_equal(page_value("sellerwatch_consumer_lag_records{topic=\"messages\"}"),
                        "11");
    assert_string_equal(
        page_value("sellerwatch_alert_changes_total{type=\"resolved\",kpi=\"escalation\"}"),
        "2");
    assert_string_equal(
        page_value("sellerwatch_alert_changes_total{type=\"resolved\",kpi=\"repeat_contact\"}"),
        "0");
    assert_int_equal(metrics_value(&one, METRIC_EVENTS, EVENT_DELIVERED, 0), 4);
}

static void the_worst_lag_is_shown_in_seconds(void **state)
{
    (void)state;
    metrics_set(&one, METRIC_WATERMARK_LAG, 1250);
    metrics_set(&two, METRIC_WATERMARK_LAG, 90000);
    metrics_set(&one, METRIC_STREAM_TIME_LAG, -30);
    metrics_set(&two, METRIC_STREAM_TIME_LAG, -1005);
    page_read(both, 2);
    assert_string_equal(page_value("sellerwatch_watermark_lag_seconds"), "90");
    assert_string_equal(page_value("sellerwatch_stream_time_lag_seconds"), "-0.03");

    page_read(both, 1);
    assert_string_equal(page_value("sellerwatch_watermark_lag_seconds"), "1.25");
}

static void a_histogram_counts_all_that_is_at_most_its_bound(void **state)
{
    (void)state;
    metrics_observe(&one, METRIC_STEP_SECONDS, -5);        /* the clock was set back */
    metrics_observe(&one, METRIC_SAVE_SECONDS, 100);       /* exactly the first bound */
    metrics_observe(&one, METRIC_SAVE_SECONDS, 101);       /* the next one */
    metrics_observe(&two, METRIC_SAVE_SECONDS, 2000000);   /* 2 s */
    metrics_observe(&two, METRIC_SAVE_SECONDS, 600000000); /* above all bounds */
    page_read(both, 2);

    assert_string_equal(page_value("sellerwatch_save_seconds_bucket{le=\"0.0001\"}"), "1");
    assert_string_equal(page_value("sellerwatch_save_seconds_bucket{le=\"0.00025\"}"), "2");
    assert_string_equal(page_value("sellerwatch_save_seconds_bucket{le=\"1\"}"), "2");
    assert_string_equal(page_value("sellerwatch_save_seconds_bucket{le=\"2.5\"}"), "3");
    assert_string_equal(page_value("sellerwatch_save_seconds_bucket{le=\"60\"}"), "3");
    assert_string_equal(page_value("sellerwatch_save_seconds_bucket{le=\"+Inf\"}"), "4");
    assert_string_equal(page_value("sellerwatch_save_seconds_count"), "4");
    assert_string_equal(page_value("sellerwatch_save_seconds_sum"), "602.000201");
    assert_string_equal(page_value("sellerwatch_step_seconds_count"), "1");
    assert_string_equal(page_value("sellerwatch_step_seconds_sum"), "0");
}

static void buckets_never_shrink_and_their_bounds_rise(void **state)
{
    (void)state;
    for (int64_t bytes = 1; bytes < INT64_C(1) << 32; bytes *= 3)
        metrics_observe(&one, METRIC_SAVE_BYTES, bytes);
    page_read(both, 2);

    double bound = -1;
    long long count = -1;
    int buckets = 0;
    for (int i = 0; i < page.count; i++) {
        double le = 0;
        long long here = 0;
        if (sscanf(page.lines[i], "sellerwatch_save_bytes_bucket{le=\"%lf\"} %lld", &le,
                   &here) != 2)
            continue;
        assert_true(le > bound);
        assert_true(here >= count);
        bound = le;
        count = here;
        buckets++;
    }
    assert_int_equal(buckets, METRICS_BYTE_BOUNDS + 1);
}

static void the_version_is_a_label(void **state)
{
    (void)state;
    metrics_set(&one, METRIC_BUILD_INFO, 1);
    page_read(both, 2);
    assert_string_equal(page_value("sellerwatch_build_info{version=\"1.2.3\"}"), "1");

    struct buffer text = { 0 };
    const struct metrics_scrape odd = { both, 2, "a\"b\\c\nD" };
    metrics_render(&odd, &text);
    buffer_add_u8(&text, '\0');
    assert_non_null(strstr((const char *)text.at, "{version=\"a\\\"b\\\\c\\nD\"} 1\n"));
    buffer_free(&text);
}

static void no_metric_writes_into_its_neighbours(void **state)
{
    (void)state;
    metrics_add_of(&one, METRIC_REJECTS, REJECT_COUNT - 1, 1);
    metrics_add_of2(&one, METRIC_ALERT_CHANGES, ALERT_EVENT_TYPE_COUNT - 1, KPI_COUNT - 1, 1);
    metrics_observe(&one, METRIC_LOAD_SECONDS, INT64_C(1) << 40);
    int64_t touched = 0;
    for (int i = 0; i < METRICS_CELLS; i++)
        touched += one.cells[i] != 0;
    assert_int_equal(touched, 4); /* a histogram touches a bucket and its sum */
    assert_int_equal(metrics_value(&one, METRIC_DEAD_LETTERS, 0, 0), 0);
    assert_int_equal(metrics_value(&one, METRIC_ALERTS_FIRING, 0, 0), 0);
    assert_int_equal(metrics_value(&one, METRIC_FENCED, 0, 0), 0);
}

enum { ROUNDS = 20000 };

static void *count_on(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        metrics_add(arg, METRIC_FOREIGN_CLAIMS, 1);
    return NULL;
}

static void a_scrape_beside_a_busy_worker_sees_no_number_fall(void **state)
{
    (void)state;
    pthread_t worker;
    assert_int_equal(pthread_create(&worker, NULL, count_on, &one), 0);
    long long before = 0;
    for (int i = 0; i < 50; i++) {
        page_read(both, 2);
        const long long now = strtoll(page_value("sellerwatch_foreign_claims_total"), NULL, 10);
        assert_true(now >= before);
        before = now;
    }
    pthread_join(worker, NULL);
    assert_int_equal(metrics_value(&one, METRIC_FOREIGN_CLAIMS, 0, 0), ROUNDS);
}

static void the_document_has_a_line_for_each_metric(void **state)
{
    (void)state;
    struct buffer text = { 0 };
    metrics_document(&text);
    buffer_add_u8(&text, '\0');
    const char *document = (const char *)text.at;
#define METRIC(id, name, type, unit, first, second, help)                                      \
    assert_non_null(strstr(document, "| `" name "` |"));                                       \
    assert_non_null(strstr(document, help));
#include "flow/metrics.def"
#undef METRIC
    assert_non_null(strstr(document, "`wrong_partition`"));
    assert_non_null(strstr(document, "`delivery_on_time`"));
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_metric_is_one_group_with_help_and_type_first, begin_anew),
        cmocka_unit_test_setup(names_say_their_unit_as_prometheus_wants, begin_anew),
        cmocka_unit_test_setup(every_number_is_there_from_the_start, begin_anew),
        cmocka_unit_test_setup(a_kind_is_shown_under_its_own_topic_only, begin_anew),
        cmocka_unit_test_setup(no_label_value_means_none, begin_anew),
        cmocka_unit_test_setup(counts_of_two_workers_are_added_up, begin_anew),
        cmocka_unit_test_setup(the_worst_lag_is_shown_in_seconds, begin_anew),
        cmocka_unit_test_setup(a_histogram_counts_all_that_is_at_most_its_bound, begin_anew),
        cmocka_unit_test_setup(buckets_never_shrink_and_their_bounds_rise, begin_anew),
        cmocka_unit_test_setup(the_version_is_a_label, begin_anew),
        cmocka_unit_test_setup(no_metric_writes_into_its_neighbours, begin_anew),
        cmocka_unit_test_setup(a_scrape_beside_a_busy_worker_sees_no_number_fall, begin_anew),
        cmocka_unit_test_setup(the_document_has_a_line_for_each_metric, begin_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
