/* images_fuzz.c - no bytes in the store, however odd, may crash a shard.
 *
 * The input is two runs of images: the first is damaged or invented by the fuzzer,
 * and when it is refused the shard is closed, as the program does. What is taken
 * must be usable: loaded, ticked through time, encoded, and taken again.
 *
 *      byte 0-1  stream time, in hours from a base; 0: no time is known
 *      byte 2    watermark, in hours before it
 *      rest      images
 */
#include "fuzz/fuzz_rules.h"

#include "base/check.h"
#include "kpi/shard.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = 3, TICKS = 6, VIEWS = FUZZ_VIEWS };

#define BASE_MS INT64_C(1780272000000) /* 2026-06-01T00:00:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void restore_clock(struct shard *s, const uint8_t *head)
{
    const int64_t hours = head[0] | head[1] << 8;
    if (hours == 0)
        return;
    s->clock.stream_time = BASE_MS + hours * HOUR_MS;
    s->clock.watermark = s->clock.stream_time - head[2] * HOUR_MS - MINUTE_MS;
    for (int t = 0; t < TOPIC_COUNT; t++)
        s->clock.inputs[t].highest = s->clock.stream_time;
}

/* Time passes, in growing steps; views and saves in between. */
static void live_on(struct shard *s, struct view_batch *views, struct buffer *images)
{
    int64_t step = HOUR_MS;
    for (int i = 0; i < TICKS; i++) {
        if (s->clock.stream_time != TIME_NEVER_YET) {
            for (int t = 0; t < TOPIC_COUNT; t++)
                shard_clock_saw(&s->clock, (enum topic)t,
                                (event_time){ s->clock.stream_time + step });
        }
        shard_tick(s, (wall_time){ BASE_MS });
        view_batch_fill(views, &s->alerts, (wall_time){ BASE_MS + i * MINUTE_MS });
        shard_encode_changes(s, images);
        outbox_in_save(&s->outbox, (uint64_t)i + 1);
        while (outbox_next(&s->outbox, UINT64_MAX) != NULL)
            outbox_sent(&s->outbox);
        step *= 4;
    }
}

/* What we write ourselves must be taken again. */
static void take_again(const struct shard *s, const struct view_batch *views)
{
    struct arena arena = { 0 };
    struct shard *again = calloc(1, sizeof *again);
    struct buffer parts = { 0 };
    CHECK(again != NULL && views->capacity == VIEWS);
    for (uint32_t part = 0; part < PARTS; part++)
        shard_encode_part(s, part, &parts);
    shard_open(again, s->rules, &arena);
    CHECK(shard_decode(again, buffer_span(&parts)));
    for (unsigned kind = 0; kind < ENTITY_KIND_COUNT; kind++)
        CHECK(again->entities.live[kind] == s->entities.live[kind]);
    shard_close(again);
    CHECK(arena.taken == 0);
    buffer_free(&parts);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct arena arena = { 0 };
    struct shard *s = calloc(1, sizeof *s);
    struct view_batch views;
    struct buffer images = { 0 };
    CHECK(s != NULL);
    shard_open(s, fuzz_rules(), &arena);
    view_batch_open(&views, VIEWS, &arena);
    if (shard_decode(s, span_of(data + HEAD, size - HEAD))) {
        restore_clock(s, data);
        shard_loaded(s);
        live_on(s, &views, &images);
        take_again(s, &views);
    }
    view_batch_close(&views);
    shard_close(s);
    CHECK(arena.taken == 0);
    buffer_free(&images);
    free(s);
    return 0;
}
