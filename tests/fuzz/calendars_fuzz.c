/* calendars_fuzz.c - any calendar that the settings accept gives a table of days whose sums
 * agree; any other gets a complaint.
 *
 *      instant, 4 bytes, minutes since 1970 | business time, 3 bytes, minutes | YAML
 *
 * The YAML stands below `calendars:`, and the calendar named x is looked at.
 */
#include "fuzz/fuzz_calendar.h"

#include "app/settings_calendars.h"
#include "app/timezone.h"
#include "base/name.h"

#include <string.h>

enum { INSTANT_BYTES = 4, MINUTES_BYTES = 3, HEAD = INSTANT_BYTES + MINUTES_BYTES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t number(const uint8_t *at, int bytes)
{
    int64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* The table of one calendar alone: those of the others are always the same. */
static void look_at(struct settings_calendar *calendar, event_time from, int64_t business_ms)
{
    const struct settings alone = { .calendars = calendar, .calendar_count = 1 };
    struct timezone_calendars table;
    struct reason why = { "" };
    CHECK(timezone_calendars_open(&alone, &table, &why)); /* the settings looked for the zone */
    fuzz_calendar_table(&table.at[0]);
    fuzz_calendar_sums(&table.at[0], from, business_ms);
    timezone_calendars_free(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct buffer text = { 0 };
    buffer_printf(&text, "calendars:\n");
    buffer_add(&text, span_of(data + HEAD, size - HEAD));
    const struct settings_source source = { .path = "/nowhere/fuzz.yaml",
                                            .text = buffer_span(&text) };
    struct settings settings;
    struct settings_problems problems = { 0 };
    if (settings_parse(&source, &settings, &problems)) {
        const int32_t at = settings_calendars_find(&settings, "x");
        if (at >= 0)
            look_at(&settings.calendars[at],
                    (event_time){ number(data, INSTANT_BYTES) * MINUTE_MS },
                    number(data + INSTANT_BYTES, MINUTES_BYTES) * MINUTE_MS);
        settings_free(&settings);
    } else {
        CHECK(problems.count > 0);
    }
    settings_problems_free(&problems);
    buffer_free(&text);
    return 0;
}
