/* settings_maps.c - maps whose keys are the user's own. */
#include "app/settings_maps.h"

#include "app/settings_value.h"
#include "base/check.h"
#include "base/name.h"
#include "codec/alert_pairs.h"
#include "codec/link_template.h"
#include "kafka/kafka_conf.h"

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

/* ---- names and values ---------------------------------------------------------------- */

static struct settings_pair *pair_slot(struct settings_pairs *pairs, const char *name)
{
    for (int32_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->at[i].name, name) == 0)
            return &pairs->at[i];
    }
    pairs->at = grow(pairs->at, pairs->count, sizeof *pairs->at);
    pairs->at[pairs->count] = (struct settings_pair){ .name = copy(name) };
    return &pairs->at[pairs->count++];
}

/* Replaces an earlier one of that name. */
static void set_pair(struct settings_pairs *pairs, const char *name, const char *value)
{
    struct settings_pair *pair = pair_slot(pairs, name);
    free(pair->value);
    pair->value = copy(value);
}

static void free_pairs(struct settings_pairs *pairs)
{
    for (int32_t i = 0; i < pairs->count; i++) {
        free(pairs->at[i].name);
        free(pairs->at[i].value);
    }
    free(pairs->at);
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

/* Would our clients take it? One alone, so that each mistake has its own place. */
static bool property_is_accepted(const struct settings_reading *r, struct settings_place place,
                                 const char *name, const char *value)
{
    struct reason why = { "" };
    const struct kafka_property property = { .name = name, .value = value };
    const struct kafka_options options = { .brokers = r->settings->kafka_brokers,
                                           .properties = &property,
                                           .property_count = 1 };
    if (kafka_conf_check(&options, &why))
        return true;
    settings_problems_add(r->problems, place, "%s", why.text);
    return false;
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
    if (property_is_accepted(r, place, name, value))
        set_pair(&r->settings->kafka_properties, name, value);
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

/* ---- alerts.links, alerts.labels --------------------------------------------------------- */

/* Whether one more entry fits into the records; complains if not. */
static bool entry_fits(const struct settings_reading *r, const struct yaml_node *node,
                       const char *path, const struct settings_pairs *pairs)
{
    const struct settings_place place = settings_reading_at_key(r, node);
    if (pairs->count >= ALERT_PAIRS_MAX) {
        settings_problems_add(r->problems, place, "%s: %s is one too many; write at most %d",
                              path, node->key, (int)ALERT_PAIRS_MAX);
        return false;
    }
    if (node->key[0] == '\0' || strlen(node->key) > ALERT_PAIR_NAME_BYTES_MAX) {
        settings_problems_add(r->problems, place,
                              "%s: \"%s\" is no name; write one of 1 to %d bytes", path,
                              node->key, (int)ALERT_PAIR_NAME_BYTES_MAX);
        return false;
    }
    return settings_reading_expect(r, node, YAML_TEXT, node->key);
}

static void read_link(const struct settings_reading *r, const struct yaml_node *node)
{
    struct link_template parsed;
    struct link_mistake mistake;
    struct reason memory;
    if (!entry_fits(r, node, "alerts.links", &r->settings->alert_links))
        return;
    if (link_template_parse(node->text, &parsed, &mistake)) {
        set_pair(&r->settings->alert_links, node->key, node->text);
        return;
    }
    struct suggest suggest = suggest_for(mistake.unknown);
    for (unsigned v = LINK_TEXT + 1; v < LINK_VALUE_COUNT && mistake.unknown.size > 0; v++)
        suggest_offer(&suggest, link_template_placeholder((enum link_value)v));
    settings_problems_add(r->problems, settings_reading_at(r, node), "alerts.links: %s %s%s",
                          node->key, mistake.what.text, suggest_text(&suggest, &memory));
}

static void read_label(const struct settings_reading *r, const struct yaml_node *node)
{
    if (!entry_fits(r, node, "alerts.labels", &r->settings->alert_labels))
        return;
    if (node->text[0] == '\0' || strlen(node->text) > ALERT_PAIR_VALUE_BYTES_MAX) {
        settings_problems_add(r->problems, settings_reading_at(r, node),
                              "alerts.labels: the value of %s has %zu bytes; write 1 to %d",
                              node->key, strlen(node->text), (int)ALERT_PAIR_VALUE_BYTES_MAX);
        return;
    }
    set_pair(&r->settings->alert_labels, node->key, node->text);
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
    read_entries(r, "alerts.links", read_link);
    read_entries(r, "alerts.labels", read_label);
}

void settings_maps_free(struct settings *settings)
{
    free_pairs(&settings->kafka_properties);
    free_pairs(&settings->alert_links);
    free_pairs(&settings->alert_labels);
    for (int32_t i = 0; i < settings->schema_file_count; i++)
        free(settings->schema_files[i].path);
    free(settings->schema_files);
    free_topics(settings);
}
