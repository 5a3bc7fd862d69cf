/* market.c - see market.h. */
#include "app/market.h"

#include "app/market_state.h"
#include "app/market_tell.h"
#include "app/market_tickets.h"
#include "app/market_units.h"
#include "base/check.h"

#include <inttypes.h>
#include <stdlib.h>

/* Sellers open shop one after the other, so that the first second is no rush. */
static void open_shops(struct market *m)
{
    for (int32_t i = 0; i < m->options.sellers; i++) {
        const int64_t pause = market_dice_pause(&m->dice, m->sellers[i].order_pause_ms);
        market_heap_push(&m->plan, (struct happening){ .at = m->now + pause,
                                                       .what = MARKET_ACT_ORDER,
                                                       .ref = (uint32_t)i });
    }
}

struct market *market_open(const struct market_options *options)
{
    CHECK(options->sellers > 0);
    struct market *m = calloc(1, sizeof *m);
    CHECK(m != NULL);
    m->options = *options;
    m->dice = market_dice_of(options->seed);
    m->now = options->start.ms;
    pool_open(&m->units, &m->arena, sizeof(struct market_unit));
    pool_open(&m->tickets, &m->arena, sizeof(struct market_ticket));
    pool_open(&m->tellings, &m->arena, sizeof(struct market_telling));
    m->sellers = calloc((size_t)options->sellers, sizeof *m->sellers);
    CHECK(m->sellers != NULL);
    const struct market_sellers_options sellers = {
        .count = options->sellers,
        .turning = options->turning,
        .units_per_day = options->units_per_day,
        .first_turn = { options->start.ms + options->turn_days * DAY_MS },
    };
    market_sellers_invent(&sellers, &m->dice, m->sellers);
    open_shops(m);
    return m;
}

void market_close(struct market *m)
{
    if (m == NULL)
        return;
    pool_close(&m->units);
    pool_close(&m->tickets);
    pool_close(&m->tellings);
    market_heap_close(&m->plan);
    free(m->sellers);
    free(m);
}

const struct market_seller *market_sellers_of(const struct market *m)
{
    return m->sellers;
}

static bool is_of_ticket(const struct happening *act)
{
    return act->what == MARKET_ACT_REPLY || act->what == MARKET_ACT_CLOSE ||
           act->what == MARKET_ACT_STEP_IN;
}

static void act_out(struct market *m, const struct happening *act)
{
    if (act->what == MARKET_ACT_ORDER) {
        market_units_order(m, act->ref);
        return;
    }
    if (is_of_ticket(act)) {
        market_tickets_act(m, act);
        market_tell_drop_ticket(m, act->ref);
        return;
    }
    if (act->what == MARKET_ACT_ASK)
        market_tickets_ask(m, act->ref, (enum market_enquiry)act->detail);
    else
        market_units_act(m, act);
    market_tell_drop_unit(m, act->ref);
}

/* Every shop always has a next order, so the plan never runs dry. */
event_time market_next(struct market *m, struct event *ret_event)
{
    if (m->told != 0)
        market_tell_done(m, m->told);
    m->told = 0;
    while (m->told == 0) {
        const struct happening act = market_heap_pop(&m->plan);
        m->now = act.at;
        if (act.what == MARKET_ACT_TELL)
            m->told = act.ref;
        else
            act_out(m, &act);
    }
    market_tell_event(m, m->told, ret_event);
    return (event_time){ m->now };
}

/* ---- truth ---------------------------------------------------------------------------- */

static void add_seller(const struct market_seller *s, struct buffer *b)
{
    buffer_printf(b, "    {\"id_seller\": \"%s\", \"quality\": \"%s\"", s->id,
                  market_sellers_quality_name(s->quality));
    if (s->fault != MARKET_FAULT_COUNT)
        buffer_printf(b,
                      ", \"turns_bad_at\": %" PRId64 ", \"fault\": \"%s\", \"kpi\": \"%s\", "
                      "\"text\": \"%s\"",
                      s->turns.ms, market_sellers_fault_name(s->fault),
                      market_sellers_fault_kpi(s->fault), market_sellers_fault_text(s->fault));
    buffer_printf(b, "}");
}

void market_truth(const struct market *m, struct buffer *b)
{
    buffer_printf(b, "{\n  \"seed\": %" PRIu64 ",\n  \"start\": %" PRId64 ",\n",
                  m->options.seed, m->options.start.ms);
    buffer_printf(b, "  \"sellers\": [\n");
    for (int32_t i = 0; i < m->options.sellers; i++) {
        add_seller(&m->sellers[i], b);
        buffer_printf(b, "%s\n", i + 1 < m->options.sellers ? "," : "");
    }
    buffer_printf(b, "  ]\n}\n");
}
