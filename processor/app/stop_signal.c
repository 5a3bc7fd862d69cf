/* stop_signal.c - see stop_signal.h. */
#include "app/stop_signal.h"

#include <signal.h>
#include <stddef.h>

static atomic_bool stop_asked;

static void ask_to_stop(int number)
{
    (void)number;
    atomic_store(&stop_asked, 1);
}

void stop_signal_listen(void)
{
    struct sigaction action = { .sa_handler = ask_to_stop,
                                .sa_flags = (int)SA_RESETHAND }; /* the next one ends us */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

const atomic_bool *stop_signal_flag(void)
{
    return &stop_asked;
}
