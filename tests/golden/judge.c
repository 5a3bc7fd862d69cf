/* judge.c - the domain alone: events in as JSON lines, KPIs and alert changes out as text.
 *
 *      judge [--settings FILE] EVENTS.jsonl...  >  result.txt
 *
 * No Kafka, no Redis, no clock: time.source is `events`, and at the end all
 * inputs count as read to their log ends. The output is made to be reviewed and
 * to be compared with what the oracle says.
 */
#include "app/domain_rules.h"
#include "base/check.h"
#include "codec/alert_text.h"
#include "codec/event_check.h"
#include "codec/event_json.h"
#include "kpi/shard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct judge {
    struct settings settings;
    struct domain_rules rules;
    struct arena arena;
    struct shard shard;
    struct event_json json;
    int64_t refused;
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "judge: %s: %s\n", what, why);
    exit(1);
}

static void open_judge(struct judge *j, const char *settings)
{
    struct settings_problems problems = { 0 };
    struct reason why = { 0 };
    if (settings == NULL)
        settings_defaults(&j->settings);
    else if (!settings_load(settings, NULL, &j->settings, &problems))
        fail(settings, problems.count > 0 ? problems.at[0].what.text : "cannot be read");
    if (!settings_set(&j->settings, "time.source", "events", &why))
        fail("time.source", why.text);
    if (!domain_rules_open(&j->settings, &j->rules, &why))
        fail("calendars", why.text);
    shard_open(&j->shard, &j->rules.rules, &j->arena);
    event_json_open(&j->json);
}

static void print_changes(struct judge *j)
{
    static uint64_t version;
    outbox_in_save(&j->shard.outbox, ++version);
    const struct alert_change *change;
    struct buffer line = { 0 };
    while ((change = outbox_next(&j->shard.outbox, UINT64_MAX)) != NULL) {
        buffer_clear(&line);
        alert_text_line(change, false, &line);
        printf("alert %.*s\n", (int)line.size, (const char *)line.at);
        const uint64_t sequence = change->shard_sequence;
        outbox_sent(&j->shard.outbox);
        outbox_delivered(&j->shard.outbox, sequence, -1);
    }
    buffer_free(&line);
}

static void take_line(struct judge *j, char *text, size_t size, const char *where)
{
    struct event event;
    struct reason why = { 0 };
    if (event_json_parse(&j->json, span_of(text, size), TOPIC_COUNT, &event, &why) != STATUS_OK)
        fail(where, why.text);
    if (event_check(&event) != REJECT_NONE) {
        j->refused += 1;
        return;
    }
    if (shard_enters_new_pane(&j->shard, event.ts_event)) {
        shard_tick(&j->shard, (wall_time){ 0 });
        print_changes(j);
    }
    j->refused += shard_apply(&j->shard, &event, (wall_time){ 0 }) != REJECT_NONE;
}

static void take_file(struct judge *j, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail(path, "cannot be opened");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    while ((size = getline(&line, &capacity, file)) > 0) {
        while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            size--;
        if (size > 0)
            take_line(j, line, (size_t)size, path);
    }
    free(line);
    fclose(file);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_views(struct judge *j)
{
    struct view_batch batch;
    view_batch_open(&batch, 64, &j->arena);
    view_rewrite_all(&j->shard.alerts);
    char **lines = calloc((size_t)j->shard.sellers.cells.live * 200 + 1, sizeof *lines);
    CHECK(lines != NULL);
    size_t count = 0;
    while (j->shard.sellers.views.count > 0) {
        view_batch_fill(&batch, &j->shard.alerts, (wall_time){ INT64_MAX / 2 });
        for (int32_t v = 0; v < batch.view_count; v++) {
            const struct saved_view *view = &batch.views[v];
            for (int32_t f = 0; f + 4 < view->field_count; f += 2) {
                char *line = NULL;
                CHECK(asprintf(&line, "%.*s %.*s %.*s", (int)view->seller_storefront.size,
                               (const char *)view->seller_storefront.at,
                               (int)view->fields[f].size, (const char *)view->fields[f].at,
                               (int)view->fields[f + 1].size,
                               (const char *)view->fields[f + 1].at) > 0);
                lines[count++] = line;
            }
        }
    }
    qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++) {
        printf("kpi %s\n", lines[i]);
        free(lines[i]);
    }
    free(lines);
    view_batch_close(&batch);
}

int main(int argc, char **argv)
{
    static struct judge j;
    const char *settings = NULL;
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "--settings") == 0) {
        settings = argv[2];
        first = 3;
    }
    open_judge(&j, settings);
    for (int i = first; i < argc; i++)
        take_file(&j, argv[i]);
    for (int t = 0; t < TOPIC_COUNT; t++)
        shard_clock_at_end(&j.shard.clock, (enum topic)t, (wall_time){ 0 });
    shard_tick(&j.shard, (wall_time){ 0 });
    print_changes(&j);
    print_views(&j);
    printf("time stream %" PRId64 " watermark %" PRId64 " refused %" PRId64 "\n",
           j.shard.clock.stream_time, j.shard.clock.watermark, j.refused);
    event_json_close(&j.json);
    shard_close(&j.shard);
    domain_rules_close(&j.rules);
    settings_free(&j.settings);
    return 0;
}
