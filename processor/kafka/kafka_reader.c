/* kafka_reader.c - all partitions of a topic, into one queue.
 *
 * DESIGN
 * ------
 * The ends are asked first; each partition is read from its beginning or its end
 * and, unless we follow, is over once the next offset has come to the end it had.
 * The last offsets before it may hold no record (transactions, compaction); then
 * librdkafka's "end of partition" says so.
 *
 *      partition 0  ─▶┐            next ≥ end: over
 *      partition 1  ─▶┼─▶ queue ─▶ read, one record a call
 *      partition 2  ─▶┘
 *
 * When the topic's beginning overtakes us (retention), a partition goes on where
 * the log begins now: who looks at alerts wants the others.
 */
#include "kafka/kafka_reader.h"

#include "base/check.h"
#include "base/log.h"
#include "kafka/kafka_client.h"
#include "kafka/kafka_errors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum { READER_STEP_MS = 50, ASK_PAUSE_MS = 50, ASK_STEP_MS = 1000 };

struct reading {
    int64_t next; /* offset */
    int64_t end;  /* when the reader was opened */
    bool over;
    bool started; /* librdkafka fetches it */
};

struct kafka_reader {
    struct kafka_client client;
    struct kafka_reader_options options;
    rd_kafka_topic_t *topic; /* owned, as are the next two */
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *message; /* what the last record borrows from; NULL: none */
    struct reading *partitions;  /* owned */
    int32_t partition_count;
    int32_t over_count;
    struct kafka_reader_header headers[KAFKA_READER_HEADERS_MAX];
};

/* ---- opening ---------------------------------------------------------------------- */

static enum status ask_edges(struct kafka_reader *r, enum kafka_edge edge, struct reason *why)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(0);
    for (int32_t p = 0; p < r->partition_count; p++)
        (void)rd_kafka_topic_partition_list_add(list, r->options.topic, p);
    const enum status s =
        kafka_client_edges(&r->client, edge, list, r->options.patience_ms, why);
    for (int i = 0; s == STATUS_OK && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *part = &list->elems[i];
        CHECK(part->partition >= 0 && part->partition < r->partition_count);
        r->partitions[part->partition].next = part->offset;
        if (edge == KAFKA_EDGE_END)
            r->partitions[part->partition].end = part->offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return s;
}

/* Before it is asked again; false: there is no more patience, or somebody wants us to stop. */
static bool pause_until(const struct kafka_reader *r, int64_t deadline_ms)
{
    const struct timespec pause = { .tv_nsec = ASK_PAUSE_MS * 1000000L };
    const bool stopped = r->options.stop != NULL && atomic_load(r->options.stop);
    if (stopped || kafka_client_clock_ms() >= deadline_ms)
        return false;
    (void)nanosleep(&pause, NULL);
    return true;
}

/* In steps, so that who waits can be told why, and can stop. */
static enum status insist_on_partitions(struct kafka_reader *r, struct reason *why)
{
    const int patience_ms = r->options.patience_ms;
    const int step_ms = patience_ms < ASK_STEP_MS ? patience_ms : ASK_STEP_MS;
    const int64_t deadline = kafka_client_clock_ms() + patience_ms;
    bool told = r->options.waiting == NULL;
    enum status s;
    do {
        s = kafka_client_partitions(&r->client, r->options.topic, step_ms, &r->partition_count,
                                    why);
        if (s == STATUS_UNAVAILABLE && !told)
            r->options.waiting(r->options.self);
        told = told || s == STATUS_UNAVAILABLE;
    } while (s == STATUS_UNAVAILABLE && pause_until(r, deadline));
    return s;
}

/* A topic that was just made, or whose leader moves, is answered with "not leader" for a
 * moment. */
static enum status insist_on_edges(struct kafka_reader *r, enum kafka_edge edge,
                                   struct reason *why)
{
    const int64_t deadline = kafka_client_clock_ms() + r->options.patience_ms;
    enum status s = ask_edges(r, edge, why);
    while (s == STATUS_UNAVAILABLE && pause_until(r, deadline))
        s = ask_edges(r, edge, why);
    return s;
}

static enum status find_partitions(struct kafka_reader *r, struct reason *why)
{
    enum status s = insist_on_partitions(r, why);
    if (s != STATUS_OK)
        return s;
    r->partitions = calloc((size_t)r->partition_count, sizeof *r->partitions);
    CHECK(r->partitions != NULL);
    s = insist_on_edges(r, KAFKA_EDGE_END, why);
    if (s == STATUS_OK && !r->options.from_end)
        s = insist_on_edges(r, KAFKA_EDGE_LOW, why);
    return s;
}

static void judge_over(struct kafka_reader *r, struct reading *reading)
{
    if (r->options.follow || reading->over || reading->next < reading->end)
        return;
    reading->over = true;
    r->over_count += 1;
}

static enum status start_partition(struct kafka_reader *r, int32_t partition,
                                   struct reason *why)
{
    struct reading *reading = &r->partitions[partition];
    judge_over(r, reading);
    if (reading->over)
        return STATUS_OK;
    if (rd_kafka_consume_start_queue(r->topic, partition, reading->next, r->queue) != 0)
        return kafka_client_blame(&r->client, rd_kafka_last_error(), r->options.topic, why);
    reading->started = true;
    return STATUS_OK;
}

static enum status start_all(struct kafka_reader *r, struct reason *why)
{
    r->topic = rd_kafka_topic_new(r->client.handle, r->options.topic, NULL);
    CHECK(r->topic != NULL); /* its partitions were just asked */
    r->queue = rd_kafka_queue_new(r->client.handle);
    enum status s = STATUS_OK;
    for (int32_t p = 0; s == STATUS_OK && p < r->partition_count; p++)
        s = start_partition(r, p, why);
    return s;
}

enum status kafka_reader_open(const struct kafka_reader_options *options,
                              struct kafka_reader **ret_reader, struct reason *why)
{
    struct kafka_reader *r = calloc(1, sizeof *r);
    CHECK(r != NULL);
    r->options = *options;
    enum status s = kafka_client_open(&r->client, &options->kafka, KAFKA_TAIL, NULL, why);
    if (s == STATUS_OK)
        s = find_partitions(r, why);
    if (s == STATUS_OK)
        s = start_all(r, why);
    if (s != STATUS_OK)
        goto fail;
    *ret_reader = r;
    return STATUS_OK;

fail:
    kafka_reader_close(r);
    return s;
}

static void drop_message(struct kafka_reader *r)
{
    if (r->message != NULL)
        rd_kafka_message_destroy(r->message);
    r->message = NULL;
}

void kafka_reader_close(struct kafka_reader *r)
{
    if (r == NULL)
        return;
    drop_message(r);
    for (int32_t p = 0; p < r->partition_count; p++)
        if (r->partitions[p].started)
            (void)rd_kafka_consume_stop(r->topic, p);
    if (r->queue != NULL)
        rd_kafka_queue_destroy(r->queue);
    if (r->topic != NULL)
        rd_kafka_topic_destroy(r->topic);
    kafka_client_close(&r->client);
    free(r->partitions);
    free(r);
}

/* ---- reading ---------------------------------------------------------------------- */

static int32_t read_headers(struct kafka_reader *r)
{
    rd_kafka_headers_t *headers = NULL;
    int32_t count = 0;
    if (rd_kafka_message_headers(r->message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    while (count < KAFKA_READER_HEADERS_MAX) {
        const char *name = NULL;
        const void *at = NULL;
        size_t size = 0;
        if (rd_kafka_header_get_all(headers, (size_t)count, &name, &at, &size) !=
            RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        r->headers[count++] =
            (struct kafka_reader_header){ .name = name, .value = span_of(at, size) };
    }
    return count;
}

/* PENDING: a record from behind the end that was to be the last. */
static enum status take_record(struct kafka_reader *r, struct reading *reading,
                               struct kafka_reader_record *ret_record)
{
    const rd_kafka_message_t *m = r->message;
    reading->next = m->offset + 1;
    judge_over(r, reading);
    if (!r->options.follow && m->offset >= reading->end)
        return STATUS_PENDING;
    const int32_t header_count = read_headers(r);
    *ret_record = (struct kafka_reader_record){
        .partition = m->partition,
        .offset = m->offset,
        .timestamp_ms = rd_kafka_message_timestamp(m, NULL),
        .key = span_of(m->key, m->key_len),
        .value = span_of(m->payload, m->len),
        .headers = r->headers,
        .header_count = header_count,
    };
    return STATUS_OK;
}

static enum status start_again(struct kafka_reader *r, int32_t partition, struct reason *why)
{
    struct reading *reading = &r->partitions[partition];
    log_write(LOG_WARN, "records_gone", "topic=%s partition=%d offset=%" PRId64,
              r->options.topic, (int)partition, reading->next);
    (void)rd_kafka_consume_stop(r->topic, partition);
    reading->started = false;
    if (rd_kafka_consume_start_queue(r->topic, partition, RD_KAFKA_OFFSET_BEGINNING,
                                     r->queue) != 0)
        return kafka_client_blame(&r->client, rd_kafka_last_error(), r->options.topic, why);
    reading->started = true;
    return STATUS_PENDING;
}

static enum status take_message(struct kafka_reader *r, struct kafka_reader_record *ret_record,
                                struct reason *why)
{
    const rd_kafka_message_t *m = r->message;
    const rd_kafka_resp_err_t error = m->err;
    const bool ours = m->partition >= 0 && m->partition < r->partition_count;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        CHECK(ours);
        return take_record(r, &r->partitions[m->partition], ret_record);
    }
    if (error == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        CHECK(ours);
        struct reading *reading = &r->partitions[m->partition];
        reading->next = m->offset > reading->next ? m->offset : reading->next;
        judge_over(r, reading);
        return STATUS_PENDING;
    }
    const enum status s = kafka_client_blame(&r->client, error, r->options.topic, why);
    return s == STATUS_DATA_LOSS && ours ? start_again(r, m->partition, why) : s;
}

enum status kafka_reader_read(struct kafka_reader *r, int patience_ms,
                              struct kafka_reader_record *ret_record, struct reason *why)
{
    const int64_t deadline = kafka_client_clock_ms() + patience_ms;
    int64_t left = patience_ms;
    while (!kafka_reader_finished(r)) {
        drop_message(r);
        (void)rd_kafka_poll(r->client.handle, 0);
        const int64_t step = left < READER_STEP_MS ? left : READER_STEP_MS;
        r->message = rd_kafka_consume_queue(r->queue, (int)(step > 0 ? step : 0));
        if (r->message != NULL) {
            const enum status s = take_message(r, ret_record, why);
            if (s != STATUS_PENDING)
                return s;
        }
        left = deadline - kafka_client_clock_ms();
        if (left <= 0)
            break;
    }
    return STATUS_PENDING;
}

bool kafka_reader_finished(const struct kafka_reader *r)
{
    return r->over_count == r->partition_count;
}
