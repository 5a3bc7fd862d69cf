/* alert_text.h - an alert change for people. alert_json.h is for programs. */
#pragma once

#include "base/buffer.h"
#include "kpi/alert_change.h"

/* Appends one line, with its newline:
 *
 *   2026-11-23T09:15:02.123Z  FIRING     CRITICAL  4711 de  delivery_late 7d  12.40 % (31 of
 * 250)  limit > 10.00 %  global
 *
 * `colour`: with terminal colours. Control characters in names become '?', so that
 * an id cannot play with the terminal. */
void alert_text_line(const struct alert_change *change, bool colour, struct buffer *b);
