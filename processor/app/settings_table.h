/* settings_table.h - settings.def as rows: what there is, and how one row is set. */
#pragma once

#include "app/settings.h"

enum settings_type {
    SETTINGS_TYPE_text,
    SETTINGS_TYPE_secret,
    SETTINGS_TYPE_count,
    SETTINGS_TYPE_bytes,
    SETTINGS_TYPE_duration,
    SETTINGS_TYPE_ratio,
    SETTINGS_TYPE_flag,
    SETTINGS_TYPE_texts,
    SETTINGS_TYPE_choice,
    SETTINGS_TYPE_section, /* has no field: it is read by a part of its own */
};

struct settings_row {
    const char *path;
    enum settings_type type;
    size_t offset; /* of the field in struct settings */
    const char *preset;
    int64_t low;
    int64_t high;
    const char *choices; /* "a|b"; NULL: not a choice */
    const char *text;
};

/* Row number `index`; NULL behind the last. */
const struct settings_row *settings_table_row(int32_t index);

const struct settings_row *settings_table_find(const char *path);

/* Whether some row's path begins with `path` and a dot. */
bool settings_table_is_group(const char *path);

/* Gives the field of that row the value that `text` says; lists are separated by
 * commas. The reason never shows a secret. */
bool settings_table_set(const struct settings_row *row, struct settings *settings,
                        const char *text, struct reason *ret_why);

/* Gives a row of type texts the value of these words, copied. */
bool settings_table_set_list(const struct settings_row *row, struct settings *settings,
                             const struct settings_texts *words, struct reason *ret_why);

/* Every field of the table at its default. */
void settings_table_preset(struct settings *settings);

/* Gives back what the fields of the table own. */
void settings_table_free(struct settings *settings);
