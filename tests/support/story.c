/* story.c - see story.h. */
#include "support/story.h"

#include "base/check.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

/* ---- opening -------------------------------------------------------------------------- */

static struct shard *new_shard(const struct rules *rules, struct arena *arena)
{
    struct shard *shard = calloc(1, sizeof *shard);
    CHECK(shard != NULL);
    shard_open(shard, rules, arena);
    return shard;
}

static void begin(struct story *s)
{
    s->shard = new_shard(s->rules, &s->arena);
    s->seller = "4711";
    s->storefront = "de";
    s->post = true;
    s->random = 1;
    s->now = (wall_time){ STORY_NOON };
    s->promise = (struct story_promise){ .ship_by = DAY_MS,
                                         .deliver_from = 2 * DAY_MS,
                                         .deliver_by = 4 * DAY_MS,
                                         .handling_days = STORY_NOT_TOLD };
}

void story_open(struct story *s)
{
    struct reason why = { "" };
    memset(s, 0, sizeof *s);
    settings_defaults(&s->settings);
    if (!domain_rules_open(&s->settings, &s->domain, &why))
        fail_msg("%s", why.text);
    s->rules = &s->domain.rules;
    s->thresholds = &s->settings.thresholds;
    s->rules->wall_time = false;
    s->rules->max_delay_ms = 0;
    begin(s);
}

void story_close(struct story *s)
{
    shard_close(s->shard);
    free(s->shard);
    free(s->changes);
    assert_int_equal(s->arena.taken, 0);
    if (s->is_twin)
        return;
    domain_rules_close(&s->domain);
    settings_free(&s->settings);
}

int story_setup(void **state)
{
    struct story *s = malloc(sizeof *s);
    CHECK(s != NULL);
    story_open(s);
    *state = s;
    return 0;
}

int story_teardown(void **state)
{
    story_close(*state);
    free(*state);
    return 0;
}

/* ---- names ------------------------------------------------------------------------------ */

const char *story_name(struct story *s, const char *prefix, int64_t number)
{
    char text[STORY_NAME_BYTES]; /* not at once into `s`, of which prefix may be a part */
    (void)snprintf(text, sizeof text, "%s%" PRId64, prefix, number);
    char *name = s->names[s->name_count++ % STORY_NAMES];
    memcpy(name, text, sizeof text);
    return name;
}

int64_t story_random(struct story *s, int64_t below)
{
    CHECK(s->random != 0 && below > 0);
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (int64_t)(s->random >> 1) % below;
}

int64_t story_utc(const char *text)
{
    struct tm tm = { 0 };
    assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
    return (int64_t)timegm(&tm) * SECOND_MS;
}

/* ---- events ------------------------------------------------------------------------------ */

static struct event event_of(struct story *s, enum topic topic, enum event_kind kind,
                             int64_t at)
{
    return (struct event){
        .topic = topic,
        .kind = kind,
        .fulfillment = FULFILLMENT_MERCHANT,
        .ts_event = { at },
        .id_message = span_of_text(story_name(s, "m", s->name_count)),
        .id_seller = span_of_text(s->seller),
        .storefront = span_of_text(s->storefront),
    };
}

static struct optional told(int64_t from, int64_t in)
{
    return (struct optional){ .known = in != STORY_NOT_TOLD,
                              .value = in == STORY_NOT_TOLD ? 0 : from + in };
}

struct event story_order_event(struct story *s, const char *unit, int64_t at)
{
    const struct story_promise *p = &s->promise;
    struct event event = event_of(s, TOPIC_ORDERS, EVENT_ORDER_UNIT_NEW, at);
    event.order = (struct order_fields){ .id_order = span_of_text("order"),
                                         .id_order_unit = span_of_text(unit),
                                         .status = ORDER_OPEN,
                                         .ts_created = at,
                                         .ship_by = told(at, p->ship_by),
                                         .deliver_from = told(at, p->deliver_from),
                                         .deliver_by = told(at, p->deliver_by),
                                         .handling_time = told(0, p->handling_days),
                                         .price = 1999,
                                         .currency = span_of_text("EUR") };
    return event;
}

struct event story_shipment_event(struct story *s, enum event_kind kind, const char *unit,
                                  int64_t at)
{
    struct event event = event_of(s, TOPIC_SHIPMENTS, kind, at);
    event.shipment = (struct shipment_fields){ .id_order = span_of_text("order"),
                                               .id_order_unit = span_of_text(unit),
                                               .parcel_count = 1 };
    return event;
}

struct event story_message_event(struct story *s, enum event_kind kind, const char *ticket,
                                 int64_t at)
{
    struct event event = event_of(s, TOPIC_MESSAGES, kind, at);
    event.message = (struct message_fields){ .id_ticket = span_of_text(ticket),
                                             .status = TICKET_OPENED,
                                             .open_reason = span_of_text("question"),
                                             .is_seller_responsible = true };
    return event;
}

enum reject story_try(struct story *s, const struct event *event)
{
    if (shard_enters_new_pane(s->shard, event->ts_event))
        story_tick(s);
    return shard_apply(s->shard, event, s->now);
}

void story_tell(struct story *s, const struct event *event)
{
    assert_int_equal(story_try(s, event), REJECT_NONE);
}

void story_order(struct story *s, const char *unit, int64_t at)
{
    const struct event event = story_order_event(s, unit, at);
    story_tell(s, &event);
}

/* A later word on the unit: it repeats no promise. */
void story_status(struct story *s, const char *unit, enum order_status status, int64_t at)
{
    const struct optional nothing = { 0 };
    struct event event = story_order_event(s, unit, at);
    event.kind = EVENT_ORDER_UNIT_STATUS_CHANGED;
    event.order.status = status;
    event.order.ship_by = nothing;
    event.order.deliver_from = nothing;
    event.order.deliver_by = nothing;
    event.order.handling_time = nothing;
    story_tell(s, &event);
}

void story_cancel(struct story *s, const char *unit, const char *reason, int64_t at)
{
    struct event event = story_order_event(s, unit, at);
    event.kind = EVENT_ORDER_UNIT_STATUS_CHANGED;
    event.order.status = ORDER_CANCELLED;
    event.order.cancel_reason = span_of_text(reason);
    story_tell(s, &event);
}

void story_parcel(struct story *s, enum event_kind kind, const char *unit, const char *number,
                  int64_t at)
{
    struct event event = story_shipment_event(s, kind, unit, at);
    event.shipment.tracking_number = span_of_text(number);
    event.shipment.carrier_code = span_of_text("DHL");
    story_tell(s, &event);
}

void story_sent(struct story *s, const char *unit, int64_t at)
{
    const struct event event = story_shipment_event(s, EVENT_SHIPMENT_SENT, unit, at);
    story_tell(s, &event);
}

void story_scan(struct story *s, const char *unit, int64_t at)
{
    story_parcel(s, EVENT_CARRIER_ACCEPTED, unit, "JD01", at);
}

void story_delivered(struct story *s, const char *unit, int64_t at)
{
    story_parcel(s, EVENT_DELIVERED, unit, "JD01", at);
}

void story_ticket_opened(struct story *s, const char *ticket, int64_t at)
{
    const struct event event = story_message_event(s, EVENT_TICKET_OPENED, ticket, at);
    story_tell(s, &event);
}

void story_ticket_about(struct story *s, const char *ticket, const char *unit, int64_t at)
{
    struct event event = story_message_event(s, EVENT_TICKET_OPENED, ticket, at);
    event.message.ids_order_units[0] = span_of_text(unit);
    event.message.order_units = 1;
    story_tell(s, &event);
}

void story_ticket_topic(struct story *s, const char *ticket, const char *topic, int64_t at)
{
    struct event event = story_message_event(s, EVENT_TICKET_OPENED, ticket, at);
    event.message.topic = span_of_text(topic);
    story_tell(s, &event);
}

void story_message(struct story *s, const char *ticket, enum author_role from, int64_t at)
{
    struct event event = story_message_event(s, EVENT_TICKET_MESSAGE_NEW, ticket, at);
    event.message.author_role = from;
    story_tell(s, &event);
}

void story_reply(struct story *s, const char *ticket, int64_t at)
{
    story_message(s, ticket, AUTHOR_SELLER, at);
}

void story_ticket_status(struct story *s, const char *ticket, enum ticket_status status,
                         int64_t at)
{
    struct event event = story_message_event(s, EVENT_TICKET_STATUS_CHANGED, ticket, at);
    event.message.status = status;
    story_tell(s, &event);
}

void story_deliveries(struct story *s, int good, int late, int64_t at)
{
    const int64_t ordered = at - 5 * DAY_MS;
    const struct story_promise before = s->promise;
    s->promise = (struct story_promise){ .ship_by = STORY_NOT_TOLD,
                                         .deliver_from = STORY_NOT_TOLD,
                                         .deliver_by = 5 * DAY_MS,
                                         .handling_days = STORY_NOT_TOLD };
    for (int i = 0; i < good + late; i++) {
        const char *unit = story_name(s, "d", s->name_count);
        story_order(s, unit, ordered);
        story_delivered(s, unit, i < good ? at : at + 1);
    }
    s->promise = before;
}

void story_creations(struct story *s, int count, int cancelled, int64_t at)
{
    for (int i = 0; i < count; i++) {
        const char *unit = story_name(s, "c", s->name_count);
        story_order(s, unit, at);
        if (i < cancelled)
            story_cancel(s, unit, "NoInventory", at);
    }
}

/* ---- chance --------------------------------------------------------------------------- */

enum { ANY_UNITS = 60, ANY_TICKETS = 30, ANY_SELLERS = 3, RARELY = 30 };

/* One of `count` that are known on that day; a quarter of them is new every day. */
static int64_t any_number(struct story *s, int64_t count, int64_t at)
{
    return (at - STORY_NOON) / DAY_MS * count / 4 + 1000000 + story_random(s, count);
}

/* Units and tickets have one owner; rarely somebody else claims them. */
static void any_subject(struct story *s, int64_t number)
{
    static const char *const sellers[ANY_SELLERS] = { "4711", "4712", "4713" };
    static const char *const storefronts[ANY_SELLERS] = { "de", "fr", "xx" };
    const bool foreign = story_random(s, RARELY) == 0;
    s->seller = sellers[(number + foreign) % ANY_SELLERS];
    s->storefront = storefronts[number / ANY_SELLERS % ANY_SELLERS];
}

static struct event any_order(struct story *s, const char *unit, int64_t at)
{
    struct event event = story_order_event(s, unit, at);
    event.order.status = (enum order_status)story_random(s, ORDER_RETURNED_PAID + 1);
    event.order.ts_created = at - story_random(s, DAY_MS);
    if (event.order.status == ORDER_CANCELLED && story_random(s, 2) == 0)
        event.order.status = ORDER_OPEN;
    event.order.cancel_reason = span_of_text(story_random(s, 2) == 0 ? "NoInventory" : "Buyer");
    event.order.deliver_by.known = story_random(s, 4) != 0;
    return event;
}

static struct event any_shipment(struct story *s, const char *unit, int64_t at)
{
    const int kinds = EVENT_RETURNED_TO_SENDER - EVENT_SHIPMENT_SENT + 1;
    const enum event_kind kind =
        (enum event_kind)(EVENT_SHIPMENT_SENT + story_random(s, kinds));
    struct event event = story_shipment_event(s, kind, unit, at);
    event.shipment.parcel_count = 1 + (int32_t)story_random(s, 2);
    if (story_random(s, 4) == 0)
        return event;
    event.shipment.tracking_number = span_of_text(story_name(s, unit, story_random(s, 2)));
    event.shipment.carrier_code = span_of_text("DHL");
    return event;
}

static struct event any_message(struct story *s, const char *ticket, int64_t at)
{
    static const char *const topics[] = { "", "cs_nagative_rating", "order_product_defect" };
    const int kinds = EVENT_TICKET_NO_RESPONSE_NEEDED - EVENT_TICKET_OPENED;
    const enum event_kind kind =
        (enum event_kind)(EVENT_TICKET_OPENED + story_random(s, kinds));
    struct event event = story_message_event(s, kind, ticket, at);
    struct message_fields *m = &event.message;
    m->topic = span_of_text(topics[story_random(s, 3)]);
    m->author_role = (enum author_role)story_random(s, AUTHOR_CUSTOMER_SERVICE + 1);
    m->interim_notice = story_random(s, 4) == 0;
    m->order_units = 1;
    m->ids_order_units[0] = span_of_text(story_name(s, "u", any_number(s, ANY_UNITS, at)));
    if (kind == EVENT_TICKET_STATUS_CHANGED && story_random(s, 3) == 0)
        m->status =
            (enum ticket_status)story_random(s, TICKET_CUSTOMER_SERVICE_CLOSED_FINAL + 1);
    return event;
}

struct event story_any_event(struct story *s, int64_t at)
{
    const int64_t what = story_random(s, 3);
    const int64_t number = any_number(s, what == 2 ? ANY_TICKETS : ANY_UNITS, at);
    const char *name = story_name(s, what == 2 ? "t" : "u", number);
    any_subject(s, number);
    struct event event = what == 0   ? any_order(s, name, at)
                         : what == 1 ? any_shipment(s, name, at)
                                     : any_message(s, name, at);
    if (story_random(s, 4 * RARELY) == 0)
        event.fulfillment = FULFILLMENT_KAUFLAND;
    return event;
}

/* ---- time ---------------------------------------------------------------------------------
 */

static void keep_change(struct story *s, const struct alert_change *change)
{
    if (s->change_count == s->change_capacity) {
        s->change_capacity = s->change_capacity == 0 ? 64 : 2 * s->change_capacity;
        s->changes = realloc(s->changes, (size_t)s->change_capacity * sizeof *s->changes);
        CHECK(s->changes != NULL);
    }
    s->changes[s->change_count++] = *change;
}

void story_tick(struct story *s)
{
    shard_tick(s->shard, s->now);
    if (!s->post)
        return;
    struct outbox *outbox = &s->shard->outbox;
    outbox_in_save(outbox, ++s->version);
    const struct alert_change *change;
    while ((change = outbox_next(outbox, s->version)) != NULL) {
        const uint64_t sequence = change->shard_sequence;
        keep_change(s, change);
        outbox_sent(outbox);
        outbox_delivered(outbox, sequence, (int64_t)sequence - 1);
    }
}

void story_pass_time_to(struct story *s, int64_t at)
{
    for (int t = 0; t < TOPIC_COUNT; t++)
        shard_clock_saw(&s->shard->clock, (enum topic)t, (event_time){ at });
    story_tick(s);
}

void story_live_to(struct story *s, int64_t at, int64_t step_ms)
{
    for (int64_t t = s->shard->clock.stream_time + step_ms; t < at; t += step_ms)
        story_pass_time_to(s, t);
    story_pass_time_to(s, at);
}

/* ---- what follows
 * ---------------------------------------------------------------------------- */

int32_t story_window(const struct story *s, const char *window)
{
    for (int32_t w = 0; w < s->rules->window_count; w++) {
        if (span_equal(name_span(&s->rules->windows[w].name), span_of_text(window)))
            return w;
    }
    fail_msg("there is no window %s", window);
    return 0;
}

static uint32_t subject(const struct story *s)
{
    return sellers_find(&s->shard->sellers, span_of_text(s->seller),
                        span_of_text(s->storefront));
}

static int64_t count_of(const struct story *s, int32_t window, enum fact fact)
{
    const uint32_t cell = subject(s);
    return cell == 0 ? 0 : sellers_cell(&s->shard->sellers, cell)->sums[window].counts[fact];
}

int64_t story_count(const struct story *s, const char *window, enum fact fact)
{
    return count_of(s, story_window(s, window), fact);
}

int64_t story_facts(const struct story *s, enum fact fact)
{
    return count_of(s, s->rules->window_count - 1, fact);
}

int64_t story_facts_in(const struct story *s, const char *window)
{
    int64_t sum = 0;
    for (int f = 0; f < FACT_COUNT; f++)
        sum += story_count(s, window, (enum fact)f);
    return sum;
}

struct reading story_reading(const struct story *s, enum kpi kpi, const char *window)
{
    const uint32_t ref = subject(s);
    assert_int_not_equal(ref, 0);
    const struct cell *cell = sellers_cell(&s->shard->sellers, ref);
    const int32_t w = story_window(s, window);
    return reading_take(&s->shard->sellers, cell, kpi, w,
                        alerts_threshold(&s->shard->alerts, cell, kpi, w)->warn);
}

int64_t story_gauge(const struct story *s, enum kpi kpi)
{
    return subject(s) == 0 ? 0 : story_reading(s, kpi, "7d").value.amount;
}

static bool is_gauge(enum kpi kpi)
{
    return catalogue_row(kpi)->kind == KPI_GAUGE;
}

const struct alert *story_alert(const struct story *s, enum kpi kpi, const char *window)
{
    const uint32_t cell = subject(s);
    if (cell == 0)
        return NULL;
    return alerts_find(&s->shard->alerts, cell, kpi,
                       is_gauge(kpi) ? 0 : story_window(s, window));
}

enum alert_status story_alert_status(const struct story *s, enum kpi kpi, const char *window)
{
    const struct alert *a = story_alert(s, kpi, window);
    return a == NULL ? ALERT_OK : (enum alert_status)a->status;
}

static bool is_about(const struct story *s, const struct alert_change *c, enum kpi kpi,
                     const char *window)
{
    const struct span name = span_of_text(is_gauge(kpi) ? "now" : window);
    return c->kpi == kpi && span_equal(name_span(&c->window), name) &&
           span_equal(name_span(&c->seller), span_of_text(s->seller)) &&
           span_equal(name_span(&c->storefront), span_of_text(s->storefront));
}

int32_t story_change_count(const struct story *s, enum kpi kpi, const char *window)
{
    int32_t count = 0;
    for (int32_t i = 0; i < s->change_count; i++)
        count += is_about(s, &s->changes[i], kpi, window);
    return count;
}

const struct alert_change *story_change(const struct story *s, enum kpi kpi, const char *window,
                                        int32_t n)
{
    const int32_t count = story_change_count(s, kpi, window);
    int32_t left = n < 0 ? count + n : n;
    if (left < 0 || left >= count)
        fail_msg("%s:%s has %d changes, not %d", catalogue_row(kpi)->name, window, count, n);
    for (int32_t i = 0; i < s->change_count; i++) {
        if (is_about(s, &s->changes[i], kpi, window) && left-- == 0)
            return &s->changes[i];
    }
    return NULL;
}

void story_forget_changes(struct story *s)
{
    s->change_count = 0;
}

/* ---- views --------------------------------------------------------------------------------
 */

struct lines {
    char **at;
    size_t count;
    size_t capacity;
};

static void add_line(struct lines *lines, const struct saved_view *view, int32_t field)
{
    if (lines->count == lines->capacity) {
        lines->capacity = lines->capacity == 0 ? 256 : 2 * lines->capacity;
        lines->at = realloc(lines->at, lines->capacity * sizeof *lines->at);
        CHECK(lines->at != NULL);
    }
    const struct span parts[3] = { view->seller_storefront, view->fields[field],
                                   view->fields[field + 1] };
    const int size =
        asprintf(&lines->at[lines->count++], "%.*s %.*s %.*s\n", (int)parts[0].size,
                 (const char *)parts[0].at, (int)parts[1].size, (const char *)parts[1].at,
                 (int)parts[2].size, (const char *)parts[2].at);
    CHECK(size > 0);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join_lines(struct lines *lines)
{
    size_t size = 1;
    qsort(lines->at, lines->count, sizeof *lines->at, by_text);
    for (size_t i = 0; i < lines->count; i++)
        size += strlen(lines->at[i]);
    char *text = calloc(1, size);
    CHECK(text != NULL);
    char *end = text;
    for (size_t i = 0; i < lines->count; i++) {
        end = stpcpy(end, lines->at[i]);
        free(lines->at[i]);
    }
    free(lines->at);
    return text;
}

char *story_views(struct story *s)
{
    struct arena arena = { 0 };
    struct view_batch batch;
    struct lines lines = { .at = malloc(sizeof(char *)), .capacity = 1 };
    view_batch_open(&batch, 16, &arena);
    view_rewrite_all(&s->shard->alerts);
    s->shown.ms += s->now.ms + DAY_MS;
    while (s->shard->sellers.views.count > 0) {
        view_batch_fill(&batch, &s->shard->alerts, s->shown);
        for (int32_t v = 0; v < batch.view_count; v++) {
            for (int32_t f = 0; f < batch.views[v].field_count; f += 2) {
                if (!span_equal(batch.views[v].fields[f], span_of_text("updated_at")))
                    add_line(&lines, &batch.views[v], f);
            }
        }
    }
    view_batch_close(&batch);
    return join_lines(&lines);
}

/* ---- rules ----------------------------------------------------------------------------------
 */

void story_watch_only(struct story *s, enum kpi kpi, const char *window)
{
    const int32_t kept = is_gauge(kpi) ? 0 : story_window(s, window);
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        for (int32_t w = 0; w < WINDOWS_MAX; w++) {
            if (k == kpi && w == kept)
                continue;
            s->thresholds->of[k][w].warn = THRESHOLD_OFF;
            s->thresholds->of[k][w].critical = THRESHOLD_OFF;
        }
    }
}

struct threshold *story_threshold(struct story *s, enum kpi kpi, const char *window)
{
    return &s->thresholds->of[kpi][is_gauge(kpi) ? 0 : story_window(s, window)];
}

struct threshold_table *story_own_thresholds(struct story *s, const char *storefront)
{
    for (int32_t i = 0; i < s->rules->storefront_count; i++) {
        struct storefront_rule *rule = &s->domain.storefronts[i];
        if (!span_equal(name_span(&rule->storefront), span_of_text(storefront)))
            continue;
        s->own = *s->thresholds;
        rule->thresholds = &s->own;
        return &s->own;
    }
    fail_msg("the rules do not list storefront %s", storefront);
    return NULL;
}

/* ---- store ---------------------------------------------------------------------------------
 */

void story_copy_header(const struct shard *from, struct shard *to)
{
    to->clock.stream_time = from->clock.stream_time;
    to->clock.watermark = from->clock.watermark;
    for (int t = 0; t < TOPIC_COUNT; t++)
        to->clock.inputs[t].highest = from->clock.inputs[t].highest;
    to->outbox.next_sequence = from->outbox.next_sequence;
    to->outbox.offset = from->outbox.offset;
    to->alerts.live |= from->alerts.live;
}

static void open_twin(const struct story *origin, struct story *twin)
{
    memset(twin, 0, sizeof *twin);
    twin->is_twin = true;
    twin->rules = origin->rules;
    twin->thresholds = origin->thresholds;
    begin(twin);
    twin->seller = origin->seller;
    twin->storefront = origin->storefront;
    twin->promise = origin->promise;
    twin->now = origin->now;
    twin->post = origin->post;
    twin->version = origin->version;
    twin->random = origin->random;
    twin->name_count = origin->name_count;
}

void story_twin_from(const struct story *origin, struct span images, struct story *ret_twin)
{
    open_twin(origin, ret_twin);
    assert_true(shard_decode(ret_twin->shard, images));
    story_copy_header(origin->shard, ret_twin->shard);
    shard_loaded(ret_twin->shard);
}

void story_twin(const struct story *origin, struct story *ret_twin)
{
    struct buffer images = { 0 };
    for (uint32_t part = 0; part < PARTS; part++)
        shard_encode_part(origin->shard, part, &images);
    story_twin_from(origin, buffer_span(&images), ret_twin);
    buffer_free(&images);
}

void story_restart(struct story *s)
{
    shard_close(s->shard);
    free(s->shard);
    s->shard = new_shard(s->rules, &s->arena);
}

void story_reload_with(struct story *s, void (*change_rules)(struct story *s))
{
    struct buffer images = { 0 };
    for (uint32_t part = 0; part < PARTS; part++)
        shard_encode_part(s->shard, part, &images);
    struct shard *old = s->shard;
    change_rules(s);
    s->shard = new_shard(s->rules, &s->arena);
    assert_true(shard_decode(s->shard, buffer_span(&images)));
    story_copy_header(old, s->shard);
    shard_loaded(s->shard);
    shard_close(old);
    free(old);
    buffer_free(&images);
}

static void change_nothing(struct story *s)
{
    (void)s;
}

void story_reload(struct story *s)
{
    story_reload_with(s, change_nothing);
}

/* Panes may differ: one that was emptied by a correction stands until its time is over. */
static void assert_same_live(const struct story *a, const struct story *b)
{
    static const enum entity_kind kinds[] = { ENTITY_UNIT, ENTITY_TICKET, ENTITY_EVIDENCE,
                                              ENTITY_ALERT, ENTITY_CHANGE };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        assert_int_equal(a->shard->entities.live[kinds[i]], b->shard->entities.live[kinds[i]]);
    assert_int_equal(a->shard->clock.stream_time, b->shard->clock.stream_time);
    assert_int_equal(a->shard->clock.watermark, b->shard->clock.watermark);
}

static const char *line_end(const char *line)
{
    const char *end = strchr(line, '\n');
    return end != NULL ? end : line + strlen(line);
}

/* Shows the first line that differs, not both texts. */
static void assert_same_text(const char *a, const char *b)
{
    const char *a_line = a;
    const char *b_line = b;
    for (size_t i = 0; a[i] == b[i] && a[i] != '\0'; i++) {
        if (a[i] != '\n')
            continue;
        a_line = a + i + 1;
        b_line = b + i + 1;
    }
    if (strcmp(a, b) != 0)
        fail_msg("\"%.*s\" is not \"%.*s\"", (int)(line_end(a_line) - a_line), a_line,
                 (int)(line_end(b_line) - b_line), b_line);
}

void story_assert_same(struct story *a, struct story *b)
{
    char *views[2] = { story_views(a), story_views(b) };
    assert_same_text(views[0], views[1]);
    free(views[0]);
    free(views[1]);
    assert_same_live(a, b);
}

static void assert_same_change(const struct alert_change *a, const struct alert_change *b)
{
    assert_int_equal(a->evaluated.ms, b->evaluated.ms);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->reason, b->reason);
    assert_true(span_equal(name_span(&a->seller), name_span(&b->seller)));
    assert_true(span_equal(name_span(&a->storefront), name_span(&b->storefront)));
    assert_true(span_equal(name_span(&a->window), name_span(&b->window)));
    assert_int_equal(a->kpi, b->kpi);
    assert_int_equal(a->started.ms, b->started.ms);
    assert_int_equal(a->sequence, b->sequence);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->severity, b->severity);
    assert_int_equal(a->worst_severity, b->worst_severity);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->numerator, b->numerator);
    assert_int_equal(a->denominator, b->denominator);
    assert_int_equal(a->value.amount, b->value.amount);
    assert_int_equal(a->previous_value.amount, b->previous_value.amount);
    assert_int_equal(a->fired.ms, b->fired.ms);
    assert_int_equal(a->evidence_total, b->evidence_total);
    assert_int_equal(a->evidence_count, b->evidence_count);
    for (int32_t i = 0; i < a->evidence_count; i++)
        assert_true(span_equal(name_span(&a->evidence[i].id), name_span(&b->evidence[i].id)));
}

static int by_alert(const void *a_void, const void *b_void)
{
    const struct alert_change *a = a_void;
    const struct alert_change *b = b_void;
    if (a->evaluated.ms != b->evaluated.ms)
        return a->evaluated.ms < b->evaluated.ms ? -1 : 1;
    int order = span_compare(name_span(&a->seller), name_span(&b->seller));
    if (order == 0)
        order = span_compare(name_span(&a->storefront), name_span(&b->storefront));
    if (order == 0)
        order = span_compare(name_span(&a->window), name_span(&b->window));
    if (order == 0)
        order = (int)a->kpi - (int)b->kpi;
    if (order == 0 && a->started.ms != b->started.ms)
        order = a->started.ms < b->started.ms ? -1 : 1;
    return order != 0 ? order : (int)a->sequence - (int)b->sequence;
}

static struct alert_change *sorted_changes(const struct story *s)
{
    const size_t size = (size_t)s->change_count * sizeof *s->changes;
    struct alert_change *copy = malloc(size + 1);
    CHECK(copy != NULL);
    if (size > 0)
        memcpy(copy, s->changes, size);
    qsort(copy, (size_t)s->change_count, sizeof *copy, by_alert);
    return copy;
}

void story_assert_same_changes(const struct story *a, const struct story *b)
{
    assert_int_equal(a->change_count, b->change_count);
    struct alert_change *as = sorted_changes(a);
    struct alert_change *bs = sorted_changes(b);
    for (int32_t i = 0; i < a->change_count; i++)
        assert_same_change(&as[i], &bs[i]);
    free(as);
    free(bs);
}
