/* suggest.h - "did you mean": the nearest of the words that would have been right. */
#pragma once

#include "base/reason.h"
#include "base/units.h"

/* Changes (a letter more, less, other, or two swapped) from one word to the other. */
int32_t suggest_distance(struct span a, struct span b);

/* A search for the nearest of many words, offered one after the other. */
struct suggest {
    struct span wanted;
    const char *nearest; /* NULL: none is near; borrowed from the words */
    int32_t distance;
};

struct suggest suggest_for(struct span wanted);

void suggest_offer(struct suggest *suggest, const char *word);

/* "; did you mean WORD?" or "", for the end of a sentence. */
const char *suggest_text(const struct suggest *suggest, struct reason *memory);
