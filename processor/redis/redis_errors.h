/* redis_errors.h - an error answer of Redis, understood. */
#pragma once

#include "base/status.h"

#include <stdbool.h>

struct redis_error {
    const char *code;
    enum status status;
    bool reconnect;      /* another connection may reach a better server */
    const char *meaning; /* for people */
};

/* `text` is what stands after the '-' of the answer. An error inside a script
 * is found behind the sentence that older servers wrap around it. Anything
 * unknown is treated as ERR. */
const struct redis_error *redis_errors_find(const char *text);
