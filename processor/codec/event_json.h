/* event_json.h - one line of JSON becomes an event.
 *
 *      {"id_message": "m1", "event_name": "delivered", "ts_event": 1767225600000, ...}
 *
 * Names are those of the .avsc; a nullable field may be left out, be null, be the plain
 * value, or be wrapped as Avro's JSON encoding does: {"string": "DHL"}. Fields that have
 * a default may be left out. A name that is no field of the event is a mistake, unless
 * it begins with '_' (notes for people) or is "kafka_topic"; so is a word that is no symbol
 * of its enum. UNKNOWN is one.
 *
 * The topic follows from "kafka_topic" (orders, messages, shipments) or else from
 * "event_name": no two topics share one.
 */
#pragma once

#include "base/reason.h"
#include "base/status.h"
#include "codec/reader_schema.h"
#include "kpi/event.h"

struct event_json {
    struct reader_schema *schemas[TOPIC_COUNT]; /* owned */
    struct json_t *root;                        /* of the last line; owned */
};

void event_json_open(struct event_json *parser);

void event_json_close(struct event_json *parser);

/* `topic`: that of the file, TOPIC_COUNT: find out. OK: *ret_event borrows from the
 * parser until the next call. MALFORMED: *why says what is wrong and what would be
 * right. Only the form is checked; whether the event is possible, event_check says. */
enum status event_json_parse(struct event_json *parser, struct span line, enum topic topic,
                             struct event *ret_event, struct reason *why);
