/* alert.c - alerts as entities: finding, making, timers, images; see alert.h. */
#include "kpi/alert.h"

#include "base/check.h"
#include "base/hash.h"

/* Since layout 2 there may be FLAG_RELAPSED. */
enum { ALERT_LAYOUT = 2, FLAG_THROTTLED = 1, FLAG_FLAPPING = 2, FLAG_RELAPSED = 4 };

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

static void set_bit(struct alerts *as, const struct alert *a, bool on)
{
    if (alert_window_is_gone(a))
        return;
    const uint32_t bit = bit_of((enum kpi)a->kpi, a->window);
    uint64_t *word = &sellers_cell(as->sellers, a->cell)->alert_bits[bit / 64];
    const uint64_t mask = UINT64_C(1) << bit % 64;
    *word = on ? *word | mask : *word & ~mask;
}

/* Of a window that is gone there may be alerts that no bit tells of. */
static bool may_have(const struct alerts *as, uint32_t cell, enum kpi kpi, int32_t window)
{
    if (window >= WINDOWS_MAX)
        return true;
    const uint32_t bit = bit_of(kpi, window);
    return (sellers_cell(as->sellers, cell)->alert_bits[bit / 64] >> bit % 64 & 1) != 0;
}

uint32_t alert_find_ref(const struct alerts *as, uint32_t cell, enum kpi kpi, int32_t window)
{
    CHECK(window >= 0 && window < WINDOWS_MAX + as->gone_window_count);
    if (!may_have(as, cell, kpi, window))
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
    CHECK(ref != 0 || window >= WINDOWS_MAX);
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
    set_bit(as, a, true);
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
    set_bit(as, a, false);
    deadlines_set(&as->timers, ref, TIME_NEVER);
    entities_remove(as->entities, ENTITY_ALERT, ref, &a->entity);
    pool_free(&as->pool, ref);
}

const struct threshold *alerts_threshold(const struct alerts *as, const struct cell *cell,
                                         enum kpi kpi, int32_t window)
{
    CHECK(cell->seller != 0);
    return cell_threshold(cell, as->rules, kpi, window);
}

/* ---- windows --------------------------------------------------------------------- */

static int32_t gone_window(struct alerts *as, struct span name)
{
    CHECK(as->gone_window_count <= ALERT_GONE_WINDOWS_MAX);
    for (int32_t i = 0; i < as->gone_window_count; i++) {
        if (span_equal(name_span(&as->gone_windows[i]), name))
            return WINDOWS_MAX + i;
    }
    if (as->gone_window_count == ALERT_GONE_WINDOWS_MAX || !name_fits(name))
        return -1;
    as->gone_windows[as->gone_window_count] = name_of(name);
    return WINDOWS_MAX + as->gone_window_count++;
}

int32_t alert_window_of(struct alerts *as, enum kpi kpi, struct span name)
{
    const struct rules *rules = as->rules;
    /* A gauge has no window; the name that stands there may be of any time. */
    if (catalogue_row(kpi)->kind == KPI_GAUGE)
        return GAUGE_WINDOW;
    for (int32_t w = 0; w < rules->window_count; w++) {
        if (span_equal(name_span(&rules->windows[w].name), name))
            return w;
    }
    return gone_window(as, name);
}

const struct name *alert_window_name(const struct alerts *as, const struct alert *a)
{
    if (!alert_window_is_gone(a))
        return &as->rules->windows[a->window].name;
    CHECK(a->window < WINDOWS_MAX + as->gone_window_count);
    return &as->gone_windows[a->window - WINDOWS_MAX];
}

/* ---- timers ---------------------------------------------------------------------- */

/* A resolved alert is remembered while its flapping can be seen. An adopted one may have
 * started in our future: until then its id is taken. */
int64_t alert_forgotten_at(const struct alerts *as, const struct alert *a)
{
    CHECK(a->window < as->rules->window_count);
    const int64_t at = a->since + ALERT_FLAP_STATES * as->rules->windows[a->window].pane_ms;
    return a->started > at ? a->started : at;
}

/* The alert of a window that is gone ends with the next step, or when we have come to where
 * the feed saw it; it is kept until its id is its own. */
static int64_t end_of_gone(const struct alert *a)
{
    const bool over = a->status == ALERT_OK || a->status == ALERT_RESOLVED;
    return over ? a->started : a->since - 1;
}

void alert_arm(struct alerts *as, uint32_t ref)
{
    const struct alert *a = alert_at(as, ref);
    if (alert_window_is_gone(a)) {
        deadlines_set(&as->timers, ref, end_of_gone(a));
        return;
    }
    const struct cell *cell = sellers_cell(as->sellers, a->cell);
    const struct threshold *t = alerts_threshold(as, cell, (enum kpi)a->kpi, a->window);
    int64_t at = TIME_NEVER;
    switch ((enum alert_status)a->status) {
    case ALERT_PENDING:
        at = a->since + t->for_ms - 1;
        break;
    case ALERT_RECOVERING:
        at = a->relapsed ? TIME_NEVER : a->since + t->keep_firing_ms - 1;
        break;
    case ALERT_OK:
    case ALERT_RESOLVED:
        at = alert_forgotten_at(as, a);
        break;
    case ALERT_FIRING:
    case ALERT_STATUS_COUNT:
        break;
    }
    /* A storm is never judged by facts. */
    if (alert_is_ahead(as, a) && !alert_is_storm(as, a->cell))
        at = a->since - 1;
    deadlines_set(&as->timers, ref, at);
}

/* ---- images ------------------------------------------------------------------------ */

static size_t begin_image(const struct alerts *as, const struct alert *a, uint8_t layout,
                          struct buffer *out)
{
    CHECK(a->cell != 0);
    const size_t begin = image_begin(out, ENTITY_ALERT);
    buffer_add_u8(out, layout);
    sellers_add_key(as->sellers, a->cell, out);
    buffer_add_u8(out, a->kpi);
    buffer_add_string(out, name_span(alert_window_name(as, a)));
    return begin;
}

void alert_bury(struct alerts *as, uint32_t ref)
{
    struct buffer *out = &as->entities->tombstones;
    image_end(out, begin_image(as, alert_at(as, ref), LAYOUT_TOMBSTONE, out));
    alert_free(as, ref);
}

void alert_encode(const struct alerts *as, uint32_t ref, struct buffer *out)
{
    const struct alert *a = alert_at(as, ref);
    CHECK(a->status < ALERT_STATUS_COUNT && a->severity < SEVERITY_COUNT);
    const size_t begin = begin_image(as, a, ALERT_LAYOUT, out);
    buffer_add_u8(out, a->status);
    buffer_add_u8(out, a->severity);
    buffer_add_u8(out, a->worst);
    buffer_add_u8(out, (uint8_t)((a->throttled ? FLAG_THROTTLED : 0) |
                                 (a->flapping ? FLAG_FLAPPING : 0) |
                                 (a->relapsed ? FLAG_RELAPSED : 0)));
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
    a->status = (uint8_t)image_number(in, ALERT_STATUS_COUNT - 1);
    a->severity = (uint8_t)image_number(in, SEVERITY_COUNT - 1);
    a->worst = (uint8_t)image_number(in, SEVERITY_COUNT - 1);
    const uint64_t flags = image_number(in, FLAG_THROTTLED | FLAG_FLAPPING | FLAG_RELAPSED);
    a->throttled = (flags & FLAG_THROTTLED) != 0;
    a->flapping = (flags & FLAG_FLAPPING) != 0;
    a->relapsed = (flags & FLAG_RELAPSED) != 0;
    a->sequence = (uint32_t)image_number(in, INT32_MAX);
    a->started = image_time_or_never_yet(in);
    a->since = image_time(in);
    a->fired = image_time_or_never_yet(in);
    a->resolved = image_time_or_never_yet(in);
    a->flap_ring = (uint32_t)image_number(in, (1u << ALERT_FLAP_STATES) - 1);
    a->flap_pane = image_time(in); /* a number of a pane: smaller than any time */
    a->rule_version = reader_varint(in);
    a->published.known = reader_u8(in) != 0;
    a->published.amount = reader_signed(in);
}

/* What an image is about. */
struct alert_key {
    uint8_t layout;
    struct cell_key cell;
    enum kpi kpi;
    int32_t window; /* -1: of too many that are no longer configured */
};

static struct alert_key read_key(struct alerts *as, struct reader *in)
{
    struct alert_key key = { .layout = reader_u8(in) };
    key.cell = sellers_read_key(in);
    key.kpi = (enum kpi)image_number(in, KPI_COUNT - 1);
    const struct span window = reader_string(in);
    /* So has a storm. */
    const bool is_storm = sellers_is_star(key.cell.seller);
    if (!in->broken)
        key.window = is_storm ? GAUGE_WINDOW : alert_window_of(as, key.kpi, window);
    return key;
}

/* A storm is told of or over, and nobody's in all storefronts. */
static bool is_possible(const struct alerts *as, const struct alert *a)
{
    if (!alert_is_storm(as, a->cell))
        return true;
    return sellers_cell(as->sellers, a->cell)->is_total &&
           (a->status == ALERT_FIRING || a->status == ALERT_RESOLVED);
}

bool alert_decode(struct alerts *as, struct reader *in)
{
    const struct alert_key key = read_key(as, in);
    if (in->broken || key.layout > ALERT_LAYOUT)
        return false;
    if (key.window < 0)
        return true; /* nobody knows of that one any more */

    const uint32_t known = sellers_find(as->sellers, key.cell.seller, key.cell.storefront);
    uint32_t ref = known == 0 ? 0 : alert_find_ref(as, known, key.kpi, key.window);
    if (key.layout == LAYOUT_TOMBSTONE) {
        if (ref != 0)
            alert_free(as, ref);
        return reader_at_end(in);
    }
    if (ref == 0)
        ref = alert_new(as, sellers_cell_of(as->sellers, key.cell.seller, key.cell.storefront),
                        key.kpi, key.window);
    decode_body(alert_at(as, ref), in);
    return !in->broken && reader_at_end(in) && is_possible(as, alert_at(as, ref));
}

void alerts_loaded(struct alerts *as)
{
    for (uint32_t ref = 1; ref <= as->pool.used; ref++) {
        const struct alert *a = alert_at(as, ref);
        if (a->cell == 0)
            continue;
        CHECK(a->status < ALERT_STATUS_COUNT);
        alert_restore_count(as, a, 1);
        alert_arm(as, ref);
        sellers_mark(as->sellers, a->cell, UINT32_C(1) << a->kpi);
    }
}
