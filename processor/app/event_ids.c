/* event_ids.c - see event_ids.h. */
#include "app/event_ids.h"

#include "app/adapters.h"
#include "app/clock.h"
#include "app/connection.h"
#include "base/name.h"
#include "codec/event_schema.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { SUBJECT_BYTES = 300, ASK_AGAIN_MS = 250 };

/* ---- the registry ---------------------------------------------------------------------- */

static enum status register_one(struct registry_client *registry, const char *topic,
                                const char *text, int32_t *ret_id, struct reason *why)
{
    char subject[SUBJECT_BYTES];
    (void)snprintf(subject, sizeof subject, "%s-value", topic);
    return registry_client_register(registry, subject, span_of_text(text), ret_id, why);
}

static enum status register_all(const struct settings *settings, const atomic_bool *stop,
                                int32_t ret_ids[TOPIC_COUNT], struct reason *why)
{
    const struct registry_client_options options = adapters_registry(settings);
    const struct kafka_topic_names names = adapters_topics(settings);
    const int64_t deadline = clock_now().ms + settings->retry_start_ms;
    struct registry_client *registry = registry_client_open(&options, why);
    enum status s = registry == NULL ? STATUS_REFUSED : STATUS_OK;
    unsigned topic = 0;
    while (topic < TOPIC_COUNT && registry != NULL) {
        s = register_one(registry, names.inputs[topic], event_schema_text((enum topic)topic),
                         &ret_ids[topic], why);
        if (s == STATUS_OK)
            topic += 1;
        else if (status_reaction(s) != REACTION_RETRY || *stop || clock_now().ms >= deadline)
            break;
        else
            clock_sleep(ASK_AGAIN_MS);
    }
    registry_client_close(registry);
    return s;
}

/* ---- files ------------------------------------------------------------------------------- */

/* Is it the same record, whatever its version? */
static bool is_same_record(const char *path, enum topic topic)
{
    json_t *theirs = json_load_file(path, 0, NULL);
    json_t *ours = json_loads(event_schema_text(topic), 0, NULL);
    const char *name = json_string_value(json_object_get(theirs, "name"));
    const char *wanted = json_string_value(json_object_get(ours, "name"));
    const bool same = name != NULL && wanted != NULL && strcmp(name, wanted) == 0;
    json_decref(theirs);
    json_decref(ours);
    return same;
}

static enum status number_all(const struct settings *settings, int32_t ret_ids[TOPIC_COUNT],
                              struct reason *why)
{
    static const int32_t fixed[] = { [TOPIC_ORDERS] = CONNECTION_ID_ORDERS,
                                     [TOPIC_MESSAGES] = CONNECTION_ID_MESSAGES,
                                     [TOPIC_SHIPMENTS] = CONNECTION_ID_SHIPMENTS };
    for (unsigned t = 0; t < TOPIC_COUNT; t++) {
        bool found = false;
        for (int32_t i = 0; i < settings->schema_file_count && !found; i++) {
            found = is_same_record(settings->schema_files[i].path, (enum topic)t);
            ret_ids[t] = settings->schema_files[i].id;
        }
        if (settings->schema_file_count == 0)
            ret_ids[t] = fixed[t];
        else if (!found) {
            reason_set(why, "schemas.files names no schema of the topic %s; add ID: FILE of it",
                       topic_label((enum topic)t));
            return STATUS_REFUSED;
        }
    }
    return STATUS_OK;
}

enum status event_ids_find(const struct settings *settings, const atomic_bool *stop,
                           int32_t ret_ids[TOPIC_COUNT], struct reason *why)
{
    if (settings->schemas_source == SCHEMAS_FROM_FILES)
        return number_all(settings, ret_ids, why);
    return register_all(settings, stop, ret_ids, why);
}
