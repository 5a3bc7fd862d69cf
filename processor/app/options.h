/* options.h - the options of one verb: a table that is parser and manual.
 *
 *     struct options_row rows[] = {
 *         OPTIONS_TEXT("config", 'c', "FILE", &config, "The configuration."),
 *         OPTIONS_NUMBER("sellers", 0, "N", &sellers, 1, 100000, "How many sellers sell."),
 *         OPTIONS_FLAG("follow", 'f', &follow, "Waits for what comes next."),
 *     };
 *     const struct options_manual manual = {
 *         .verb = "alerts", .summary = "...", .rows = rows, .row_count = 3,
 *     };
 *     struct operands files;
 *     switch (options_read(&manual, argc, argv, &files)) { ... }
 *
 * Give each target its default before reading; the manual is the place to tell
 * the reader what it is. --help and --version need no row.
 */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "base/units.h"

enum options_kind {
    OPTIONS_KIND_FLAG,    /* bool: no value */
    OPTIONS_KIND_TEXT,    /* const char *: borrowed from argv */
    OPTIONS_KIND_NUMBER,  /* int64_t: a whole number in a range */
    OPTIONS_KIND_FACTOR,  /* int64_t: a decimal like 2.5, in thousandths: 2500 */
    OPTIONS_KIND_INSTANT, /* event_time: 2026-11-23, 2026-11-23T09:15:00Z */
};

struct options_row {
    const char *name; /* without the dashes */
    char letter;      /* of the short form; 0: none */
    enum options_kind kind;
    const char *value_name; /* "FILE"; NULL for a flag */
    const char *text;       /* one sentence or more; folded to the line by the manual */
    int64_t low;            /* of a number or factor, both ends included */
    int64_t high;
    union {
        bool *flag;
        const char **text;
        int64_t *number;
        event_time *instant;
    } target; /* written only if the option is given */
};

#define OPTIONS_FLAG(name_, letter_, target_, text_)                                           \
    {                                                                                          \
        .name = (name_), .letter = (letter_), .kind = OPTIONS_KIND_FLAG, .text = (text_),      \
        .target.flag = (target_)                                                               \
    }
#define OPTIONS_TEXT(name_, letter_, value_, target_, text_)                                   \
    {                                                                                          \
        .name = (name_), .letter = (letter_), .kind = OPTIONS_KIND_TEXT,                       \
        .value_name = (value_), .text = (text_), .target.text = (target_)                      \
    }
#define OPTIONS_NUMBER(name_, letter_, value_, target_, low_, high_, text_)                    \
    {                                                                                          \
        .name = (name_), .letter = (letter_), .kind = OPTIONS_KIND_NUMBER,                     \
        .value_name = (value_), .text = (text_), .low = (low_), .high = (high_),               \
        .target.number = (target_)                                                             \
    }
#define OPTIONS_FACTOR(name_, letter_, value_, target_, low_, high_, text_)                    \
    {                                                                                          \
        .name = (name_), .letter = (letter_), .kind = OPTIONS_KIND_FACTOR,                     \
        .value_name = (value_), .text = (text_), .low = (low_), .high = (high_),               \
        .target.number = (target_)                                                             \
    }
#define OPTIONS_INSTANT(name_, letter_, value_, target_, text_)                                \
    {                                                                                          \
        .name = (name_), .letter = (letter_), .kind = OPTIONS_KIND_INSTANT,                    \
        .value_name = (value_), .text = (text_), .target.instant = (target_)                   \
    }

enum { OPTIONS_ROWS_MAX = 32, OPTIONS_MANY = 1 << 20 };

struct options_manual {
    const char *verb;     /* as it is typed */
    const char *operands; /* in the usage line, "FILE..."; NULL: takes none */
    int operands_low;     /* fewest and most operands that make sense */
    int operands_high;    /* OPTIONS_MANY: no bound */
    const char *summary;  /* one sentence */
    const char *text;     /* paragraphs, blank line between them; may be NULL */
    const char *examples; /* indented lines, printed as they are; may be NULL */
    const struct options_row *rows;
    size_t row_count; /* at most OPTIONS_ROWS_MAX */
};

/* What stands on the command line beside the options, in order. */
struct operands {
    char **at; /* borrowed from argv, whose order changes */
    int count;
};

enum options_outcome {
    OPTIONS_GO,      /* the targets are set: do the job */
    OPTIONS_HELP,    /* the user asked for the manual */
    OPTIONS_VERSION, /* the user asked for the version */
    OPTIONS_WRONG,   /* a mistake */
};

/* Reads argv[1..]; argv[0] is the verb. Prints nothing; a mistake is told in *why
 * together with what would be right. Not for two threads at a time (getopt). */
enum options_outcome options_parse(const struct options_manual *manual, int argc, char **argv,
                                   struct operands *ret_operands, struct reason *why);

/* As options_parse, but answers --help and --version on stdout and says a mistake on
 * stderr. OPTIONS_GO: do the job; otherwise end with options_exit_code. */
enum options_outcome options_read(const struct options_manual *manual, int argc, char **argv,
                                  struct operands *ret_operands);

void options_print_version(void);

/* 0 for what the user asked for, 1 for a mistake. */
int options_exit_code(enum options_outcome outcome);

/* Appends the complete manual as text of 80 columns. */
void options_manual_text(const struct options_manual *manual, struct buffer *ret_text);

/* Reads one value into the row's target; false and *why if it is not one. */
bool options_value_set(const struct options_row *row, const char *value, struct reason *why);
