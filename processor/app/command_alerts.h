/* command_alerts.h - the verb `alerts`: the alerts topic for people and programs. */
#pragma once

/* argv[0] is "alerts". 0: read to the end or asked to stop; 1: a mistake; 2: Kafka. */
int command_alerts(int argc, char **argv);
