/* suggest.h - "did you mean": the word a typing mistake was meant to be. */
#pragma once

#include <stddef.h>

/* The candidate that takes the fewest typing mistakes to become `word`; NULL if
 * even that is more than a third of the word's letters. */
const char *suggest_nearest(const char *word, const char *const *candidates, size_t count);
