/* zone_file_fuzz.c - no bytes of a tz database make us read behind them. */
#include "app/zone_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct zone_file file;
    if (!zone_file_parse(span_of(bytes, size), &file))
        return 0;
    volatile uint8_t sum = 0;
    for (uint32_t i = 0; i < file.change_count; i++)
        sum = (uint8_t)(sum + file.changes[(size_t)i * 8 + 7] +
                        file.kinds[(size_t)file.kind_of[i] * 6 + 5]);
    return 0;
}
