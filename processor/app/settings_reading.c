/* settings_reading.c - the common steps of all that reads a configuration. */
#include "app/settings_reading.h"

#include "base/check.h"
#include "base/name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_BYTES_MAX = 65536 };

struct settings_place settings_reading_at(const struct settings_reading *r,
                                          const struct yaml_node *node)
{
    return (struct settings_place){ r->file, node->line, node->column };
}

struct settings_place settings_reading_at_key(const struct settings_reading *r,
                                              const struct yaml_node *node)
{
    if (node->key == NULL)
        return settings_reading_at(r, node);
    return (struct settings_place){ r->file, node->key_line, node->key_column };
}

const struct yaml_node *settings_reading_find(const struct settings_reading *r,
                                              const char *path)
{
    const struct yaml_node *node = &r->tree->nodes[0];
    while (node != NULL && *path != '\0') {
        char key[SETTINGS_PATH_BYTES];
        const size_t size = strcspn(path, ".");
        CHECK(size < sizeof key);
        (void)snprintf(key, sizeof key, "%.*s", (int)size, path);
        path += size + (path[size] == '.' ? 1 : 0);
        node = yaml_tree_member(r->tree, node, key);
    }
    return node;
}

static const char *kind_name(enum yaml_kind kind)
{
    static const char *const names[] = {
        [YAML_TEXT] = "a single value", [YAML_LIST] = "a list", [YAML_MAP] = "a map"
    };
    return names[kind];
}

static const char *kind_example(enum yaml_kind kind)
{
    static const char *const examples[] = {
        [YAML_TEXT] = "name: value",
        [YAML_LIST] = "[one, two], or a line \"- one\" for each",
        [YAML_MAP] = "lines \"name: value\" below it, further to the right",
    };
    return examples[kind];
}

bool settings_reading_expect(const struct settings_reading *r, const struct yaml_node *node,
                             enum yaml_kind kind, const char *what)
{
    if (node->kind == kind)
        return true;
    settings_problems_add(r->problems, settings_reading_at(r, node),
                          "%s must be %s, not %s; write %s", what, kind_name(kind),
                          kind_name(node->kind), kind_example(kind));
    return false;
}

int32_t settings_reading_key(const struct settings_reading *r, const struct yaml_node *node,
                             const char *const *words, const char *where)
{
    CHECK(node->key != NULL);
    struct reason memory;
    struct suggest suggest = suggest_for(span_of_text(node->key));
    char list[256] = "";
    for (int32_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], node->key) == 0)
            return i;
        const size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", words[i]);
        suggest_offer(&suggest, words[i]);
    }
    settings_problems_add(r->problems, settings_reading_at_key(r, node),
                          "%s has no %s; it may have %s%s", where, node->key, list,
                          suggest_text(&suggest, &memory));
    return -1;
}

char *settings_reading_resolve(const struct settings_reading *r, const char *path)
{
    const char *slash = strrchr(r->file, '/');
    const bool beside = path[0] != '/' && slash != NULL;
    const size_t folder = beside ? (size_t)(slash - r->file) + 1 : 0;
    const size_t size = strlen(path);

    char *whole = malloc(folder + size + 1);
    CHECK(whole != NULL);
    if (folder > 0)
        memcpy(whole, r->file, folder);
    memcpy(whole + folder, path, size + 1);
    return whole;
}

static char *read_open(FILE *file, size_t most, size_t *ret_size)
{
    char *text = malloc(most + 1);
    CHECK(text != NULL);
    const size_t size = fread(text, 1, most + 1, file);
    if (ferror(file) != 0 || size > most) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    *ret_size = size;
    return text;
}

char *settings_reading_slurp(const char *path, size_t most, size_t *ret_size,
                             struct reason *ret_why)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        reason_set(ret_why, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    errno = 0;
    char *text = read_open(file, most, ret_size);
    if (text == NULL && errno != 0)
        reason_set(ret_why, "cannot be read: %s", strerror(errno));
    else if (text == NULL)
        reason_set(ret_why, "is larger than %zu bytes", most);
    (void)fclose(file);
    return text;
}

char *settings_reading_secret(const struct settings_reading *r, const char *path,
                              struct reason *ret_why)
{
    size_t size = 0;
    struct reason why = { "" };
    char *whole = settings_reading_resolve(r, path);
    char *text = settings_reading_slurp(whole, SECRET_BYTES_MAX, &size, &why);
    if (text == NULL)
        reason_set(ret_why, "%s %s", whole, why.text);
    free(whole);
    if (text == NULL)
        return NULL;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        text[--size] = '\0';
    if (strlen(text) == size && size > 0)
        return text;
    reason_set(ret_why, "%s %s", path,
               size == 0 ? "is empty; write the secret into it" : "holds a zero byte");
    free(text);
    return NULL;
}
