/* histogram.h - durations, counted in buckets of at most one per cent.
 *
 * DESIGN
 * ------
 * Log-linear buckets over milliseconds: below 128 ms a bucket each, above it
 * every power of two is cut into 128, so a bucket is at most 1/128 (0.78 %)
 * wide. Only buckets that hold something are kept, sorted, in an array out of
 * one of six pools:
 *
 *      [ 2208: 3 ][ 2210: 1 ][ 2391: 7 ] ...      bucket: count
 *
 * What took longer than eight years stands in the last of the 4096 buckets.
 * Counts can be taken away again, so a window's histogram follows its panes
 * exactly, and the result does not depend on the order of arrival.
 *
 * Quantiles are by nearest rank: the smallest duration with at least that share
 * of all at or below it; a bucket stands for its upper bound (rule 2.9.12).
 */
#pragma once

#include "base/buffer.h"
#include "base/pool.h"
#include "base/reader.h"

enum {
    HISTOGRAM_CLASSES = 6,
    HISTOGRAM_BUCKETS = 4096, /* as many as the largest class holds: 2^38 ms, eight years */
};

/* Memory of all histograms of a shard. */
struct histograms {
    struct pool classes[HISTOGRAM_CLASSES];
};

struct histogram {
    uint32_t ref; /* 0: empty */
    uint16_t used;
    uint8_t size_class;
};

void histograms_open(struct histograms *hs, struct arena *arena);

void histograms_close(struct histograms *hs);

/* The bucket of a duration >= 0 in ms. */
uint16_t histogram_bucket(int64_t ms);

/* The greatest and the smallest duration of a bucket, in ms. */
int64_t histogram_upper_bound(uint16_t bucket);
int64_t histogram_lower_bound(uint16_t bucket);

/* Adds `times` (may be negative) to a bucket; a count never falls below zero. */
void histogram_add(struct histograms *hs, struct histogram *h, uint16_t bucket, int32_t times);

bool histogram_has(const struct histograms *hs, const struct histogram *h, uint16_t bucket);

/* Adds all of `other`, `sign` times (1 or -1). */
void histogram_merge(struct histograms *hs, struct histogram *h, const struct histogram *other,
                     int32_t sign);

/* Gives its memory back; empty afterwards. */
void histogram_clear(struct histograms *hs, struct histogram *h);

int64_t histogram_total(const struct histograms *hs, const struct histogram *h);

/* Is what stands in the bucket certainly above `ms`? The whole bucket is, then. */
bool histogram_is_above(uint16_t bucket, int64_t ms);

/* How many durations are certainly above `ms`. */
int64_t histogram_above(const struct histograms *hs, const struct histogram *h, int64_t ms);

/* The bucket that holds the quantile of `percent` (1..100); the histogram must
 * not be empty. */
uint16_t histogram_quantile(const struct histograms *hs, const struct histogram *h,
                            int percent);

void histogram_encode(const struct histograms *hs, const struct histogram *h,
                      struct buffer *out);

/* `h` must be empty; stays so when the reader breaks. */
void histogram_decode(struct histograms *hs, struct histogram *h, struct reader *in);
