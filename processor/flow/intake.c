/* intake.c - see intake.h. */
#include "flow/intake.h"

#include "base/check.h"
#include "base/murmur2.h"
#include "flow/unknown_values.h"

void intake_open(struct intake *in, int32_t batch_records, struct arena *arena)
{
    CHECK(batch_records > 0);
    CHECK(in->items == NULL && in->sorted == NULL);
    in->arena = arena;
    in->letters = (struct letters){ .world = in->world,
                                    .tenures = in->tenures,
                                    .topic_names = in->topic_names };
    letters_open(&in->letters, batch_records, arena);
    in->capacity = batch_records;
    in->items = arena_take(arena, (size_t)batch_records * sizeof *in->items);
    in->sorted = arena_take(arena, (size_t)batch_records * sizeof *in->sorted);
}

void intake_close(struct intake *in)
{
    CHECK(in->capacity > 0);
    arena_give_back(in->arena, in->items, (size_t)in->capacity * sizeof *in->items);
    arena_give_back(in->arena, in->sorted, (size_t)in->capacity * sizeof *in->sorted);
    letters_close(&in->letters);
    in->items = NULL;
    in->sorted = NULL;
}

/* ---- decoding --------------------------------------------------------------------------- */

/* The input stops at this record and tries it again later. */
static void wait_for_schema(struct intake *in, struct tenure *t, const struct record *record)
{
    struct input *input = &t->inputs[record->topic];
    const wall_time now = in->world->ports->now();
    if (input->waits_since.ms == 0)
        input->waits_since = now;
    input->rewind = true;
    input->holds |= HOLD_SCHEMA;
    input->next = record->offset;
    backoff_failed(&input->schema, in->world->retry, now);
}

/* True if there is an event to apply in *item. */
static bool decode(struct intake *in, const struct record *record, struct intake_item *item)
{
    struct tenure *t = &in->tenures[record->shard];
    struct input *input = &t->inputs[record->topic];
    const struct decoder_port *decoder = &in->world->ports->decoder;
    enum reject reject = REJECT_NONE;
    if (input->waits_since.ms == 0) /* else it waited, and is counted */
        metrics_add_of(in->world->metrics, METRIC_RECORDS, record->topic, 1);
    const enum status s =
        decoder->decode(decoder->self, record, &item->event, &reject, &item->schema_id);
    if (s == STATUS_PENDING || status_reaction(s) == REACTION_RETRY) {
        wait_for_schema(in, t, record);
        return false;
    }
    backoff_reset(&input->schema);
    input->waits_since = (wall_time){ 0 };
    if (s == STATUS_OK &&
        murmur2_partition(item->event.id_seller, in->shard_count) != record->shard)
        reject = REJECT_WRONG_PARTITION;
    if (reject != REJECT_NONE)
        letters_set_aside(&in->letters, record, reject, item->schema_id);
    return reject == REJECT_NONE;
}

static int32_t decode_all(struct intake *in, const struct record_batch *batch)
{
    int32_t count = 0;
    for (int32_t i = 0; i < batch->record_count; i++) {
        const struct record *record = &batch->records[i];
        CHECK(record->shard >= 0 && record->shard < in->shard_count);
        struct tenure *t = &in->tenures[record->shard];
        if (!tenure_works(t) || t->inputs[record->topic].rewind)
            continue; /* it will be read again */
        t->inputs[record->topic].next = record->offset + 1;
        t->progressed = true;
        in->items[count].record = i;
        in->items[count].shard = record->shard;
        in->items[count].offset = record->offset;
        count += decode(in, record, &in->items[count]);
    }
    return count;
}

/* ---- ordering ------------------------------------------------------------------------ */

static bool before(const struct intake_item *a, const struct intake_item *b)
{
    return a->event.ts_event.ms <= b->event.ts_event.ms;
}

static void merge(struct intake_item *to, const struct intake_item *from, int32_t left,
                  int32_t middle, int32_t right)
{
    int32_t a = left;
    int32_t b = middle;
    for (int32_t i = left; i < right; i++) {
        if (a < middle && (b >= right || before(&from[a], &from[b])))
            to[i] = from[a++];
        else
            to[i] = from[b++];
    }
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Bottom-up merge sort by event time; stable, and no allocation. */
static const struct intake_item *sort_items(struct intake *in, int32_t count)
{
    CHECK(count >= 0 && count <= in->capacity);
    struct intake_item *from = in->items;
    struct intake_item *to = in->sorted;
    bool ordered = true;
    for (int32_t i = 1; i < count && ordered; i++)
        ordered = before(&from[i - 1], &from[i]);
    for (int32_t width = 1; width < count && !ordered; width *= 2) {
        for (int32_t left = 0; left < count; left += 2 * width)
            merge(to, from, left, least(left + width, count), least(left + 2 * width, count));
        struct intake_item *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

/* ---- applying ------------------------------------------------------------------------ */

static void apply(struct intake *in, const struct record_batch *batch,
                  const struct intake_item *item, wall_time now)
{
    struct tenure *t = &in->tenures[item->shard];
    if (shard_enters_new_pane(t->state, item->event.ts_event))
        shard_tick(t->state, now);
    const enum reject reject = shard_apply(t->state, &item->event, now);
    if (reject != REJECT_NONE) {
        letters_set_aside(&in->letters, &batch->records[item->record], reject, item->schema_id);
        return;
    }
    metrics_add_of(in->world->metrics, METRIC_EVENTS, item->event.kind, 1);
    unknown_values_count(in->world->metrics, in->world->rules, &item->event);
}

void intake_take(struct intake *in, const struct record_batch *batch)
{
    CHECK(batch->record_count <= in->capacity);
    const int32_t count = decode_all(in, batch);
    const struct intake_item *items = sort_items(in, count);
    const wall_time now = in->world->ports->now();
    for (int32_t i = 0; i < count; i++)
        apply(in, batch, &items[i], now);
}
