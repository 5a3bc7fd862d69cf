/* rules.c - look-ups in what the domain was told. */
#include "kpi/rules.h"

#include "base/check.h"

const struct storefront_rule *rules_storefront(const struct rules *r, struct span storefront)
{
    for (int32_t i = 0; i < r->storefront_count; i++) {
        if (span_equal(name_span(&r->storefronts[i].storefront), storefront))
            return &r->storefronts[i];
    }
    return NULL;
}

int64_t rules_longest_window(const struct rules *r)
{
    CHECK(r->window_count > 0 && r->window_count <= WINDOWS_MAX);
    int64_t longest = 0;
    for (int32_t w = 0; w < r->window_count; w++) {
        if (r->windows[w].length_ms > longest)
            longest = r->windows[w].length_ms;
    }
    CHECK(longest > 0);
    return longest;
}

enum fact rules_topic_class(const struct rules *r, struct span topic)
{
    for (int32_t i = 0; i < r->topic_class_count; i++) {
        if (span_equal(name_span(&r->topic_classes[i].topic), topic))
            return r->topic_classes[i].fact;
    }
    return FACT_COUNT;
}

bool rules_cancelled_by_seller(const struct rules *r, struct span reason)
{
    for (int32_t i = 0; i < r->seller_cancel_reason_count; i++) {
        if (span_equal(name_span(&r->seller_cancel_reasons[i]), reason))
            return true;
    }
    return false;
}
