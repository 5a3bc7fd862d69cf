/* decoder_alert_fuzz.c - any bytes as an alert record: what is accepted can be shown. */
#include "base/check.h"
#include "codec/alert_decode.h"
#include "codec/alert_json.h"
#include "codec/alert_text.h"
#include "kpi/alert_change.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct alert_change change;
    const struct span body = span_of(data, size);
    if (!alert_decode_body(body, &change))
        return 0;
    struct buffer text = { 0 };
    alert_text_line(&change, true, &text);
    struct alert_json *json = alert_json_open();
    alert_json_line(json, body, &text);
    CHECK(text.size > 0);
    alert_json_close(json);
    buffer_free(&text);
    return 0;
}
