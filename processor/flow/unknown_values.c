/* unknown_values.c - see unknown_values.h. */
#include "flow/unknown_values.h"

#include "base/check.h"

#include <string.h>

static const struct {
    const char *name;
    size_t size;
} topics[] = {
#define TICKET_TOPIC(text) { (text), sizeof(text) - 1 },
#include "kpi/ticket_topic.def"
#undef TICKET_TOPIC
};

/* One that is configured as avoidable is known, whoever made it up. */
static bool topic_is_known(const struct rules *rules, struct span topic)
{
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        if (topics[i].size == topic.size && memcmp(topics[i].name, topic.at, topic.size) == 0)
            return true;
    }
    return rules_topic_class(rules, topic) != FACT_COUNT;
}

/* How many enumerations have no symbol of ours. A message without its author is as good
 * as from one that we do not know; other events have none. */
static int unknown_symbols(const struct event *event)
{
    int count = event->fulfillment == FULFILLMENT_UNKNOWN;
    if (event->topic == TOPIC_ORDERS)
        count += event->order.status == ORDER_UNKNOWN;
    if (event->topic == TOPIC_MESSAGES)
        count += event->message.status == TICKET_UNKNOWN;
    if (event->kind == EVENT_TICKET_MESSAGE_NEW)
        count += event->message.author_role == AUTHOR_UNKNOWN;
    return count;
}

void unknown_values_count(struct metrics *m, const struct rules *rules,
                          const struct event *event)
{
    CHECK(event->kind != EVENT_UNKNOWN);
    if (rules_storefront(rules, event->storefront) == NULL)
        metrics_add_of(m, METRIC_UNKNOWN_VALUES, METRICS_WHAT_STOREFRONT, 1);
    if (event->topic == TOPIC_MESSAGES && event->message.topic.size > 0 &&
        !topic_is_known(rules, event->message.topic))
        metrics_add_of(m, METRIC_UNKNOWN_VALUES, METRICS_WHAT_TICKET_TOPIC, 1);
    const int symbols = unknown_symbols(event);
    if (symbols > 0)
        metrics_add_of(m, METRIC_UNKNOWN_VALUES, METRICS_WHAT_ENUM, symbols);
}
