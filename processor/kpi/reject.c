/* reject.c - the table of reject.def as functions. */
#include "kpi/reject.h"

#include "base/check.h"

static const struct {
    const char *code;
    const char *text;
} table[REJECT_COUNT] = {
    [REJECT_NONE] = { "none", "nothing is wrong" },
#define REJECT(name, code, text) [REJECT_##name] = { code, text },
#include "kpi/reject.def"
#undef REJECT
};

const char *reject_code(enum reject reject)
{
    CHECK(reject < REJECT_COUNT);
    return table[reject].code;
}

const char *reject_text(enum reject reject)
{
    CHECK(reject < REJECT_COUNT);
    return table[reject].text;
}
