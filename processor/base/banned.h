/* banned.h - functions that have a better sibling. Force-included in every
 * file of the program (see CMakeLists.txt), so that using one does not compile.
 *
 * The library headers that declare them come first: poisoning a name before
 * its own declaration is read would break the header. `getenv` is banned only
 * outside app/, which cannot be said here: tests/tidy does.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Macros in the hardened headers of some compilers. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gmtime localtime rand
