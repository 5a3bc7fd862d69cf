/* sim_judge.c - the judgement at the end of a life.
 *
 * The store must show, seller by seller, what the oracle computes from the whole log at the
 * times that the store names. What no window holds any more may be left out by either.
 */
#include "sim/sim.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LINES_MOST = 8192, LINE_BYTES = 200 };

/* ---- records ----------------------------------------------------------------------- */

static void all_is_read_and_saved(const struct little_world *w)
{
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++) {
        struct shard_header header;
        assert_true(fake_store_header(w->store, shard, &header));
        for (int i = 0; i < TOPIC_COUNT; i++)
            assert_int_equal(header.offsets[i], fake_log_end(w->log, shard, (enum topic)i));
    }
}

static bool is_rubbish(const struct little_entry *e)
{
    return e->poison || e->misplaced || e->refused;
}

bool sim_counts(const struct sim *s, const struct little_entry *e)
{
    return !is_rubbish(e) && !little_world_is_lost(&s->world, e);
}

/* What is too old may be set aside, if the watermark had come that far. */
static bool may_be_too_late(const struct sim *s, const struct little_entry *e)
{
    return e->event.ts_event.ms < s->begin - 8 * DAY_MS;
}

static void all_rubbish_is_set_aside_and_nothing_else(const struct sim *s)
{
    const struct little_world *w = &s->world;
    for (int32_t i = 0; i < w->entry_count; i++) {
        const struct little_entry *e = w->entries[i];
        if (!little_world_is_lost(w, e) && (is_rubbish(e) || !may_be_too_late(s, e)))
            assert_int_equal(is_rubbish(e), little_world_has_letter(w, e));
    }
}

/* ---- the log as the oracle reads it ------------------------------------------------ */

/* Strings that end with a NUL, as long as a judgement lasts. */
struct strings {
    char bytes[1 << 20];
    size_t size;
};

static const char *text_of(struct strings *all, struct span bytes)
{
    assert_true(all->size + bytes.size < sizeof all->bytes);
    char *text = all->bytes + all->size;
    if (bytes.size > 0)
        memcpy(text, bytes.at, bytes.size);
    text[bytes.size] = '\0';
    all->size += bytes.size + 1;
    return text;
}

static struct oracle_maybe maybe_of(struct optional given)
{
    return (struct oracle_maybe){ .known = given.known, .value = given.value };
}

static void tell_order(struct strings *all, const struct order_fields *from,
                       struct oracle_event *to)
{
    to->id = text_of(all, from->id_order_unit);
    to->status = (struct oracle_status){
        .sent = from->status == ORDER_SENT,
        .received = from->status == ORDER_RECEIVED,
        .cancelled = from->status == ORDER_CANCELLED,
        .returned = from->status == ORDER_RETURNED || from->status == ORDER_RETURNED_PAID,
    };
    to->cancel_reason = text_of(all, from->cancel_reason);
    to->created = from->ts_created;
    to->ship_by = maybe_of(from->ship_by);
    to->deliver_from = maybe_of(from->deliver_from);
    to->deliver_by = maybe_of(from->deliver_by);
    to->handling_days = maybe_of(from->handling_time);
}

static void tell_message(struct strings *all, const struct message_fields *from,
                         struct oracle_event *to)
{
    const bool by_service = from->status == TICKET_CUSTOMER_SERVICE_CLOSED_FINAL;
    to->id = text_of(all, from->id_ticket);
    to->status = (struct oracle_status){
        .closed = by_service || from->status == TICKET_BUYER_CLOSED ||
                  from->status == TICKET_BOTH_CLOSED,
        .closed_by_service = by_service,
    };
    to->topic = text_of(all, from->topic);
    for (int32_t i = 0; i < from->order_units; i++)
        to->units[to->unit_count++] = text_of(all, from->ids_order_units[i]);
    to->not_responsible = !from->is_seller_responsible;
    to->author = from->author_role == AUTHOR_SELLER             ? ORACLE_SELLER
                 : from->author_role == AUTHOR_CUSTOMER_SERVICE ? ORACLE_SERVICE
                                                                : ORACLE_NOBODY;
    to->interim = from->interim_notice;
    to->automatic = from->is_auto_reply;
}

static void tell_shipment(struct strings *all, const struct shipment_fields *from,
                          struct oracle_event *to)
{
    to->id = text_of(all, from->id_order_unit);
    to->tracking_number = text_of(all, from->tracking_number);
    to->carrier = text_of(all, from->carrier_code);
    to->parcels = from->parcel_count;
}

static struct oracle_event translate(struct strings *all, const struct event *from)
{
    struct oracle_event to = {
        .kind = (enum oracle_kind)(from->kind - EVENT_ORDER_UNIT_NEW),
        .at = from->ts_event.ms,
        .id_message = text_of(all, from->id_message),
        .seller = text_of(all, from->id_seller),
        .storefront = text_of(all, from->storefront),
        .by_kaufland = from->fulfillment == FULFILLMENT_KAUFLAND,
        .cancel_reason = "",
        .topic = "",
        .tracking_number = "",
        .carrier = "",
    };
    if (from->topic == TOPIC_ORDERS)
        tell_order(all, &from->order, &to);
    else if (from->topic == TOPIC_MESSAGES)
        tell_message(all, &from->message, &to);
    else
        tell_shipment(all, &from->shipment, &to);
    return to;
}

static struct oracle_settings settings_of(const struct sim *s)
{
    const struct rules *rules = s->world.rules;
    struct oracle_settings settings = { .grace_dispatch_ms = rules->grace_dispatch_ms,
                                        .grace_tracking_ms = rules->grace_tracking_ms,
                                        .grace_delivery_ms = rules->grace_delivery_ms,
                                        .grace_response_ms = rules->grace_response_ms,
                                        .response_sla_ms = rules->response_sla_ms,
                                        .slow_response_ms = SIM_SLOW_RESPONSE_MS,
                                        .abandon_after_ms = rules->abandon_after_ms,
                                        .window_count = rules->window_count,
                                        .storefront_count = SIM_STOREFRONTS };
    for (int i = 0; i < SIM_STOREFRONTS; i++)
        settings.storefronts[i] = s->storefronts[i];
    for (int32_t i = 0; i < rules->window_count; i++)
        settings.windows[i] = (struct oracle_window){ .name = rules->windows[i].name.text,
                                                      .length_ms = rules->windows[i].length_ms,
                                                      .pane_ms = rules->windows[i].pane_ms };
    return settings;
}

/* ---- lines ------------------------------------------------------------------------- */

struct lines {
    char at[LINES_MOST][LINE_BYTES];
    size_t count;
};

static void add_row(void *arg, const char *place, const char *row)
{
    struct lines *lines = arg;
    assert_true(lines->count < LINES_MOST);
    snprintf(lines->at[lines->count++], LINE_BYTES, "%.90s %.100s", place, row);
}

/* Does only an alert keep the row there? */
static bool is_row_of_nothing(const struct sim_value *v, bool is_gauge)
{
    return strcmp(v->bad, "0") == 0 && (is_gauge || strcmp(v->total, "0") == 0);
}

static void add_view(void *arg, struct span place, struct span field, struct span value)
{
    char name[SIM_WORD_BYTES * 2];
    char label[LINE_BYTES];
    char row[LINE_BYTES];
    sim_text_of(place, label, sizeof label);
    sim_text_of(field, name, sizeof name);
    const char *window = strchr(name, ':');
    if (window == NULL)
        return; /* a time */
    const struct sim_value v = sim_value_of(value);
    if (is_row_of_nothing(&v, strcmp(window, ":now") == 0))
        return;
    snprintf(row, sizeof row, "%s %s %s %s", name, v.bad, v.total, v.amount);
    add_row(arg, label, row);
}

static int compare_lines(const void *left, const void *right)
{
    return strcmp(left, right);
}

static void same_lines(struct lines *found, struct lines *expected)
{
    qsort(found->at, found->count, LINE_BYTES, compare_lines);
    qsort(expected->at, expected->count, LINE_BYTES, compare_lines);
    const size_t count = found->count < expected->count ? found->count : expected->count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(found->at[i], expected->at[i]) != 0)
            fail_msg("the store shows \"%s\", the oracle \"%s\"", found->at[i],
                     expected->at[i]);
    }
    if (found->count != expected->count)
        fail_msg("the store shows %zu rows, the oracle %zu", found->count, expected->count);
}

/* ---- counts ------------------------------------------------------------------------ */

static int translate_shard(const struct sim *s, int32_t shard, struct strings *all,
                           struct oracle_event *ret_events)
{
    const struct little_world *w = &s->world;
    int count = 0;
    all->size = 0;
    for (int32_t i = 0; i < w->entry_count; i++) {
        const struct little_entry *e = w->entries[i];
        if (e->shard == shard && sim_counts(s, e))
            ret_events[count++] = translate(all, &e->event);
    }
    return count;
}

static void write_exam(const struct sim *s, int32_t shard, const struct shard_header *header,
                       const struct lines *answer)
{
    sim_exam_ask(s, shard, header);
    for (size_t i = 0; i < answer->count; i++)
        fprintf(s->reader.exam, "{\"row\": \"%s\"}\n", answer->at[i]);
}

static void counts_are_those_of_the_oracle(const struct sim *s)
{
    const struct little_world *w = &s->world;
    static struct strings all;
    static struct lines found;
    static struct lines expected;
    struct oracle_event *events = calloc((size_t)w->entry_count, sizeof *events);
    const struct oracle_settings settings = settings_of(s);
    assert_non_null(events);
    for (int32_t shard = 0; shard < LITTLE_SHARDS; shard++) {
        struct shard_header header;
        const int count = translate_shard(s, shard, &all, events);
        found.count = 0;
        expected.count = 0;
        assert_true(fake_store_header(w->store, shard, &header));
        oracle_judge(&settings, events, count, header.stream_time, header.watermark, add_row,
                     &expected);
        if (s->reader.exam != NULL)
            write_exam(s, shard, &header, &expected);
        fake_store_each_view(w->store, shard, add_view, &found);
        same_lines(&found, &expected);
    }
    free(events);
}

void sim_judge(const struct sim *s)
{
    const struct little_world *w = &s->world;
    all_is_read_and_saved(w);
    all_rubbish_is_set_aside_and_nothing_else(s);
    counts_are_those_of_the_oracle(s);
    little_world_check_feed(w);
    sim_judge_alerts(s);
}
