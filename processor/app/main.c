/* main.c - the door: hands the command line to the table of verbs. */
#include "app/commands.h"

int main(int argc, char **argv)
{
    return commands_run(argc, argv);
}
