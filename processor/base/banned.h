/* banned.h - functions that have a better sibling. Force-included in every
 * file of the program (see CMakeLists.txt), so that using one does not compile.
 *
 * The library headers that declare them come first: poisoning a name before
 * its own declaration is read would break the header.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gmtime localtime rand
