/* kafka_tail.c - from an offset to the end, and not further.
 *
 * DESIGN
 * ------
 * The end is asked first, then records are read until the next offset has come
 * to it. The last offsets before the end may hold no record; librdkafka then
 * says "end of partition" with the offset it has come to, which settles it.
 * That event spoils positions only when records are taken in batches; here they
 * are taken one by one and the positions are our own.
 */
#include "kafka/kafka_tail.h"

#include "base/check.h"
#include "kafka/kafka_errors.h"

#include <stdlib.h>

enum { TAIL_POLL_MS = 50 };

struct kafka_tail {
    struct kafka_client client;
};

struct kafka_tail *kafka_tail_open(const struct kafka_options *options, struct reason *why)
{
    struct kafka_tail *tail = calloc(1, sizeof *tail);
    CHECK(tail != NULL);
    if (kafka_client_open(&tail->client, options, KAFKA_TAIL, NULL, why) == STATUS_OK)
        return tail;
    kafka_tail_close(tail);
    return NULL;
}

void kafka_tail_close(struct kafka_tail *tail)
{
    if (tail == NULL)
        return;
    kafka_client_close(&tail->client);
    free(tail);
}

/* One reading; lives on the stack of kafka_tail_read. */
struct reading {
    const struct kafka_tail_range *range;
    int64_t low;
    int64_t end;
    int64_t next; /* offset */
    int64_t deadline_ms;
    bool done;
};

static enum status ask_edge(struct kafka_tail *tail, const struct reading *r,
                            enum kafka_edge edge, int64_t *ret_offset, struct reason *why)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(list, r->range->topic, r->range->partition);
    const enum status s =
        kafka_client_edges(&tail->client, edge, list, r->range->patience_ms, why);
    if (s == STATUS_OK)
        *ret_offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return s;
}

static enum status find_range(struct kafka_tail *tail, struct reading *r, struct reason *why)
{
    enum status s = ask_edge(tail, r, KAFKA_EDGE_LOW, &r->low, why);
    if (s == STATUS_OK)
        s = ask_edge(tail, r, KAFKA_EDGE_END, &r->end, why);
    if (s != STATUS_OK)
        return s;
    const bool inside = r->range->from >= r->low && r->range->from <= r->end;
    r->next = inside ? r->range->from : r->low;
    r->done = r->next >= r->end;
    return STATUS_OK;
}

static void take_record(struct reading *r, const rd_kafka_message_t *m)
{
    if (m->offset < r->next)
        return;
    if (m->offset >= r->end) {
        r->done = true;
        return;
    }
    if (!r->range->each(r->range->arg, m)) {
        r->end = m->offset;
        r->done = true;
        return;
    }
    r->next = m->offset + 1;
    r->done = r->next >= r->end;
}

static enum status take_message(struct kafka_tail *tail, struct reading *r,
                                const rd_kafka_message_t *m, struct reason *why)
{
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        take_record(r, m);
        return STATUS_OK;
    }
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        r->done = m->offset >= r->end;
        return STATUS_OK;
    }
    const enum status s = kafka_client_blame(&tail->client, m->err, r->range->topic, why);
    if (s == STATUS_DATA_LOSS)
        return STATUS_UNAVAILABLE; /* its beginning moved meanwhile: ask again */
    return s == STATUS_REFUSED ? s : STATUS_OK;
}

static enum status read_queue(struct kafka_tail *tail, struct reading *r,
                              rd_kafka_queue_t *queue, struct reason *why)
{
    enum status s = STATUS_OK;
    while (!r->done && s == STATUS_OK) {
        if (kafka_client_clock_ms() >= r->deadline_ms)
            return kafka_client_blame(&tail->client, RD_KAFKA_RESP_ERR__TIMED_OUT,
                                      r->range->topic, why);
        rd_kafka_message_t *m = rd_kafka_consume_queue(queue, TAIL_POLL_MS);
        (void)rd_kafka_poll(tail->client.handle, 0);
        if (m == NULL)
            continue;
        s = take_message(tail, r, m, why);
        rd_kafka_message_destroy(m);
    }
    return s;
}

static enum status read_records(struct kafka_tail *tail, struct reading *r, struct reason *why)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(tail->client.handle, r->range->topic, NULL);
    CHECK(topic != NULL); /* its ends were just asked */
    rd_kafka_queue_t *queue = rd_kafka_queue_new(tail->client.handle);
    enum status s = STATUS_OK;
    if (rd_kafka_consume_start_queue(topic, r->range->partition, r->next, queue) == 0) {
        s = read_queue(tail, r, queue, why);
        (void)rd_kafka_consume_stop(topic, r->range->partition);
    } else {
        s = kafka_client_blame(&tail->client, rd_kafka_last_error(), r->range->topic, why);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(topic);
    return s;
}

enum status kafka_tail_read(struct kafka_tail *tail, const struct kafka_tail_range *range,
                            int64_t *ret_end, struct reason *why)
{
    struct reading r = {
        .range = range,
        .deadline_ms = kafka_client_clock_ms() + range->patience_ms,
    };
    enum status s = find_range(tail, &r, why);
    if (s == STATUS_OK && !r.done)
        s = read_records(tail, &r, why);
    if (s == STATUS_OK)
        *ret_end = r.end;
    return s;
}

enum status kafka_tail_partitions(struct kafka_tail *tail, const char *topic, int patience_ms,
                                  int32_t *ret_count, struct reason *why)
{
    return kafka_client_partitions(&tail->client, topic, patience_ms, ret_count, why);
}
