/* bare_consumer.c - what the client library alone can read: the yardstick of catch_up.
 *
 *      bench_bare_consumer BROKERS TOPIC...
 *
 * Reads every partition of the topics from the beginning to the ends that the broker names
 * at the start, in batches, with the properties that kafka_source.c sets, and does nothing
 * with the records. Prints "RECORDS BYTES MILLISECONDS".
 */
#include "base/check.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 100, WAIT_MS = 100, ASK_MS = 10000, SILENCE_MS = 60000 };

struct reading {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    int64_t wanted; /* records between the lows and the ends; without gaps in the topics */
    int64_t records;
    int64_t bytes;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void give_up(const char *what)
{
    fprintf(stderr, "bare_consumer: %s\n", what);
    exit(2);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
        give_up(why);
}

static void open_client(struct reading *r, const char *brokers)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", brokers);
    set(conf, "group.id", "bare-consumer");
    set(conf, "enable.auto.commit", "false");
    set(conf, "enable.auto.offset.store", "false");
    set(conf, "socket.nagle.disable", "true");
    r->client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (r->client == NULL)
        give_up(why);
    rd_kafka_poll_set_consumer(r->client);
    r->queue = rd_kafka_queue_get_consumer(r->client);
}

static void add_topic(struct reading *r, const char *name,
                      rd_kafka_topic_partition_list_t *assignment)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(r->client, name, NULL);
    if (rd_kafka_metadata(r->client, 0, topic, &metadata, ASK_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        give_up("the brokers do not answer");
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++) {
        int64_t low = 0;
        int64_t end = 0;
        if (rd_kafka_query_watermark_offsets(r->client, name, i, &low, &end, ASK_MS) !=
            RD_KAFKA_RESP_ERR_NO_ERROR)
            give_up("the brokers do not tell the log ends");
        r->wanted += end - low;
        rd_kafka_topic_partition_list_add(assignment, name, i)->offset = low;
    }
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
}

static void take(struct reading *r, rd_kafka_message_t **messages, ssize_t count)
{
    for (ssize_t i = 0; i < count; i++) {
        if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            r->records += 1;
            r->bytes += (int64_t)(messages[i]->len + messages[i]->key_len);
        }
        rd_kafka_message_destroy(messages[i]);
    }
}

static void read_all(struct reading *r)
{
    rd_kafka_message_t *messages[BATCH];
    int64_t heard = now_ms();
    while (r->records < r->wanted) {
        ssize_t count = rd_kafka_consume_batch_queue(r->queue, WAIT_MS, messages, 1);
        if (count > 0) {
            heard = now_ms();
            take(r, messages, count);
            count = rd_kafka_consume_batch_queue(r->queue, 0, messages, BATCH);
            take(r, messages, count);
        }
        if (now_ms() - heard > SILENCE_MS)
            give_up("nothing came for a minute");
    }
}

int main(int argc, char **argv)
{
    struct reading r = { 0 };
    if (argc < 3) {
        fprintf(stderr, "Usage: bench_bare_consumer BROKERS TOPIC...\n");
        return 1;
    }
    open_client(&r, argv[1]);
    rd_kafka_topic_partition_list_t *assignment = rd_kafka_topic_partition_list_new(argc);
    for (int i = 2; i < argc; i++)
        add_topic(&r, argv[i], assignment);
    const int64_t begun = now_ms();
    if (rd_kafka_assign(r.client, assignment) != RD_KAFKA_RESP_ERR_NO_ERROR)
        give_up("cannot assign the partitions");
    read_all(&r);
    printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", r.records, r.bytes, now_ms() - begun);
    rd_kafka_topic_partition_list_destroy(assignment);
    rd_kafka_queue_destroy(r.queue);
    rd_kafka_consumer_close(r.client);
    rd_kafka_destroy(r.client);
    return 0;
}
