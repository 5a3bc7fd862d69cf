/* command_help.c - `sellerwatch help [VERB]`: the manuals. */
#include "app/commands.h"

#include "app/options.h"

static const struct options_manual manual = {
    .verb = "help",
    .operands = "[VERB]",
    .operands_high = 1,
    .summary = "Says what each verb does and how.",
    .text = "Without a verb it lists all of them; 'sellerwatch help VERB' is the same as\n"
            "'sellerwatch VERB --help'.",
    .examples = "  sellerwatch help\n"
                "  sellerwatch help help\n",
};

int command_help(int argc, char **argv)
{
    struct operands verbs;
    const enum options_outcome outcome = options_read(&manual, argc, argv, &verbs);
    if (outcome != OPTIONS_GO)
        return options_exit_code(outcome);

    if (verbs.count == 0) {
        commands_list();
        return COMMANDS_DONE;
    }
    char program[] = "sellerwatch";
    char help[] = "--help";
    char *ask[] = { program, verbs.at[0], help, 0 };
    return commands_run(3, ask);
}
