/* settings_reading.h - what the parts that read a configuration hand to each other.
 *
 * Internal to the settings. One reading lasts as long as one settings_parse:
 *
 *      settings_plain        rows of settings.def from the file
 *      settings_environment  rows from SELLERWATCH_... variables
 *      settings_maps         kafka.properties, schemas.files, avoidable.topics,
 *                            alerts.links, alerts.labels
 *      settings_windows      windows
 *      settings_calendars    calendars_file, calendars, storefronts
 *      settings_thresholds   thresholds, and those of storefronts
 *      settings_checks       what two settings must not say together
 *      settings_schemas      the texts that schemas.files names
 */
#pragma once

#include "app/settings_problems.h"
#include "app/yaml_tree.h"
#include "base/suggest.h"

struct settings_reading {
    const char *file; /* name in messages; its folder is where other files are */
    const struct yaml_tree *tree;
    struct settings *settings;
    struct settings_problems *problems;
};

enum { SETTINGS_PATH_BYTES = 160 };

/* A mistake at a node's value, or at its key. */
struct settings_place settings_reading_at(const struct settings_reading *r,
                                          const struct yaml_node *node);
struct settings_place settings_reading_at_key(const struct settings_reading *r,
                                              const struct yaml_node *node);

/* The node at "kafka.properties", or NULL. */
const struct yaml_node *settings_reading_find(const struct settings_reading *r,
                                              const char *path);

/* Whether the node is of that kind; else complains, naming it `what`. A map that is
 * left empty (`windows:` and nothing more) is complained about too. */
bool settings_reading_expect(const struct settings_reading *r, const struct yaml_node *node,
                             enum yaml_kind kind, const char *what);

/* The number of the node's key among `words` (NULL at the end), or complains with
 * the nearest word and returns -1. */
int32_t settings_reading_key(const struct settings_reading *r, const struct yaml_node *node,
                             const char *const *words, const char *where);

/* `path`, resolved against the folder of the file; freed by the caller. */
char *settings_reading_resolve(const struct settings_reading *r, const char *path);

/* The whole text of a small file, freed by the caller. `most` bounds its size. NULL with a
 * reason such as "cannot be opened: ...", before which the caller names the file. */
char *settings_reading_slurp(const char *path, size_t most, size_t *ret_size,
                             struct reason *ret_why);

/* A secret from its file: without the line end behind it. NULL with a reason. */
char *settings_reading_secret(const struct settings_reading *r, const char *path,
                              struct reason *ret_why);
