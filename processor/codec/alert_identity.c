/* alert_identity.c - see alert_identity.h. */
#include "codec/alert_identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uuid.h>

/* The name space of all episodes; drawn once, never to be changed. */
static const uuid_t NAME_SPACE = { 0x5e, 0x11, 0x9a, 0x3c, 0x0d, 0x27, 0x4b, 0x86,
                                   0x9f, 0x41, 0x7c, 0x52, 0xe8, 0xb0, 0x1d, 0x64 };

static char *add_escaped(char *at, struct span text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.at[i];
        if (byte >= 0x20 && byte != 0x7f && byte != '|' && byte != '%') {
            *at++ = (char)byte;
            continue;
        }
        *at++ = '%';
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 0x0f];
    }
    return at;
}

void alert_identity_key(const struct alert_change *change,
                        char ret_key[ALERT_IDENTITY_KEY_BYTES])
{
    char *at = add_escaped(ret_key, name_span(&change->seller));
    *at++ = '|';
    at = add_escaped(at, name_span(&change->storefront));
    *at++ = '|';
    at = add_escaped(at, span_of_text(catalogue_row(change->kpi)->name));
    *at++ = '|';
    at = add_escaped(at, name_span(&change->window));
    *at = '\0';
}

void alert_identity_id(const struct alert_change *change, char ret_id[ALERT_IDENTITY_ID_BYTES])
{
    char key[ALERT_IDENTITY_KEY_BYTES];
    alert_identity_key(change, key);
    char named[ALERT_IDENTITY_KEY_BYTES + 24];
    const int size = snprintf(named, sizeof named, "%s|%" PRId64, key, change->started.ms);
    uuid_t id;
    uuid_generate_sha1(id, NAME_SPACE, named, (size_t)size);
    uuid_unparse_lower(id, ret_id);
}

void alert_identity_change(const struct alert_change *change,
                           char ret_id[ALERT_IDENTITY_CHANGE_BYTES])
{
    char id[ALERT_IDENTITY_ID_BYTES];
    alert_identity_id(change, id);
    snprintf(ret_id, ALERT_IDENTITY_CHANGE_BYTES, "%s:%06" PRIu32, id, change->sequence);
}
