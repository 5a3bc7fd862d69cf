/* settings_maps.c - maps whose keys are the user's own. */
#include "app/settings_maps.h"

#include "app/settings_value.h"
#include "base/check.h"
#include "base/name.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENTRIES_MAX = 1000, VALUE_BYTES_MAX = 65536 };

/* In the order of enum avoidable_class. */
static const char *const class_names[] = { "delayed", "not_received", "incomplete", "incorrect",
                                           "defect",  "invoice",      NULL };

static const struct {
    const char *topic;
    enum avoidable_class avoidable;
} preset_topics[] = {
    { "delivery_delayed", AVOIDABLE_CLASS_DELAYED },
    { "delivery_not_received", AVOIDABLE_CLASS_NOT_RECEIVED },
    { "delivery_parts_missing", AVOIDABLE_CLASS_INCOMPLETE },
    { "delivery_wrong_products", AVOIDABLE_CLASS_INCORRECT },
    { "order_product_defect", AVOIDABLE_CLASS_DEFECT },
    { "invoice_needed", AVOIDABLE_CLASS_INVOICE },
    { "invoice_problem", AVOIDABLE_CLASS_INVOICE },
};

/* Properties that would contradict a setting, or what the program relies on. */
static const struct {
    const char *name;
    const char *instead;
} owned_properties[] = {
    { "bootstrap.servers", "use kafka.brokers" },
    { "metadata.broker.list", "use kafka.brokers" },
    { "group.id", "use kafka.group" },
    { "group.instance.id", "use kafka.instance_id" },
    { "auto.offset.reset", "use kafka.start" },
    { "enable.auto.commit", "remove it: offsets are saved with the state" },
    { "enable.auto.offset.store", "remove it: offsets are saved with the state" },
    { "partition.assignment.strategy", "remove it: shards need the range assignor" },
    { "enable.partition.eof", "remove it: ends of topics are asked from the broker" },
    { "enable.idempotence", "remove it: the producer is always idempotent" },
    { "transactional.id", "remove it: no Kafka transactions are used" },
    { "partitioner", "remove it: sellers are placed as Kafka's Java client does" },
};

static char *copy(const char *text)
{
    char *own = strdup(text);
    CHECK(own != NULL);
    return own;
}

const char *settings_maps_class_name(enum avoidable_class avoidable)
{
    CHECK(avoidable < AVOIDABLE_CLASS_NONE);
    return class_names[avoidable];
}

/* Room for one more entry in a list of `count`. */
static void *grow(void *list, int32_t count, size_t size)
{
    void *grown = realloc(list, ((size_t)count + 1) * size);
    CHECK(grown != NULL);
    return grown;
}

/* ---- kafka.properties -------------------------------------------------------------- */

static bool property_is_ours(const struct settings_reading *r, struct settings_place place,
                             const char *name)
{
    for (size_t i = 0; i < sizeof owned_properties / sizeof owned_properties[0]; i++) {
        if (strcmp(owned_properties[i].name, name) != 0)
            continue;
        settings_problems_add(r->problems, place, "kafka.properties: %s cannot be set here; %s",
                              name, owned_properties[i].instead);
        return true;
    }
    return false;
}

static struct settings_pair *property_slot(struct settings_pairs *pairs, const char *name)
{
    for (int32_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->at[i].name, name) == 0)
            return &pairs->at[i];
    }
    pairs->at = grow(pairs->at, pairs->count, sizeof *pairs->at);
    pairs->at[pairs->count] = (struct settings_pair){ .name = copy(name) };
    return &pairs->at[pairs->count++];
}

void settings_maps_property(const struct settings_reading *r, struct settings_place place,
                            const char *name, const char *value)
{
    if (property_is_ours(r, place, name))
        return;
    if (name[0] == '\0' || strlen(value) > VALUE_BYTES_MAX ||
        r->settings->kafka_properties.count >= ENTRIES_MAX) {
        settings_problems_add(r->problems, place,
                              "kafka.properties: %s is empty, too long or one too many; at "
                              "most %d properties of %d bytes",
                              name, (int)ENTRIES_MAX, (int)VALUE_BYTES_MAX);
        return;
    }
    struct settings_pair *pair = property_slot(&r->settings->kafka_properties, name);
    free(pair->value);
    pair->value = copy(value);
}

static void read_property(const struct settings_reading *r, const struct yaml_node *node)
{
    static const char ending[] = "_file";
    const size_t size = strlen(node->key);
    const size_t base = size - strlen(ending);
    const struct settings_place place = settings_reading_at(r, node);
    if (!settings_reading_expect(r, node, YAML_TEXT, node->key))
        return;
    if (size <= strlen(ending) || strcmp(node->key + base, ending) != 0) {
        settings_maps_property(r, place, node->key, node->text);
        return;
    }
    struct reason why = { "" };
    char *name = strndup(node->key, base);
    CHECK(name != NULL);
    char *secret = settings_reading_secret(r, node->text, &why);
    if (secret == NULL)
        settings_problems_add(r->problems, place, "%s: %s", node->key, why.text);
    else
        settings_maps_property(r, place, name, secret);
    free(secret);
    free(name);
}

/* ---- schemas.files ----------------------------------------------------------------- */

static void read_schema_file(const struct settings_reading *r, const struct yaml_node *node)
{
    struct settings *s = r->settings;
    struct reason why = { "" };
    int64_t id = 0;
    if (!settings_value_count(node->key, (struct settings_range){ 0, INT32_MAX }, &id, &why)) {
        settings_problems_add(r->problems, settings_reading_at_key(r, node),
                              "schemas.files: a schema id %s", why.text);
        return;
    }
    if (!settings_reading_expect(r, node, YAML_TEXT, "the path of a schema"))
        return;
    if (node->text[0] == '\0' || s->schema_file_count >= ENTRIES_MAX) {
        settings_problems_add(r->problems, settings_reading_at(r, node),
                              "schemas.files: no path, or more than %d schemas; write ID: "
                              "FILE.avsc",
                              (int)ENTRIES_MAX);
        return;
    }
    s->schema_files = grow(s->schema_files, s->schema_file_count, sizeof *s->schema_files);
    s->schema_files[s->schema_file_count++] = (struct settings_schema_file){
        .id = (int32_t)id,
        .path = settings_reading_resolve(r, node->text),
    };
}

/* ---- avoidable.topics -------------------------------------------------------------- */

static void add_topic(struct settings *s, const char *topic, enum avoidable_class avoidable)
{
    s->topic_classes = grow(s->topic_classes, s->topic_class_count, sizeof *s->topic_classes);
    s->topic_classes[s->topic_class_count++] =
        (struct settings_topic_class){ .topic = copy(topic), .avoidable = avoidable };
}

static void free_topics(struct settings *s)
{
    for (int32_t i = 0; i < s->topic_class_count; i++)
        free(s->topic_classes[i].topic);
    free(s->topic_classes);
    s->topic_classes = NULL;
    s->topic_class_count = 0;
}

void settings_maps_preset(struct settings *settings)
{
    for (size_t i = 0; i < sizeof preset_topics / sizeof preset_topics[0]; i++)
        add_topic(settings, preset_topics[i].topic, preset_topics[i].avoidable);
}

static void read_topic(const struct settings_reading *r, const struct yaml_node *node)
{
    struct reason memory;
    if (!settings_reading_expect(r, node, YAML_TEXT, node->key))
        return;
    if (r->settings->topic_class_count >= ENTRIES_MAX)
        return;
    struct suggest suggest = suggest_for(span_of_text(node->text));
    for (int32_t i = 0; class_names[i] != NULL; i++) {
        if (strcmp(class_names[i], node->text) == 0) {
            add_topic(r->settings, node->key, (enum avoidable_class)i);
            return;
        }
        suggest_offer(&suggest, class_names[i]);
    }
    settings_problems_add(r->problems, settings_reading_at(r, node),
                          "\"%s\" is no class of avoidable enquiries; write delayed, "
                          "not_received, incomplete, incorrect, defect or invoice%s",
                          node->text, suggest_text(&suggest, &memory));
}

/* ---- all of them ------------------------------------------------------------------- */

typedef void entry_reader(const struct settings_reading *r, const struct yaml_node *node);

static void read_entries(const struct settings_reading *r, const char *path, entry_reader *read)
{
    const struct yaml_node *map = settings_reading_find(r, path);
    if (map == NULL || !settings_reading_expect(r, map, YAML_MAP, path))
        return;
    for (const struct yaml_node *node = yaml_tree_first(r->tree, map); node != NULL;
         node = yaml_tree_next(r->tree, node)) {
        r->settings->given++;
        read(r, node);
    }
}

void settings_maps_read(const struct settings_reading *r)
{
    read_entries(r, "kafka.properties", read_property);
    read_entries(r, "schemas.files", read_schema_file);
    if (settings_reading_find(r, "avoidable.topics") != NULL)
        free_topics(r->settings);
    read_entries(r, "avoidable.topics", read_topic);
}

void settings_maps_free(struct settings *settings)
{
    for (int32_t i = 0; i < settings->kafka_properties.count; i++) {
        free(settings->kafka_properties.at[i].name);
        free(settings->kafka_properties.at[i].value);
    }
    free(settings->kafka_properties.at);
    for (int32_t i = 0; i < settings->schema_file_count; i++)
        free(settings->schema_files[i].path);
    free(settings->schema_files);
    free_topics(settings);
}
