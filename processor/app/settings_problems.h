/* settings_problems.h - where the mistakes of a configuration are collected. */
#pragma once

#include "app/settings.h"

/* A place in a file; line 0: the file, or variable, as a whole. */
struct settings_place {
    const char *file;
    int32_t line;
    int32_t column;
};

/* Adds one mistake; those beyond SETTINGS_PROBLEMS_MAX are only counted. */
void settings_problems_add(struct settings_problems *problems, struct settings_place place,
                           const char *format, ...) __attribute__((format(printf, 3, 4)));

/* In the order of lines, as people read: those of `first_file` first. */
void settings_problems_sort(struct settings_problems *problems, const char *first_file);
