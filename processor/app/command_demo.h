/* command_demo.h - the verb `demo`: everything on one machine, with nothing to set up. */
#pragma once

/* argv[0] is "demo". 0: done; 1: a mistake; 2: something could not be started. */
int command_demo(int argc, char **argv);
