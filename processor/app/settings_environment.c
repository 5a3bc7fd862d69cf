/* settings_environment.c - the environment wins over the file.
 *
 * A path becomes a variable by capital letters and underscores for dots. No two
 * settings share a variable, so the way back is a search over the table. A variable
 * that fits nothing is a mistake, not a silence: a typing error in a deployment
 * would otherwise leave the default in force.
 *
 *      SELLERWATCH_BATCH_RECORDS=100
 *      SELLERWATCH_REDIS_PASSWORD_FILE=/run/secrets/redis
 *      SELLERWATCH_KAFKA_PROPERTIES_SASL_PASSWORD=...      sasl.password
 */
#include "app/settings_environment.h"

#include "app/settings_maps.h"
#include "app/settings_table.h"
#include "base/name.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const char prefix[] = "SELLERWATCH_";
static const char test_prefix[] = "SELLERWATCH_TEST_";
static const char properties_prefix[] = "SELLERWATCH_KAFKA_PROPERTIES_";
static const char file_ending[] = "_FILE";

struct variable {
    char name[SETTINGS_PATH_BYTES];
    const char *value;
};

void settings_environment_name(const char *path, char ret_name[SETTINGS_PATH_BYTES])
{
    (void)snprintf(ret_name, SETTINGS_PATH_BYTES, "%s%s", prefix, path);
    for (char *at = ret_name; *at != '\0'; at++)
        *at = *at == '.' ? '_' : (char)toupper((unsigned char)*at);
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static const struct settings_row *row_of(const char *variable)
{
    for (int32_t i = 0; settings_table_row(i) != NULL; i++) {
        char name[SETTINGS_PATH_BYTES];
        settings_environment_name(settings_table_row(i)->path, name);
        if (strcmp(name, variable) == 0)
            return settings_table_row(i);
    }
    return NULL;
}

/* The name without a _FILE at its end; false if it has none. */
static bool without_file(const char *name, char ret_base[SETTINGS_PATH_BYTES])
{
    const size_t size = strlen(name);
    const size_t ending = strlen(file_ending);
    if (size <= ending || strcmp(name + size - ending, file_ending) != 0)
        return false;
    (void)snprintf(ret_base, SETTINGS_PATH_BYTES, "%.*s", (int)(size - ending), name);
    return true;
}

static struct settings_place place(void)
{
    return (struct settings_place){ "environment", 0, 0 };
}

static void refuse_variable(const struct settings_reading *r, const struct variable *v)
{
    struct reason memory;
    char words[256][SETTINGS_PATH_BYTES];
    struct suggest suggest = suggest_for(span_of_text(v->name));
    for (int32_t i = 0; i < 256 && settings_table_row(i) != NULL; i++) {
        settings_environment_name(settings_table_row(i)->path, words[i]);
        suggest_offer(&suggest, words[i]);
    }
    settings_problems_add(r->problems, place(), "%s belongs to no setting%s", v->name,
                          suggest_text(&suggest, &memory));
}

static void set_row(const struct settings_reading *r, const struct settings_row *row,
                    const struct variable *v, const char *value)
{
    struct reason why = { "" };
    if (!settings_table_set(row, r->settings, value, &why))
        settings_problems_add(r->problems, place(), "%s: %s", v->name, why.text);
}

/* Reads the file that a _FILE variable names; NULL after a complaint. */
static char *secret_of(const struct settings_reading *r, const struct variable *v)
{
    /* A path of the environment belongs to the working folder, not to the file's. */
    const struct settings_reading here = { .file = "environment" };
    struct reason why = { "" };
    char *secret = settings_reading_secret(&here, v->value, &why);
    if (secret == NULL)
        settings_problems_add(r->problems, place(), "%s: %s", v->name, why.text);
    return secret;
}

static void read_property(const struct settings_reading *r, const struct variable *v)
{
    char base[SETTINGS_PATH_BYTES];
    char property[SETTINGS_PATH_BYTES];
    const bool from_file = without_file(v->name, base);
    (void)snprintf(property, sizeof property, "%s",
                   (from_file ? base : v->name) + strlen(properties_prefix));
    for (char *at = property; *at != '\0'; at++)
        *at = *at == '_' ? '.' : (char)tolower((unsigned char)*at);

    char *secret = from_file ? secret_of(r, v) : NULL;
    if (!from_file || secret != NULL)
        settings_maps_property(r, place(), property, from_file ? secret : v->value);
    free(secret);
}

static void read_variable(const struct settings_reading *r, const struct variable *v)
{
    char base[SETTINGS_PATH_BYTES];
    const struct settings_row *row = row_of(v->name);
    const struct settings_row *secret = without_file(v->name, base) ? row_of(base) : NULL;
    r->settings->given++;
    if (row != NULL) {
        set_row(r, row, v, v->value);
    } else if (secret != NULL && secret->type == SETTINGS_TYPE_secret) {
        char *text = secret_of(r, v);
        if (text != NULL)
            set_row(r, secret, v, text);
        free(text);
    } else if (begins_with(v->name, properties_prefix)) {
        read_property(r, v);
    } else {
        refuse_variable(r, v);
    }
}

void settings_environment_read(const struct settings_reading *r, char *const *environment)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        if (!begins_with(*environment, prefix) || begins_with(*environment, test_prefix))
            continue;
        const char *equals = strchr(*environment, '=');
        if (equals == NULL)
            continue;
        struct variable v = { .value = equals + 1 };
        (void)snprintf(v.name, sizeof v.name, "%.*s", (int)(equals - *environment),
                       *environment);
        read_variable(r, &v);
    }
}
