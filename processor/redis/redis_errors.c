/* redis_errors.c - the table of error answers as a function. */
#include "redis/redis_errors.h"

#include <string.h>

static const struct redis_error table[] = {
#define REDIS_ERROR(code, status, reconnect, meaning)                                          \
    { #code, STATUS_##status, reconnect, meaning },
#include "redis/redis_errors.def"
#undef REDIS_ERROR
};

enum { ERROR_COUNT = sizeof table / sizeof table[0], ERROR_UNKNOWN = ERROR_COUNT - 1 };

/* Before version 7, an error inside a script reads
 *     ERR Error running script (call to f_...): @user_script:12: -OOM command ... */
static const char *skip_wrapping(const char *text)
{
    if (strncmp(text, "ERR Error running script", strlen("ERR Error running script")) != 0)
        return text;
    const char *inner = strstr(text, ": -");
    return inner == NULL ? text : inner + strlen(": -");
}

const struct redis_error *redis_errors_find(const char *text)
{
    const char *code = skip_wrapping(text);
    const size_t size = strcspn(code, " \r\n");
    for (size_t i = 0; i < ERROR_COUNT; i++) {
        if (strlen(table[i].code) == size && memcmp(table[i].code, code, size) == 0)
            return &table[i];
    }
    return &table[ERROR_UNKNOWN];
}
