/* status.c - the status table as functions. */
#include "base/status.h"

#include "base/check.h"

static const struct {
    const char *name;
    enum reaction reaction;
    const char *meaning;
} table[STATUS_COUNT] = {
#define STATUS(name, reaction, meaning) { #name, REACTION_##reaction, meaning },
#include "base/status.def"
#undef STATUS
};

const char *status_name(enum status status)
{
    CHECK(status < STATUS_COUNT);
    return table[status].name;
}

const char *status_meaning(enum status status)
{
    CHECK(status < STATUS_COUNT);
    return table[status].meaning;
}

enum reaction status_reaction(enum status status)
{
    CHECK(status < STATUS_COUNT);
    return table[status].reaction;
}
