/* json_text.c - see json_text.h. */
#include "codec/json_text.h"

enum { FIRST_PRINTABLE = 0x20, DELETE = 0x7f };

void json_text_add(struct buffer *b, struct span text)
{
    buffer_add_u8(b, '"');
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.at[i];
        if (byte < FIRST_PRINTABLE || byte == DELETE) {
            buffer_printf(b, "\\u%04x", byte);
            continue;
        }
        if (byte == '"' || byte == '\\')
            buffer_add_u8(b, '\\');
        buffer_add_u8(b, byte);
    }
    buffer_add_u8(b, '"');
}
