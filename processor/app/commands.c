/* commands.c - finds the verb in commands.def and runs it.
 *
 * DESIGN
 * ------
 * The first word is the verb. Only --help and --version may stand in front of
 * it, so a verb reads everything behind its name by itself, and
 * `sellerwatch VERB --help` is always its own manual.
 */
#include "app/commands.h"

#include "app/options.h"
#include "base/name.h"
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
#define COMMAND(name, function, summary) { #name, function, summary },
#include "app/commands.def"
#undef COMMAND
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

const char *commands_name(unsigned index)
{
    return index < COMMAND_COUNT ? commands[index].name : NULL;
}

void commands_list(void)
{
    printf("Usage: sellerwatch VERB [OPTION]... [OPERAND]...\n\n"
           "Watches the service level of every marketplace seller while it happens.\n\n");
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\n'sellerwatch VERB --help' is the manual of a verb, 'sellerwatch --version' the\n"
           "version. Exit codes: 0 done, 1 usage or configuration, 2 the world (after\n"
           "retries), 3 stopped because unread input is gone.\n");
}

static int unknown(const char *what, const char *word, const struct suggest *near)
{
    fprintf(stderr, "sellerwatch: there is no %s '%s'; ", what, word);
    if (near->nearest != NULL)
        fprintf(stderr, "did you mean '%s'?\n", near->nearest);
    else
        fprintf(stderr, "'sellerwatch --help' lists what there is\n");
    return COMMANDS_USAGE;
}

static int option_without_verb(const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        commands_list();
        return COMMANDS_DONE;
    }
    if (strcmp(word, "--version") == 0) {
        options_print_version();
        return COMMANDS_DONE;
    }
    struct suggest near = suggest_for(span_of_text(word));
    suggest_offer(&near, "--help");
    suggest_offer(&near, "--version");
    return unknown("option", word, &near);
}

int commands_run(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "sellerwatch: which verb? 'sellerwatch --help' lists them\n");
        return COMMANDS_USAGE;
    }
    if (argv[1][0] == '-')
        return option_without_verb(argv[1]);

    struct suggest near = suggest_for(span_of_text(argv[1]));
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
        suggest_offer(&near, commands[i].name);
    }
    return unknown("verb", argv[1], &near);
}
