/* event_output.h - where invented or recorded events go: topics, or JSON lines on stdout.
 *
 * DESIGN
 * ------
 *      struct event ──▶ event_encode ──▶ kafka_writer      keyed by id_seller
 *                  └──▶ event_json_write ──▶ stdout
 *
 * Sending waits while the writer's queue is full: who produces faster than the
 * brokers take is slowed down, and nothing is dropped. The broker dates each record
 * with the time of sending, so that a topic's retention does not throw away an old
 * story while it is being told.
 */
#pragma once

#include "app/settings.h"
#include "base/status.h"
#include "kpi/event.h"

#include <stdatomic.h>

struct event_output_options {
    const struct settings *settings; /* outlives the output */
    bool json;                       /* lines on stdout, and no Kafka at all */
    bool create_topics;
    int32_t partitions;      /* of topics that are created */
    const atomic_bool *stop; /* ends every waiting */
};

struct event_output;

/* Registers or numbers the schemas, creates topics if asked. Waits for Kafka and the
 * registry for at most retry.start. NULL: *ret_status and *why say why. */
struct event_output *event_output_open(const struct event_output_options *options,
                                       enum status *ret_status, struct reason *why);

/* Accepts NULL. What was not acknowledged is given up. */
void event_output_close(struct event_output *o);

/* The topic's name for people. */
const char *event_output_topic(const struct event_output *o, enum topic topic);

/* OK: taken over. PENDING: asked to stop while waiting. */
enum status event_output_send(struct event_output *o, const struct event *event,
                              struct reason *why);

/* Lets acknowledgements in for so long. */
void event_output_wait(struct event_output *o, int64_t ms);

/* Waits until everything sent is acknowledged, or says what is not. */
enum status event_output_finish(struct event_output *o, struct reason *why);
