/* command_check.h - the verb `check`: is this configuration right? */
#pragma once

/* argv[0] is "check". 0: valid; 1: mistakes, each on a line of its own on stderr. */
int command_check(int argc, char **argv);
