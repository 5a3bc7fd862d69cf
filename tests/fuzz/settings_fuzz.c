/* settings_fuzz.c - no text, however odd, may crash, hang or leak the settings.
 *
 * What parses must also be usable: each text that is a valid configuration is asked
 * for a storefront, a topic and an instance.
 */
#include "app/settings.h"
#include "base/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings settings;
    struct settings_problems problems = { 0 };
    const struct settings_source source = { .path = "/nowhere/fuzz.yaml",
                                            .text = span_of(data, size) };
    if (settings_parse(&source, &settings, &problems)) {
        struct buffer text = { 0 };
        (void)settings_storefront(&settings, span_of_text("de"));
        (void)settings_topic_class(&settings, span_of_text("delivery_delayed"));
        settings_instance_id(&settings, &text);
        buffer_free(&text);
        settings_free(&settings);
    } else if (problems.count == 0) {
        __builtin_trap(); /* refused without a reason */
    }
    settings_problems_free(&problems);
    return 0;
}
