/* main.c - the door: hands the command line to the table of verbs. */
#include "app/commands.h"
#include "codec/library_memory.h"

int main(int argc, char **argv)
{
    library_memory_insist();
    return commands_run(argc, argv);
}
