/* oracle.c - groups the events, asks for the facts, says the rows; see oracle.h. */
#include "sim/oracle.h"

#include <stdlib.h>
#include <string.h>

enum { FACTS_OF_A_GROUP = 8 };

void *oracle_take(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (memory == NULL)
        abort();
    return memory;
}

int64_t oracle_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

const struct oracle_calendar *oracle_calendar_of(const struct oracle_book *book,
                                                 const struct oracle_group *g)
{
    const struct oracle_settings *s = book->settings;
    for (int i = 0; i < s->storefront_count; i++) {
        if (strcmp(s->storefronts[i].name, g->events[0].storefront) == 0)
            return s->storefronts[i].calendar;
    }
    abort(); /* the settings name all that there are */
}

void oracle_count(struct oracle_book *book, const struct oracle_group *g, enum oracle_fact fact,
                  int64_t at)
{
    book->facts[book->fact_count++] =
        (struct oracle_counted){ .fact = fact,
                                 .at = at,
                                 .seller = g->events[0].seller,
                                 .storefront = g->events[0].storefront };
}

void oracle_add_overdue(struct oracle_book *book, const struct oracle_group *g,
                        enum oracle_gauge gauge)
{
    const int64_t newest = g->events[g->count - 1].at;
    if (book->watermark > newest + book->settings->abandon_after_ms)
        return;
    book->overdue[book->overdue_count++] = (struct oracle_overdue){
        .gauge = gauge, .seller = g->events[0].seller, .storefront = g->events[0].storefront
    };
}

/* ---- whose events count ------------------------------------------------------------ */

static bool is_ticket(const struct oracle_event *e)
{
    return e->kind >= ORACLE_TICKET_OPENED && e->kind <= ORACLE_TICKET_NO_RESPONSE_NEEDED;
}

/* Of two events the earlier decides; of one time, the one with the lower id. */
static int compare_rank(const struct oracle_event *a, const struct oracle_event *b)
{
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return strcmp(a->id_message, b->id_message);
}

static int compare_group(const struct oracle_event *a, const struct oracle_event *b)
{
    if (is_ticket(a) != is_ticket(b))
        return is_ticket(a) ? 1 : -1;
    int order = strcmp(a->id, b->id);
    if (order == 0)
        order = strcmp(a->seller, b->seller);
    return order != 0 ? order : strcmp(a->storefront, b->storefront);
}

static int compare(const void *left, const void *right)
{
    const int order = compare_group(left, right);
    return order != 0 ? order : compare_rank(left, right);
}

static bool same_id(const struct oracle_event *a, const struct oracle_event *b)
{
    return is_ticket(a) == is_ticket(b) && strcmp(a->id, b->id) == 0;
}

static bool is_by_kaufland(const struct oracle_group *g)
{
    bool is = false;
    for (int i = 0; i < g->count; i++)
        is |= g->events[i].by_kaufland;
    return is;
}

/* Several sellers or storefronts may speak of one id: whoever spoke first owns it. */
static struct oracle_group owner_of(const struct oracle_event *events, int count)
{
    struct oracle_group owner = { 0 };
    for (int from = 0; from < count;) {
        int to = from + 1;
        while (to < count && compare_group(&events[from], &events[to]) == 0)
            to++;
        if (owner.count == 0 || compare_rank(&events[from], owner.events) < 0)
            owner = (struct oracle_group){ .events = &events[from], .count = to - from };
        from = to;
    }
    return owner;
}

static void find_groups(struct oracle_book *book, struct oracle_event *events, int count)
{
    if (count > 0)
        qsort(events, (size_t)count, sizeof *events, compare);
    for (int from = 0; from < count;) {
        int to = from + 1;
        while (to < count && same_id(&events[from], &events[to]))
            to++;
        const struct oracle_group owner = owner_of(&events[from], to - from);
        if (!is_by_kaufland(&owner)) {
            book->groups[book->group_count++] = owner;
            book->unit_count += !is_ticket(owner.events);
        }
        from = to;
    }
}

void oracle_judge(const struct oracle_settings *settings, struct oracle_event *events,
                  int count, int64_t stream_time, int64_t watermark,
                  void (*each)(void *arg, const char *place, const char *row), void *arg)
{
    struct oracle_book book = { .settings = settings,
                                .stream_time = stream_time,
                                .watermark = watermark };
    book.groups = oracle_take((size_t)count, sizeof *book.groups);
    find_groups(&book, events, count);
    const size_t groups = (size_t)book.group_count;
    book.facts = oracle_take(groups * FACTS_OF_A_GROUP, sizeof *book.facts);
    book.overdue = oracle_take(groups, sizeof *book.overdue);
    for (int i = 0; i < book.unit_count; i++)
        oracle_unit(&book, &book.groups[i]);
    for (int i = book.unit_count; i < book.group_count; i++)
        oracle_ticket(&book, &book.groups[i]);
    oracle_rows(&book, each, arg);
    free(book.groups);
    free(book.facts);
    free(book.overdue);
}
