/* suggest.c - edit distance with swaps, one row of the table at a time.
 *
 * DESIGN
 * ------
 * The classic table of distances between all beginnings of two words; only its
 * last three rows are kept (a swap looks two rows back). Words are cut at
 * WORD_BYTES: two that differ only beyond are near anyway.
 *
 * A word is near when at most a third of its letters differ, but two may differ from
 * four letters on: "brokes" finds "brokers", "delay" finds "delayed", and "foo" finds
 * nothing. Letter case does not count.
 */
#include "base/suggest.h"

#include "base/check.h"
#include "base/name.h"

#include <ctype.h>

enum { WORD_BYTES = 80 };

struct rows {
    int32_t before_last[WORD_BYTES + 1];
    int32_t last[WORD_BYTES + 1];
    int32_t now[WORD_BYTES + 1];
};

static int letter(struct span word, size_t at)
{
    CHECK(at < word.size);
    return tolower(word.at[at]);
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static bool swapped(struct span a, struct span b, size_t i, size_t k)
{
    return i > 1 && k > 1 && letter(a, i - 1) == letter(b, k - 2) &&
           letter(a, i - 2) == letter(b, k - 1);
}

static void fill_row(struct rows *rows, struct span a, struct span b, size_t i)
{
    CHECK(i >= 1 && i <= a.size && b.size <= WORD_BYTES);
    rows->now[0] = (int32_t)i;
    for (size_t k = 1; k <= b.size; k++) {
        const int32_t other = letter(a, i - 1) == letter(b, k - 1) ? 0 : 1;
        int32_t changes = rows->last[k - 1] + other;
        changes = least(changes, rows->last[k] + 1);
        changes = least(changes, rows->now[k - 1] + 1);
        if (swapped(a, b, i, k))
            changes = least(changes, rows->before_last[k - 2] + 1);
        rows->now[k] = changes;
    }
    memcpy(rows->before_last, rows->last, sizeof rows->last);
    memcpy(rows->last, rows->now, sizeof rows->now);
}

int32_t suggest_distance(struct span a, struct span b)
{
    struct rows rows = { { 0 }, { 0 }, { 0 } };
    a.size = a.size < WORD_BYTES ? a.size : WORD_BYTES;
    b.size = b.size < WORD_BYTES ? b.size : WORD_BYTES;

    for (size_t k = 0; k <= b.size; k++)
        rows.last[k] = (int32_t)k;
    for (size_t i = 1; i <= a.size; i++)
        fill_row(&rows, a, b, i);
    return rows.last[b.size];
}

struct suggest suggest_for(struct span wanted)
{
    CHECK(wanted.at != NULL || wanted.size == 0);
    const int32_t size = (int32_t)(wanted.size < WORD_BYTES ? wanted.size : WORD_BYTES);
    const int32_t few = size < 4 ? 1 : 2;
    const int32_t most = size / 3 > few ? size / 3 : few;
    return (struct suggest){ .wanted = wanted, .distance = most + 1 };
}

void suggest_offer(struct suggest *suggest, const char *word)
{
    CHECK(suggest->distance > 0 || suggest->nearest != NULL);
    const int32_t distance = suggest_distance(suggest->wanted, span_of_text(word));
    if (distance >= suggest->distance)
        return;
    suggest->nearest = word;
    suggest->distance = distance;
}

const char *suggest_text(const struct suggest *suggest, struct reason *memory)
{
    CHECK(memory != NULL);
    if (suggest->nearest == NULL)
        return "";
    reason_set(memory, "; did you mean %s?", suggest->nearest);
    return memory->text;
}
