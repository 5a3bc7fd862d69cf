/* settings_windows.c - which windows there are, and what makes a list of them wrong. */
#include "app/settings_windows.h"

#include "app/settings_value.h"
#include "base/check.h"
#include "base/name.h"

static const struct {
    const char *name;
    int64_t length_ms;
    int64_t pane_ms;
    bool may_be_critical;
} preset[] = {
    { "1h", HOUR_MS, MINUTE_MS, false },
    { "24h", DAY_MS, 15 * MINUTE_MS, false },
    { "7d", 7 * DAY_MS, 6 * HOUR_MS, true },
    { "30d", 30 * DAY_MS, 6 * HOUR_MS, true },
};

enum {
    PANES_MAX = 2000,       /* of one window: what a seller costs in memory at most */
    WINDOW_NAME_BYTES = 16, /* it stands in Redis keys and alerts */
};

/* In Redis and in alerts it stands where others have the name of their window. */
static const char reserved_name[] = "now";

static const struct settings_range pane_range = { SECOND_MS, DAY_MS };
static const struct settings_range length_range = { MINUTE_MS, 366 * DAY_MS };

static const char *const keys[] = { "name", "length", "pane", "critical", NULL };
enum { KEY_NAME, KEY_LENGTH, KEY_PANE, KEY_CRITICAL };

void settings_windows_preset(struct window_rules *windows)
{
    *windows = (struct window_rules){ .count = sizeof preset / sizeof preset[0] };
    for (int32_t i = 0; i < windows->count; i++) {
        windows->at[i] = (struct window_rule){ .name = name_of(span_of_text(preset[i].name)),
                                               .length_ms = preset[i].length_ms,
                                               .pane_ms = preset[i].pane_ms,
                                               .may_be_critical = preset[i].may_be_critical };
    }
}

int32_t settings_windows_find(const struct window_rules *windows, const char *name)
{
    for (int32_t i = 0; i < windows->count; i++) {
        if (span_equal(name_span(&windows->at[i].name), span_of_text(name)))
            return i;
    }
    return -1;
}

static bool name_is_good(const char *name)
{
    const size_t size = strlen(name);
    return size > 0 && size <= WINDOW_NAME_BYTES &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == size;
}

static bool read_value(struct window_rule *window, int32_t key, const char *text,
                       struct reason *why)
{
    if (key == KEY_LENGTH)
        return settings_value_duration(text, length_range, &window->length_ms, why);
    if (key == KEY_PANE)
        return settings_value_duration(text, pane_range, &window->pane_ms, why);
    if (key == KEY_CRITICAL)
        return settings_value_flag(text, &window->may_be_critical, why);
    CHECK(key == KEY_NAME);
    if (!name_is_good(text)) {
        reason_set(why,
                   "\"%s\" is no name of a window; write 1 to %d small letters and "
                   "digits, such as 7d",
                   text, (int)WINDOW_NAME_BYTES);
        return false;
    }
    if (strcmp(text, reserved_name) == 0) {
        reason_set(why, "%s is what gauges have instead of a window; take another name",
                   reserved_name);
        return false;
    }
    window->name = name_of(span_of_text(text));
    return true;
}

static void read_member(const struct settings_reading *r, const struct yaml_node *node,
                        struct window_rule *window)
{
    struct reason why = { "" };
    const int32_t key = settings_reading_key(r, node, keys, "a window");
    if (key < 0 || !settings_reading_expect(r, node, YAML_TEXT, node->key))
        return;
    if (!read_value(window, key, node->text, &why))
        settings_problems_add(r->problems, settings_reading_at(r, node), "windows: %s",
                              why.text);
}

/* What is missing or could not be read stays empty in the window. */
static void read_window(const struct settings_reading *r, const struct yaml_node *node,
                        struct window_rule *window)
{
    for (const struct yaml_node *member = yaml_tree_first(r->tree, node); member != NULL;
         member = yaml_tree_next(r->tree, member))
        read_member(r, member, window);
    for (int32_t key = KEY_NAME; key <= KEY_PANE; key++) {
        if (yaml_tree_member(r->tree, node, keys[key]) != NULL)
            continue;
        settings_problems_add(r->problems, settings_reading_at(r, node),
                              "a window needs name, length and pane; write {name: 7d, "
                              "length: 7d, pane: 6h, critical: true}");
        return;
    }
}

static void refuse(const struct settings_reading *r, const struct yaml_node *node,
                   const struct window_rule *w, const char *mistake)
{
    const struct span name =
        w->name.size > 0 ? name_span(&w->name) : span_of_text("without a name");
    settings_problems_add(r->problems, settings_reading_at(r, node), "window %.*s: %s",
                          (int)name.size, (const char *)name.at, mistake);
}

static bool name_is_among(const struct window_rules *windows, const struct window_rule *w)
{
    for (int32_t i = 0; i < windows->count; i++) {
        if (span_equal(name_span(&windows->at[i].name), name_span(&w->name)))
            return true;
    }
    return false;
}

/* Looks only at what could be read: the rest was complained about. */
static void check_window(const struct settings_reading *r, const struct yaml_node *node,
                         const struct window_rules *before, const struct window_rule *w)
{
    const bool measured = w->length_ms > 0 && w->pane_ms > 0;
    if (measured && w->length_ms % w->pane_ms != 0)
        refuse(r, node, w, "its length is not a multiple of its pane; make it one");
    if (measured && w->length_ms / w->pane_ms > PANES_MAX)
        refuse(r, node, w, "it has more than 2000 panes; take a longer pane");
    if (w->name.size > 0 && name_is_among(before, w))
        refuse(r, node, w, "its name is given twice; give each window its own");
    if (w->length_ms > 0 && before->count > 0 &&
        before->at[before->count - 1].length_ms >= w->length_ms)
        refuse(r, node, w,
               "it is not longer than the one before it; put the windows in order of length");
    if (before->count == WINDOWS_MAX)
        refuse(r, node, w, "it is one too many; 8 windows at most");
}

static int32_t pane_lengths(const struct window_rules *windows)
{
    int32_t different = 0;
    for (int32_t i = 0; i < windows->count; i++) {
        bool seen = windows->at[i].pane_ms == 0; /* could not be read */
        for (int32_t k = 0; k < i; k++)
            seen = seen || windows->at[k].pane_ms == windows->at[i].pane_ms;
        different += seen ? 0 : 1;
    }
    return different;
}

static void add_window(const struct settings_reading *r, const struct yaml_node *node,
                       struct window_rules *windows)
{
    struct window_rule window = { .may_be_critical = true };
    if (!settings_reading_expect(r, node, YAML_MAP, "a window"))
        return;
    read_window(r, node, &window);
    check_window(r, node, windows, &window);
    if (windows->count < WINDOWS_MAX)
        windows->at[windows->count++] = window;
}

void settings_windows_read(const struct settings_reading *r)
{
    struct window_rules windows = { .count = 0 };
    const struct yaml_node *list = settings_reading_find(r, "windows");
    if (list == NULL || !settings_reading_expect(r, list, YAML_LIST, "windows"))
        return;
    for (const struct yaml_node *node = yaml_tree_first(r->tree, list); node != NULL;
         node = yaml_tree_next(r->tree, node)) {
        r->settings->given++;
        add_window(r, node, &windows);
    }
    if (list->first == YAML_TREE_NONE)
        settings_problems_add(r->problems, settings_reading_at(r, list),
                              "no window at all; give at least one, or remove the list");
    if (pane_lengths(&windows) > PANE_LENGTHS_MAX)
        settings_problems_add(r->problems, settings_reading_at(r, list),
                              "more than %d different panes; let windows share panes",
                              (int)PANE_LENGTHS_MAX);
    /* Also with mistakes: what names these windows must not be told that they do not exist. */
    if (windows.count > 0)
        r->settings->windows = windows;
}
