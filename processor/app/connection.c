/* connection.c - see connection.h. */
#include "app/connection.h"

#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

static void say_problems(const struct settings_problems *problems)
{
    struct buffer text = { 0 };
    settings_problems_text(problems, &text);
    (void)fwrite(text.at, 1, text.size, stderr);
    buffer_free(&text);
}

static bool read_settings(const char *config, struct settings *ret_settings)
{
    struct settings_problems problems = { 0 };
    const struct settings_source nothing = { .path = "environment",
                                             .text = { (const uint8_t *)"", 0 },
                                             .environment = environ };
    const bool good = config != NULL ? settings_load(config, environ, ret_settings, &problems)
                                     : settings_parse(&nothing, ret_settings, &problems);
    if (!good)
        say_problems(&problems);
    settings_problems_free(&problems);
    return good;
}

static bool override(struct settings *settings, const char *path, const char *value,
                     struct reason *why)
{
    return value == NULL || settings_set(settings, path, value, why);
}

bool connection_settings(const struct connection_options *options, const char *verb,
                         struct settings *ret_settings)
{
    struct reason why = { "" };
    log_open(LOG_ERROR, false); /* what goes wrong, the verb says in its own words */
    if (!read_settings(options->config, ret_settings))
        return false;
    if (override(ret_settings, "kafka.brokers", options->brokers, &why) &&
        override(ret_settings, "schemas.registry.url", options->registry, &why) &&
        override(ret_settings, "schemas.source", options->schemas, &why))
        return true;
    (void)fprintf(stderr, "sellerwatch %s: %s\n", verb, why.text);
    settings_free(ret_settings);
    return false;
}
