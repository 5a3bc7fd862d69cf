/* unit_facts.c - which facts follow from what is known of an order unit.
 *
 * Pure: the same knowledge and the same watermark give the same facts, whatever
 * the order in which the knowledge came. The rules:
 *
 *   fact          decided                              counted at         good / bad
 *   dispatch      sent, or watermark > due + grace     sent, else due     sent <= due
 *   delivery      attempt, or watermark > by + grace   attempt, else by   early, late, on time
 *   tracking      scan with number and carrier within  scan, else limit   scan <= limit
 *                 48 h of sending, or watermark > limit + grace
 *   cancellation  cancelled                            cancel event       seller's reason
 *   created       first order event                    ts_created         -
 *
 * A cancellation dated before the time at which a fact counts takes it away
 * (rule 2.9.4); dated at or after it, the fact stands.
 */
#include "base/check.h"
#include "kpi/unit.h"

#define SCAN_LIMIT_MS (48 * HOUR_MS)

static bool known(const struct unit *u, enum promise promise)
{
    return u->stamps[promise] != 0;
}

static int64_t cancelled_at(const struct unit *u, const struct pool *stamps)
{
    if (u->stamps[UNIT_STAMP_CANCEL] == 0)
        return TIME_NEVER;
    return ((const struct stamp *)pool_at(stamps, u->stamps[UNIT_STAMP_CANCEL]))->at.ms;
}

int64_t unit_attempt(const struct unit *u, const struct pool *parcels)
{
    int64_t numbers = 0;
    int64_t last = TIME_NEVER_YET;
    for (uint32_t ref = u->parcels; ref != 0; numbers++) {
        const struct parcel *p = pool_at(parcels, ref);
        const int64_t attempt = p->attempt < u->received ? p->attempt : u->received;
        last = attempt > last ? attempt : last;
        ref = p->next;
    }
    CHECK(numbers <= PARCELS_MAX);
    const int64_t expected = numbers == 0                ? 1
                             : u->parcel_count > numbers ? u->parcel_count
                                                         : numbers;
    if (expected == 1)
        return u->attempt_any < u->received ? u->attempt_any : u->received;
    /* A parcel whose number nobody named is attempted by `received` only. */
    if (expected > numbers)
        last = u->received > last ? u->received : last;
    return last;
}

static struct counted dispatch(const struct unit *u, const struct rules *rules,
                               int64_t watermark)
{
    if (u->dispatch_due == TIME_NEVER)
        return (struct counted){ 0 };
    if (u->sent <= u->dispatch_due)
        return counted_fact(FACT_DISPATCH_GOOD, u->sent);
    const bool passed = watermark > u->dispatch_due + rules->grace_dispatch_ms;
    if (u->sent != TIME_NEVER || passed)
        return counted_fact(FACT_DISPATCH_BAD, u->dispatch_due);
    return (struct counted){ 0 };
}

static struct counted delivery(const struct unit *u, int64_t attempt, const struct rules *rules,
                               int64_t watermark)
{
    if (!known(u, PROMISE_DELIVER_BY))
        return (struct counted){ 0 };
    const int64_t by = u->promises[PROMISE_DELIVER_BY];
    if (attempt <= by) {
        const bool early =
            known(u, PROMISE_DELIVER_FROM) && attempt < u->promises[PROMISE_DELIVER_FROM];
        return counted_fact(early ? FACT_DELIVERY_EARLY : FACT_DELIVERY_ON_TIME, attempt);
    }
    if (attempt != TIME_NEVER || watermark > by + rules->grace_delivery_ms)
        return counted_fact(FACT_DELIVERY_LATE, by);
    return (struct counted){ 0 };
}

static struct counted tracking(const struct unit *u, const struct rules *rules,
                               int64_t watermark)
{
    if (u->sent == TIME_NEVER)
        return (struct counted){ 0 };
    const int64_t limit = u->sent + SCAN_LIMIT_MS;
    if (u->scan <= limit && u->tracked <= limit)
        return counted_fact(FACT_TRACKING_GOOD, u->scan);
    const bool scanned = u->scan != TIME_NEVER;
    const bool scan_late = scanned && u->scan > limit;
    const bool number_late = scanned && u->tracked != TIME_NEVER && u->tracked > limit;
    if (scan_late || number_late || watermark > limit + rules->grace_tracking_ms)
        return counted_fact(FACT_TRACKING_BAD, limit);
    return (struct counted){ 0 };
}

void unit_facts(const struct unit *u, const struct unit_memory *memory,
                const struct rules *rules, int64_t watermark,
                struct counted ret_wanted[UNIT_FACT_COUNT])
{
    for (int i = 0; i < UNIT_FACT_COUNT; i++)
        ret_wanted[i] = (struct counted){ 0 };
    if (u->not_the_sellers || u->claim.disowned)
        return;

    const int64_t attempt = unit_attempt(u, memory->parcels);
    ret_wanted[UNIT_FACT_DISPATCH] = dispatch(u, rules, watermark);
    ret_wanted[UNIT_FACT_DELIVERY] = delivery(u, attempt, rules, watermark);
    ret_wanted[UNIT_FACT_TRACKING] = tracking(u, rules, watermark);

    const int64_t cancelled = cancelled_at(u, memory->stamps);
    for (int i = UNIT_FACT_DISPATCH; i <= UNIT_FACT_TRACKING; i++) {
        if (cancelled < ret_wanted[i].at)
            ret_wanted[i] = (struct counted){ 0 };
    }
    if (known(u, PROMISE_CREATED))
        ret_wanted[UNIT_FACT_CREATED] =
            counted_fact(FACT_CREATED, u->promises[PROMISE_CREATED]);
    if (cancelled != TIME_NEVER && u->cancelled_by_seller)
        ret_wanted[UNIT_FACT_CANCELLATION] = counted_fact(FACT_CANCELLED_BY_SELLER, cancelled);
}

bool unit_overdue(const struct unit *u, const struct unit_memory *memory,
                  const struct rules *rules, int64_t watermark)
{
    return !u->not_the_sellers && !u->claim.disowned && known(u, PROMISE_DELIVER_BY) &&
           watermark > u->promises[PROMISE_DELIVER_BY] && !u->returned &&
           u->stamps[UNIT_STAMP_CANCEL] == 0 &&
           unit_attempt(u, memory->parcels) == TIME_NEVER &&
           watermark <= unit_abandoned_at(u, rules);
}

int64_t unit_next_look(const struct unit *u, const struct unit_memory *memory,
                       const struct rules *rules, int64_t watermark)
{
    int64_t next = TIME_NEVER;
    if (u->not_the_sellers || u->claim.disowned)
        return next;
    if (u->dispatch_due != TIME_NEVER && u->sent == TIME_NEVER)
        next = deadline_ahead(u->dispatch_due + rules->grace_dispatch_ms, watermark, next);
    if (u->sent != TIME_NEVER && (u->scan == TIME_NEVER || u->tracked == TIME_NEVER))
        next =
            deadline_ahead(u->sent + SCAN_LIMIT_MS + rules->grace_tracking_ms, watermark, next);
    if (known(u, PROMISE_DELIVER_BY) && unit_attempt(u, memory->parcels) == TIME_NEVER) {
        const int64_t by = u->promises[PROMISE_DELIVER_BY];
        next = deadline_ahead(by, watermark, next);
        next = deadline_ahead(by + rules->grace_delivery_ms, watermark, next);
    }
    return next;
}

bool unit_closed(const struct unit *u, const struct unit_memory *memory)
{
    return u->not_the_sellers || u->claim.disowned || u->returned ||
           u->stamps[UNIT_STAMP_CANCEL] != 0 || unit_attempt(u, memory->parcels) != TIME_NEVER;
}
