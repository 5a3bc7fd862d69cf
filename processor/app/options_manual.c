/* options_manual.c - the manual of a verb, from the table that also parses it.
 *
 *      Usage: sellerwatch alerts [OPTION]...
 *
 *      What it does, in one sentence. Then paragraphs.
 *
 *        -f, --follow          What the option does, folded to 80 columns and
 *                              hanging under its first word.
 */
#include "app/options.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 80, TEXT_COLUMN = 26, NAME_BYTES = 64 };

static void add(struct buffer *out, const char *text, size_t size)
{
    buffer_add(out, span_of(text, size));
}

/* Words of `text` between `indent` and the last column, beginning at `column`;
 * an empty line in it stays one. */
static void add_folded(struct buffer *out, const char *text, int indent, int column)
{
    static const char blanks[] = " \n";

    while (*(text += strspn(text, blanks)) != '\0') {
        const int size = (int)strcspn(text, blanks);
        if (column > indent && column + 1 + size > COLUMNS) {
            buffer_printf(out, "\n");
            column = 0;
        }
        if (column < indent)
            buffer_printf(out, "%*s", indent - column, "");
        else if (column > indent)
            buffer_printf(out, " ");
        column = column < indent ? indent : column + (column > indent);
        add(out, text, (size_t)size);
        column += size;
        text += size;
        if (strncmp(text, "\n\n", 2) == 0) {
            buffer_printf(out, "\n\n");
            column = 0;
        }
    }
    buffer_printf(out, "\n");
}

static void add_row(struct buffer *out, const struct options_row *row)
{
    char name[NAME_BYTES];
    const bool valued = row->value_name != NULL;
    int size =
        snprintf(name, sizeof name, row->letter != 0 ? "  -%c, --%s%s%s" : "  %c   --%s%s%s",
                 row->letter != 0 ? row->letter : ' ', row->name, valued ? " " : "",
                 valued ? row->value_name : "");
    buffer_printf(out, "%s", name);
    if (size >= TEXT_COLUMN - 1) {
        buffer_printf(out, "\n");
        size = 0;
    }
    add_folded(out, row->text, TEXT_COLUMN, size);
}

void options_manual_text(const struct options_manual *manual, struct buffer *ret_text)
{
    static const struct options_row always[] = {
        { .name = "help", .letter = 'h', .text = "Prints this manual and ends." },
        { .name = "version", .text = "Prints the version and ends." },
    };

    buffer_printf(ret_text, "Usage: sellerwatch %s [OPTION]...%s%s\n\n", manual->verb,
                  manual->operands != NULL ? " " : "",
                  manual->operands != NULL ? manual->operands : "");
    add_folded(ret_text, manual->summary, 0, 0);
    if (manual->text != NULL) {
        buffer_printf(ret_text, "\n");
        add_folded(ret_text, manual->text, 0, 0);
    }
    buffer_printf(ret_text, "\nOptions:\n");
    for (size_t i = 0; i < manual->row_count; i++)
        add_row(ret_text, &manual->rows[i]);
    add_row(ret_text, &always[0]);
    add_row(ret_text, &always[1]);
    if (manual->examples != NULL)
        buffer_printf(ret_text, "\nExamples:\n%s", manual->examples);
}
