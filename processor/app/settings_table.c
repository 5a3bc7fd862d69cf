/* settings_table.c - one row a line of settings.def.
 *
 * A row knows where its field lies in the struct, so one function a type sets all
 * fields of that type. Fields that own memory free what they held before: a value
 * of the environment may follow one of the file.
 */
#include "app/settings_table.h"

#include "app/settings_value.h"
#include "base/check.h"

#include <stdlib.h>
#include <string.h>

static const struct settings_row rows[] = {
#define SETTING(field, path, type, preset, low, high, text)                                    \
    { path, SETTINGS_TYPE_##type, offsetof(struct settings, field), preset, low, high, NULL,   \
      text },
#define CHOICE(field, path, type, preset, choices, text)                                       \
    {                                                                                          \
        path, SETTINGS_TYPE_choice, offsetof(struct settings, field), preset, 0, 0, choices,   \
        text                                                                                   \
    },
#define SECTION(path, text) { path, SETTINGS_TYPE_section, 0, "", 0, 0, NULL, text },
#include "app/settings.def"
#undef SETTING
#undef CHOICE
#undef SECTION
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* A choice is written through a pointer to int: all our enums are that wide. */
_Static_assert(sizeof(enum settings_start) == sizeof(int32_t), "enums are 32 bits wide");

static void *field_of(const struct settings_row *row, struct settings *settings)
{
    return (char *)settings + row->offset;
}

const struct settings_row *settings_table_row(int32_t index)
{
    CHECK(index >= 0);
    return index < ROW_COUNT ? &rows[index] : NULL;
}

const struct settings_row *settings_table_find(const char *path)
{
    for (int32_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].path, path) == 0)
            return &rows[i];
    }
    return NULL;
}

bool settings_table_is_group(const char *path)
{
    const size_t size = strlen(path);
    for (int32_t i = 0; i < ROW_COUNT; i++) {
        if (strncmp(rows[i].path, path, size) == 0 && rows[i].path[size] == '.')
            return true;
    }
    return false;
}

static char *copy(const char *text, size_t size)
{
    char *own = strndup(text, size);
    CHECK(own != NULL);
    return own;
}

/* ---- texts ------------------------------------------------------------------------- */

static bool text_is_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7F)
            return false;
    }
    return true;
}

static bool set_text(const struct settings_row *row, char **field, const char *text,
                     struct reason *ret_why)
{
    const int64_t size = (int64_t)strlen(text);
    if (size < row->low && size == 0) {
        reason_set(ret_why, "must not be empty; write such as %s", row->preset);
        return false;
    }
    if (size < row->low || size > row->high) {
        reason_set(ret_why, "has %lld bytes; write %lld to %lld", (long long)size,
                   (long long)row->low, (long long)row->high);
        return false;
    }
    if (!text_is_clean(text)) {
        reason_set(ret_why, "holds a line end or another control character; remove it");
        return false;
    }
    free(*field);
    *field = copy(text, (size_t)size);
    return true;
}

static void texts_free(struct settings_texts *texts)
{
    for (int32_t i = 0; i < texts->count; i++)
        free(texts->at[i]);
    free(texts->at);
    *texts = (struct settings_texts){ 0 };
}

static void texts_add(struct settings_texts *texts, const char *word, size_t size)
{
    char **grown = realloc(texts->at, ((size_t)texts->count + 1) * sizeof *grown);
    CHECK(grown != NULL);
    texts->at = grown;
    texts->at[texts->count++] = copy(word, size);
}

bool settings_table_set_list(const struct settings_row *row, struct settings *settings,
                             const struct settings_texts *words, struct reason *ret_why)
{
    CHECK(row->type == SETTINGS_TYPE_texts);
    if (words->count < row->low || words->count > row->high) {
        reason_set(ret_why, "has %d entries; write %lld to %lld", (int)words->count,
                   (long long)row->low, (long long)row->high);
        return false;
    }
    for (int32_t i = 0; i < words->count; i++) {
        const size_t size = strlen(words->at[i]);
        if (size == 0 || size > NAME_BYTES_MAX || !text_is_clean(words->at[i])) {
            reason_set(ret_why, "entry %d is no name; write 1 to %d bytes without line ends",
                       (int)i + 1, (int)NAME_BYTES_MAX);
            return false;
        }
    }
    struct settings_texts *field = field_of(row, settings);
    texts_free(field);
    for (int32_t i = 0; i < words->count; i++)
        texts_add(field, words->at[i], strlen(words->at[i]));
    return true;
}

static bool set_texts(const struct settings_row *row, struct settings *settings,
                      const char *text, struct reason *ret_why)
{
    struct settings_texts words = { 0 };
    while (*text != '\0' && words.count <= row->high) {
        text += strspn(text, " ");
        const size_t size = strcspn(text, ",");
        texts_add(&words, text, size);
        text += size + (text[size] == ',' ? 1 : 0);
    }
    const bool good = settings_table_set_list(row, settings, &words, ret_why);
    texts_free(&words);
    return good;
}

/* ---- numbers ----------------------------------------------------------------------- */

static bool set_choice(const struct settings_row *row, void *field, const char *text,
                       struct reason *ret_why)
{
    int32_t number = 0;
    if (!settings_value_choice(text, row->choices, &number, ret_why))
        return false;
    memcpy(field, &number, sizeof number);
    return true;
}

bool settings_table_set(const struct settings_row *row, struct settings *settings,
                        const char *text, struct reason *ret_why)
{
    void *field = field_of(row, settings);
    const struct settings_range range = { row->low, row->high };
    switch (row->type) {
    case SETTINGS_TYPE_text:
    case SETTINGS_TYPE_secret:
        return set_text(row, field, text, ret_why);
    case SETTINGS_TYPE_count:
        return settings_value_count(text, range, field, ret_why);
    case SETTINGS_TYPE_bytes:
        return settings_value_bytes(text, range, field, ret_why);
    case SETTINGS_TYPE_duration:
        return settings_value_duration(text, range, field, ret_why);
    case SETTINGS_TYPE_ratio:
        return settings_value_ratio(text, range, field, ret_why);
    case SETTINGS_TYPE_flag:
        return settings_value_flag(text, field, ret_why);
    case SETTINGS_TYPE_texts:
        return set_texts(row, settings, text, ret_why);
    case SETTINGS_TYPE_choice:
        return set_choice(row, field, text, ret_why);
    case SETTINGS_TYPE_section:
        break;
    }
    reason_set(ret_why, "is a part with settings of its own, not a value; give it in the file");
    return false;
}

void settings_table_preset(struct settings *settings)
{
    for (int32_t i = 0; i < ROW_COUNT; i++) {
        struct reason why = { "" };
        if (rows[i].type != SETTINGS_TYPE_section)
            CHECK(settings_table_set(&rows[i], settings, rows[i].preset, &why));
    }
}

void settings_table_free(struct settings *settings)
{
    for (int32_t i = 0; i < ROW_COUNT; i++) {
        void *field = field_of(&rows[i], settings);
        if (rows[i].type == SETTINGS_TYPE_text || rows[i].type == SETTINGS_TYPE_secret) {
            char **text = field;
            free(*text);
            *text = NULL;
        } else if (rows[i].type == SETTINGS_TYPE_texts) {
            texts_free(field);
        }
    }
}
