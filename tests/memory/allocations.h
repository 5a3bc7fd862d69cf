/* allocations.h - how often the process has asked for memory. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* malloc, calloc, realloc and aligned ones, by all threads and libraries. */
uint64_t allocations_so_far(void);
