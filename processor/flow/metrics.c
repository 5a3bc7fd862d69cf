/* metrics.c - counting, and metrics.def as Prometheus text and as a document.
 *
 * DESIGN
 * ------
 * A metric's cells are a small table: first label down, second label across. A
 * histogram keeps one cell a bucket, each counting only what fell into it, and
 * then the sum; the running totals that Prometheus wants are made at the scrape:
 *
 *      observed        3   3   70        bounds 10 100
 *      cells           [2][1][0]  [76]
 *      shown           le="10" 2, le="100" 3, le="+Inf" 3, sum 76, count 3
 *
 * So observing touches two cells, not twenty.
 */
#include "flow/metrics.h"

#include "base/check.h"

#include <stdatomic.h>
#include <string.h>

enum { LABELS_MAX = 2, TIME_DECIMALS = 6, MS_DECIMALS = 3 };

struct metric_row {
    const char *name;
    const char *help;
    enum metrics_type type;
    enum metrics_unit unit;
    enum metrics_label labels[LABELS_MAX];
    unsigned sizes[LABELS_MAX];
    unsigned at;
};

static const struct metric_row rows[METRIC_COUNT] = {
#define METRIC(id, text, kind, measure, first, second, says)                                   \
    [METRIC_##id] = { .name = (text),                                                          \
                      .help = (says),                                                          \
                      .type = METRICS_##kind,                                                  \
                      .unit = METRICS_##measure,                                               \
                      .labels = { METRICS_LABEL_##first, METRICS_LABEL_##second },             \
                      .sizes = { METRICS_SIZE_##first, METRICS_SIZE_##second },                \
                      .at = METRICS_AT_##id },
#include "flow/metrics.def"
#undef METRIC
};

static const int64_t time_bounds_us[METRICS_TIME_BOUNDS] = {
    100,    250,    500,    1000,    2500,    5000,    10000,    25000,    50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000,
};

static const int64_t byte_bounds[METRICS_BYTE_BOUNDS] = {
    1 << 8,  1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18,
    1 << 20, 1 << 22, 1 << 24, 1 << 26, 1 << 28,
};

static const struct {
    const char *name; /* of the label, in the text */
    const char *second_name;
    unsigned size;
} label_sets[METRICS_LABEL_COUNT] = {
    [METRICS_LABEL_NONE] = { NULL, NULL, METRICS_SIZE_NONE },
    [METRICS_LABEL_EVENT] = { "topic", "kind", METRICS_SIZE_EVENT },
    [METRICS_LABEL_TOPIC] = { "topic", NULL, METRICS_SIZE_TOPIC },
    [METRICS_LABEL_REASON] = { "reason", NULL, METRICS_SIZE_REASON },
    [METRICS_LABEL_WHAT] = { "what", NULL, METRICS_SIZE_WHAT },
    [METRICS_LABEL_STATUS] = { "result", NULL, METRICS_SIZE_STATUS },
    [METRICS_LABEL_TYPE] = { "type", NULL, METRICS_SIZE_TYPE },
    [METRICS_LABEL_KPI] = { "kpi", NULL, METRICS_SIZE_KPI },
    [METRICS_LABEL_ENTITY] = { "kind", NULL, METRICS_SIZE_ENTITY },
    [METRICS_LABEL_VERSION] = { "version", NULL, METRICS_SIZE_VERSION },
};

static const char *const whats[METRICS_WHAT_COUNT] = {
    [METRICS_WHAT_STOREFRONT] = "storefront",
    [METRICS_WHAT_TICKET_TOPIC] = "ticket_topic",
    [METRICS_WHAT_ENUM] = "enum",
};

static const char *const entity_names[ENTITY_KIND_COUNT] = {
#define ENTITY(name, text) [ENTITY_##name] = #name,
#include "kpi/entity.def"
#undef ENTITY
};

/* ---- counting ------------------------------------------------------------- */

static const struct metric_row *row_of(enum metric metric)
{
    CHECK(metric < METRIC_COUNT);
    return &rows[metric];
}

static unsigned cell_of(enum metric metric, unsigned first, unsigned second)
{
    const struct metric_row *row = row_of(metric);
    CHECK(row->type != METRICS_HISTOGRAM);
    CHECK(first < row->sizes[0] && second < row->sizes[1]);
    return row->at + first * row->sizes[1] + second;
}

static int64_t cell_read(const struct metrics *m, unsigned cell)
{
    CHECK(cell < METRICS_CELLS);
    return atomic_load_explicit(&m->cells[cell], memory_order_relaxed);
}

static void cell_write(struct metrics *m, unsigned cell, int64_t value)
{
    CHECK(cell < METRICS_CELLS);
    atomic_store_explicit(&m->cells[cell], value, memory_order_relaxed);
}

/* Load and store, not one atomic step: there is only one writer. */
static void cell_add(struct metrics *m, unsigned cell, int64_t by)
{
    cell_write(m, cell, cell_read(m, cell) + by);
}

void metrics_add(struct metrics *m, enum metric metric, int64_t by)
{
    metrics_add_of2(m, metric, 0, 0, by);
}

void metrics_add_of(struct metrics *m, enum metric metric, unsigned label, int64_t by)
{
    metrics_add_of2(m, metric, label, 0, by);
}

void metrics_add_of2(struct metrics *m, enum metric metric, unsigned first, unsigned second,
                     int64_t by)
{
    CHECK(m != NULL && by >= 0);
    CHECK(row_of(metric)->type == METRICS_COUNTER);
    cell_add(m, cell_of(metric, first, second), by);
}

void metrics_set(struct metrics *m, enum metric metric, int64_t value)
{
    metrics_set_of(m, metric, 0, value);
}

void metrics_set_of(struct metrics *m, enum metric metric, unsigned label, int64_t value)
{
    CHECK(label < row_of(metric)->sizes[0]);
    CHECK(row_of(metric)->type != METRICS_COUNTER || value >= 0);
    cell_write(m, cell_of(metric, label, 0), value);
}

int64_t metrics_value(const struct metrics *m, enum metric metric, unsigned first,
                      unsigned second)
{
    return cell_read(m, cell_of(metric, first, second));
}

/* The bounds of a histogram's buckets; the last bucket has none. */
static const int64_t *bounds_of(const struct metric_row *row, unsigned *ret_count)
{
    CHECK(row->type == METRICS_HISTOGRAM);
    CHECK(row->unit == METRICS_US || row->unit == METRICS_BYTES);
    const bool time = row->unit == METRICS_US;
    *ret_count = time ? METRICS_TIME_BOUNDS : METRICS_BYTE_BOUNDS;
    return time ? time_bounds_us : byte_bounds;
}

void metrics_observe(struct metrics *m, enum metric metric, int64_t value)
{
    CHECK(m != NULL);
    const struct metric_row *row = row_of(metric);
    unsigned count = 0;
    const int64_t *bounds = bounds_of(row, &count);

    unsigned bucket = 0;
    while (bucket < count && value > bounds[bucket])
        bucket++;
    cell_add(m, row->at + bucket, 1);
    if (value > 0) /* a clock that was set back makes no negative times */
        cell_add(m, row->at + count + 1, value);
}

/* ---- names ---------------------------------------------------------------- */

static enum topic topic_of(enum event_kind kind)
{
    CHECK(kind > EVENT_UNKNOWN && kind < EVENT_KIND_COUNT);
    if (kind <= EVENT_ORDER_UNIT_STATUS_CHANGED)
        return TOPIC_ORDERS;
    if (kind <= EVENT_TICKET_NO_RESPONSE_NEEDED)
        return TOPIC_MESSAGES;
    return TOPIC_SHIPMENTS;
}

/* Sets whose first member means "none" or "unknown" and never happens. */
static bool never_happens(enum metrics_label label, unsigned value)
{
    CHECK(label < METRICS_LABEL_COUNT && value < label_sets[label].size);
    switch (label) {
    case METRICS_LABEL_EVENT:
        return value == EVENT_UNKNOWN;
    case METRICS_LABEL_REASON:
        return value == REJECT_NONE;
    case METRICS_LABEL_TYPE:
        return value == ALERT_EVENT_UNKNOWN;
    case METRICS_LABEL_ENTITY:
        return value == ENTITY_NONE;
    case METRICS_LABEL_STATUS:
        return value == STATUS_PENDING;
    case METRICS_LABEL_NONE:
    case METRICS_LABEL_TOPIC:
    case METRICS_LABEL_WHAT:
    case METRICS_LABEL_KPI:
    case METRICS_LABEL_VERSION:
    case METRICS_LABEL_COUNT:
        break;
    }
    return false;
}

/* What the label says for one value of its set. */
static const char *label_text(enum metrics_label label, unsigned value)
{
    CHECK(label < METRICS_LABEL_COUNT && value < label_sets[label].size);
    switch (label) {
    case METRICS_LABEL_EVENT:
        return event_kind_name((enum event_kind)value);
    case METRICS_LABEL_TOPIC:
        return topic_label((enum topic)value);
    case METRICS_LABEL_REASON:
        return reject_code((enum reject)value);
    case METRICS_LABEL_WHAT:
        return whats[value];
    case METRICS_LABEL_STATUS:
        return status_name((enum status)value);
    case METRICS_LABEL_TYPE:
        return alert_event_type_symbol((enum alert_event_type)value);
    case METRICS_LABEL_KPI:
        return catalogue_row((enum kpi)value)->name;
    case METRICS_LABEL_ENTITY:
        return entity_names[value];
    case METRICS_LABEL_NONE:
    case METRICS_LABEL_VERSION:
    case METRICS_LABEL_COUNT:
        break;
    }
    CHECK(label == METRICS_LABEL_COUNT); /* a label without texts */
    return NULL;
}

/* ---- Prometheus text ------------------------------------------------------ */

static void text_add(struct buffer *b, const char *text)
{
    CHECK(text != NULL);
    buffer_add(b, span_of(text, strlen(text)));
}

/* A symbol of a closed set, in lower case however its enum writes it. */
static void symbol_add(struct buffer *b, const char *symbol)
{
    CHECK(symbol != NULL);
    for (const char *c = symbol; *c != '\0'; c++)
        buffer_add_u8(b, (uint8_t)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c));
}

/* Any text, escaped as the format wants. */
static void escaped_add(struct buffer *b, const char *text)
{
    CHECK(text != NULL);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\' || *c == '"' || *c == '\n')
            buffer_add_u8(b, '\\');
        buffer_add_u8(b, (uint8_t)(*c == '\n' ? 'n' : *c));
    }
}

/* The number as people write it: 1500000 with six decimals is 1.5. */
static void number_add(struct buffer *b, int64_t value, unsigned decimals)
{
    CHECK(decimals <= TIME_DECIMALS);
    uint64_t scale = 1;
    for (unsigned i = 0; i < decimals; i++)
        scale *= 10;

    const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    buffer_printf(b, "%s%llu", value < 0 ? "-" : "", (unsigned long long)(size / scale));
    uint64_t rest = size % scale;
    if (rest > 0)
        buffer_add_u8(b, '.');
    while (rest > 0) {
        scale /= 10;
        buffer_add_u8(b, (uint8_t)('0' + rest / scale));
        rest %= scale;
    }
}

static unsigned decimals_of(enum metrics_unit unit)
{
    CHECK(unit <= METRICS_US);
    if (unit == METRICS_US)
        return TIME_DECIMALS;
    return unit == METRICS_MS ? MS_DECIMALS : 0;
}

/* One cell over all writers. */
static int64_t cell_total(const struct metrics_scrape *scrape, unsigned cell, bool highest)
{
    CHECK(cell < METRICS_CELLS);
    int64_t total = 0;
    for (int32_t i = 0; i < scrape->part_count; i++) {
        CHECK(scrape->parts[i] != NULL);
        const int64_t value = cell_read(scrape->parts[i], cell);
        if (!highest)
            total += value;
        else if (i == 0 || value > total)
            total = value;
    }
    return total;
}

static void label_add(struct buffer *b, enum metrics_label label, unsigned value,
                      const char *version)
{
    CHECK(label > METRICS_LABEL_NONE && label < METRICS_LABEL_COUNT);
    CHECK(value < label_sets[label].size);
    const char *name = label_sets[label].name;
    if (label == METRICS_LABEL_EVENT) {
        buffer_printf(b, "%s=\"%s\",", name, topic_label(topic_of((enum event_kind)value)));
        name = label_sets[label].second_name;
    }
    buffer_printf(b, "%s=\"", name);
    if (label == METRICS_LABEL_VERSION)
        escaped_add(b, version);
    else
        symbol_add(b, label_text(label, value));
    buffer_add_u8(b, '"');
}

static void sample_add(const struct metrics_scrape *scrape, const struct metric_row *row,
                       const unsigned values[LABELS_MAX], struct buffer *b)
{
    CHECK(values[0] < row->sizes[0] && values[1] < row->sizes[1]);
    text_add(b, row->name);
    for (unsigned i = 0; i < LABELS_MAX && row->labels[i] != METRICS_LABEL_NONE; i++) {
        buffer_add_u8(b, i == 0 ? '{' : ',');
        label_add(b, row->labels[i], values[i], scrape->version);
    }
    text_add(b, row->labels[0] != METRICS_LABEL_NONE ? "} " : " ");

    const unsigned cell = row->at + values[0] * row->sizes[1] + values[1];
    number_add(b, cell_total(scrape, cell, row->type == METRICS_GAUGE_MAX),
               decimals_of(row->unit));
    buffer_add_u8(b, '\n');
}

static void samples_add(const struct metrics_scrape *scrape, const struct metric_row *row,
                        struct buffer *b)
{
    CHECK(row->type != METRICS_HISTOGRAM);
    CHECK(row->sizes[0] > 0 && row->sizes[1] > 0);
    for (unsigned cell = 0; cell < row->sizes[0] * row->sizes[1]; cell++) {
        const unsigned values[] = { cell / row->sizes[1], cell % row->sizes[1] };
        if (never_happens(row->labels[0], values[0]))
            continue;
        sample_add(scrape, row, values, b);
    }
}

static void histogram_add(const struct metrics_scrape *scrape, const struct metric_row *row,
                          struct buffer *b)
{
    CHECK(row->labels[0] == METRICS_LABEL_NONE);
    unsigned count = 0;
    const int64_t *bounds = bounds_of(row, &count);
    int64_t so_far = 0;
    for (unsigned i = 0; i <= count; i++) {
        so_far += cell_total(scrape, row->at + i, false);
        buffer_printf(b, "%s_bucket{le=\"", row->name);
        if (i < count)
            number_add(b, bounds[i], decimals_of(row->unit));
        else
            text_add(b, "+Inf");
        buffer_printf(b, "\"} %lld\n", (long long)so_far);
    }
    buffer_printf(b, "%s_sum ", row->name);
    number_add(b, cell_total(scrape, row->at + count + 1, false), decimals_of(row->unit));
    buffer_printf(b, "\n%s_count %lld\n", row->name, (long long)so_far);
}

static const char *type_text(enum metrics_type type)
{
    CHECK(type <= METRICS_HISTOGRAM);
    if (type == METRICS_COUNTER)
        return "counter";
    return type == METRICS_HISTOGRAM ? "histogram" : "gauge";
}

void metrics_render(const struct metrics_scrape *scrape, struct buffer *ret_text)
{
    CHECK(scrape->version != NULL);
    CHECK(scrape->part_count >= 0);
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &rows[i];
        buffer_printf(ret_text, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                      type_text(row->type));
        if (row->type == METRICS_HISTOGRAM)
            histogram_add(scrape, row, ret_text);
        else
            samples_add(scrape, row, ret_text);
    }
}

/* ---- the document --------------------------------------------------------- */

static const char *unit_text(enum metrics_unit unit)
{
    CHECK(unit <= METRICS_US);
    if (unit == METRICS_COUNT)
        return "count";
    return unit == METRICS_BYTES ? "bytes" : "seconds";
}

static void label_names_add(const struct metric_row *row, struct buffer *b)
{
    CHECK(row->labels[0] < METRICS_LABEL_COUNT && row->labels[1] < METRICS_LABEL_COUNT);
    if (row->labels[0] == METRICS_LABEL_NONE)
        text_add(b, "-");
    for (unsigned i = 0; i < LABELS_MAX && row->labels[i] != METRICS_LABEL_NONE; i++) {
        buffer_printf(b, "%s`%s`", i == 0 ? "" : ", ", label_sets[row->labels[i]].name);
        if (label_sets[row->labels[i]].second_name != NULL)
            buffer_printf(b, ", `%s`", label_sets[row->labels[i]].second_name);
    }
}

static void label_set_add(enum metrics_label label, struct buffer *b)
{
    CHECK(label > METRICS_LABEL_NONE && label < METRICS_LABEL_COUNT);
    const char *name = label_sets[label].second_name;
    buffer_printf(b, "| `%s` |", name != NULL ? name : label_sets[label].name);
    for (unsigned value = 0; value < label_sets[label].size; value++) {
        if (never_happens(label, value))
            continue;
        text_add(b, " `");
        symbol_add(b, label == METRICS_LABEL_VERSION ? "..." : label_text(label, value));
        text_add(b, "`");
    }
    text_add(b, label == METRICS_LABEL_ENTITY ? " (of `sellerwatch_entities`) |\n" : " |\n");
}

void metrics_document(struct buffer *ret_text)
{
    CHECK(ret_text != NULL);
    text_add(ret_text,
             "# Metrics\n\n"
             "Generated from `processor/flow/metrics.def`. `GET /metrics` shows them "
             "as Prometheus text; all appear from the start, as 0.\n"
             "Numbers of several workers are added up, lags and ages show the "
             "worst. No label ever holds an id of a seller.\n\n"
             "| name | type | labels | unit | what it says |\n|---|---|---|---|---|\n");
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        buffer_printf(ret_text, "| `%s` | %s | ", rows[i].name, type_text(rows[i].type));
        label_names_add(&rows[i], ret_text);
        buffer_printf(ret_text, " | %s | %s |\n", unit_text(rows[i].unit), rows[i].help);
    }
    text_add(ret_text, "\n| label | values |\n|---|---|\n");
    for (unsigned label = METRICS_LABEL_NONE + 1; label < METRICS_LABEL_COUNT; label++)
        label_set_add((enum metrics_label)label, ret_text);
}
