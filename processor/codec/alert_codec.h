/* alert_codec.h - alert changes to Kafka records and back.
 *
 * The value is AlertEvent (schemas/alert_event.avsc) in the Confluent wire format;
 * the headers are CloudEvents 1.0 in binary mode, so that a consumer can route
 * without decoding, and `shard` and `seq`, by which an owner finds its own records
 * again after a crash. The key is the seller.
 *
 * The same change gives the same bytes, whoever encodes it with the same links and labels,
 * and when.
 */
#pragma once

#include "base/reason.h"
#include "codec/alert_pairs.h"
#include "flow/ports.h"

#include <pthread.h>

struct alert_codec_options {
    int32_t schema_id;  /* of alert_event.avsc; under which the registry knows it */
    const char *source; /* ce_source, such as "/sellerwatch/prod"; borrowed, like the next */
    const char *data_schema;   /* ce_dataschema; NULL: none */
    const char *producer;      /* "sellerwatch 0.1.0" */
    struct alert_pairs links;  /* name to URL, see link_template.h; they parse */
    struct alert_pairs labels; /* name to value */
    pthread_mutex_t *lock;     /* around avro-c, see schema_program.h */
};

struct alert_codec;

/* One per worker; not to be shared between threads. Never NULL. */
struct alert_codec *alert_codec_open(const struct alert_codec_options *options);

/* Accepts NULL. */
void alert_codec_close(struct alert_codec *codec);

/* `encode` reads ret_record->shard, which the caller has set: it stands in the header
 * `shard`. `decode` understands records of this very schema, under whatever id: a registry
 * may have numbered it anew since they were written. Their bytes must fit it to the end. */
struct encoder_port alert_codec_port(struct alert_codec *codec);

/* The same for a body alone. MALFORMED: it is no such record. */
enum status alert_codec_decode_body(struct span body, struct alert_change *ret_change);

/* The literal text of the schema: what is registered. */
const char *alert_codec_schema_text(void);
