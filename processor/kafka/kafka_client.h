/* kafka_client.h - one librdkafka client and what it last complained about.
 *
 * Each adapter has clients of its own; none is shared between workers. `down`
 * and `fatal` are written by a callback in the thread that polls the client and
 * read there; the trouble may be asked for by any thread.
 */
#pragma once

#include "base/reason.h"
#include "base/status.h"
#include "kafka/kafka_conf.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

enum { KAFKA_CLIENT_BROKERS_BYTES = 128 };

struct kafka_client {
    rd_kafka_t *handle;                       /* owned */
    bool down;                                /* no broker could be reached when last tried */
    bool fatal;                               /* the client is beyond repair: open another */
    pthread_mutex_t lock;                     /* guards trouble */
    struct reason trouble;                    /* the newest error, for people */
    char brokers[KAFKA_CLIENT_BROKERS_BYTES]; /* the configured list, cut: for messages */
};

/* What a client may call back, besides its errors; NULL where not wanted. */
struct kafka_callbacks {
    void (*rebalance)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *,
                      void *opaque);
    void (*delivery)(rd_kafka_t *, const rd_kafka_message_t *, void *opaque);
    void *opaque; /* of the two; its first member must be a struct kafka_client */
};

/* REFUSED: the options are wrong. Does not wait for a broker. `client` must not
 * move while it is open; with callbacks it is callbacks->opaque. */
enum status kafka_client_open(struct kafka_client *client, const struct kafka_options *options,
                              enum kafka_role role, const struct kafka_callbacks *callbacks,
                              struct reason *why);

/* Accepts one that never opened. May take as long as the client's threads need. */
void kafka_client_close(struct kafka_client *client);

/* Says in *why that the brokers did not do `what`, and what is known of the cause. */
enum status kafka_client_blame(struct kafka_client *client, rd_kafka_resp_err_t error,
                               const char *what, struct reason *why);

enum kafka_edge {
    KAFKA_EDGE_LOW = RD_KAFKA_OFFSET_BEGINNING,
    KAFKA_EDGE_END = RD_KAFKA_OFFSET_END
};

/* Asks the leaders for the first (LOW) or next (END) offset of every partition of
 * the list, in one request a broker, and writes it to `offset`. Any thread.
 * Other than OK: of the first partition without an answer. */
enum status kafka_client_edges(struct kafka_client *client, enum kafka_edge edge,
                               rd_kafka_topic_partition_list_t *list, int patience_ms,
                               struct reason *why);

/* How many partitions a topic has. MISSING: there is no such topic. */
enum status kafka_client_partitions(struct kafka_client *client, const char *topic,
                                    int patience_ms, int32_t *ret_count, struct reason *why);

/* The value of a numeric property, as the client has it. */
int64_t kafka_client_number(const struct kafka_client *client, const char *property);

/* Milliseconds of a clock that never goes back. */
int64_t kafka_client_clock_ms(void);
