/* alert_json.h - an alert record for programs: a line of JSON with every field it holds. */
#pragma once

#include "base/buffer.h"

struct alert_json;

/* Never NULL. */
struct alert_json *alert_json_open(void);

/* Accepts NULL. */
void alert_json_close(struct alert_json *json);

/* Appends one line. `body`: one that alert_decode_body() accepts. Names are those of the
 * .avsc, in its order; times are UTC ms, and a number is the shortest text that reads back
 * as the same number. */
void alert_json_line(const struct alert_json *json, struct span body, struct buffer *b);
