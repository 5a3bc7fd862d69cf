/* settings_schemas.c - see settings_schemas.h.
 *
 * The file says nothing of the topic on which an id arrives, so a schema is good if a
 * reader of one topic understands it. That of schemas.alert_id is never read by us, only
 * its id is written: being a schema is enough.
 */
#include "app/settings_schemas.h"

#include "app/settings_value.h"
#include "codec/event_schema.h"
#include "codec/schema_program.h"

#include <stdlib.h>

static bool fits_topic(struct span text, enum topic topic, struct reason *why)
{
    struct schema_program *program = NULL;
    struct reader_schema *reader = event_schema_open(topic);
    const bool fits = schema_program_compile(text, reader, NULL, &program, why) == STATUS_OK;
    schema_program_free(program);
    reader_schema_close(reader);
    return fits;
}

static bool fits_some_topic(struct span text, struct reason *why)
{
    struct reason of[TOPIC_COUNT];
    for (unsigned t = 0; t < TOPIC_COUNT; t++) {
        if (fits_topic(text, (enum topic)t, &of[t]))
            return true;
    }
    reason_set(why, "it fits no topic (%s: %s; %s: %s; %s: %s)", topic_label(TOPIC_ORDERS),
               of[TOPIC_ORDERS].text, topic_label(TOPIC_MESSAGES), of[TOPIC_MESSAGES].text,
               topic_label(TOPIC_SHIPMENTS), of[TOPIC_SHIPMENTS].text);
    return false;
}

static bool is_usable(const struct settings *s, int64_t id, struct span text,
                      struct reason *why)
{
    return schema_program_is_schema(text, NULL, why) &&
           (id == s->schemas_alert_id || fits_some_topic(text, why));
}

static void check_file(const struct settings_reading *r, const struct yaml_node *node,
                       int64_t id)
{
    struct reason why = { "" };
    size_t size = 0;
    char *path = settings_reading_resolve(r, node->text);
    char *text = settings_reading_slurp(path, PROGRAM_TEXT_MAX, &size, &why);
    if (text == NULL)
        settings_problems_add(r->problems, settings_reading_at(r, node),
                              "schemas.files: schema %s, %s %s", node->key, path, why.text);
    else if (!is_usable(r->settings, id, span_of(text, size), &why))
        settings_problems_add(r->problems, settings_reading_at(r, node),
                              "schemas.files: schema %s, %s: %s", node->key, path, why.text);
    free(text);
    free(path);
}

void settings_schemas_check(const struct settings_reading *r)
{
    const struct yaml_node *map = settings_reading_find(r, "schemas.files");
    if (r->settings->schemas_source != SCHEMAS_FROM_FILES || map == NULL ||
        map->kind != YAML_MAP)
        return;
    for (const struct yaml_node *node = yaml_tree_first(r->tree, map); node != NULL;
         node = yaml_tree_next(r->tree, node)) {
        struct reason told; /* a key that is no id is told where it is read */
        int64_t id = 0;
        if (settings_value_count(node->key, (struct settings_range){ 0, INT32_MAX }, &id,
                                 &told) &&
            node->kind == YAML_TEXT && node->text[0] != '\0')
            check_file(r, node, id);
    }
}
