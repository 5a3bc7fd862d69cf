/* pace.c - see pace.h. */
#include "app/pace.h"

#include "base/check.h"

static const int64_t milli = 1000;

/* Divided before it is multiplied where the product would not fit: exact for whole
 * speeds, a millisecond off for others, for spans of thousands of years. */
static int64_t scaled_ms(int64_t span_ms, int64_t speed_milli)
{
    return span_ms / speed_milli * milli + span_ms % speed_milli * milli / speed_milli;
}

int64_t pace_wait_ms(struct pace *p, event_time at, int64_t now_ms)
{
    if (!p->begun) {
        p->begun = true;
        p->first = at;
        p->began_ms = now_ms;
    }
    CHECK(now_ms >= p->began_ms);
    int64_t due_ms = p->began_ms;
    if (p->speed_milli > 0 && at.ms > p->first.ms)
        due_ms += scaled_ms(at.ms - p->first.ms, p->speed_milli);
    if (p->rate > 0 && p->passed > 0) {
        const int64_t by_rate = p->began_ms + p->passed * milli / p->rate;
        due_ms = due_ms > by_rate ? due_ms : by_rate;
    }
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

void pace_passed(struct pace *p)
{
    CHECK(p->begun);
    p->passed += 1;
}
