/* yaml_tree.c - from libyaml's events to a tree, without recursion.
 *
 * DESIGN
 * ------
 * Events arrive in the order of the text. A stack of the open lists and maps says
 * where the next node belongs; in a map every other scalar is a key:
 *
 *      kafka:                 MAP        stack: root
 *        brokers: a:1         SCALAR     key "kafka", MAP -> stack: root, kafka
 *                             SCALAR     key "brokers" is pending
 *                             SCALAR     node "a:1", member brokers of kafka
 *
 * A mistake of shape is reported and reading goes on, so that one run of `check`
 * finds them all; only what is no YAML at all ends it.
 */
#include "app/yaml_tree.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct pending_key {
    char *text; /* owned; NULL: the next scalar is a key */
    int32_t line;
    int32_t column;
};

struct building {
    struct yaml_tree *tree;
    const char *file;
    struct span text;
    struct settings_problems *problems;
    int32_t open[YAML_TREE_DEPTH_MAX];
    struct pending_key keys[YAML_TREE_DEPTH_MAX];
    int32_t depth; /* open lists and maps */
    int32_t documents;
    bool done;
    bool broken;
};

static struct settings_place place_of(const struct building *b, const yaml_mark_t *mark)
{
    return (struct settings_place){ b->file, (int32_t)mark->line + 1,
                                    (int32_t)mark->column + 1 };
}

static void give_up(struct building *b)
{
    b->broken = true;
    b->done = true;
}

static char *copy(const unsigned char *text, size_t size)
{
    char *own = malloc(size + 1);
    CHECK(own != NULL);
    memcpy(own, text, size);
    own[size] = '\0';
    return own;
}

static int32_t new_node(struct building *b, enum yaml_kind kind, const yaml_mark_t *mark)
{
    struct yaml_tree *t = b->tree;
    if (t->count == t->capacity) {
        const int32_t capacity = t->capacity == 0 ? 64 : t->capacity * 2;
        struct yaml_node *grown = realloc(t->nodes, (size_t)capacity * sizeof *grown);
        CHECK(grown != NULL);
        t->nodes = grown;
        t->capacity = capacity;
    }
    t->nodes[t->count] = (struct yaml_node){ .kind = kind,
                                             .line = (int32_t)mark->line + 1,
                                             .column = (int32_t)mark->column + 1,
                                             .first = YAML_TREE_NONE,
                                             .last = YAML_TREE_NONE,
                                             .next = YAML_TREE_NONE };
    return t->count++;
}

/* ---- where a node belongs ---------------------------------------------------------- */

static bool inside_map(const struct building *b)
{
    return b->depth > 0 && b->tree->nodes[b->open[b->depth - 1]].kind == YAML_MAP;
}

static bool key_wanted(const struct building *b)
{
    return inside_map(b) && b->keys[b->depth - 1].text == NULL;
}

static void append_child(struct yaml_tree *t, int32_t parent, int32_t child)
{
    CHECK(parent != child);
    if (t->nodes[parent].first == YAML_TREE_NONE)
        t->nodes[parent].first = child;
    else
        t->nodes[t->nodes[parent].last].next = child;
    t->nodes[parent].last = child;
}

/* Puts a new node into the list or map that is open. A key given twice is told,
 * and the second value stays out of the tree: the first one counts. */
static void place_node(struct building *b, int32_t node)
{
    if (b->depth == 0)
        return;
    const int32_t parent = b->open[b->depth - 1];
    if (!inside_map(b)) {
        append_child(b->tree, parent, node);
        return;
    }
    struct pending_key *key = &b->keys[b->depth - 1];
    const struct yaml_node *twin =
        yaml_tree_member(b->tree, &b->tree->nodes[parent], key->text);
    if (twin != NULL) {
        const struct settings_place place = { b->file, key->line, key->column };
        settings_problems_add(b->problems, place,
                              "%s is given twice, first in line %d; remove one of the two",
                              key->text, (int)twin->key_line);
        free(key->text);
    } else {
        b->tree->nodes[node].key = key->text;
        b->tree->nodes[node].key_line = key->line;
        b->tree->nodes[node].key_column = key->column;
        append_child(b->tree, parent, node);
    }
    key->text = NULL;
}

/* ---- events ------------------------------------------------------------------------ */

static void refuse_properties(struct building *b, const yaml_event_t *event,
                              const unsigned char *anchor, const unsigned char *tag)
{
    if (anchor != NULL)
        settings_problems_add(b->problems, place_of(b, &event->start_mark),
                              "an anchor (&) has no meaning here; remove it");
    if (tag != NULL)
        settings_problems_add(b->problems, place_of(b, &event->start_mark),
                              "a tag (!) has no meaning here; remove it");
}

static void open_node(struct building *b, const yaml_event_t *event, enum yaml_kind kind)
{
    if (key_wanted(b)) {
        settings_problems_add(b->problems, place_of(b, &event->start_mark),
                              "a key must be a word; write key: value");
        give_up(b);
        return;
    }
    if (b->depth == YAML_TREE_DEPTH_MAX) {
        settings_problems_add(b->problems, place_of(b, &event->start_mark),
                              "more than %d levels deep; no setting lies so deep",
                              (int)YAML_TREE_DEPTH_MAX);
        give_up(b);
        return;
    }
    const int32_t node = new_node(b, kind, &event->start_mark);
    place_node(b, node);
    b->open[b->depth] = node;
    b->keys[b->depth] = (struct pending_key){ 0 };
    b->depth++;
}

static void take_scalar(struct building *b, const yaml_event_t *event)
{
    const unsigned char *value = event->data.scalar.value;
    const size_t size = event->data.scalar.length;
    if (memchr(value, '\0', size) != NULL)
        settings_problems_add(b->problems, place_of(b, &event->start_mark),
                              "a zero byte in a text; remove it");
    if (key_wanted(b)) {
        b->keys[b->depth - 1] =
            (struct pending_key){ .text = copy(value, size),
                                  .line = (int32_t)event->start_mark.line + 1,
                                  .column = (int32_t)event->start_mark.column + 1 };
        return;
    }
    const int32_t node = new_node(b, YAML_TEXT, &event->start_mark);
    b->tree->nodes[node].text = copy(value, size);
    b->tree->nodes[node].quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    place_node(b, node);
}

static void take_alias(struct building *b, const yaml_event_t *event)
{
    settings_problems_add(b->problems, place_of(b, &event->start_mark),
                          "an alias (*) has no meaning here; write the value out");
    give_up(b);
}

static void begin_document(struct building *b, const yaml_event_t *event)
{
    b->documents++;
    if (b->documents == 1)
        return;
    settings_problems_add(b->problems, place_of(b, &event->start_mark),
                          "a second document begins (---); a configuration is one document");
    give_up(b);
}

static void take_event(struct building *b, const yaml_event_t *event)
{
    if (event->type == YAML_DOCUMENT_START_EVENT) {
        begin_document(b, event);
    } else if (event->type == YAML_SCALAR_EVENT) {
        refuse_properties(b, event, event->data.scalar.anchor, event->data.scalar.tag);
        take_scalar(b, event);
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        refuse_properties(b, event, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        open_node(b, event, YAML_LIST);
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        refuse_properties(b, event, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
        open_node(b, event, YAML_MAP);
    } else if (event->type == YAML_SEQUENCE_END_EVENT ||
               event->type == YAML_MAPPING_END_EVENT) {
        CHECK(b->depth > 0);
        b->depth--;
    } else if (event->type == YAML_ALIAS_EVENT) {
        take_alias(b, event);
    } else if (event->type == YAML_STREAM_END_EVENT) {
        b->done = true;
    }
}

/* ---- what is no YAML --------------------------------------------------------------- */

/* The line and column of a byte; columns count characters. */
static struct settings_place place_at(const struct building *b, size_t offset)
{
    struct settings_place place = { b->file, 1, 1 };
    for (size_t i = 0; i < offset && i < b->text.size; i++) {
        const uint8_t byte = b->text.at[i];
        if (byte == '\n') {
            place.line++;
            place.column = 1;
        } else if ((byte & 0xC0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

/* The first byte of a line that libyaml counts from 0. */
static size_t line_begin(struct span text, size_t line)
{
    size_t at = 0;
    for (; at < text.size && line > 0; at++)
        line -= text.at[at] == '\n' ? 1 : 0;
    return at;
}

/* A tab in the indentation of that line. */
static bool find_tab(const struct building *b, size_t line, size_t *ret_offset)
{
    size_t at = line_begin(b->text, line);
    while (at < b->text.size && (b->text.at[at] == ' ' || b->text.at[at] == '-'))
        at++;
    *ret_offset = at;
    return at < b->text.size && b->text.at[at] == '\t';
}

/* One at the very beginning is allowed; libyaml takes a later one for the begin of a word. */
static bool find_byte_order_mark(const struct building *b, size_t *ret_offset)
{
    static const char mark[] = "\xEF\xBB\xBF";
    for (size_t i = 1; i + sizeof mark - 1 <= b->text.size; i++) {
        if (memcmp(b->text.at + i, mark, sizeof mark - 1) != 0)
            continue;
        *ret_offset = i;
        return true;
    }
    return false;
}

/* The usual mistakes cannot be seen in an editor, and libyaml does not name them. */
static void say_no_yaml(struct building *b, const yaml_parser_t *parser)
{
    size_t offset = 0;
    const yaml_mark_t *mark = &parser->problem_mark;
    const bool no_text = parser->error == YAML_READER_ERROR;
    give_up(b);
    if (!no_text && find_tab(b, mark->line, &offset)) {
        settings_problems_add(b->problems, place_at(b, offset),
                              "a tab before the first word; YAML wants blanks, write blanks");
        return;
    }
    if (!no_text && find_byte_order_mark(b, &offset)) {
        settings_problems_add(b->problems, place_at(b, offset),
                              "a byte order mark in the middle of the file, as where two "
                              "files were joined; remove it");
        return;
    }
    settings_problems_add(
        b->problems, no_text ? place_at(b, parser->problem_offset) : place_of(b, mark),
        "not readable as YAML: %s%s%s",
        parser->problem != NULL ? parser->problem : "out of memory",
        parser->context != NULL ? ", " : "", parser->context != NULL ? parser->context : "");
}

static void read_events(struct building *b, yaml_parser_t *parser)
{
    while (!b->done) {
        yaml_event_t event;
        if (yaml_parser_parse(parser, &event) == 0) {
            say_no_yaml(b, parser);
            return;
        }
        take_event(b, &event);
        if (b->tree->count >= YAML_TREE_NODES_MAX && !b->done) {
            settings_problems_add(b->problems, place_of(b, &event.start_mark),
                                  "more than %d values; split or shorten the file",
                                  (int)YAML_TREE_NODES_MAX);
            give_up(b);
        }
        yaml_event_delete(&event);
    }
}

/* ---- the tree ---------------------------------------------------------------------- */

static void finish(struct building *b)
{
    static const yaml_mark_t beginning = { 0 };
    for (int32_t i = 0; i < YAML_TREE_DEPTH_MAX; i++)
        free(b->keys[i].text);

    const bool empty =
        b->tree->count == 0 || (b->tree->nodes[0].kind == YAML_TEXT &&
                                b->tree->nodes[0].text[0] == '\0' && !b->tree->nodes[0].quoted);
    if (b->tree->count == 0)
        (void)new_node(b, YAML_MAP, &beginning);
    if (empty) {
        free(b->tree->nodes[0].text);
        b->tree->nodes[0].text = NULL;
        b->tree->nodes[0].kind = YAML_MAP;
    }
}

bool yaml_tree_read(struct yaml_tree *tree, const char *file, struct span text,
                    struct settings_problems *problems)
{
    *tree = (struct yaml_tree){ 0 };
    struct building b = { .tree = tree, .file = file, .text = text, .problems = problems };
    if (text.size > YAML_TREE_BYTES_MAX) {
        settings_problems_add(problems, (struct settings_place){ file, 0, 0 },
                              "larger than %d bytes; a configuration is never so large",
                              (int)YAML_TREE_BYTES_MAX);
        finish(&b);
        return false;
    }
    yaml_parser_t parser;
    CHECK(yaml_parser_initialize(&parser) == 1);
    static const unsigned char nothing[1] = "";
    yaml_parser_set_input_string(&parser, text.size > 0 ? text.at : nothing, text.size);
    read_events(&b, &parser);
    yaml_parser_delete(&parser);
    finish(&b);
    return !b.broken;
}

void yaml_tree_free(struct yaml_tree *tree)
{
    for (int32_t i = 0; i < tree->count; i++) {
        free(tree->nodes[i].key);
        free(tree->nodes[i].text);
    }
    free(tree->nodes);
    *tree = (struct yaml_tree){ 0 };
}

const struct yaml_node *yaml_tree_first(const struct yaml_tree *tree,
                                        const struct yaml_node *node)
{
    return node->first == YAML_TREE_NONE ? NULL : &tree->nodes[node->first];
}

const struct yaml_node *yaml_tree_next(const struct yaml_tree *tree,
                                       const struct yaml_node *node)
{
    return node->next == YAML_TREE_NONE ? NULL : &tree->nodes[node->next];
}

const struct yaml_node *yaml_tree_member(const struct yaml_tree *tree,
                                         const struct yaml_node *map, const char *key)
{
    for (const struct yaml_node *child = yaml_tree_first(tree, map); child != NULL;
         child = yaml_tree_next(tree, child)) {
        if (child->key != NULL && strcmp(child->key, key) == 0)
            return child;
    }
    return NULL;
}
