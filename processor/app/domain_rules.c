/* domain_rules.c - see domain_rules.h. */
#include "app/domain_rules.h"

#include "base/check.h"

#include <stdlib.h>

/* calloc of at least one, so that an empty list is not an error. */
static void *list_of(int32_t count, size_t size)
{
    void *list = calloc((size_t)(count > 0 ? count : 1), size);
    CHECK(list != NULL);
    return list;
}

static void fill_storefronts(struct domain_rules *d, const struct settings *s)
{
    d->storefronts = list_of(s->storefront_count, sizeof *d->storefronts);
    for (int32_t i = 0; i < s->storefront_count; i++) {
        const struct settings_storefront *from = &s->storefronts[i];
        d->storefronts[i] = (struct storefront_rule){
            .storefront = name_of(span_of_text(from->name)),
            .calendar = &d->calendars.at[from->calendar],
            .thresholds = from->has_thresholds ? &from->thresholds : NULL,
        };
    }
    d->rules.storefronts = d->storefronts;
    d->rules.storefront_count = s->storefront_count;
    d->rules.default_calendar = &d->calendars.at[s->default_calendar_index];
}

static void fill_lists(struct domain_rules *d, const struct settings *s)
{
    const struct settings_texts *reasons = &s->cancel_seller_reasons;
    d->cancel_reasons = list_of(reasons->count, sizeof *d->cancel_reasons);
    for (int32_t i = 0; i < reasons->count; i++)
        d->cancel_reasons[i] = name_of(span_of_text(reasons->at[i]));
    d->rules.seller_cancel_reasons = d->cancel_reasons;
    d->rules.seller_cancel_reason_count = reasons->count;

    d->topics = list_of(s->topic_class_count, sizeof *d->topics);
    int32_t count = 0;
    for (int32_t i = 0; i < s->topic_class_count; i++) {
        if (s->topic_classes[i].avoidable == AVOIDABLE_CLASS_NONE)
            continue;
        d->topics[count++] = (struct topic_class){
            .topic = name_of(span_of_text(s->topic_classes[i].topic)),
            .fact = avoidable_fact(s->topic_classes[i].avoidable),
        };
    }
    d->rules.topic_classes = d->topics;
    d->rules.topic_class_count = count;
}

static void fill_numbers(struct rules *r, const struct settings *s)
{
    CHECK(s->windows.count > 0 && s->windows.count <= WINDOWS_MAX);
    r->window_count = s->windows.count;
    for (int32_t w = 0; w < s->windows.count; w++)
        r->windows[w] = s->windows.at[w];
    r->thresholds = &s->thresholds;
    r->response_sla_ms = s->response_sla_ms;
    r->interim_counts = s->reply_interim_counts;
    r->grace_response_ms = s->grace_response_ms;
    r->grace_dispatch_ms = s->grace_dispatch_ms;
    r->grace_tracking_ms = s->grace_tracking_ms;
    r->grace_delivery_ms = s->grace_delivery_ms;
    r->wall_time = s->time_source == TIME_FROM_WALL;
    r->max_delay_ms = s->max_delay_ms;
    r->max_future_ms = s->max_future_ms;
    r->max_lateness_ms = s->max_lateness_ms;
    r->abandon_after_ms = s->abandon_after_ms;
    r->hold_first_alerts = s->alerts_first_start == FIRST_START_CAUGHT_UP;
    r->storm_limit = (int32_t)s->alerts_storm_limit;
    r->view_interval_ms = s->view_interval_ms;
    r->view_batch = (int32_t)s->view_batch;
}

bool domain_rules_open(const struct settings *settings, struct domain_rules *ret_rules,
                       struct reason *why)
{
    *ret_rules = (struct domain_rules){ 0 };
    if (!timezone_calendars_open(settings, &ret_rules->calendars, why))
        return false;
    fill_numbers(&ret_rules->rules, settings);
    fill_lists(ret_rules, settings);
    fill_storefronts(ret_rules, settings);
    return true;
}

void domain_rules_close(struct domain_rules *d)
{
    timezone_calendars_free(&d->calendars);
    free(d->storefronts);
    free(d->cancel_reasons);
    free(d->topics);
    *d = (struct domain_rules){ 0 };
}
