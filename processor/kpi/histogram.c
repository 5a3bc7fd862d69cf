/* histogram.c - see histogram.h. */
#include "kpi/histogram.h"

#include "base/check.h"
#include "kpi/image.h"

#include <string.h>

enum {
    LINEAR_BITS = 7, /* 128 buckets a power of two */
    LINEAR = 1 << LINEAR_BITS,
    BUCKETS = HISTOGRAM_BUCKETS,
};

struct bucket_count {
    uint16_t bucket;
    uint32_t count;
};

/* Class c holds 4, 16, 64, 256, 1024, 4096 buckets. */
static uint32_t class_capacity(uint8_t size_class)
{
    return UINT32_C(4) << (2 * size_class);
}

void histograms_open(struct histograms *hs, struct arena *arena)
{
    for (unsigned c = 0; c < HISTOGRAM_CLASSES; c++)
        pool_open(&hs->classes[c], arena,
                  class_capacity((uint8_t)c) * sizeof(struct bucket_count));
}

void histograms_close(struct histograms *hs)
{
    for (unsigned c = 0; c < HISTOGRAM_CLASSES; c++)
        pool_close(&hs->classes[c]);
}

uint16_t histogram_bucket(int64_t ms)
{
    CHECK(ms >= 0);
    const uint64_t value = (uint64_t)ms;
    if (value < LINEAR)
        return (uint16_t)value;
    const int exponent = 63 - __builtin_clzll(value) - LINEAR_BITS;
    const uint64_t bucket = (uint64_t)exponent * LINEAR + (value >> exponent);
    return (uint16_t)(bucket < BUCKETS ? bucket : BUCKETS - 1);
}

int64_t histogram_upper_bound(uint16_t bucket)
{
    CHECK(bucket < BUCKETS);
    if (bucket < LINEAR)
        return bucket;
    const int exponent = bucket / LINEAR - 1;
    const int64_t top = bucket - (int64_t)exponent * LINEAR;
    return ((top + 1) << exponent) - 1;
}

int64_t histogram_lower_bound(uint16_t bucket)
{
    CHECK(bucket < BUCKETS);
    return bucket == 0 ? 0 : histogram_upper_bound((uint16_t)(bucket - 1)) + 1;
}

bool histogram_is_above(uint16_t bucket, int64_t ms)
{
    return histogram_lower_bound(bucket) > ms;
}

static struct bucket_count *counts(const struct histograms *hs, const struct histogram *h)
{
    return h->ref == 0 ? NULL : pool_at(&hs->classes[h->size_class], h->ref);
}

/* First index whose bucket is not below `bucket`. */
static uint32_t lower_bound(const struct bucket_count *at, uint32_t used, uint16_t bucket)
{
    uint32_t low = 0;
    uint32_t high = used;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (at[middle].bucket < bucket)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool histogram_has(const struct histograms *hs, const struct histogram *h, uint16_t bucket)
{
    const struct bucket_count *at = counts(hs, h);
    const uint32_t index = lower_bound(at, h->used, bucket);
    return index < h->used && at[index].bucket == bucket;
}

static void make_room(struct histograms *hs, struct histogram *h)
{
    if (h->ref == 0) {
        h->size_class = 0;
        h->ref = pool_new(&hs->classes[0]);
        return;
    }
    if (h->used < class_capacity(h->size_class))
        return;
    CHECK(h->size_class + 1 < HISTOGRAM_CLASSES);
    const uint8_t bigger = (uint8_t)(h->size_class + 1);
    const uint32_t ref = pool_new(&hs->classes[bigger]);
    memcpy(pool_at(&hs->classes[bigger], ref), counts(hs, h),
           h->used * sizeof(struct bucket_count));
    pool_free(&hs->classes[h->size_class], h->ref);
    h->ref = ref;
    h->size_class = bigger;
}

void histogram_clear(struct histograms *hs, struct histogram *h)
{
    if (h->ref != 0)
        pool_free(&hs->classes[h->size_class], h->ref);
    *h = (struct histogram){ 0 };
}

static void insert_bucket(struct histograms *hs, struct histogram *h, uint32_t index,
                          uint16_t bucket)
{
    make_room(hs, h);
    struct bucket_count *at = counts(hs, h);
    memmove(&at[index + 1], &at[index], (h->used - index) * sizeof *at);
    at[index] = (struct bucket_count){ .bucket = bucket };
    h->used += 1;
}

static void remove_bucket(struct histograms *hs, struct histogram *h, uint32_t index)
{
    struct bucket_count *at = counts(hs, h);
    memmove(&at[index], &at[index + 1], (h->used - index - 1) * sizeof *at);
    h->used -= 1;
    if (h->used == 0)
        histogram_clear(hs, h);
}

void histogram_add(struct histograms *hs, struct histogram *h, uint16_t bucket, int32_t times)
{
    CHECK(bucket < BUCKETS);
    if (times == 0)
        return;
    const uint32_t index = lower_bound(counts(hs, h), h->used, bucket);
    if (index == h->used || counts(hs, h)[index].bucket != bucket)
        insert_bucket(hs, h, index, bucket);

    struct bucket_count *entry = &counts(hs, h)[index];
    CHECK(times > 0 || entry->count >= (uint32_t)-times);
    entry->count = (uint32_t)((int64_t)entry->count + times);
    if (entry->count == 0)
        remove_bucket(hs, h, index);
}

void histogram_merge(struct histograms *hs, struct histogram *h, const struct histogram *other,
                     int32_t sign)
{
    CHECK(sign == 1 || sign == -1);
    const struct bucket_count *at = counts(hs, other);
    for (uint32_t i = 0; i < other->used; i++)
        histogram_add(hs, h, at[i].bucket, sign * (int32_t)at[i].count);
}

int64_t histogram_total(const struct histograms *hs, const struct histogram *h)
{
    const struct bucket_count *at = counts(hs, h);
    int64_t total = 0;
    for (uint32_t i = 0; i < h->used; i++)
        total += at[i].count;
    return total;
}

int64_t histogram_above(const struct histograms *hs, const struct histogram *h, int64_t ms)
{
    const struct bucket_count *at = counts(hs, h);
    int64_t above = 0;
    for (uint32_t i = h->used; i > 0 && histogram_is_above(at[i - 1].bucket, ms); i--)
        above += at[i - 1].count;
    return above;
}

uint16_t histogram_quantile(const struct histograms *hs, const struct histogram *h, int percent)
{
    CHECK(percent >= 1 && percent <= 100 && h->used > 0);
    const int64_t rank = (histogram_total(hs, h) * percent + 99) / 100;
    const struct bucket_count *at = counts(hs, h);
    int64_t seen = 0;
    uint32_t i = 0;
    for (;; i++) {
        CHECK(i < h->used);
        seen += at[i].count;
        if (seen >= rank)
            return at[i].bucket;
    }
}

void histogram_encode(const struct histograms *hs, const struct histogram *h,
                      struct buffer *out)
{
    const struct bucket_count *at = counts(hs, h);
    uint16_t before = 0;
    buffer_add_varint(out, h->used);
    for (uint32_t i = 0; i < h->used; i++) {
        buffer_add_varint(out, (uint64_t)(at[i].bucket - before));
        buffer_add_varint(out, at[i].count);
        before = at[i].bucket;
    }
}

void histogram_decode(struct histograms *hs, struct histogram *h, struct reader *in)
{
    CHECK(h->ref == 0);
    const uint64_t used = image_number(in, BUCKETS);
    uint64_t bucket = 0;
    uint64_t left = INT32_MAX; /* that the histogram may still hold */
    for (uint64_t i = 0; i < used && !in->broken; i++) {
        const uint64_t step = image_number(in, BUCKETS - 1 - bucket);
        const uint64_t count = image_number(in, left);
        if (count == 0 || (i > 0 && step == 0))
            in->broken = true;
        if (in->broken)
            break;
        bucket += step;
        left -= count;
        histogram_add(hs, h, (uint16_t)bucket, (int32_t)count);
    }
    if (in->broken)
        histogram_clear(hs, h);
}
