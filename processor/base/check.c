/* check.c - the last words of a program that found itself wrong. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *belief, const char *file, int line)
{
    fprintf(stderr, "sellerwatch: %s:%d: check failed: %s\n", file, line, belief);
    abort();
}
