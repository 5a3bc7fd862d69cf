/* demo_worst.c - see demo_worst.h. */
#include "app/demo_worst.h"

#include "base/check.h"
#include "kpi/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASKED = 6, /* of each rank */
    SHARDS_MAX = 64,
    CANDIDATES_MAX = KPI_COUNT * SHARDS_MAX * ASKED,
    PATIENCE_MS = 500,
    LABEL_BYTES = 2 * NAME_BYTES_MAX + 2,
    FIELD_BYTES = 128,
    PARTS = 5, /* of a field's value */
};

struct candidate {
    char label[LABEL_BYTES]; /* "seller|storefront" */
    enum kpi kpi;
    int32_t shard;
    double steps; /* beyond the warning, in steps to the critical limit */
};

struct demo_worst {
    struct redis_reader *reader;
    int32_t shard_count;
    const char *window;
    struct candidate *candidates; /* [CANDIDATES_MAX] */
    int32_t count;
    int32_t chosen[SCREEN_SELLERS_MAX];
    int32_t chosen_count;
    struct screen_seller rows[SCREEN_SELLERS_MAX];
    int32_t row_count;
};

struct demo_worst *demo_worst_open(struct redis_reader *reader, int32_t shard_count,
                                   const char *window)
{
    CHECK(shard_count > 0 && shard_count <= SHARDS_MAX);
    struct demo_worst *w = calloc(1, sizeof *w);
    CHECK(w != NULL);
    *w = (struct demo_worst){ .reader = reader, .shard_count = shard_count, .window = window };
    w->candidates = calloc(CANDIDATES_MAX, sizeof *w->candidates);
    CHECK(w->candidates != NULL);
    return w;
}

void demo_worst_close(struct demo_worst *w)
{
    if (w == NULL)
        return;
    free(w->candidates);
    free(w);
}

static const char *window_of(const struct demo_worst *w, enum kpi kpi)
{
    return catalogue_row(kpi)->kind == KPI_GAUGE ? "now" : w->window;
}

static void field_of(const struct demo_worst *w, enum kpi kpi, char ret_field[FIELD_BYTES])
{
    (void)snprintf(ret_field, FIELD_BYTES, "%s:%s", catalogue_row(kpi)->name,
                   window_of(w, kpi));
}

/* ---- ranks ------------------------------------------------------------------------------ */

static double steps_of(enum kpi kpi, struct span score)
{
    char text[32];
    const struct kpi_row *row = catalogue_row(kpi);
    const int64_t step =
        row->critical > row->warn ? row->critical - row->warn : row->warn - row->critical;
    (void)snprintf(text, sizeof text, "%.*s", (int)score.size, (const char *)score.at);
    return strtod(text, NULL) / (double)(step > 0 ? step : 1);
}

static bool is_total(struct span label)
{
    return label.size >= 2 && memcmp(label.at + label.size - 2, "|*", 2) == 0;
}

static void take_rank(void *arg, int32_t tag, const struct span *texts, int32_t count)
{
    struct demo_worst *w = arg;
    const enum kpi kpi = (enum kpi)(tag / SHARDS_MAX);
    for (int32_t i = 0; i + 1 < count; i += 2) {
        if (w->count == CANDIDATES_MAX || is_total(texts[i]) || texts[i].size >= LABEL_BYTES)
            continue;
        struct candidate *c = &w->candidates[w->count++];
        *c = (struct candidate){ .kpi = kpi, .shard = tag % SHARDS_MAX };
        memcpy(c->label, texts[i].at, texts[i].size);
        c->steps = steps_of(kpi, texts[i + 1]);
    }
}

static void ask_ranks(struct demo_worst *w)
{
    char field[FIELD_BYTES];
    w->count = 0;
    for (int32_t kpi = 0; kpi < KPI_COUNT; kpi++) {
        field_of(w, (enum kpi)kpi, field);
        for (int32_t shard = 0; shard < w->shard_count; shard++)
            redis_reader_ask_worst(w->reader, kpi * SHARDS_MAX + shard, shard, field, ASKED);
    }
}

/* ---- choosing ------------------------------------------------------------------------ */

static int by_steps(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    if (a->steps != b->steps)
        return a->steps > b->steps ? -1 : 1;
    const int order = strcmp(a->label, b->label);
    return order != 0 ? order : (int)a->kpi - (int)b->kpi;
}

static bool is_same_seller(const struct candidate *a, const struct candidate *b)
{
    const size_t size = strcspn(a->label, "|");
    return size == strcspn(b->label, "|") && memcmp(a->label, b->label, size) == 0;
}

static void choose(struct demo_worst *w)
{
    qsort(w->candidates, (size_t)w->count, sizeof *w->candidates, by_steps);
    w->chosen_count = 0;
    for (int32_t i = 0; i < w->count && w->chosen_count < SCREEN_SELLERS_MAX; i++) {
        bool known = false;
        for (int32_t k = 0; k < w->chosen_count; k++)
            known |= is_same_seller(&w->candidates[w->chosen[k]], &w->candidates[i]);
        if (!known)
            w->chosen[w->chosen_count++] = i;
    }
}

/* ---- fields -------------------------------------------------------------------------- */

static struct kpi_value amount_of(const char *text)
{
    char *end = NULL;
    const long long amount = strtoll(text, &end, 10);
    return (struct kpi_value){ .known = end != text && *end == '\0', .amount = amount };
}

bool demo_worst_parse(struct span text, struct screen_seller *ret_seller)
{
    char parts[PARTS][24];
    char copy[FIELD_BYTES];
    (void)snprintf(copy, sizeof copy, "%.*s", (int)text.size, (const char *)text.at);
    if (sscanf(copy, "%23s %23s %23s %23s %23s", parts[0], parts[1], parts[2], parts[3],
               parts[4]) != PARTS)
        return false;
    const struct kpi_value bad = amount_of(parts[0]);
    const struct kpi_value total = amount_of(parts[1]);
    if (!bad.known || !total.known)
        return false;
    ret_seller->bad = bad.amount;
    ret_seller->total = total.amount;
    ret_seller->value = amount_of(parts[2]);
    ret_seller->limit = amount_of(parts[3]);
    ret_seller->state = name_of(span_of_text(parts[4]));
    return true;
}

static void take_field(void *arg, int32_t tag, const struct span *texts, int32_t count)
{
    struct demo_worst *w = arg;
    const struct candidate *c = &w->candidates[w->chosen[tag]];
    const size_t bar = strcspn(c->label, "|");
    struct screen_seller row = { .kpi = c->kpi };
    if (count != 1 || c->label[bar] != '|' || !demo_worst_parse(texts[0], &row))
        return;
    row.seller = name_of(span_of(c->label, bar));
    row.storefront = name_of(span_of_text(c->label + bar + 1));
    row.window = name_of(span_of_text(window_of(w, c->kpi)));
    w->rows[w->row_count++] = row;
}

static void ask_fields(struct demo_worst *w)
{
    char field[FIELD_BYTES];
    w->row_count = 0;
    for (int32_t i = 0; i < w->chosen_count; i++) {
        const struct candidate *c = &w->candidates[w->chosen[i]];
        field_of(w, c->kpi, field);
        redis_reader_ask_field(w->reader, i, c->shard, c->label, field);
    }
}

/* What an alert says weighs more than a distance: too few facts make no alert. */
static int32_t weight_of(const struct screen_seller *row)
{
    static const char *const states[] = { "pending", "recovering", "warning", "critical" };
    const int32_t count = sizeof states / sizeof states[0];
    for (int32_t i = 0; i < count; i++) {
        if (span_equal(name_span(&row->state), span_of_text(states[i])))
            return i + 1;
    }
    return 0;
}

/* Keeps the order of those that weigh the same. */
static void sort_rows(struct demo_worst *w)
{
    for (int32_t i = 1; i < w->row_count; i++) {
        const struct screen_seller row = w->rows[i];
        int32_t at = i;
        for (; at > 0 && weight_of(&w->rows[at - 1]) < weight_of(&row); at--)
            w->rows[at] = w->rows[at - 1];
        w->rows[at] = row;
    }
}

void demo_worst_read(struct demo_worst *w, struct screen *ret_screen)
{
    struct reason ignored;
    ask_ranks(w);
    if (redis_reader_answers(w->reader, PATIENCE_MS, take_rank, w, &ignored) != STATUS_OK)
        return;
    choose(w);
    ask_fields(w);
    if (redis_reader_answers(w->reader, PATIENCE_MS, take_field, w, &ignored) != STATUS_OK)
        return;
    sort_rows(w);
    memcpy(ret_screen->worst, w->rows, sizeof w->rows);
    ret_screen->worst_count = w->row_count;
}
