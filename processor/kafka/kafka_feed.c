/* kafka_feed.c - one partition of the alerts topic, from an offset to its end.
 *
 * DESIGN
 * ------
 * A shard's alerts all stand in partition (shard mod count), where kafka_sink put
 * them. The reading itself is kafka_tail's. It gives up after FEED_PATIENCE_MS, so
 * that a worker can still turn and stop when the brokers are silent; but a long
 * tail may need longer than that. So as long as records came, reading goes on
 * behind the last of them:
 *
 *      from ──────▶ patience over ──────▶ patience over ──▶ end named last
 *           records                records
 *
 * The count of partitions is asked once: a topic that grows while we run would
 * otherwise send the feed to a partition that the sink does not write to.
 */
#include "kafka/kafka_feed.h"

#include "base/check.h"
#include "kafka/kafka_tail.h"

#include <stdlib.h>

enum { FEED_PATIENCE_MS = 3000 };

struct kafka_feed {
    struct kafka_tail *tail; /* owned */
    const char *topic;
    int32_t partition_count; /* 0: not known yet */
};

struct kafka_feed *kafka_feed_open(const struct kafka_feed_options *options, struct reason *why)
{
    struct kafka_feed *feed = calloc(1, sizeof *feed);
    CHECK(feed != NULL);
    feed->topic = options->alerts_topic;
    feed->tail = kafka_tail_open(&options->kafka, why);
    if (feed->tail != NULL)
        return feed;
    kafka_feed_close(feed);
    return NULL;
}

void kafka_feed_close(struct kafka_feed *feed)
{
    if (feed == NULL)
        return;
    kafka_tail_close(feed->tail);
    free(feed);
}

/* One call of read_tail; lives on its stack. */
struct feeding {
    void (*each)(void *arg, const struct feed_record *record);
    void *arg;
    int64_t next; /* offset behind the last record handed over */
};

/* Empty: the record has no such header. */
static struct span header_of(const rd_kafka_message_t *message, const char *name)
{
    rd_kafka_headers_t *headers = NULL;
    const void *at = NULL;
    size_t size = 0;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return (struct span){ 0 };
    if (rd_kafka_header_get_last(headers, name, &at, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return (struct span){ 0 };
    return span_of(at, size);
}

static bool hand_over(void *arg, const rd_kafka_message_t *message)
{
    struct feeding *f = arg;
    CHECK(message->offset >= f->next);
    const struct feed_record record = {
        .offset = message->offset,
        .key = span_of(message->key, message->key_len),
        .value = span_of(message->payload, message->len),
        .header_shard = header_of(message, "shard"),
        .header_seq = header_of(message, "seq"),
    };
    f->each(f->arg, &record);
    f->next = message->offset + 1;
    return true;
}

static enum status learn_partitions(struct kafka_feed *feed, struct reason *why)
{
    if (feed->partition_count > 0)
        return STATUS_OK;
    return kafka_tail_partitions(feed->tail, feed->topic, FEED_PATIENCE_MS,
                                 &feed->partition_count, why);
}

/* The signature is feed_port.read_tail. NOLINTNEXTLINE(readability-function-size) */
static enum status read_tail(void *self, int32_t shard, int64_t from,
                             void (*each)(void *arg, const struct feed_record *record),
                             void *arg, int64_t *ret_end, struct reason *why)
{
    struct kafka_feed *feed = self;
    CHECK(shard >= 0 && from >= OFFSET_NONE);
    enum status s = learn_partitions(feed, why);
    if (s != STATUS_OK)
        return s;
    struct feeding f = { .each = each, .arg = arg, .next = OFFSET_NONE };
    struct kafka_tail_range range = {
        .topic = feed->topic,
        .partition = shard % feed->partition_count,
        .from = from,
        .patience_ms = FEED_PATIENCE_MS,
        .each = hand_over,
        .arg = &f,
    };
    for (;;) {
        s = kafka_tail_read(feed->tail, &range, ret_end, why);
        if (s != STATUS_UNAVAILABLE || f.next <= range.from)
            return s;
        range.from = f.next;
    }
}

struct feed_port kafka_feed_port(struct kafka_feed *feed)
{
    CHECK(feed != NULL);
    return (struct feed_port){ .self = feed, .read_tail = read_tail };
}
