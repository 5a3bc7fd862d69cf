/* link_template.c - see link_template.h.
 *
 * A template is a list of pieces, text and values by turns:
 *
 *      https://sellers.example/{id_seller}?kpi={kpi}
 *      [text                  ][seller   ][text][kpi]
 *
 * Its length and its number of placeholders are bounded, and with them the URL.
 */
#include "codec/link_template.h"

#include "base/check.h"
#include "codec/alert_identity.h"
#include "codec/alert_pairs.h"

#include <string.h>
#include <strings.h>

enum { SHOWN_BYTES = 80 }; /* of a placeholder, in a message */

static const char *const placeholders[LINK_VALUE_COUNT] = {
    [LINK_SELLER] = "{id_seller}", [LINK_STOREFRONT] = "{storefront}", [LINK_KPI] = "{kpi}",
    [LINK_WINDOW] = "{window}",    [LINK_ALERT_ID] = "{alert_id}",
};

const char *link_template_placeholder(enum link_value value)
{
    CHECK(value > LINK_TEXT && value < LINK_VALUE_COUNT);
    return placeholders[value];
}

/* ---- parsing --------------------------------------------------------------------- */

/* "https://x": a scheme of the web, and a host behind it. */
static bool is_web_address(const char *text)
{
    const char *colon = strstr(text, "://");
    if (colon == NULL)
        return false;
    const size_t size = (size_t)(colon - text);
    if (!(size == 4 && strncasecmp(text, "http", size) == 0) &&
        !(size == 5 && strncasecmp(text, "https", size) == 0))
        return false;
    return colon[3] != '\0' && strchr("/?#:", colon[3]) == NULL;
}

/* Whether a URL may have the byte as it is. */
static bool is_of_urls(char byte)
{
    return byte > ' ' && byte < 0x7f && strchr("\"<>\\^`|", byte) == NULL;
}

static bool take_text(const char **at, struct link_template *t,
                      struct link_mistake *ret_mistake)
{
    const size_t size = strcspn(*at, "{}");
    for (size_t i = 0; i < size; i++) {
        const uint8_t byte = (uint8_t)(*at)[i];
        if (is_of_urls((*at)[i]))
            continue;
        reason_set(&ret_mistake->what,
                   "has the byte 0x%02X, which no URL may have; write %%%02X instead", byte,
                   byte);
        return false;
    }
    if ((*at)[size] == '}') {
        reason_set(&ret_mistake->what,
                   "has a } that closes no {; write %%7D for the character itself");
        return false;
    }
    if (size > 0)
        t->pieces[t->piece_count++] = (struct link_piece){ LINK_TEXT, span_of(*at, size) };
    *at += size;
    return true;
}

static enum link_value value_named(struct span placeholder)
{
    for (unsigned v = LINK_TEXT + 1; v < LINK_VALUE_COUNT; v++) {
        if (span_equal(placeholder, span_of_text(placeholders[v])))
            return (enum link_value)v;
    }
    return LINK_TEXT;
}

static void refuse_placeholder(struct span placeholder, struct link_mistake *ret_mistake)
{
    const size_t shown = placeholder.size < SHOWN_BYTES ? placeholder.size : SHOWN_BYTES;
    reason_set(&ret_mistake->what,
               "has %.*s, which is no placeholder; there are %s, %s, %s, %s and %s", (int)shown,
               (const char *)placeholder.at, placeholders[LINK_SELLER],
               placeholders[LINK_STOREFRONT], placeholders[LINK_KPI], placeholders[LINK_WINDOW],
               placeholders[LINK_ALERT_ID]);
    ret_mistake->unknown = placeholder;
}

/* *at stands at a {. */
static bool take_placeholder(const char **at, struct link_template *t, int32_t *count,
                             struct link_mistake *ret_mistake)
{
    const size_t inside = strcspn(*at + 1, "{}");
    if ((*at)[1 + inside] != '}') {
        reason_set(&ret_mistake->what,
                   "has a { that is not closed; write } behind the placeholder's name");
        return false;
    }
    const struct span placeholder = span_of(*at, inside + 2);
    const enum link_value value = value_named(placeholder);
    if (value == LINK_TEXT) {
        refuse_placeholder(placeholder, ret_mistake);
        return false;
    }
    if (++*count > LINK_TEMPLATE_PLACEHOLDERS_MAX) {
        reason_set(&ret_mistake->what, "has more than %d placeholders; leave some out",
                   (int)LINK_TEMPLATE_PLACEHOLDERS_MAX);
        return false;
    }
    t->pieces[t->piece_count++] = (struct link_piece){ .value = value };
    *at += placeholder.size;
    return true;
}

bool link_template_parse(const char *text, struct link_template *ret_template,
                         struct link_mistake *ret_mistake)
{
    struct link_template t = { .piece_count = 0 };
    int32_t count = 0;
    *ret_mistake = (struct link_mistake){ .unknown = { 0 } };
    if (strlen(text) > ALERT_PAIR_VALUE_BYTES_MAX) {
        reason_set(&ret_mistake->what, "has %zu bytes; write at most %d", strlen(text),
                   (int)ALERT_PAIR_VALUE_BYTES_MAX);
        return false;
    }
    if (!is_web_address(text)) {
        reason_set(&ret_mistake->what, "is no http or https URL; write such as "
                                       "https://wiki.example/kpi/{kpi}");
        return false;
    }
    for (const char *at = text; *at != '\0';) {
        const bool taken = *at == '{' ? take_placeholder(&at, &t, &count, ret_mistake)
                                      : take_text(&at, &t, ret_mistake);
        if (!taken)
            return false;
    }
    *ret_template = t;
    return true;
}

/* ---- filling --------------------------------------------------------------------- */

static bool is_unreserved(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
           byte == '~';
}

static void add_encoded(struct buffer *url, struct span value)
{
    for (size_t i = 0; i < value.size; i++) {
        if (is_unreserved(value.at[i]))
            buffer_add_u8(url, value.at[i]);
        else
            buffer_printf(url, "%%%02X", value.at[i]);
    }
}

static void add_id(struct buffer *url, const struct alert_change *a)
{
    char id[ALERT_IDENTITY_ID_BYTES];
    alert_identity_id(a, id);
    add_encoded(url, span_of_text(id));
}

static void add_piece(struct buffer *url, const struct link_piece *piece,
                      const struct alert_change *a)
{
    switch (piece->value) {
    case LINK_TEXT:
        buffer_add(url, piece->text);
        return;
    case LINK_SELLER:
        add_encoded(url, name_span(&a->seller));
        return;
    case LINK_STOREFRONT:
        add_encoded(url, name_span(&a->storefront));
        return;
    case LINK_KPI:
        add_encoded(url, span_of_text(catalogue_row(a->kpi)->name));
        return;
    case LINK_WINDOW:
        add_encoded(url, name_span(&a->window));
        return;
    case LINK_ALERT_ID:
        add_id(url, a);
        return;
    case LINK_VALUE_COUNT:
        break;
    }
    CHECK(false);
}

void link_template_fill(const struct link_template *link, const struct alert_change *change,
                        struct buffer *url)
{
    CHECK(link->piece_count > 0 && link->piece_count <= LINK_TEMPLATE_PIECES_MAX);
    for (int32_t i = 0; i < link->piece_count; i++)
        add_piece(url, &link->pieces[i], change);
}
