/* zone_file.h - does libc keep to a zone of the tz database?
 *
 * DESIGN
 * ------
 * A zone that libc cannot load becomes UTC, and it says so nowhere: memory may be short
 * at that moment, the file damaged, or its format too new for this libc. A calendar would
 * be an hour off then. So we read the file ourselves (RFC 8536), only as far as to know
 * at which instants the clocks changed and to what, and ask libc about those instants:
 *
 *      header, 32-bit data   left out
 *      header, 64-bit data   [instants][kind of each][kinds: offset from UTC, ...] ...
 */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "base/units.h"

/* Where a file's bytes say when clocks change; borrowed from them. */
struct zone_file {
    uint32_t change_count;
    uint32_t kind_count;
    const uint8_t *changes; /* instants, UTC seconds: 8 bytes each */
    const uint8_t *kind_of; /* what is in force from there on: 1 byte each */
    const uint8_t *kinds;
};

/* false: these bytes are no such file. */
bool zone_file_parse(struct span bytes, struct zone_file *ret_file);

/* Before tzset(), which believes any number of changes that a file says it has. The file
 * borrows from the bytes, which the caller frees in any case. false with a reason: the
 * file makes no sense. */
bool zone_file_read(const char *path, struct buffer *ret_bytes, struct zone_file *ret_file,
                    struct reason *ret_why);

/* After tzset(): is the zone of this file, called `zone`, the one that libc uses? false
 * with a reason: libc has another zone. */
bool zone_file_in_force(const struct zone_file *file, const char *path, const char *zone,
                        struct reason *ret_why);
