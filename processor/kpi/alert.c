/* alert.c - alerts as entities: finding, making, timers, images; see alert.h. */
#include "kpi/alert.h"

#include "base/check.h"
#include "base/hash.h"

enum { ALERT_LAYOUT = 1, FLAG_THROTTLED = 1, FLAG_FLAPPING = 2 };

void alerts_close(struct alerts *as)
{
    pool_close(&as->pool);
    deadlines_close(&as->timers);
}

/* ---- finding and making -------------------------------------------------------- */

static uint64_t alert_hash(const struct alerts *as, uint32_t cell, enum kpi kpi, int32_t window)
{
    const uint64_t what = UINT64_C(2) << 32 | (uint64_t)kpi << 8 | (uint64_t)window;
    return hash_mix(sellers_cell(as->sellers, cell)->hash, what);
}

static uint32_t bit_of(enum kpi kpi, int32_t window)
{
    return (uint32_t)kpi * WINDOWS_MAX + (uint32_t)window;
}

static void set_bit(struct alerts *as, uint32_t cell, uint32_t bit, bool on)
{
    uint64_t *word = &sellers_cell(as->sellers, cell)->alert_bits[bit / 64];
    const uint64_t mask = UINT64_C(1) << bit % 64;
    *word = on ? *word | mask : *word & ~mask;
}

uint32_t alert_find_ref(const struct alerts *as, uint32_t cell, enum kpi kpi, int32_t window)
{
    CHECK(window >= 0 && window < WINDOWS_MAX);
    const uint32_t bit = bit_of(kpi, window);
    if ((sellers_cell(as->sellers, cell)->alert_bits[bit / 64] >> bit % 64 & 1) == 0)
        return 0;
    const uint64_t hash = alert_hash(as, cell, kpi, window);
    const struct table *table = entities_table(as->entities, ENTITY_ALERT, hash);
    struct table_walk walk = table_walk(table, hash);
    uint32_t ref;
    while ((ref = table_next(table, &walk)) != 0) {
        const struct alert *a = alert_at(as, ref);
        if (a->cell == cell && a->kpi == kpi && a->window == window)
            break;
    }
    CHECK(ref != 0);
    return ref;
}

const struct alert *alerts_find(const struct alerts *as, uint32_t cell, enum kpi kpi,
                                int32_t window)
{
    const uint32_t ref = alert_find_ref(as, cell, kpi, window);
    return ref == 0 ? NULL : alert_at(as, ref);
}

uint32_t alert_new(struct alerts *as, uint32_t cell, enum kpi kpi, int32_t window)
{
    CHECK(alert_find_ref(as, cell, kpi, window) == 0);
    const uint32_t ref = pool_new(&as->pool);
    struct alert *a = alert_at(as, ref);
    a->cell = cell;
    a->kpi = (uint8_t)kpi;
    a->window = (uint8_t)window;
    a->fired = TIME_NEVER_YET;
    a->resolved = TIME_NEVER_YET;
    a->started = TIME_NEVER_YET;
    set_bit(as, cell, bit_of(kpi, window), true);
    sellers_join(as->sellers, cell);
    entities_add(as->entities, ENTITY_ALERT, ref, &a->entity,
                 alert_hash(as, cell, kpi, window));
    return ref;
}

void alert_free(struct alerts *as, uint32_t ref)
{
    struct alert *a = alert_at(as, ref);
    CHECK(a->cell != 0);
    sellers_leave(as->sellers, a->cell);
    set_bit(as, a->cell, bit_of((enum kpi)a->kpi, a->window), false);
    deadlines_set(&as->timers, ref, TIME_NEVER);
    entities_remove(as->entities, ENTITY_ALERT, ref, &a->entity);
    pool_free(&as->pool, ref);
}

const struct threshold *alerts_threshold(const struct alerts *as, const struct cell *cell,
                                         enum kpi kpi, int32_t window)
{
    CHECK(window >= 0 && window < as->rules->window_count);
    const struct threshold_table *table = as->rules->thresholds;
    if (cell->rule != NULL && cell->rule->thresholds != NULL)
        table = cell->rule->thresholds;
    return &table->of[kpi][window];
}

/* ---- timers ---------------------------------------------------------------------- */

/* How long a resolved alert is remembered: while its flapping can be seen. */
static int64_t remembered_ms(const struct alerts *as, const struct alert *a)
{
    return ALERT_FLAP_STATES * as->rules->windows[a->window].pane_ms;
}

void alert_arm(struct alerts *as, uint32_t ref)
{
    const struct alert *a = alert_at(as, ref);
    const struct cell *cell = sellers_cell(as->sellers, a->cell);
    const struct threshold *t = alerts_threshold(as, cell, (enum kpi)a->kpi, a->window);
    int64_t at = TIME_NEVER;
    switch ((enum alert_status)a->status) {
    case ALERT_PENDING:
        at = a->since + t->for_ms - 1;
        break;
    case ALERT_RECOVERING:
        at = a->since + t->keep_firing_ms - 1;
        break;
    case ALERT_OK:
    case ALERT_RESOLVED:
        at = a->since + remembered_ms(as, a);
        break;
    case ALERT_FIRING:
    case ALERT_STATUS_COUNT:
        break;
    }
    deadlines_set(&as->timers, ref, at);
}

/* ---- images ------------------------------------------------------------------------ */

void alert_key(const struct alerts *as, const struct alert *a, struct buffer *out)
{
    const struct cell *cell = sellers_cell(as->sellers, a->cell);
    buffer_add_string(out, name_span(&sellers_seller(as->sellers, cell->seller)->id));
    buffer_add_string(out, name_span(&cell->storefront));
    buffer_add_u8(out, a->kpi);
    buffer_add_string(out, name_span(&as->rules->windows[a->window].name));
}

void alert_encode(const struct alerts *as, uint32_t ref, struct buffer *out)
{
    const struct alert *a = alert_at(as, ref);
    const size_t begin = image_begin(out, ENTITY_ALERT);
    buffer_add_u8(out, ALERT_LAYOUT);
    alert_key(as, a, out);
    buffer_add_u8(out, a->status);
    buffer_add_u8(out, a->severity);
    buffer_add_u8(out, a->worst);
    buffer_add_u8(out, (uint8_t)((a->throttled ? FLAG_THROTTLED : 0) |
                                 (a->flapping ? FLAG_FLAPPING : 0)));
    buffer_add_varint(out, a->sequence);
    buffer_add_signed(out, a->started);
    buffer_add_signed(out, a->since);
    buffer_add_signed(out, a->fired);
    buffer_add_signed(out, a->resolved);
    buffer_add_varint(out, a->flap_ring);
    buffer_add_signed(out, a->flap_pane);
    buffer_add_varint(out, a->rule_version);
    buffer_add_u8(out, a->published.known);
    buffer_add_signed(out, a->published.amount);
    image_end(out, begin);
}

static void decode_body(struct alert *a, struct reader *in)
{
    a->status = reader_u8(in);
    a->severity = reader_u8(in);
    a->worst = reader_u8(in);
    if (a->status >= ALERT_STATUS_COUNT || a->severity >= SEVERITY_COUNT ||
        a->worst >= SEVERITY_COUNT)
        in->broken = true;
    const uint8_t flags = reader_u8(in);
    a->throttled = (flags & FLAG_THROTTLED) != 0;
    a->flapping = (flags & FLAG_FLAPPING) != 0;
    a->sequence = (uint32_t)reader_varint(in);
    a->started = reader_signed(in);
    a->since = reader_signed(in);
    a->fired = reader_signed(in);
    a->resolved = reader_signed(in);
    a->flap_ring = (uint32_t)reader_varint(in);
    a->flap_pane = reader_signed(in);
    a->rule_version = reader_varint(in);
    a->published.known = reader_u8(in) != 0;
    a->published.amount = reader_signed(in);
}

static int32_t window_named(const struct rules *rules, struct span name)
{
    for (int32_t w = 0; w < rules->window_count; w++) {
        if (span_equal(name_span(&rules->windows[w].name), name))
            return w;
    }
    return -1;
}

bool alert_decode(struct alerts *as, struct reader *in)
{
    const uint8_t layout = reader_u8(in);
    const struct span seller = reader_string(in);
    const struct span storefront = reader_string(in);
    const uint8_t kpi = reader_u8(in);
    const int32_t window = window_named(as->rules, reader_string(in));
    if (in->broken || layout > ALERT_LAYOUT || kpi >= KPI_COUNT || !name_fits(seller) ||
        !name_fits(storefront))
        return false;
    if (window < 0)
        return true; /* of a window that is no longer configured */

    const uint32_t known = sellers_find(as->sellers, seller, storefront);
    uint32_t ref = known == 0 ? 0 : alert_find_ref(as, known, (enum kpi)kpi, window);
    if (layout == LAYOUT_TOMBSTONE) {
        if (ref != 0)
            alert_free(as, ref);
        return reader_at_end(in);
    }
    if (ref == 0)
        ref = alert_new(as, sellers_cell_of(as->sellers, seller, storefront), (enum kpi)kpi,
                        window);
    decode_body(alert_at(as, ref), in);
    return !in->broken && reader_at_end(in);
}

void alerts_loaded(struct alerts *as)
{
    for (uint32_t ref = 1; ref <= as->pool.used; ref++) {
        const struct alert *a = alert_at(as, ref);
        if (a->cell == 0)
            continue;
        CHECK(a->status < ALERT_STATUS_COUNT);
        alert_restore_count(as, a);
        alert_arm(as, ref);
        sellers_mark(as->sellers, a->cell, UINT32_C(1) << a->kpi);
    }
}
