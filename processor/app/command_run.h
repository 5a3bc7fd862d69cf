/* command_run.h - the processor. */
#pragma once

int command_run(int argc, char **argv);
