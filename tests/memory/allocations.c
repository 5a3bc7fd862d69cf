/* allocations.c - counts the allocations of a whole process, libraries included, and lets
 * one of them fail.
 *
 * A shared library that stands before libc: linked to a test, or loaded by LD_PRELOAD.
 * libc's own strdup, getline and others come here, too.
 *
 *      ALLOCATION_FAILS=n        the n-th allocation from the start gets NULL
 *      ALLOCATION_FAILS=n+       and so does every later one
 *      ALLOCATIONS_REPORT=FILE   their number is written there at exit
 */
#include "memory/allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* What glibc keeps for replacements like this one. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *at);

static _Atomic uint64_t asked;
static uint64_t fails_at; /* 0: none does */
static bool fails_on;     /* and all after it */

uint64_t allocations_so_far(void)
{
    return atomic_load(&asked);
}

static void report(void)
{
    const uint64_t count = allocations_so_far();
    const char *path = getenv("ALLOCATIONS_REPORT");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file == NULL)
        return;
    fprintf(file, "%llu\n", (unsigned long long)count);
    fclose(file);
}

/* Before main: what libraries allocate while they are loaded counts, but works. */
__attribute__((constructor)) static void read_wishes(void)
{
    const char *wish = getenv("ALLOCATION_FAILS");
    char *end = NULL;
    atomic_store(&asked, 0);
    fails_at = wish == NULL ? 0 : strtoull(wish, &end, 10);
    fails_on = end != NULL && *end == '+';
    if (getenv("ALLOCATIONS_REPORT") != NULL)
        (void)atexit(report);
}

static bool may_have_it(void)
{
    const uint64_t number = atomic_fetch_add(&asked, 1) + 1;
    if (fails_at == 0 || number < fails_at || (number > fails_at && !fails_on))
        return true;
    errno = ENOMEM;
    return false;
}

void *malloc(size_t size)
{
    return may_have_it() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t count, size_t size)
{
    return may_have_it() ? __libc_calloc(count, size) : NULL;
}

void *realloc(void *at, size_t size)
{
    return may_have_it() ? __libc_realloc(at, size) : NULL;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return may_have_it() ? __libc_memalign(alignment, size) : NULL;
}

int posix_memalign(void **ret_at, size_t alignment, size_t size)
{
    void *at = may_have_it() ? __libc_memalign(alignment, size) : NULL;
    if (at == NULL)
        return ENOMEM;
    *ret_at = at;
    return 0;
}

void free(void *at)
{
    __libc_free(at);
}
