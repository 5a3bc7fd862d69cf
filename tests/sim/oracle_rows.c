/* oracle_rows.c - from facts to the rows of every window of every seller. */
#include "sim/oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PPM INT64_C(1000000)
#define ONLY(fact) (1u << (fact))
#define AVOIDABLE                                                                              \
    (ONLY(ORACLE_DELAYED) | ONLY(ORACLE_NOT_RECEIVED) | ONLY(ORACLE_INCOMPLETE) |              \
     ONLY(ORACLE_INCORRECT) | ONLY(ORACLE_DEFECT) | ONLY(ORACLE_INVOICE))
#define DELIVERIES                                                                             \
    (ONLY(ORACLE_DELIVERY_ON_TIME) | ONLY(ORACLE_DELIVERY_EARLY) | ONLY(ORACLE_DELIVERY_LATE))
#define RESPONSES (ONLY(ORACLE_RESPONSE_GOOD) | ONLY(ORACLE_RESPONSE_BAD))
#define DISPATCHES (ONLY(ORACLE_DISPATCH_GOOD) | ONLY(ORACLE_DISPATCH_BAD))
#define TRACKINGS (ONLY(ORACLE_TRACKING_GOOD) | ONLY(ORACLE_TRACKING_BAD))

enum { ROW_BYTES = 160, PLACE_BYTES = 160 };

/* The value is the share of the bad ones, or of all the others. */
static const struct {
    const char *name;
    bool value_is_bad;
    unsigned bad;
    unsigned total;
} ratios[] = {
    { "response_on_time", false, ONLY(ORACLE_RESPONSE_BAD), RESPONSES },
    { "avoidable_enquiries", true, AVOIDABLE, ONLY(ORACLE_CREATED) },
    { "avoidable_enquiries.delayed", true, ONLY(ORACLE_DELAYED), ONLY(ORACLE_CREATED) },
    { "avoidable_enquiries.not_received", true, ONLY(ORACLE_NOT_RECEIVED),
      ONLY(ORACLE_CREATED) },
    { "avoidable_enquiries.incomplete", true, ONLY(ORACLE_INCOMPLETE), ONLY(ORACLE_CREATED) },
    { "avoidable_enquiries.incorrect", true, ONLY(ORACLE_INCORRECT), ONLY(ORACLE_CREATED) },
    { "avoidable_enquiries.defect", true, ONLY(ORACLE_DEFECT), ONLY(ORACLE_CREATED) },
    { "avoidable_enquiries.invoice", true, ONLY(ORACLE_INVOICE), ONLY(ORACLE_CREATED) },
    { "delivery_on_time", false, ONLY(ORACLE_DELIVERY_EARLY) | ONLY(ORACLE_DELIVERY_LATE),
      DELIVERIES },
    { "delivery_late", true, ONLY(ORACLE_DELIVERY_LATE), DELIVERIES },
    { "delivery_early", true, ONLY(ORACLE_DELIVERY_EARLY), DELIVERIES },
    { "dispatch_late", true, ONLY(ORACLE_DISPATCH_BAD), DISPATCHES },
    { "tracking_valid", false, ONLY(ORACLE_TRACKING_BAD), TRACKINGS },
    { "cancellation", true, ONLY(ORACLE_CANCELLED_BY_SELLER), ONLY(ORACLE_CREATED) },
    { "repeat_contact", true, ONLY(ORACLE_REPEAT), ONLY(ORACLE_OPENED) },
    { "escalation", true, ONLY(ORACLE_ESCALATION), ONLY(ORACLE_OPENED) },
};

/* A seller in a storefront, or in all of them ("*"), and where its rows go. */
struct place {
    const struct oracle_book *book;
    const char *seller;
    const char *storefront;
    char label[PLACE_BYTES];
    void (*each)(void *arg, const char *place, const char *row);
    void *arg;
};

static bool is_of(const struct place *p, const char *seller, const char *storefront)
{
    return strcmp(p->seller, seller) == 0 &&
           (strcmp(p->storefront, "*") == 0 || strcmp(p->storefront, storefront) == 0);
}

static void say(const struct place *p, const char *kpi, const char *window, int64_t bad,
                int64_t total, int64_t value, bool known)
{
    char row[ROW_BYTES];
    if (known)
        snprintf(row, sizeof row, "%s:%s %" PRId64 " %" PRId64 " %" PRId64, kpi, window, bad,
                 total, value);
    else
        snprintf(row, sizeof row, "%s:%s %" PRId64 " %" PRId64 " -", kpi, window, bad, total);
    p->each(p->arg, p->label, row);
}

/* ---- windows ----------------------------------------------------------------------- */

/* Is the instant in a pane that starts after pane_floor(t) - length, up to that of t? */
static bool is_inside(const struct oracle_window *w, int64_t stream_time, int64_t at)
{
    const int64_t newest = stream_time / w->pane_ms * w->pane_ms;
    const int64_t start = at / w->pane_ms * w->pane_ms;
    return start > newest - w->length_ms && start <= newest;
}

static int64_t sum(const int64_t counts[ORACLE_FACT_COUNT], unsigned facts)
{
    int64_t all = 0;
    for (int f = 0; f < ORACLE_FACT_COUNT; f++)
        all += (facts & ONLY(f)) != 0 ? counts[f] : 0;
    return all;
}

static void say_ratios(const struct place *p, const struct oracle_window *w,
                       const int64_t counts[ORACLE_FACT_COUNT])
{
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
        const int64_t bad = sum(counts, ratios[i].bad);
        const int64_t total = sum(counts, ratios[i].total);
        const int64_t shown = ratios[i].value_is_bad ? bad : total - bad;
        const int64_t ppm = total == 0 ? 0 : (2 * shown * PPM + total) / (2 * total);
        if (bad > 0 || total > 0)
            say(p, ratios[i].name, w->name, bad, total, ppm, total > 0);
    }
}

/* ---- durations: buckets at most 1 % wide, exact below 128 ms ----------------------- */

static int bucket_shift(int64_t ms)
{
    int shift = 0;
    while (ms >> shift >= 256)
        shift += 1;
    return ms < 128 ? 0 : shift;
}

static int64_t bucket_floor(int64_t ms)
{
    return ms >> bucket_shift(ms) << bucket_shift(ms);
}

static int64_t bucket_bound(int64_t ms)
{
    return (((ms >> bucket_shift(ms)) + 1) << bucket_shift(ms)) - 1;
}

static int compare_durations(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Nearest rank. */
static int64_t quantile(const int64_t *sorted, int count, int percent)
{
    return bucket_bound(sorted[(percent * count + 99) / 100 - 1]);
}

static void say_durations(const struct place *p, const struct oracle_window *w,
                          int64_t *durations, int count)
{
    if (count == 0)
        return;
    int64_t slow = 0;
    qsort(durations, (size_t)count, sizeof *durations, compare_durations);
    for (int i = 0; i < count; i++)
        slow += bucket_floor(durations[i]) > p->book->settings->slow_response_ms;
    say(p, "response_time", w->name, slow, count, quantile(durations, count, 95), true);
    say(p, "response_time_p50", w->name, slow, count, quantile(durations, count, 50), true);
}

static void say_window(const struct place *p, const struct oracle_window *w)
{
    const struct oracle_book *book = p->book;
    int64_t counts[ORACLE_FACT_COUNT] = { 0 };
    int64_t *durations = oracle_take((size_t)book->fact_count, sizeof *durations);
    int duration_count = 0;
    for (int i = 0; i < book->fact_count; i++) {
        const struct oracle_counted *f = &book->facts[i];
        if (!is_of(p, f->seller, f->storefront) || !is_inside(w, book->stream_time, f->at))
            continue;
        counts[f->fact] += 1;
        if (f->fact == ORACLE_RESPONSE_DURATION)
            durations[duration_count++] = f->duration_ms;
    }
    say_ratios(p, w, counts);
    say_durations(p, w, durations, duration_count);
    free(durations);
}

/* ---- gauges, and all of it --------------------------------------------------------- */

static void say_gauges(const struct place *p)
{
    static const char *const names[ORACLE_GAUGE_COUNT] = { "delivery_overdue",
                                                           "response_overdue" };
    for (int gauge = 0; gauge < ORACLE_GAUGE_COUNT; gauge++) {
        int64_t count = 0;
        for (int i = 0; i < p->book->overdue_count; i++) {
            const struct oracle_overdue *o = &p->book->overdue[i];
            count += (int)o->gauge == gauge && is_of(p, o->seller, o->storefront);
        }
        if (count > 0)
            say(p, names[gauge], "now", count, 1, count, true);
    }
}

static void say_place(struct place *p)
{
    snprintf(p->label, sizeof p->label, "%s|%s", p->seller, p->storefront);
    say_gauges(p);
    for (int w = 0; w < p->book->settings->window_count; w++)
        say_window(p, &p->book->settings->windows[w]);
}

static bool is_said(const struct place *places, int count, const char *seller,
                    const char *storefront)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(places[i].seller, seller) == 0 &&
            strcmp(places[i].storefront, storefront) == 0)
            return true;
    }
    return false;
}

void oracle_rows(const struct oracle_book *book,
                 void (*each)(void *arg, const char *place, const char *row), void *arg)
{
    struct place *places = oracle_take(2 * (size_t)book->group_count, sizeof *places);
    int count = 0;
    for (int i = 0; i < book->group_count; i++) {
        const struct oracle_event *owner = book->groups[i].events;
        const char *const storefronts[] = { owner->storefront, "*" };
        for (int s = 0; s < 2; s++) {
            if (is_said(places, count, owner->seller, storefronts[s]))
                continue;
            places[count] = (struct place){ .book = book,
                                            .seller = owner->seller,
                                            .storefront = storefronts[s],
                                            .each = each,
                                            .arg = arg };
            say_place(&places[count++]);
        }
    }
    free(places);
}
