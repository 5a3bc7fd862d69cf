/* zone_file.c - see zone_file.h. */
#include "app/zone_file.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    HEADER_BYTES = 44,
    COUNTS_AT = 20, /* of six 32-bit counts in the header */
    VERSION_AT = 4,
    KIND_BYTES = 6, /* offset (4), is it summer, where its name begins */
    FILE_BYTES_MAX = 1 << 20,
    SETTLED_S = 60, /* so long after a change it is in force, leap seconds or not */
};

/* In the order of the header. */
enum count { COUNT_UT, COUNT_STD, COUNT_LEAP, COUNT_TIME, COUNT_KIND, COUNT_CHAR, COUNTS };

static uint64_t big_endian(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

static bool read_whole(const char *path, struct buffer *ret_bytes)
{
    char piece[4096];
    size_t size;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    while ((size = fread(piece, 1, sizeof piece, file)) > 0 && ret_bytes->size < FILE_BYTES_MAX)
        buffer_add(ret_bytes, span_of(piece, size));
    const bool whole = ferror(file) == 0 && size == 0;
    (void)fclose(file);
    return whole;
}

/* ---- the file's structure ---------------------------------------------------------- */

static bool read_counts(struct span bytes, uint64_t ret_counts[COUNTS])
{
    if (bytes.size < HEADER_BYTES || memcmp(bytes.at, "TZif", 4) != 0)
        return false;
    for (int i = 0; i < COUNTS; i++)
        ret_counts[i] = big_endian(bytes.at + COUNTS_AT + 4 * i, 4);
    return true;
}

/* Of the data behind a header whose instants have that many bytes. */
static uint64_t data_bytes(const uint64_t counts[COUNTS], uint64_t time_bytes)
{
    return counts[COUNT_TIME] * (time_bytes + 1) + counts[COUNT_KIND] * KIND_BYTES +
           counts[COUNT_CHAR] + counts[COUNT_LEAP] * (time_bytes + 4) + counts[COUNT_STD] +
           counts[COUNT_UT];
}

static struct span without(struct span bytes, uint64_t size)
{
    CHECK(size <= bytes.size);
    return span_of(bytes.at + size, bytes.size - (size_t)size);
}

bool zone_file_parse(struct span bytes, struct zone_file *ret_file)
{
    uint64_t counts[COUNTS];
    CHECK(ret_file != NULL);
    if (!read_counts(bytes, counts) || bytes.at[VERSION_AT] < '2' ||
        bytes.size - HEADER_BYTES < data_bytes(counts, 4))
        return false;
    struct span rest = without(bytes, HEADER_BYTES + data_bytes(counts, 4));
    if (!read_counts(rest, counts) || rest.size - HEADER_BYTES < data_bytes(counts, 8) ||
        counts[COUNT_KIND] == 0)
        return false;
    const uint8_t *data = rest.at + HEADER_BYTES;
    const size_t changes = (size_t)counts[COUNT_TIME];
    *ret_file = (struct zone_file){ .change_count = (uint32_t)changes,
                                    .kind_count = (uint32_t)counts[COUNT_KIND],
                                    .changes = data,
                                    .kind_of = data + 8 * changes,
                                    .kinds = data + 9 * changes };
    for (size_t i = 0; i < changes; i++) {
        if (ret_file->kind_of[i] >= counts[COUNT_KIND])
            return false;
    }
    return true;
}

/* ---- against libc ------------------------------------------------------------------ */

static bool libc_says(int64_t utc_s, int32_t offset_s)
{
    const time_t at = (time_t)utc_s;
    struct tm local;
    return localtime_r(&at, &local) != NULL && local.tm_gmtoff == offset_s;
}

static int32_t offset_of_kind(const struct zone_file *f, uint32_t kind)
{
    CHECK(kind < f->kind_count);
    return (int32_t)(uint32_t)big_endian(f->kinds + (size_t)kind * KIND_BYTES, 4);
}

static int64_t change_at(const struct zone_file *f, uint32_t change)
{
    CHECK(change < f->change_count);
    return (int64_t)big_endian(f->changes + (size_t)change * 8, 8);
}

/* A zone without any change has one kind. */
static bool agrees(const struct zone_file *f)
{
    if (f->change_count == 0)
        return libc_says(0, offset_of_kind(f, 0));
    for (uint32_t i = 0; i < f->change_count; i++) {
        const int64_t at = change_at(f, i);
        if (at < 0 || at > INT64_MAX - SETTLED_S)
            continue;
        const bool lasts = i + 1 == f->change_count || change_at(f, i + 1) > at + SETTLED_S;
        if (lasts && !libc_says(at + SETTLED_S, offset_of_kind(f, f->kind_of[i])))
            return false;
    }
    return true;
}

bool zone_file_read(const char *path, struct buffer *ret_bytes, struct zone_file *ret_file,
                    struct reason *ret_why)
{
    if (read_whole(path, ret_bytes) && zone_file_parse(buffer_span(ret_bytes), ret_file))
        return true;
    reason_set(ret_why,
               "the time zone file %s is damaged or older than its format 2; install "
               "tzdata anew",
               path);
    return false;
}

bool zone_file_in_force(const struct zone_file *file, const char *path, const char *zone,
                        struct reason *ret_why)
{
    if (agrees(file))
        return true;
    reason_set(ret_why,
               "the system does not keep to the time zone %s as %s has it; is memory "
               "short, or tzdata newer than libc understands?",
               zone, path);
    return false;
}
