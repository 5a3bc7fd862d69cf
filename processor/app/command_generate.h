/* command_generate.h - the verb `generate`: an invented marketplace into topics. */
#pragma once

/* argv[0] is "generate". 0: done or asked to stop; 1: a mistake; 2: Kafka. */
int command_generate(int argc, char **argv);
