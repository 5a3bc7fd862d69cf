/* settings_plain.c - walks the file's maps down to the rows of settings.def.
 *
 * Each key lengthens a path; a path is a setting, a part that is read elsewhere, a
 * group that leads on to settings, or a mistake. The walk keeps its own stack.
 */
#include "app/settings_plain.h"

#include "app/settings_table.h"
#include "base/check.h"
#include "base/name.h"

#include <stdio.h>
#include <stdlib.h>

enum { STACK_MAX = 64, WORDS_MAX = 256 };

struct branch {
    const struct yaml_node *map;
    char path[SETTINGS_PATH_BYTES]; /* "" or "kafka." */
};

struct walk {
    const struct settings_reading *reading;
    struct branch stack[STACK_MAX];
    int32_t depth;
};

/* ---- unknown names ----------------------------------------------------------------- */

/* A setting of that last name in another group: "brokers" means kafka.brokers. */
static const char *same_last_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *name = dot != NULL ? dot + 1 : path;
    for (int32_t i = 0; settings_table_row(i) != NULL; i++) {
        const char *other = settings_table_row(i)->path;
        const char *other_dot = strrchr(other, '.');
        if (strcmp(other_dot != NULL ? other_dot + 1 : other, name) == 0)
            return other;
    }
    return NULL;
}

static void offer_paths(struct suggest *suggest, char words[WORDS_MAX][SETTINGS_PATH_BYTES])
{
    int32_t count = 0;
    for (int32_t i = 0; settings_table_row(i) != NULL; i++) {
        const char *path = settings_table_row(i)->path;
        suggest_offer(suggest, path);
        const char *dot = strchr(path, '.');
        for (; dot != NULL && count < WORDS_MAX; dot = strchr(dot + 1, '.')) {
            (void)snprintf(words[count], SETTINGS_PATH_BYTES, "%.*s", (int)(dot - path), path);
            suggest_offer(suggest, words[count]);
            count++;
        }
    }
}

const char *settings_plain_suggest(const char *path, struct reason *memory)
{
    char words[WORDS_MAX][SETTINGS_PATH_BYTES];
    struct suggest suggest = suggest_for(span_of_text(path));
    suggest.nearest = same_last_name(path);
    if (suggest.nearest == NULL)
        offer_paths(&suggest, words);
    return suggest_text(&suggest, memory);
}

static void refuse_key(const struct walk *w, const struct yaml_node *node, const char *path)
{
    struct reason memory;
    settings_problems_add(w->reading->problems, settings_reading_at_key(w->reading, node),
                          "there is no setting %s%s", path,
                          settings_plain_suggest(path, &memory));
}

/* ---- one setting ------------------------------------------------------------------- */

static void refuse_value(const struct settings_reading *r, const struct yaml_node *node,
                         const char *path, const struct reason *why)
{
    settings_problems_add(r->problems, settings_reading_at(r, node), "%s: %s", path, why->text);
}

static void read_list(const struct settings_reading *r, const struct settings_row *row,
                      const struct yaml_node *node)
{
    struct reason why = { "" };
    struct settings_texts words = { 0 };
    if (!settings_reading_expect(r, node, YAML_LIST, row->path))
        return;
    for (const struct yaml_node *child = yaml_tree_first(r->tree, node); child != NULL;
         child = yaml_tree_next(r->tree, child)) {
        if (!settings_reading_expect(r, child, YAML_TEXT, "an entry"))
            continue;
        char **grown = realloc(words.at, ((size_t)words.count + 1) * sizeof *grown);
        CHECK(grown != NULL);
        words.at = grown;
        words.at[words.count++] = child->text; /* borrowed */
    }
    if (!settings_table_set_list(row, r->settings, &words, &why))
        refuse_value(r, node, row->path, &why);
    free(words.at);
}

static void read_setting(const struct settings_reading *r, const struct settings_row *row,
                         const struct yaml_node *node)
{
    struct reason why = { "" };
    r->settings->given++;
    if (row->type == SETTINGS_TYPE_texts) {
        read_list(r, row, node);
        return;
    }
    if (!settings_reading_expect(r, node, YAML_TEXT, row->path))
        return;
    if (node->text[0] == '\0' && !node->quoted) {
        settings_problems_add(r->problems, settings_reading_at_key(r, node),
                              "%s has no value; write one, \"\" for an empty text, or "
                              "remove the line",
                              row->path);
        return;
    }
    if (!settings_table_set(row, r->settings, node->text, &why))
        refuse_value(r, node, row->path, &why);
}

/* ---- secrets in files -------------------------------------------------------------- */

/* The secret that PATH_file stands for, or NULL. */
static const struct settings_row *secret_of_file(const char *path)
{
    static const char ending[] = "_file";
    const size_t size = strlen(path);
    if (size <= strlen(ending) || strcmp(path + size - strlen(ending), ending) != 0)
        return NULL;
    char base[SETTINGS_PATH_BYTES];
    (void)snprintf(base, sizeof base, "%.*s", (int)(size - strlen(ending)), path);
    const struct settings_row *row = settings_table_find(base);
    return row != NULL && row->type == SETTINGS_TYPE_secret ? row : NULL;
}

static void read_secret_file(const struct settings_reading *r, const struct settings_row *row,
                             const struct yaml_node *node)
{
    struct reason why = { "" };
    r->settings->given++;
    if (!settings_reading_expect(r, node, YAML_TEXT, node->key))
        return;
    if (settings_reading_find(r, row->path) != NULL) {
        settings_problems_add(r->problems, settings_reading_at_key(r, node),
                              "both %s and %s_file are given; keep one of them", row->path,
                              row->path);
        return;
    }
    char *secret = settings_reading_secret(r, node->text, &why);
    if (secret == NULL || !settings_table_set(row, r->settings, secret, &why))
        refuse_value(r, node, node->key, &why);
    free(secret);
}

/* ---- the walk ---------------------------------------------------------------------- */

static void push(struct walk *w, const struct yaml_node *map, const char *path)
{
    if (!settings_reading_expect(w->reading, map, YAML_MAP, path))
        return;
    CHECK(w->depth < STACK_MAX);
    struct branch *branch = &w->stack[w->depth++];
    branch->map = map;
    (void)snprintf(branch->path, sizeof branch->path, "%s%s", path, path[0] == '\0' ? "" : ".");
}

static void visit(struct walk *w, const struct yaml_node *node, const char *path)
{
    const struct settings_row *row = settings_table_find(path);
    const struct settings_row *secret = secret_of_file(path);
    if (row != NULL && row->type != SETTINGS_TYPE_section)
        read_setting(w->reading, row, node);
    else if (secret != NULL)
        read_secret_file(w->reading, secret, node);
    else if (row == NULL && settings_table_is_group(path))
        push(w, node, path);
    else if (row == NULL)
        refuse_key(w, node, path);
}

void settings_plain_read(const struct settings_reading *r)
{
    struct walk w = { .reading = r };
    if (r->tree->nodes[0].kind == YAML_MAP)
        push(&w, &r->tree->nodes[0], "");
    else
        (void)settings_reading_expect(r, &r->tree->nodes[0], YAML_MAP, "a configuration");

    while (w.depth > 0) {
        const struct branch branch = w.stack[--w.depth];
        for (const struct yaml_node *node = yaml_tree_first(r->tree, branch.map); node != NULL;
             node = yaml_tree_next(r->tree, node)) {
            char path[SETTINGS_PATH_BYTES + NAME_BYTES_MAX + 1];
            (void)snprintf(path, sizeof path, "%s%.*s", branch.path, NAME_BYTES_MAX, node->key);
            visit(&w, node, path);
        }
    }
}
