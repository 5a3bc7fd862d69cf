/* settings.c - puts a configuration together.
 *
 * DESIGN
 * ------
 * The order matters, because later parts look at earlier ones:
 *
 *      table     defaults, then the file, then the environment
 *      maps      properties, schema files, topics
 *      windows   before thresholds, which name them
 *      calendars built in, then their file, then the configuration
 *      limits    the catalogue's under alerts.*, then `thresholds`,
 *                then a copy for each storefront, then the storefront's own
 *      checks    what two settings must not say together, and what files must hold
 *
 * Nothing stops at a mistake: a part that is wrong keeps its default, so that the
 * parts after it can be checked too, and the whole is thrown away at the end.
 */
#include "app/settings.h"

#include "app/settings_calendars.h"
#include "app/settings_checks.h"
#include "app/settings_environment.h"
#include "app/settings_maps.h"
#include "app/settings_plain.h"
#include "app/settings_schemas.h"
#include "app/settings_storefronts.h"
#include "app/settings_table.h"
#include "app/settings_thresholds.h"
#include "app/settings_windows.h"
#include "base/check.h"

#include <stdlib.h>
#include <unistd.h>

enum { HOST_NAME_BYTES = 256 };

static void preset_parts(struct settings *settings)
{
    settings_table_preset(settings);
    settings_maps_preset(settings);
    settings_windows_preset(&settings->windows);
    settings_calendars_preset(settings);
}

void settings_defaults(struct settings *ret_settings)
{
    *ret_settings = (struct settings){ 0 };
    preset_parts(ret_settings);
    settings_thresholds_preset(ret_settings, &ret_settings->thresholds);
    settings_storefronts_preset(ret_settings);
    settings_thresholds_version(ret_settings);
}

static void read_thresholds(const struct settings_reading *r)
{
    const struct yaml_node *map = settings_reading_find(r, "thresholds");
    settings_thresholds_preset(r->settings, &r->settings->thresholds);
    if (map != NULL)
        settings_thresholds_read(r, map, &r->settings->thresholds, NULL);
}

static void read_tree(const struct settings_reading *r, char *const *environment)
{
    settings_plain_read(r);
    settings_maps_read(r);
    settings_environment_read(r, environment);
    settings_windows_read(r);
    settings_calendars_read(r);
    read_thresholds(r);
    settings_storefronts_preset(r->settings);
    settings_storefronts_read(r);
    settings_checks_run(r);
    settings_schemas_check(r);
    settings_thresholds_version(r->settings);
}

bool settings_parse(const struct settings_source *source, struct settings *ret_settings,
                    struct settings_problems *problems)
{
    struct yaml_tree tree;
    struct settings settings = { 0 };
    const int32_t known = problems->count;
    CHECK(source->path != NULL);

    preset_parts(&settings);
    const struct settings_reading reading = {
        .file = source->path, .tree = &tree, .settings = &settings, .problems = problems
    };
    if (yaml_tree_read(&tree, source->path, source->text, problems))
        read_tree(&reading, source->environment);
    yaml_tree_free(&tree);
    settings_problems_sort(problems, source->path);

    if (problems->count > known || problems->left_out > 0) {
        settings_free(&settings);
        return false;
    }
    *ret_settings = settings;
    return true;
}

bool settings_load(const char *path, char *const *environment, struct settings *ret_settings,
                   struct settings_problems *problems)
{
    const struct settings_reading here = { .file = "" };
    struct reason why = { "" };
    size_t size = 0;
    char *whole = settings_reading_resolve(&here, path);
    char *text = settings_reading_slurp(whole, YAML_TREE_BYTES_MAX, &size, &why);
    free(whole);
    if (text == NULL) {
        settings_problems_add(problems, (struct settings_place){ path, 0, 0 }, "%s", why.text);
        return false;
    }
    const struct settings_source source = { path, span_of(text, size), environment };
    const bool good = settings_parse(&source, ret_settings, problems);
    free(text);
    return good;
}

bool settings_set(struct settings *settings, const char *path, const char *value,
                  struct reason *ret_why)
{
    const struct settings_row *row = settings_table_find(path);
    struct reason memory;
    if (row == NULL) {
        reason_set(ret_why, "there is no setting %s%s", path,
                   settings_plain_suggest(path, &memory));
        return false;
    }
    return settings_table_set(row, settings, value, ret_why);
}

void settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    settings_table_free(settings);
    settings_maps_free(settings);
    settings_calendars_free(settings);
    settings_storefronts_free(settings);
    *settings = (struct settings){ 0 };
}

const struct settings_storefront *settings_storefront(const struct settings *settings,
                                                      struct span name)
{
    for (int32_t i = 0; i < settings->storefront_count; i++) {
        if (span_equal(span_of_text(settings->storefronts[i].name), name))
            return &settings->storefronts[i];
    }
    return NULL;
}

enum avoidable_class settings_topic_class(const struct settings *settings, struct span topic)
{
    for (int32_t i = 0; i < settings->topic_class_count; i++) {
        if (span_equal(span_of_text(settings->topic_classes[i].topic), topic))
            return settings->topic_classes[i].avoidable;
    }
    return AVOIDABLE_CLASS_NONE;
}

void settings_instance_id(const struct settings *settings, struct buffer *ret_text)
{
    char host[HOST_NAME_BYTES] = "";
    if (settings->kafka_instance_id[0] != '\0') {
        buffer_printf(ret_text, "%s", settings->kafka_instance_id);
        return;
    }
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        buffer_printf(ret_text, "sellerwatch-1");
    else
        buffer_printf(ret_text, "sellerwatch-%s", host);
}
