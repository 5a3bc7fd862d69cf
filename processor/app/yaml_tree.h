/* yaml_tree.h - a YAML document as a small tree that knows its places.
 *
 * Nodes lie in one array and name each other by number; 0 is the root. A map's
 * children carry their key. Anchors, aliases and tags are refused: a file that
 * needs none cannot blow up in memory. Size, depth and number of nodes are
 * bounded.
 */
#pragma once

#include "app/settings_problems.h"

enum {
    YAML_TREE_BYTES_MAX = 1 << 20,
    YAML_TREE_DEPTH_MAX = 12,
    YAML_TREE_NODES_MAX = 10000,
    YAML_TREE_NONE = -1,
};

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    char *key; /* owned; NULL: not a member of a map */
    int32_t key_line;
    int32_t key_column;
    char *text; /* owned; NULL: not a YAML_TEXT */
    bool quoted;
    int32_t line;
    int32_t column;
    int32_t first; /* child; YAML_TREE_NONE: none, like next */
    int32_t last;
    int32_t next;
};

struct yaml_tree {
    struct yaml_node *nodes; /* owned */
    int32_t count;
    int32_t capacity;
};

/* False: *problems says what is no YAML; mistakes of shape (a key given twice, an
 * alias) are told too, and what could be read stands in the tree. An empty text
 * gives an empty map. Always free the tree. */
bool yaml_tree_read(struct yaml_tree *tree, const char *file, struct span text,
                    struct settings_problems *problems);

void yaml_tree_free(struct yaml_tree *tree);

/* The member of a map, or NULL. */
const struct yaml_node *yaml_tree_member(const struct yaml_tree *tree,
                                         const struct yaml_node *map, const char *key);

/* A loop over children: child = yaml_tree_first(t, map); child; child = yaml_tree_next(...) */
const struct yaml_node *yaml_tree_first(const struct yaml_tree *tree,
                                        const struct yaml_node *node);
const struct yaml_node *yaml_tree_next(const struct yaml_tree *tree,
                                       const struct yaml_node *node);
