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

/* A value that is quoted in a message may hold anything. */
static void keep_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7F)
            *text = '?';
    }
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
    keep_one_line(problem->what.text);
}

static void problem_text(const struct settings_problem *problem, struct buffer *ret_text)
{
    buffer_printf(ret_text, "%s:", problem->file);
    if (problem->line > 0)
        buffer_printf(ret_text, "%d:%d:", (int)problem->line, (int)problem->column);
    buffer_printf(ret_text, " %s\n", problem->what.text);
}

void settings_problems_text(const struct settings_problems *problems, struct buffer *ret_text)
{
    CHECK(problems->count <= SETTINGS_PROBLEMS_MAX);
    for (int32_t i = 0; i < problems->count; i++)
        problem_text(&problems->at[i], ret_text);
    if (problems->left_out > 0)
        buffer_printf(ret_text, "and %d more\n", (int)problems->left_out);
}

/* Negative: a stands before b. Places of a file come before the rest. */
static int compare(const struct settings_problem *a, const struct settings_problem *b,
                   const char *first_file)
{
    const int a_other = strcmp(a->file, first_file) != 0;
    const int b_other = strcmp(b->file, first_file) != 0;
    if (a_other != b_other)
        return a_other - b_other;
    if (strcmp(a->file, b->file) != 0)
        return strcmp(b->file, a->file);
    return a->line != b->line ? a->line - b->line : a->column - b->column;
}

void settings_problems_sort(struct settings_problems *problems, const char *first_file)
{
    for (int32_t i = 1; i < problems->count; i++) {
        const struct settings_problem moving = problems->at[i];
        int32_t k = i;
        for (; k > 0 && compare(&problems->at[k - 1], &moving, first_file) > 0; k--)
            problems->at[k] = problems->at[k - 1];
        problems->at[k] = moving;
    }
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
