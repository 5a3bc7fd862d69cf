/* ticket_facts.c - which facts follow from what is known of a ticket.
 *
 * Pure. The rules:
 *
 *   fact        decided                            counted at       good / bad
 *   response    reply, or watermark > due + grace  reply, else due  reply <= due
 *   duration    reply                              reply            business ms since opening
 *   opened      opening known                      opening          -
 *   avoidable   opened about one of six topics     opening          -
 *   repeat      another ticket in 7 days before    opening          -
 *   escalation  customer service came in           that event       -
 *
 * What excuses the seller (closed by the buyer or by service, nothing owed)
 * takes away a response and a duration that would count later than it.
 */
#include "base/check.h"
#include "kpi/ticket.h"

static int64_t not_before(int64_t at, int64_t opened)
{
    return at < opened ? opened : at;
}

static struct counted response(const struct ticket *t, int64_t reply, int64_t grace_ms,
                               int64_t watermark)
{
    CHECK(t->due != TIME_NEVER);
    if (reply <= t->due)
        return counted_fact(FACT_RESPONSE_GOOD, reply);
    if (reply != TIME_NEVER || watermark > t->due + grace_ms)
        return counted_fact(FACT_RESPONSE_BAD, t->due);
    return (struct counted){ 0 };
}

static void duration(struct ticket_wanted *wanted, const struct ticket_situation *s,
                     int64_t reply)
{
    const int64_t ms = calendar_business_ms(s->cell->calendar, (event_time){ s->opened },
                                            (event_time){ reply });
    wanted->duration = (struct counted_duration){ .is_counted = true, .at = reply, .ms = ms };
    const uint16_t bucket = histogram_bucket(ms);
    if (cell_limits_passed(s->cell, s->rules, KPI_RESPONSE_TIME, bucket) > 0)
        wanted->facts[TICKET_FACT_SLOW] = counted_fact(FACT_SLOW_RESPONSE, reply);
}

void ticket_facts(const struct ticket *t, const struct ticket_situation *s,
                  struct ticket_wanted *ret_wanted)
{
    *ret_wanted = (struct ticket_wanted){ 0 };
    if (t->not_the_sellers || t->claim.disowned || s->opened == TIME_NEVER)
        return;

    const int64_t reply = not_before(t->reply, s->opened);
    const int64_t excused = not_before(t->excused, s->opened);
    struct counted *facts = ret_wanted->facts;
    facts[TICKET_FACT_RESPONSE] = response(t, reply, s->rules->grace_response_ms, s->watermark);
    if (excused < facts[TICKET_FACT_RESPONSE].at)
        facts[TICKET_FACT_RESPONSE] = (struct counted){ 0 };
    if (reply != TIME_NEVER && excused >= reply)
        duration(ret_wanted, s, reply);

    facts[TICKET_FACT_OPENED] = counted_fact(FACT_OPENED, s->opened);
    if (t->class_plus_one != 0)
        facts[TICKET_FACT_AVOIDABLE] =
            counted_fact((enum fact)(t->class_plus_one - 1), s->opened);
    if (t->is_repeat)
        facts[TICKET_FACT_REPEAT] = counted_fact(FACT_REPEAT, s->opened);
    if (t->escalated != TIME_NEVER)
        facts[TICKET_FACT_ESCALATION] =
            counted_fact(FACT_ESCALATION, not_before(t->escalated, s->opened));
    ret_wanted->overdue = s->watermark > t->due && reply == TIME_NEVER &&
                          excused == TIME_NEVER &&
                          s->watermark <= ticket_abandoned_at(t, s->rules);
}
