/* settings_storefronts.c - a storefront is a calendar and perhaps thresholds of its own.
 *
 * Every calendar makes an entry of its own name first, so that `de` needs no line.
 * Then the lines of the file add to these or change them.
 */
#include "app/settings_storefronts.h"

#include "app/settings_calendars.h"
#include "app/settings_thresholds.h"
#include "base/check.h"
#include "base/name.h"

#include <stdlib.h>

enum { STOREFRONTS_MAX = 256 };

static const char *const keys[] = { "calendar", "thresholds", NULL };
enum { KEY_CALENDAR, KEY_THRESHOLDS };

static struct settings_storefront *storefront_slot(struct settings *s, const char *name)
{
    for (int32_t i = 0; i < s->storefront_count; i++) {
        if (strcmp(s->storefronts[i].name, name) == 0)
            return &s->storefronts[i];
    }
    const size_t count = (size_t)s->storefront_count + 1;
    struct settings_storefront *grown = realloc(s->storefronts, count * sizeof *grown);
    CHECK(grown != NULL);
    s->storefronts = grown;
    struct settings_storefront *slot = &s->storefronts[s->storefront_count++];
    *slot = (struct settings_storefront){ .name = strdup(name),
                                          .calendar = s->default_calendar_index };
    CHECK(slot->name != NULL);
    slot->thresholds = s->thresholds;
    return slot;
}

void settings_storefronts_preset(struct settings *settings)
{
    const int32_t preset = settings_calendars_find(settings, settings->default_calendar);
    settings->default_calendar_index = preset >= 0 ? preset : 0;
    for (int32_t i = 0; i < settings->calendar_count; i++) {
        if (strcmp(settings->calendars[i].name, "always") != 0)
            storefront_slot(settings, settings->calendars[i].name)->calendar = i;
    }
}

/* ---- the file ---------------------------------------------------------------------- */

static void refuse_calendar(const struct settings_reading *r, struct settings_place place,
                            const char *what, const char *name)
{
    struct reason memory;
    struct suggest suggest = suggest_for(span_of_text(name));
    for (int32_t i = 0; i < r->settings->calendar_count; i++)
        suggest_offer(&suggest, r->settings->calendars[i].name);
    settings_problems_add(r->problems, place, "%s: there is no calendar %s%s", what, name,
                          suggest.nearest != NULL
                              ? suggest_text(&suggest, &memory)
                              : "; add it under calendars, or name one that is there");
}

static void read_calendar(const struct settings_reading *r, const struct yaml_node *node,
                          struct settings_storefront *storefront)
{
    if (!settings_reading_expect(r, node, YAML_TEXT, "calendar"))
        return;
    const int32_t calendar = settings_calendars_find(r->settings, node->text);
    if (calendar >= 0)
        storefront->calendar = calendar;
    else
        refuse_calendar(r, settings_reading_at(r, node), "calendar", node->text);
}

static void read_thresholds(const struct settings_reading *r, const struct yaml_node *node,
                            struct settings_storefront *storefront)
{
    settings_thresholds_read(r, node, &storefront->thresholds, storefront->own);
    for (int32_t k = 0; k < KPI_COUNT; k++)
        storefront->has_thresholds = storefront->has_thresholds || storefront->own[k];
}

static void read_members(const struct settings_reading *r, const struct yaml_node *map,
                         struct settings_storefront *storefront)
{
    for (const struct yaml_node *node = yaml_tree_first(r->tree, map); node != NULL;
         node = yaml_tree_next(r->tree, node)) {
        const int32_t key = settings_reading_key(r, node, keys, "a storefront");
        r->settings->given++;
        if (key == KEY_CALENDAR)
            read_calendar(r, node, storefront);
        else if (key == KEY_THRESHOLDS)
            read_thresholds(r, node, storefront);
    }
}

/* A storefront's name ends up in Redis keys and the threshold source of alerts. */
static bool name_is_good(const struct settings_reading *r, const struct yaml_node *node)
{
    const size_t size = strlen(node->key);
    const char *mistake = NULL;
    if (strcmp(node->key, "*") == 0)
        mistake = "* is all storefronts together; give its limits under thresholds";
    else if (size == 0 || size > NAME_BYTES_MAX)
        mistake = "a storefront's name has 1 to 64 bytes; shorten it";
    else if (r->settings->storefront_count >= STOREFRONTS_MAX)
        mistake = "more than 256 storefronts; remove some";
    if (mistake != NULL)
        settings_problems_add(r->problems, settings_reading_at_key(r, node), "storefronts: %s",
                              mistake);
    return mistake == NULL;
}

static void check_default(const struct settings_reading *r)
{
    const char *name = r->settings->default_calendar;
    const struct yaml_node *node = settings_reading_find(r, "default_calendar");
    const struct settings_place place =
        node != NULL ? settings_reading_at(r, node) : (struct settings_place){ r->file, 0, 0 };
    if (settings_calendars_find(r->settings, name) < 0)
        refuse_calendar(r, place, "default_calendar", name);
}

void settings_storefronts_read(const struct settings_reading *r)
{
    check_default(r);
    const struct yaml_node *map = settings_reading_find(r, "storefronts");
    if (map == NULL || !settings_reading_expect(r, map, YAML_MAP, "storefronts"))
        return;
    for (const struct yaml_node *node = yaml_tree_first(r->tree, map); node != NULL;
         node = yaml_tree_next(r->tree, node)) {
        if (!name_is_good(r, node) ||
            !settings_reading_expect(r, node, YAML_MAP, "a storefront"))
            continue;
        read_members(r, node, storefront_slot(r->settings, node->key));
    }
}

void settings_storefronts_free(struct settings *settings)
{
    for (int32_t i = 0; i < settings->storefront_count; i++)
        free(settings->storefronts[i].name);
    free(settings->storefronts);
    settings->storefronts = NULL;
    settings->storefront_count = 0;
}
