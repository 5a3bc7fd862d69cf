/* options.c - reads a command line with the help of a verb's table.
 *
 * DESIGN
 * ------
 * The table becomes the two descriptions getopt_long() wants; what getopt
 * finds is looked up in the table again by number. The value of a row's entry
 * is ROW_FIRST plus its index, a letter is its own value:
 *
 *      rows:      [0] config, 'c'    [1] sellers
 *      long:      config -> 256      sellers -> 257      help, version
 *      short:     ":hc:"
 */
#include "app/options.h"

#include "base/check.h"
#include "base/name.h"
#include "base/suggest.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum {
    ROW_FIRST = 256, /* behind every letter */
    HELP = 'h',
    VERSION = ROW_FIRST + OPTIONS_ROWS_MAX,
    ALWAYS_COUNT = 2, /* --help and --version */
    NAME_BYTES = 64,
};

struct grammar {
    struct option longs[OPTIONS_ROWS_MAX + ALWAYS_COUNT + 1];
    char shorts[2 * OPTIONS_ROWS_MAX + 4];
};

static void describe(const struct options_manual *manual, struct grammar *ret_grammar)
{
    CHECK(manual->row_count <= OPTIONS_ROWS_MAX);
    size_t longs = 0;
    size_t shorts = 0;

    *ret_grammar = (struct grammar){ 0 };
    ret_grammar->shorts[shorts++] = ':';
    ret_grammar->shorts[shorts++] = HELP;
    for (size_t i = 0; i < manual->row_count; i++) {
        const struct options_row *row = &manual->rows[i];
        const bool valued = row->kind != OPTIONS_KIND_FLAG;
        CHECK(valued == (row->value_name != NULL));
        ret_grammar->longs[longs++] =
            (struct option){ row->name, valued ? required_argument : no_argument, NULL,
                             ROW_FIRST + (int)i };
        if (row->letter != 0)
            ret_grammar->shorts[shorts++] = row->letter;
        if (row->letter != 0 && valued)
            ret_grammar->shorts[shorts++] = ':';
    }
    ret_grammar->longs[longs++] = (struct option){ "help", no_argument, NULL, HELP };
    ret_grammar->longs[longs++] = (struct option){ "version", no_argument, NULL, VERSION };
}

/* The row that getopt's number means; NULL: none of the table. */
static const struct options_row *row_of(const struct options_manual *manual, int found)
{
    for (size_t i = 0; i < manual->row_count; i++) {
        const struct options_row *row = &manual->rows[i];
        if (found == ROW_FIRST + (int)i || (row->letter != 0 && found == row->letter))
            return row;
    }
    return NULL;
}

static void say_unknown(const struct options_manual *manual, const char *word,
                        struct reason *why)
{
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);

    struct suggest near = suggest_for(span_of_text(name));
    for (size_t i = 0; i < manual->row_count; i++)
        suggest_offer(&near, manual->rows[i].name);
    suggest_offer(&near, "help");
    suggest_offer(&near, "version");
    if (near.nearest != NULL)
        reason_set(why, "there is no option --%s; did you mean --%s?", name, near.nearest);
    else
        reason_set(why, "there is no option --%s; 'sellerwatch %s --help' lists them", name,
                   manual->verb);
}

static void say_mistake(const struct options_manual *manual, int found, const char *word,
                        struct reason *why)
{
    const struct options_row *row = row_of(manual, optopt);
    if (found == ':')
        reason_set(why, "--%s needs a value: %s", row->name, row->value_name);
    else if (optopt == 0)
        say_unknown(manual, word, why);
    else if (optopt >= ROW_FIRST || strncmp(word, "--", 2) == 0)
        reason_set(why, "%.*s takes no value", (int)strcspn(word, "="), word);
    else
        reason_set(why, "there is no option -%c; 'sellerwatch %s --help' lists them", optopt,
                   manual->verb);
}

static bool operands_fit(const struct options_manual *manual, const struct operands *operands,
                         struct reason *why)
{
    if (operands->count < manual->operands_low) {
        reason_set(why, "%s is missing; 'sellerwatch %s --help' says how it goes",
                   manual->operands, manual->verb);
        return false;
    }
    if (operands->count > manual->operands_high) {
        reason_set(why, "'%s' is one word too many; 'sellerwatch %s --help' says how it goes",
                   operands->at[manual->operands_high], manual->verb);
        return false;
    }
    return true;
}

enum options_outcome options_parse(const struct options_manual *manual, int argc, char **argv,
                                   struct operands *ret_operands, struct reason *why)
{
    CHECK(argc >= 1);
    struct grammar grammar;
    describe(manual, &grammar);

    optind = 0; /* begin anew, as the GNU library has it */
    opterr = 0;
    int found;
    while ((found = getopt_long(argc, argv, grammar.shorts, grammar.longs, NULL)) != -1) {
        if (found == HELP)
            return OPTIONS_HELP;
        if (found == VERSION)
            return OPTIONS_VERSION;
        if (found == '?' || found == ':') {
            say_mistake(manual, found, argv[optind - 1], why);
            return OPTIONS_WRONG;
        }
        if (!options_value_set(row_of(manual, found), optarg, why))
            return OPTIONS_WRONG;
    }
    *ret_operands = (struct operands){ argv + optind, argc - optind };
    return operands_fit(manual, ret_operands, why) ? OPTIONS_GO : OPTIONS_WRONG;
}

void options_print_version(void)
{
    printf("sellerwatch %s\n", SELLERWATCH_VERSION);
}

enum options_outcome options_read(const struct options_manual *manual, int argc, char **argv,
                                  struct operands *ret_operands)
{
    struct reason why = { "" };
    const enum options_outcome outcome = options_parse(manual, argc, argv, ret_operands, &why);

    if (outcome == OPTIONS_WRONG)
        fprintf(stderr, "sellerwatch %s: %s\n", manual->verb, why.text);
    if (outcome == OPTIONS_VERSION)
        options_print_version();
    if (outcome == OPTIONS_HELP) {
        struct buffer text = { 0 };
        options_manual_text(manual, &text);
        fwrite(text.at, 1, text.size, stdout);
        buffer_free(&text);
    }
    return outcome;
}

int options_exit_code(enum options_outcome outcome)
{
    return outcome == OPTIONS_WRONG ? 1 : 0;
}
