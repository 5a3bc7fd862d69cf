/* sim_view.c - what a field of a public view says. */
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

void sim_text_of(struct span bytes, char *ret_text, size_t size)
{
    snprintf(ret_text, size, "%.*s", (int)bytes.size, (const char *)bytes.at);
}

struct sim_value sim_value_of(struct span bytes)
{
    struct sim_value v;
    char text[5 * SIM_WORD_BYTES];
    sim_text_of(bytes, text, sizeof text);
    _Static_assert(SIM_WORD_BYTES == 32, "the widths below are those of a word");
    if (sscanf(text, "%31s %31s %31s %31s %31s", v.bad, v.total, v.amount, v.limit, v.state) !=
        5)
        fail_msg("a view that reads \"%s\"", text);
    return v;
}
