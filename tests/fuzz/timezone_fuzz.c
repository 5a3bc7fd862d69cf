/* timezone_fuzz.c - a file of the tz database, damaged: the zone is refused with a reason, or
 * gives a table of days in order.
 *
 * Input: the file.
 */
#include "fuzz/fuzz_calendar.h"

#include "app/timezone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In memory: a disk would take longer to write the file than libc to read it. */
static char folder[] = "/dev/shm/sellerwatch-fuzz-XXXXXX";
static char file[sizeof folder + 8];

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void remove_folder(void)
{
    (void)unlink(file);
    (void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(file, sizeof file, "%s/Zone", folder);
    CHECK(atexit(remove_folder) == 0);
    CHECK(setenv("TZDIR", folder, 1) == 0);
    return 0;
}

static void write_file(const uint8_t *data, size_t size)
{
    FILE *out = fopen(file, "w");
    CHECK(out != NULL);
    CHECK(fwrite(data, 1, size, out) == size && fclose(out) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char zone[] = "Zone";
    struct settings_calendar calendar = { .timezone = zone, .weekdays = 0x1F };
    const struct settings settings = { .calendars = &calendar, .calendar_count = 1 };
    struct timezone_calendars table;
    struct reason why = { "" };
    write_file(data, size);
    if (timezone_calendars_open(&settings, &table, &why)) {
        fuzz_calendar_table(&table.at[0]);
        timezone_calendars_free(&table);
    } else {
        CHECK(strstr(why.text, zone) != NULL);
    }
    return 0;
}
