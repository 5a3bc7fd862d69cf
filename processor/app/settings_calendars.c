/* settings_calendars.c - built-in calendars, those of a file, those of the configuration.
 *
 * Later ones replace earlier ones of the same name as a whole: a calendar is short,
 * and a holiday list put together from three places could not be read by anybody.
 */
#include "app/settings_calendars.h"

#include "app/settings_value.h"
#include "app/timezone.h"
#include "base/check.h"
#include "base/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CALENDARS_MAX = 256,
    HOLIDAYS_MAX = 2000,
    MONDAY_TO_FRIDAY = 0x1F,
    DATE_BYTES = 10,
};

static const char preset_file[] = "calendars.yaml"; /* as in settings.def */

static const struct {
    const char *name;
    const char *timezone;
    const char *holidays; /* dates separated by blanks */
} built_in[] = {
#define CALENDAR(name, timezone, holidays) { name, timezone, holidays },
#include "app/calendars.def"
#undef CALENDAR
};

static const char *const keys[] = { "timezone", "weekdays", "holidays", NULL };
enum { KEY_TIMEZONE, KEY_WEEKDAYS, KEY_HOLIDAYS };

static const char *const weekday_names[] = { "mon", "tue", "wed", "thu",
                                             "fri", "sat", "sun", NULL };

static char *copy(const char *text)
{
    char *own = strdup(text);
    CHECK(own != NULL);
    return own;
}

static void calendar_free(struct settings_calendar *c)
{
    free(c->name);
    free(c->timezone);
    free(c->holidays);
    *c = (struct settings_calendar){ 0 };
}

int32_t settings_calendars_find(const struct settings *settings, const char *name)
{
    for (int32_t i = 0; i < settings->calendar_count; i++) {
        if (strcmp(settings->calendars[i].name, name) == 0)
            return i;
    }
    return -1;
}

/* Takes over what *calendar owns. */
static void put_calendar(struct settings *s, const struct settings_calendar *calendar)
{
    int32_t at = settings_calendars_find(s, calendar->name);
    if (at >= 0) {
        calendar_free(&s->calendars[at]);
    } else {
        const size_t count = (size_t)s->calendar_count + 1;
        struct settings_calendar *grown = realloc(s->calendars, count * sizeof *grown);
        CHECK(grown != NULL);
        s->calendars = grown;
        at = s->calendar_count++;
    }
    s->calendars[at] = *calendar;
}

/* ---- holidays ---------------------------------------------------------------------- */

static void add_holiday(struct settings_calendar *c, int32_t day)
{
    const size_t count = (size_t)c->holiday_count + 1;
    int32_t *grown = realloc(c->holidays, count * sizeof *grown);
    CHECK(grown != NULL);
    c->holidays = grown;
    c->holidays[c->holiday_count++] = day;
}

static int by_day(const void *a, const void *b)
{
    const int32_t left = *(const int32_t *)a;
    const int32_t right = *(const int32_t *)b;
    return left < right ? -1 : left > right;
}

static void sort_holidays(struct settings_calendar *c)
{
    if (c->holiday_count > 0)
        qsort(c->holidays, (size_t)c->holiday_count, sizeof *c->holidays, by_day);
}

static void built_in_holidays(struct settings_calendar *c, const char *dates)
{
    while (*dates != '\0') {
        char date[DATE_BYTES + 1];
        struct reason why;
        int32_t day = 0;
        (void)snprintf(date, sizeof date, "%s", dates);
        CHECK(settings_value_date(date, &day, &why));
        add_holiday(c, day);
        dates += DATE_BYTES;
        dates += *dates == ' ' ? 1 : 0;
    }
    sort_holidays(c);
}

void settings_calendars_preset(struct settings *settings)
{
    const struct settings_calendar always = { .name = copy("always"), .timezone = copy("") };
    put_calendar(settings, &always);
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
        struct settings_calendar c = { .name = copy(built_in[i].name),
                                       .timezone = copy(built_in[i].timezone),
                                       .weekdays = MONDAY_TO_FRIDAY };
        built_in_holidays(&c, built_in[i].holidays);
        put_calendar(settings, &c);
    }
}

/* ---- one calendar from a file ------------------------------------------------------ */

static bool read_weekday(const struct settings_reading *r, const struct yaml_node *node,
                         struct settings_calendar *c)
{
    struct reason memory;
    if (!settings_reading_expect(r, node, YAML_TEXT, "a weekday"))
        return false;
    struct suggest suggest = suggest_for(span_of_text(node->text));
    for (int32_t i = 0; weekday_names[i] != NULL; i++) {
        if (strcmp(weekday_names[i], node->text) == 0) {
            c->weekdays |= (uint8_t)(1u << i);
            return true;
        }
        suggest_offer(&suggest, weekday_names[i]);
    }
    settings_problems_add(r->problems, settings_reading_at(r, node),
                          "\"%s\" is no weekday; write mon, tue, wed, thu, fri, sat or sun%s",
                          node->text, suggest_text(&suggest, &memory));
    return false;
}

static bool read_holiday(const struct settings_reading *r, const struct yaml_node *node,
                         struct settings_calendar *c)
{
    struct reason why = { "" };
    int32_t day = 0;
    if (!settings_reading_expect(r, node, YAML_TEXT, "a holiday"))
        return false;
    bool good = settings_value_date(node->text, &day, &why);
    for (int32_t i = 0; i < c->holiday_count && good; i++) {
        if (c->holidays[i] == day) {
            reason_set(&why, "%s stands twice; remove one", node->text);
            good = false;
        }
    }
    if (good && c->holiday_count == HOLIDAYS_MAX) {
        reason_set(&why, "more than %d holidays; remove old ones", (int)HOLIDAYS_MAX);
        good = false;
    }
    if (!good) {
        settings_problems_add(r->problems, settings_reading_at(r, node), "holidays: %s",
                              why.text);
        return false;
    }
    add_holiday(c, day);
    return true;
}

typedef bool entry_reader(const struct settings_reading *r, const struct yaml_node *node,
                          struct settings_calendar *c);

static bool read_list(const struct settings_reading *r, const struct yaml_node *list,
                      struct settings_calendar *c, entry_reader *read)
{
    if (!settings_reading_expect(r, list, YAML_LIST, list->key))
        return false;
    bool good = true;
    for (const struct yaml_node *node = yaml_tree_first(r->tree, list); node != NULL;
         node = yaml_tree_next(r->tree, node))
        good = read(r, node, c) && good;
    return good;
}

static bool read_timezone(const struct settings_reading *r, const struct yaml_node *node,
                          struct settings_calendar *c)
{
    struct reason why = { "" };
    if (!settings_reading_expect(r, node, YAML_TEXT, "timezone"))
        return false;
    if (!timezone_exists(node->text, &why)) {
        settings_problems_add(r->problems, settings_reading_at(r, node), "timezone: %s",
                              why.text);
        return false;
    }
    free(c->timezone);
    c->timezone = copy(node->text);
    return true;
}

static bool read_member(const struct settings_reading *r, const struct yaml_node *node,
                        struct settings_calendar *c)
{
    switch (settings_reading_key(r, node, keys, "a calendar")) {
    case KEY_TIMEZONE:
        return read_timezone(r, node, c);
    case KEY_WEEKDAYS:
        c->weekdays = 0;
        return read_list(r, node, c, read_weekday);
    case KEY_HOLIDAYS:
        return read_list(r, node, c, read_holiday);
    default:
        return false;
    }
}

/* What is missing or too much; NULL: nothing. */
static const char *mistake_of(const struct settings_reading *r, const struct yaml_node *node,
                              const struct settings_calendar *c)
{
    const size_t size = strlen(node->key);
    if (strcmp(node->key, "always") == 0)
        return "the calendar always exists already and has no pauses; take another name";
    if (size == 0 || size > NAME_BYTES_MAX)
        return "a calendar's name has 1 to 64 bytes; shorten it";
    if (c->timezone == NULL)
        return "it has no time zone; write timezone: Europe/Berlin or another IANA name";
    if (c->weekdays == 0)
        return "it has no working day; write weekdays: [mon, tue, wed, thu, fri]";
    if (r->settings->calendar_count >= CALENDARS_MAX)
        return "it is one too many; 256 calendars at most";
    return NULL;
}

static void read_calendar(const struct settings_reading *r, const struct yaml_node *node)
{
    struct settings_calendar c = { .weekdays = MONDAY_TO_FRIDAY };
    if (!settings_reading_expect(r, node, YAML_MAP, "a calendar"))
        return;
    bool good = true;
    for (const struct yaml_node *member = yaml_tree_first(r->tree, node); member != NULL;
         member = yaml_tree_next(r->tree, member))
        good = read_member(r, member, &c) && good;

    const char *mistake = good ? mistake_of(r, node, &c) : NULL;
    if (mistake != NULL)
        settings_problems_add(r->problems, settings_reading_at_key(r, node), "calendar %s: %s",
                              node->key, mistake);
    if (!good || mistake != NULL) {
        calendar_free(&c);
        return;
    }
    c.name = copy(node->key);
    sort_holidays(&c);
    put_calendar(r->settings, &c);
}

static void read_calendars(const struct settings_reading *r, const struct yaml_node *map)
{
    if (!settings_reading_expect(r, map, YAML_MAP, "calendars"))
        return;
    for (const struct yaml_node *node = yaml_tree_first(r->tree, map); node != NULL;
         node = yaml_tree_next(r->tree, node)) {
        r->settings->given++;
        read_calendar(r, node);
    }
}

/* ---- the calendars file ------------------------------------------------------------ */

static void read_file_tree(const struct settings_reading *file)
{
    static const char *const only[] = { "calendars", NULL };
    const struct yaml_node *root = &file->tree->nodes[0];
    if (!settings_reading_expect(file, root, YAML_MAP, "a calendars file"))
        return;
    for (const struct yaml_node *node = yaml_tree_first(file->tree, root); node != NULL;
         node = yaml_tree_next(file->tree, node)) {
        if (settings_reading_key(file, node, only, "a calendars file") == 0)
            read_calendars(file, node);
    }
}

static void read_file_text(const struct settings_reading *r, const char *path, struct span text)
{
    struct yaml_tree tree;
    const bool readable = yaml_tree_read(&tree, path, text, r->problems);
    const struct settings_reading file = {
        .file = path, .tree = &tree, .settings = r->settings, .problems = r->problems
    };
    if (readable)
        read_file_tree(&file);
    yaml_tree_free(&tree);
}

static void read_file(const struct settings_reading *r)
{
    struct reason why = { "" };
    size_t size = 0;
    const char *name = r->settings->calendars_file;
    if (name[0] == '\0')
        return;
    char *path = settings_reading_resolve(r, name);
    const bool silent = strcmp(name, preset_file) == 0 && access(path, F_OK) != 0;
    char *text = silent ? NULL : settings_reading_slurp(path, YAML_TREE_BYTES_MAX, &size, &why);
    if (text != NULL) {
        read_file_text(r, path, span_of(text, size));
    } else if (!silent) {
        const struct yaml_node *node = settings_reading_find(r, "calendars_file");
        const struct settings_place place = node != NULL
                                                ? settings_reading_at(r, node)
                                                : (struct settings_place){ r->file, 0, 0 };
        settings_problems_add(r->problems, place, "calendars_file: %s %s", path, why.text);
    }
    free(text);
    free(path);
}

void settings_calendars_read(const struct settings_reading *r)
{
    read_file(r);
    const struct yaml_node *map = settings_reading_find(r, "calendars");
    if (map != NULL)
        read_calendars(r, map);
}

void settings_calendars_free(struct settings *settings)
{
    for (int32_t i = 0; i < settings->calendar_count; i++)
        calendar_free(&settings->calendars[i]);
    free(settings->calendars);
    settings->calendars = NULL;
    settings->calendar_count = 0;
}
