/* command_replay.h - the verb `replay`: recorded events into topics. */
#pragma once

/* argv[0] is "replay". 0: all sent; 1: a mistake, also of a line; 2: Kafka. */
int command_replay(int argc, char **argv);
