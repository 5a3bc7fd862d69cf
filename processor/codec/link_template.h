/* link_template.h - the address of a page about an alert, made of a template.
 *
 *      https://sellers.example/{id_seller}?storefront={storefront}&kpi={kpi}
 *
 * Parsed once at start, filled for each alert change. Values are percent-encoded, all but
 * the unreserved characters of RFC 3986: no id can leave its place in the URL.
 */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "kpi/alert_change.h"

enum {
    LINK_TEMPLATE_PLACEHOLDERS_MAX = 8,
    LINK_TEMPLATE_PIECES_MAX = 2 * LINK_TEMPLATE_PLACEHOLDERS_MAX + 1,
};

/* LINK_TEXT: what stands between the placeholders. */
enum link_value {
    LINK_TEXT,
    LINK_SELLER,
    LINK_STOREFRONT,
    LINK_KPI,
    LINK_WINDOW,
    LINK_ALERT_ID,
    LINK_VALUE_COUNT
};

struct link_piece {
    enum link_value value;
    struct span text; /* of LINK_TEXT; borrowed from the template's text */
};

struct link_template {
    struct link_piece pieces[LINK_TEMPLATE_PIECES_MAX];
    int32_t piece_count;
};

struct link_mistake {
    struct reason what;  /* goes on after the link's name: "has ..." */
    struct span unknown; /* "{seller}": a placeholder that there is not; else empty */
};

/* `text` (NUL-terminated) outlives the template. False: *ret_mistake, and no template. */
bool link_template_parse(const char *text, struct link_template *ret_template,
                         struct link_mistake *ret_mistake);

/* Appends the URL; the same change gives the same one. */
void link_template_fill(const struct link_template *link, const struct alert_change *change,
                        struct buffer *url);

/* "{id_seller}" and so on; not of LINK_TEXT. */
const char *link_template_placeholder(enum link_value value);
