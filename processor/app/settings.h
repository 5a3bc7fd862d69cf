/* settings.h - the configuration: one struct, its defaults, its checks, its mistakes.
 *
 * Everything here is read once at start and constant from then on, so threads
 * share it without a lock. Text fields are never NULL ("" is "not given"), and
 * all memory belongs to the struct: settings_free gives it back.
 *
 *      SELLERWATCH_... variables    win over
 *      the file                     wins over
 *      the table (settings.def)
 *
 * Loading never stops at the first mistake: all of them are collected, each with
 * its place, what is wrong and what would be right.
 */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "kpi/avoidable.h"
#include "kpi/threshold.h"

/* In the order of the choices in settings.def. */
enum settings_start { START_EARLIEST, START_LATEST };
enum settings_data_loss { DATA_LOSS_STOP, DATA_LOSS_SKIP };
enum settings_schemas { SCHEMAS_FROM_REGISTRY, SCHEMAS_FROM_FILES };
enum settings_time { TIME_FROM_WALL, TIME_FROM_EVENTS };
enum settings_first_start { FIRST_START_CAUGHT_UP, FIRST_START_BEGINNING };
enum settings_log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR
}; /* the same order as enum log_level */
enum settings_log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct settings_texts {
    char **at; /* [count], owned */
    int32_t count;
};

/* A free map: kafka.properties, alerts.links, alerts.labels. */
struct settings_pair {
    char *name;
    char *value;
};

struct settings_pairs {
    struct settings_pair *at; /* [count], owned */
    int32_t count;
};

/* schemas.files */
struct settings_schema_file {
    int32_t id;
    char *path; /* relative paths are already resolved against the file's folder */
};

/* avoidable.topics */
struct settings_topic_class {
    char *topic;
    enum avoidable_class avoidable;
};

/* A calendar as configured; app/timezone.h makes the table of days of it. */
struct settings_calendar {
    char *name;
    char *timezone;    /* IANA name; "" for the calendar "always" */
    uint8_t weekdays;  /* bit 0: Monday ... bit 6: Sunday are working days */
    int32_t *holidays; /* [holiday_count], owned: days since 1970-01-01, ascending */
    int32_t holiday_count;
};

struct settings_storefront {
    char *name;
    int32_t calendar;                  /* index into calendars */
    bool has_thresholds;               /* some threshold differs from the global ones */
    bool own[KPI_COUNT];               /* this KPI's threshold is the storefront's own */
    struct threshold_table thresholds; /* complete: the global ones where not its own */
};

#define SETTING_TYPE_text char *
#define SETTING_TYPE_secret char *
#define SETTING_TYPE_count int64_t
#define SETTING_TYPE_bytes int64_t
#define SETTING_TYPE_duration int64_t
#define SETTING_TYPE_ratio int64_t
#define SETTING_TYPE_flag bool
#define SETTING_TYPE_texts struct settings_texts

struct settings {
#define SETTING(field, path, type, preset, low, high, text) SETTING_TYPE_##type field;
#define CHOICE(field, path, type, preset, choices, text) enum type field;
#define SECTION(path, text)
#include "app/settings.def"
#undef SETTING
#undef CHOICE
#undef SECTION
    struct settings_pairs kafka_properties;
    struct settings_pairs alert_links;  /* templates that parse, see codec/link_template.h */
    struct settings_pairs alert_labels; /* both within the bounds of codec/alert_pairs.h */
    struct settings_schema_file *schema_files;
    int32_t schema_file_count;
    struct settings_topic_class *topic_classes;
    int32_t topic_class_count;
    struct window_rules windows;
    struct settings_calendar *calendars; /* [0] is "always" */
    int32_t calendar_count;
    int32_t default_calendar_index;
    struct settings_storefront *storefronts; /* those of the file and those with a calendar */
    int32_t storefront_count;
    struct threshold_table thresholds; /* everywhere */
    char rule_version[24];             /* changes when a threshold or window does */
    int32_t given;                     /* settings named by file and environment */
};

enum { SETTINGS_PROBLEMS_MAX = 200 };

struct settings_problem {
    char *file;     /* owned; "environment" for a variable */
    int32_t line;   /* from 1; 0: no place in a file */
    int32_t column; /* from 1 */
    struct reason what;
};

struct settings_problems {
    struct settings_problem *at; /* owned, in the order found */
    int32_t count;
    int32_t left_out; /* found beyond SETTINGS_PROBLEMS_MAX */
};

/* What is read: `path` names the file in messages and its folder is where other
 * files are looked for; `environment` is like `environ`, NULL: none. */
struct settings_source {
    const char *path;
    struct span text;
    char *const *environment;
};

/* The defaults of the table, the built-in calendars and thresholds. */
void settings_defaults(struct settings *ret_settings);

/* Reads a file and the environment. False: *problems says why, and *ret_settings
 * holds nothing that needs freeing. */
bool settings_load(const char *path, char *const *environment, struct settings *ret_settings,
                   struct settings_problems *problems);

/* The same from memory. */
bool settings_parse(const struct settings_source *source, struct settings *ret_settings,
                    struct settings_problems *problems);

/* Gives one plain setting of the table another value, as the environment would;
 * false with a reason if there is none of that path or the value is wrong. */
bool settings_set(struct settings *settings, const char *path, const char *value,
                  struct reason *ret_why);

/* Accepts NULL and a zeroed struct. */
void settings_free(struct settings *settings);

void settings_problems_free(struct settings_problems *problems);

/* One line each: FILE:LINE:COLUMN: what is wrong; what would be right. */
void settings_problems_text(const struct settings_problems *problems, struct buffer *ret_text);

/* The storefront's own entry, or NULL: then the default calendar and the global
 * thresholds hold. */
const struct settings_storefront *settings_storefront(const struct settings *settings,
                                                      struct span name);

/* AVOIDABLE_CLASS_NONE for a topic that is none of the six classes. */
enum avoidable_class settings_topic_class(const struct settings *settings, struct span topic);

/* kafka.instance_id, or its default made of the host name. */
void settings_instance_id(const struct settings *settings, struct buffer *ret_text);

/* The text of config/SETTINGS.md. */
void settings_document(struct buffer *ret_text);
