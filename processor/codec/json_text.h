/* json_text.h - a text as JSON writes it. */
#pragma once

#include "base/buffer.h"

/* Appends the text between quotes. It is UTF-8; control characters are escaped. */
void json_text_add(struct buffer *b, struct span text);
