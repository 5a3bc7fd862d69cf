/* domain_rules.h - what the domain is told, made of the settings once at start. */
#pragma once

#include "app/settings.h"
#include "app/timezone.h"
#include "kpi/rules.h"

struct domain_rules {
    struct rules rules; /* points into the rest and into the settings */
    struct timezone_calendars calendars;
    struct storefront_rule *storefronts;
    struct name *cancel_reasons;
    struct topic_class *topics;
};

/* `settings` outlives *ret_rules, which must not move. Reads the tz database, so
 * before threads start; false: a zone is missing, *why says which. */
bool domain_rules_open(const struct settings *settings, struct domain_rules *ret_rules,
                       struct reason *why);

void domain_rules_close(struct domain_rules *d);
