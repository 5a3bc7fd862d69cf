/* kafka_source.c - reading the shards that are ours, each from its own queue.
 *
 * DESIGN
 * ------
 * Three parts, because each must not disturb the others:
 *
 *      kafka_group    who owns what; fetches nothing
 *      reader         one librdkafka client without a group; every started input
 *                     has a queue of its own
 *      kafka_prober   where the inputs end; a thread
 *
 *      orders/3    ─▶ [queue] ─┐
 *      messages/3  ─▶ [queue] ─┼─▶ read: so many of each in turn ─▶ record_batch
 *      shipments/3 ─▶ [queue] ─┘       held inputs are left out
 *
 * What follows from a queue for each input:
 * - *start* and *seek* make a new queue and throw the old one away, so a record
 *   fetched before a seek cannot be delivered after it;
 * - *hold* is to not look at the queue: nothing is dropped, nothing is read
 *   twice, and the client stops fetching when the queue is full. Its pause and
 *   resume, which lose or repeat records in 2.0, are never used;
 * - the memory bound queued.max.messages.kbytes counts for each input.
 * Offsets are our own: the next one after what was handed out.
 *
 * Waiting. All queues write to one eventfd when they stop being empty. A read
 * first takes what is there and sleeps on that only if there was nothing, so a
 * batch never waits to fill. Messages stay with librdkafka until the next read;
 * the records point into them.
 *
 * Data loss. Offsets are held against the topic's beginning and end when an
 * input is started, and again when its position is in doubt: the client reports
 * one that a truncation left outside, the prober an end that has moved back (for a
 * topic that was made anew the client may say nothing for minutes, and by then the
 * position may be inside again). In doubt, the brokers are asked until they answer.
 * A topic that is made anew and filled beyond our position between two questions of
 * the prober is not noticed.
 */
#include "kafka/kafka_source.h"

#include "base/check.h"
#include "base/log.h"
#include "kafka/kafka_client.h"
#include "kafka/kafka_edges.h"
#include "kafka/kafka_errors.h"
#include "kafka/kafka_group.h"
#include "kafka/kafka_prober.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    DOUBT_RETRY_MS = 500,
    CHUNK_MIN = 32, /* records taken from one input before the next has its turn */
};

struct input {
    int32_t shard;
    enum topic topic;
    rd_kafka_queue_t *queue; /* NULL: not started */
    bool held;
    bool fresh;    /* no offset was stored: where it began is our choice */
    bool doubtful; /* its position may not be in the topic any more: not read until known */
    int64_t next;  /* offset of the record to deliver next */
    /* The loss that was told last: until something is read and saved behind it, the same
     * offset is asked for again and again. */
    int64_t lost_from; /* OFFSET_NONE: none */
    int64_t lost_to;
};

struct kafka_source {
    struct kafka_client reader; /* first: callbacks get its address */
    struct kafka_source_options options;
    struct kafka_group *group;
    struct kafka_prober *prober;
    rd_kafka_topic_t *topics[TOPIC_COUNT];
    struct input *inputs;          /* [shard_count * TOPIC_COUNT] */
    bool *owned;                   /* [shard_count]; false from DUTY_REVOKED on */
    rd_kafka_message_t **messages; /* [batch_records]; those lent out come first */
    int32_t message_count;
    struct record *records; /* [batch_records] */
    int32_t record_count;
    int32_t turn; /* input whose turn is first */
    int wake_fd;
    bool doubts;         /* some input is doubtful */
    int64_t doubted_ms;  /* when the brokers were asked last */
    enum status failure; /* of an input; stays until the input is started again */
    struct input *failed;
    struct reason failure_why;
    bool was_down; /* at the last read */
};

static struct input *input_of(const struct kafka_source *s, int32_t shard, enum topic topic)
{
    CHECK(shard >= 0 && shard < s->options.shard_count && topic < TOPIC_COUNT);
    return &s->inputs[shard * TOPIC_COUNT + (int32_t)topic];
}

static int32_t input_count(const struct kafka_source *s)
{
    return s->options.shard_count * TOPIC_COUNT;
}

/* ---- starting and stopping an input ---------------------------------------------- */

static void stop_input(struct kafka_source *s, struct input *in)
{
    if (in->queue == NULL)
        return;
    (void)rd_kafka_consume_stop(s->topics[in->topic], in->shard);
    rd_kafka_queue_io_event_enable(in->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(in->queue);
    in->queue = NULL;
}

static void forget_failure(struct kafka_source *s, const struct input *in)
{
    if (s->failed != in)
        return;
    s->failed = NULL;
    s->failure = STATUS_OK;
}

static enum status begin_input(struct kafka_source *s, struct input *in, int64_t offset,
                               struct reason *why)
{
    stop_input(s, in);
    forget_failure(s, in);
    in->doubtful = false;
    in->queue = rd_kafka_queue_new(s->reader.handle);
    const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(in->queue, s->wake_fd, &one, sizeof one);
    in->next = offset;
    if (rd_kafka_consume_start_queue(s->topics[in->topic], in->shard, offset, in->queue) == 0)
        return STATUS_OK;
    const rd_kafka_resp_err_t error = rd_kafka_last_error();
    rd_kafka_queue_destroy(in->queue);
    in->queue = NULL;
    return kafka_client_blame(&s->reader, error, s->options.topics[in->topic], why);
}

static void stop_shard(struct kafka_source *s, int32_t shard)
{
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        struct input *in = input_of(s, shard, (enum topic)topic);
        stop_input(s, in);
        forget_failure(s, in);
        in->held = false;
        in->doubtful = false;
        in->next = OFFSET_NONE;
    }
    s->owned[shard] = false;
    kafka_prober_watch(s->prober, shard, false);
}

/* ---- where to begin ----------------------------------------------------------------- */

static enum status ask_edges(struct kafka_source *s, int32_t shard,
                             struct kafka_edges *ret_edges, struct reason *why)
{
    return kafka_edges_ask(kafka_group_client(s->group), s->options.topics, shard, ret_edges,
                           why);
}

/* The offset at which to begin, for a stored one. */
static enum status choose_offset(struct kafka_source *s, struct input *in, int64_t stored,
                                 const struct kafka_edges *edges, struct reason *why)
{
    const int64_t low = edges->low[in->topic];
    const int64_t end = edges->end[in->topic];
    in->fresh = stored == OFFSET_NONE;
    if (in->fresh) {
        in->next = s->options.from_beginning ? low : end;
        return STATUS_OK;
    }
    in->next = stored;
    if (stored >= low && stored <= end)
        return STATUS_OK;
    struct reason loss = { 0 };
    kafka_edges_describe_loss(edges, s->options.topics[in->topic], in->topic, stored, &loss);
    if (!s->options.skip_on_data_loss) {
        if (why != NULL)
            *why = loss;
        return STATUS_DATA_LOSS;
    }
    if (in->lost_from != stored || in->lost_to != low)
        log_write(LOG_ERROR, "data_loss_skipped", "why=\"%s\"", loss.text);
    in->lost_from = stored;
    in->lost_to = low;
    in->next = low;
    return STATUS_OK;
}

static enum status source_start(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT],
                                struct reason *why)
{
    struct kafka_source *s = self;
    CHECK(shard >= 0 && shard < s->options.shard_count);
    if (!s->owned[shard]) {
        reason_set(why, "shard %d is not ours any more", (int)shard);
        return STATUS_UNAVAILABLE;
    }
    struct kafka_edges edges = { 0 };
    enum status status = ask_edges(s, shard, &edges, why);
    for (int topic = 0; status == STATUS_OK && topic < TOPIC_COUNT; topic++)
        status = choose_offset(s, input_of(s, shard, (enum topic)topic), offsets[topic], &edges,
                               why);
    for (int topic = 0; status == STATUS_OK && topic < TOPIC_COUNT; topic++) {
        struct input *in = input_of(s, shard, (enum topic)topic);
        status = begin_input(s, in, in->next, why);
    }
    return status;
}

/* ---- taking records -------------------------------------------------------------------- */

static void give_back(struct kafka_source *s)
{
    for (int32_t i = 0; i < s->message_count; i++)
        rd_kafka_message_destroy(s->messages[i]);
    s->message_count = 0;
    s->record_count = 0;
}

static void doubt(struct kafka_source *s, struct input *in)
{
    in->doubtful = in->queue != NULL;
    s->doubts |= in->doubtful;
}

/* Where nothing was read yet and nothing stored, the beginning has only moved on under us:
 * begin there. */
static void settle_doubt(struct kafka_source *s, struct input *in)
{
    const int64_t offset = in->next;
    struct kafka_edges edges = { 0 };
    struct reason why = { 0 };
    enum status status = ask_edges(s, in->shard, &edges, &why);
    if (status == STATUS_OK)
        status = choose_offset(s, in, in->fresh ? OFFSET_NONE : offset, &edges, &why);
    if (status == STATUS_OK) /* inside again, perhaps: an election was under way */
        status = begin_input(s, in, in->next, &why);
    if (status == STATUS_OK)
        return;
    in->doubtful = status_reaction(status) == REACTION_RETRY;
    s->failure = status;
    s->failure_why = why;
    s->failed = in;
}

static void settle_doubts(struct kafka_source *s)
{
    int32_t shard = 0;
    enum topic topic = TOPIC_ORDERS;
    while (kafka_prober_moved_back(s->prober, &shard, &topic))
        doubt(s, input_of(s, shard, topic));
    const int64_t now = kafka_client_clock_ms();
    if (!s->doubts || now - s->doubted_ms < DOUBT_RETRY_MS)
        return;
    s->doubted_ms = now;
    s->doubts = false;
    for (int32_t i = 0; i < input_count(s); i++) {
        if (s->inputs[i].doubtful)
            settle_doubt(s, &s->inputs[i]);
        s->doubts |= s->inputs[i].doubtful;
    }
}

static void take_error(struct kafka_source *s, struct input *in, const rd_kafka_message_t *m)
{
    const enum status status = kafka_errors_status(m->err);
    if (status == STATUS_DATA_LOSS) {
        doubt(s, in);
        return;
    }
    (void)kafka_client_blame(&s->reader, m->err, rd_kafka_message_errstr(m), &s->failure_why);
    log_write(LOG_WARN, "kafka_read_failed", "topic=%s partition=%d error=%s",
              s->options.topics[in->topic], (int)in->shard, rd_kafka_err2name(m->err));
    if (status != STATUS_REFUSED)
        return; /* the client tries again by itself */
    s->failure = status;
    s->failed = in;
}

static void take_record(struct kafka_source *s, struct input *in, rd_kafka_message_t *m)
{
    int64_t created = rd_kafka_message_timestamp(m, NULL);
    s->records[s->record_count++] = (struct record){
        .shard = in->shard,
        .topic = in->topic,
        .offset = m->offset,
        .timestamp = { created },
        .key = span_of(m->key, m->key_len),
        .value = span_of(m->payload, m->len),
    };
    s->messages[s->message_count++] = m;
    in->next = m->offset + 1;
    in->fresh = false;
}

/* Takes at most `max` records off the input's queue; returns how many. */
static int32_t drain_input(struct kafka_source *s, struct input *in, int32_t max)
{
    if (in->queue == NULL || in->held || in->doubtful || max <= 0 ||
        rd_kafka_queue_length(in->queue) == 0)
        return 0;
    /* The free end of the array: what is kept moves down over what is not. */
    rd_kafka_message_t **got = s->messages + s->message_count;
    const ssize_t count = rd_kafka_consume_batch_queue(in->queue, 0, got, (size_t)max);
    bool gone = false; /* where the queue comes from is in doubt: it will be replaced */
    for (ssize_t i = 0; i < count; i++) {
        rd_kafka_message_t *m = got[i];
        const bool wanted =
            !gone && m->partition == in->shard && m->rkt == s->topics[in->topic];
        if (wanted && m->err == RD_KAFKA_RESP_ERR_NO_ERROR && m->offset >= in->next) {
            take_record(s, in, m);
            continue;
        }
        if (wanted && m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            take_error(s, in, m);
            gone = in->doubtful || s->failed == in;
        }
        rd_kafka_message_destroy(m);
    }
    return count > 0 ? (int32_t)count : 0;
}

/* Rounds over all inputs, some records of each, until the batch is full or all
 * queues are empty. */
static void drain(struct kafka_source *s)
{
    const int32_t inputs = input_count(s);
    const int32_t share = s->options.batch_records / TOPIC_COUNT;
    const int32_t chunk = share > CHUNK_MIN ? share : CHUNK_MIN;
    bool progress = true;
    while (progress && s->record_count < s->options.batch_records) {
        progress = false;
        for (int32_t i = 0; i < inputs; i++) {
            const int32_t room = s->options.batch_records - s->record_count;
            struct input *in = &s->inputs[(s->turn + i) % inputs];
            if (drain_input(s, in, chunk < room ? chunk : room) > 0)
                progress = true;
        }
        s->turn = (s->turn + 1) % inputs;
    }
}

/* ---- the port ---------------------------------------------------------------------------- */

static void follow_duties(struct kafka_source *s, const struct duty *duties, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t shard = duties[i].shard;
        stop_shard(s, shard);
        if (duties[i].kind != DUTY_ASSIGNED)
            continue;
        s->owned[shard] = true;
        kafka_prober_watch(s->prober, shard, true);
    }
}

/* Sleeps until a queue has something; returns after `patience_ms` at the latest. */
static void sleep_until_woken(struct kafka_source *s, int patience_ms)
{
    struct pollfd waited = { .fd = s->wake_fd, .events = POLLIN };
    uint64_t count = 0;
    if (poll(&waited, 1, patience_ms) > 0)
        while (read(s->wake_fd, &count, sizeof count) < 0 && errno == EINTR)
            continue;
}

/* Why nothing was read, if that has a reason. */
static enum status check_world(struct kafka_source *s, struct reason *why)
{
    if (s->failure == STATUS_OK)
        return kafka_prober_status(s->prober, why);
    if (why != NULL)
        *why = s->failure_why;
    return s->failure;
}

static enum status source_read(void *self, int patience_ms, struct record_batch *ret_batch,
                               struct reason *why)
{
    struct kafka_source *s = self;
    const int64_t deadline = kafka_client_clock_ms() + patience_ms;
    enum status status = STATUS_OK;
    int32_t duty_count = 0;
    const struct duty *duties = NULL;
    give_back(s);
    for (;;) {
        status = kafka_group_poll(s->group, why);
        (void)rd_kafka_poll(s->reader.handle, 0);
        duties = kafka_group_take_duties(s->group, &duty_count);
        follow_duties(s, duties, duty_count);
        settle_doubts(s);
        drain(s);
        const int64_t left = deadline - kafka_client_clock_ms();
        if (s->record_count > 0 || duty_count > 0 || status != STATUS_OK ||
            s->failure != STATUS_OK || left <= 0)
            break;
        sleep_until_woken(s, (int)left);
    }
    if (s->record_count == 0 && duty_count == 0) {
        if (status == STATUS_OK)
            status = check_world(s, why);
        if (status != STATUS_OK)
            return status;
    }
    *ret_batch = (struct record_batch){
        .records = s->records,
        .record_count = s->record_count,
        .duties = duties,
        .duty_count = duty_count,
    };
    return STATUS_OK;
}

static void source_release(void *self)
{
    struct kafka_source *s = self;
    kafka_group_release(s->group);
}

static void source_hold(void *self, int32_t shard, enum topic topic, bool held)
{
    input_of(self, shard, topic)->held = held;
}

static struct log_end source_log_end(void *self, int32_t shard, enum topic topic)
{
    const struct kafka_source *s = self;
    (void)input_of(s, shard, topic);
    return kafka_prober_end(s->prober, shard, topic);
}

static int64_t source_position(void *self, int32_t shard, enum topic topic)
{
    const struct kafka_source *s = self;
    const struct input *in = input_of(s, shard, topic);
    if (in->queue == NULL)
        return OFFSET_NONE;
    return kafka_prober_position(s->prober, shard, topic, in->next);
}

static void source_note_progress(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT])
{
    struct kafka_source *s = self;
    if (s->owned[shard])
        kafka_group_note(s->group, shard, offsets);
}

static int32_t source_lease_ms(void *self)
{
    const struct kafka_source *s = self;
    return kafka_group_lease_ms(s->group);
}

static bool source_troubled(void *self, struct reason *why)
{
    const struct kafka_source *s = self;
    return kafka_prober_incomplete(s->prober, why);
}

struct source_port kafka_source_port(struct kafka_source *source)
{
    return (struct source_port){
        .self = source,
        .read = source_read,
        .start = source_start,
        .release = source_release,
        .hold = source_hold,
        .log_end = source_log_end,
        .position = source_position,
        .note_progress = source_note_progress,
        .lease_ms = source_lease_ms,
        .troubled = source_troubled,
    };
}

/* ---- opening and closing ------------------------------------------------------------- */

static void take_memory(struct kafka_source *s)
{
    const size_t batch = (size_t)s->options.batch_records;
    s->inputs = calloc((size_t)input_count(s), sizeof *s->inputs);
    s->owned = calloc((size_t)s->options.shard_count, sizeof *s->owned);
    s->messages = calloc(batch, sizeof(rd_kafka_message_t *));
    s->records = calloc(batch, sizeof *s->records);
    CHECK(s->inputs != NULL && s->owned != NULL && s->messages != NULL && s->records != NULL);
    for (int32_t i = 0; i < input_count(s); i++)
        s->inputs[i] = (struct input){
            .shard = i / TOPIC_COUNT,
            .topic = (enum topic)(i % TOPIC_COUNT),
            .next = OFFSET_NONE,
            .lost_from = OFFSET_NONE,
        };
}

static bool open_reader(struct kafka_source *s, struct reason *why)
{
    if (kafka_client_open(&s->reader, &s->options.kafka, KAFKA_READER, NULL, why) != STATUS_OK)
        return false;
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        s->topics[topic] = rd_kafka_topic_new(s->reader.handle, s->options.topics[topic], NULL);
        if (s->topics[topic] == NULL) {
            reason_set(why, "\"%s\" cannot be the name of a topic", s->options.topics[topic]);
            return false;
        }
    }
    return true;
}

static bool open_group(struct kafka_source *s, struct reason *why)
{
    struct kafka_group_options group = { .kafka = &s->options.kafka,
                                         .shard_count = s->options.shard_count,
                                         .wake_fd = s->wake_fd };
    struct kafka_prober_options prober = { .kafka = &s->options.kafka,
                                           .shard_count = s->options.shard_count,
                                           .interval_ms = s->options.probe_interval_ms,
                                           .now = s->options.now };
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        group.topics[topic] = s->options.topics[topic];
        prober.topics[topic] = s->options.topics[topic];
    }
    s->group = kafka_group_open(&group, why);
    if (s->group == NULL)
        return false;
    prober.client = kafka_group_client(s->group);
    s->prober = kafka_prober_open(&prober);
    return true;
}

struct kafka_source *kafka_source_open(const struct kafka_source_options *options,
                                       struct reason *why)
{
    CHECK(options->shard_count > 0 && options->batch_records > 0 && options->now != NULL);
    CHECK(options->probe_interval_ms > 0);
    struct kafka_source *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->options = *options;
    take_memory(s);
    s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->wake_fd < 0) {
        reason_set(why, "no file descriptor is left for waiting on Kafka");
        goto fail;
    }
    if (!open_reader(s, why) || !open_group(s, why))
        goto fail;
    return s;

fail:
    kafka_source_close(s);
    return NULL;
}

void kafka_source_close(struct kafka_source *s)
{
    if (s == NULL)
        return;
    give_back(s);
    kafka_prober_close(s->prober);
    for (int32_t i = 0; i < input_count(s); i++)
        stop_input(s, &s->inputs[i]);
    kafka_group_close(s->group);
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        if (s->topics[topic] != NULL)
            rd_kafka_topic_destroy(s->topics[topic]);
    kafka_client_close(&s->reader);
    if (s->wake_fd >= 0)
        (void)close(s->wake_fd);
    free(s->inputs);
    free(s->owned);
    free(s->messages);
    free(s->records);
    free(s);
}
