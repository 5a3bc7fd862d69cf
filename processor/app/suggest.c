/* suggest.c - how many typing mistakes lie between two words.
 *
 * DESIGN
 * ------
 * The distance of Damerau and Levenshtein in its usual restricted form: a
 * letter too many, too few, wrong, or two neighbours swapped, each costs one.
 * Row i of the table holds the distances from the first i letters of `a` to
 * every beginning of `b`; three rows are enough because a swap looks back two.
 */
#include "app/suggest.h"

#include <string.h>

enum { WORD_MAX = 63, LETTERS_A_MISTAKE = 3 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    const size_t a_size = strlen(a);
    const size_t b_size = strlen(b);

    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            const size_t changed = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(changed, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

const char *suggest_nearest(const char *word, const char *const *candidates, size_t count)
{
    const size_t size = strlen(word);
    if (size == 0 || size > WORD_MAX)
        return NULL;

    const char *nearest = NULL;
    size_t mistakes = (size + LETTERS_A_MISTAKE - 1) / LETTERS_A_MISTAKE + 1;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > WORD_MAX)
            continue;
        const size_t found = distance(word, candidates[i]);
        if (found < mistakes) {
            mistakes = found;
            nearest = candidates[i];
        }
    }
    return nearest;
}
