/* commands.h - the verbs of the program, and how they end.
 *
 * To add a verb: write command_<verb>.c with its option table, add a line to
 * commands.def and one to deploy/sellerwatch.1.
 */
#pragma once

enum commands_exit {
    COMMANDS_DONE = 0,
    COMMANDS_USAGE = 1,     /* the command line or the configuration is wrong */
    COMMANDS_WORLD = 2,     /* Kafka, Redis, registry or a file failed us, after retries */
    COMMANDS_DATA_LOSS = 3, /* unread input is gone; a human must decide */
};

/* argv[0] is the verb's own name; returns an exit code. */
#define COMMAND(name, function, summary) int function(int argc, char **argv);
#include "app/commands.def"
#undef COMMAND

/* Runs the verb that the command line names; returns the exit code. */
int commands_run(int argc, char **argv);

/* One line a verb, for people; on stdout. */
void commands_list(void);

/* Verb number `index` of the table; NULL behind the last. */
const char *commands_name(unsigned index);
