/* demo_settings.c - see demo_settings.h.
 *
 * The story runs thousands of times faster than life. What is patience in seconds of
 * the story would be microseconds of ours, hence the larger max_delay and max_skew;
 * everything that judges sellers is at its default.
 */
#include "app/demo_settings.h"

#include "app/connection.h"
#include "codec/alert_codec.h"
#include "codec/event_schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 256 };

static const char text[] = "kafka:\n"
                           "  brokers: \"%s\"\n"
                           "  group: demo\n"
                           "  instance_id: demo\n"
                           "  log_end_interval: 100ms\n"
                           "  lease: false\n"
                           "redis:\n"
                           "  socket: \"%s\"\n"
                           "schemas:\n"
                           "  source: files\n"
                           "  alert_id: %d\n"
                           "  files:\n"
                           "    %d: \"%s/orders.avsc\"\n"
                           "    %d: \"%s/messages.avsc\"\n"
                           "    %d: \"%s/shipments.avsc\"\n"
                           "    %d: \"%s/alerts.avsc\"\n"
                           "time:\n"
                           "  source: events\n"
                           "max_delay: 2h\n"
                           "max_skew: 6h\n"
                           "alerts:\n"
                           "  first_start: beginning\n"
                           "view:\n"
                           "  interval: 250ms\n"
                           "log:\n"
                           "  level: error\n"
                           "http:\n"
                           "  enabled: false\n";

static bool write_schema(const char *folder, const char *name, const char *schema,
                         struct reason *why)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s.avsc", folder, name);
    FILE *file = fopen(path, "w");
    const bool written = file != NULL && fputs(schema, file) >= 0;
    const bool closed = file != NULL && fclose(file) == 0;
    if (!written || !closed)
        reason_set(why, "%s cannot be written: %s", path, strerror(errno));
    return written && closed;
}

static bool write_schemas(const char *folder, struct reason *why)
{
    for (unsigned t = 0; t < TOPIC_COUNT; t++) {
        const enum topic topic = (enum topic)t;
        if (!write_schema(folder, topic_label(topic), event_schema_text(topic), why))
            return false;
    }
    return write_schema(folder, "alerts", alert_codec_schema_text(), why);
}

bool demo_settings_make(const struct demo_settings_place *place, struct settings *ret_settings,
                        struct reason *why)
{
    struct settings_problems problems = { 0 };
    struct buffer yaml = { 0 };
    const char *folder = place->folder;
    if (!write_schemas(folder, why))
        return false;
    buffer_printf(&yaml, text, place->brokers, place->socket, (int)CONNECTION_ID_ALERTS,
                  (int)CONNECTION_ID_ORDERS, folder, (int)CONNECTION_ID_MESSAGES, folder,
                  (int)CONNECTION_ID_SHIPMENTS, folder, (int)CONNECTION_ID_ALERTS, folder);
    const struct settings_source source = { .path = "demo", .text = buffer_span(&yaml) };
    const bool good = settings_parse(&source, ret_settings, &problems);
    if (!good)
        reason_set(why, "the demo's settings: %s",
                   problems.count > 0 ? problems.at[0].what.text : "unreadable");
    settings_problems_free(&problems);
    buffer_free(&yaml);
    return good;
}
