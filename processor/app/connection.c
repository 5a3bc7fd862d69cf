/* connection.c - see connection.h. */
#include "app/connection.h"

#include "app/settings_checks.h"
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

/* An option and the setting in whose place it is. */
struct override {
    const char *option;
    const char *path;
    const char *value; /* NULL: not given */
};

static bool override(struct settings *settings, const struct override *o, struct reason *why)
{
    struct reason mistake;
    if (o->value == NULL || settings_set(settings, o->path, o->value, &mistake))
        return true;
    reason_set(why, "%s: %s", o->option, mistake.text);
    return false;
}

static bool registry_is_url(const char *url, struct reason *why)
{
    if (url == NULL || settings_checks_url(url))
        return true;
    reason_set(why, "--registry: \"%s\" is no address; write http://... or https://...", url);
    return false;
}

bool connection_settings(const struct connection_options *options, const char *verb,
                         struct settings *ret_settings)
{
    struct reason why = { "" };
    const struct override brokers = { "--brokers", "kafka.brokers", options->brokers };
    const struct override registry = { "--registry", "schemas.registry.url",
                                       options->registry };
    const struct override schemas = { "--schemas", "schemas.source", options->schemas };
    log_open(LOG_ERROR, false); /* what goes wrong, the verb says in its own words */
    if (!read_settings(options->config, ret_settings))
        return false;
    if (override(ret_settings, &brokers, &why) && override(ret_settings, &registry, &why) &&
        registry_is_url(options->registry, &why) && override(ret_settings, &schemas, &why))
        return true;
    (void)fprintf(stderr, "sellerwatch %s: %s\n", verb, why.text);
    settings_free(ret_settings);
    return false;
}
