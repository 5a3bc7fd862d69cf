/* settings_problems.c - a list that grows, up to a bound. */
#include "app/settings_problems.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings_problem *next_problem(struct settings_problems *problems)
{
    const size_t count = (size_t)problems->count + 1;
    struct settings_problem *grown = realloc(problems->at, count * sizeof *grown);
    CHECK(grown != NULL);
    problems->at = grown;
    problems->count++;
    return &problems->at[problems->count - 1];
}

void settings_problems_add(struct settings_problems *problems, struct settings_place place,
                           const char *format, ...)
{
    if (problems->count >= SETTINGS_PROBLEMS_MAX) {
        problems->left_out++;
        return;
    }
    struct settings_problem *problem = next_problem(problems);
    *problem = (struct settings_problem){ .file = strdup(place.file),
                                          .line = place.line,
                                          .column = place.column };
    CHECK(problem->file != NULL);

    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(problem->what.text, sizeof problem->what.text, format, arguments);
    va_end(arguments);
}

void settings_problems_free(struct settings_problems *problems)
{
    if (problems == NULL)
        return;
    for (int32_t i = 0; i < problems->count; i++)
        free(problems->at[i].file);
    free(problems->at);
    *problems = (struct settings_problems){ 0 };
}
