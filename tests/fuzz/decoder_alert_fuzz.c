/* decoder_alert_fuzz.c - any bytes as an alert record: what is accepted can be shown. */
#include "base/check.h"
#include "codec/alert_decode.h"
#include "codec/alert_text.h"
#include "kpi/alert_change.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct alert_change change;
    struct alert_decode_maps maps;
    if (!alert_decode_body(span_of(data, size), &change, &maps))
        return 0;
    struct buffer text = { 0 };
    alert_text_line(&change, true, &text);
    alert_text_json(&change, &maps, &text);
    CHECK(text.size > 0);
    buffer_free(&text);
    return 0;
}
