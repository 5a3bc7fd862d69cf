/* kafka_group.c - membership without fetching.
 *
 * DESIGN
 * ------
 * librdkafka ties two things together that we need apart: what the group gives
 * us, and what is being fetched. A shard that was given must not be read before
 * its state is loaded, and with the range assignor the list of what is fetched
 * can only be replaced as a whole, which restarts every partition in it. So the
 * member's own list stays empty for ever, and another client fetches
 * (kafka_source.c):
 *
 *      group:  ASSIGN 8 partitions ──▶ answered at once with an empty list
 *                                      DUTY_ASSIGNED for each complete shard
 *      group:  REVOKE              ──▶ DUTY_REVOKED; nothing is answered
 *              heartbeats go on        the worker saves, then calls release
 *              release             ──▶ answered
 *
 * The group waits for our answer up to max.poll.interval.ms (5 minutes). A
 * member that the group has given up learns it as a revocation of a *lost*
 * assignment: DUTY_LOST, answered at once.
 *
 * Leaving. A static member that closes stays in the group until its session
 * ends, which is right for a crash and wrong for SIGTERM: so we unsubscribe
 * first, which does leave.
 */
#include "kafka/kafka_group.h"

#include "base/check.h"
#include "base/log.h"
#include "kafka/kafka_errors.h"
#include "kafka/kafka_lease.h"

#include <stdlib.h>
#include <string.h>

enum {
    NOTE_PERIOD_MS = 5000,
    LEAVE_MS = 2000, /* for each of the two steps of leaving */
    LEAVE_POLL_MS = 10,
};

struct duty_list {
    struct duty *at; /* owned */
    int32_t count;
    int32_t capacity;
};

struct kafka_group {
    struct kafka_client client; /* first: callbacks get its address */
    struct kafka_group_options options;
    rd_kafka_queue_t *queue;
    struct kafka_lease *lease;              /* owned */
    struct duty_list fresh;                 /* not taken yet */
    struct duty_list taken;                 /* lent out until the next poll */
    bool *owned;                            /* [shard_count] */
    bool must_answer;                       /* a revocation waits for release */
    bool leaving;                           /* answer everything at once */
    struct reason broken;                   /* the assignment makes no sense; empty: it does */
    rd_kafka_topic_partition_list_t *notes; /* NULL: none */
    int64_t noted_ms;
};

/* ---- duties ------------------------------------------------------------------ */

static void add_duty(struct duty_list *list, enum duty_kind kind, int32_t shard)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        list->at = realloc(list->at, (size_t)list->capacity * sizeof *list->at);
        CHECK(list->at != NULL);
    }
    list->at[list->count++] = (struct duty){ .kind = kind, .shard = shard };
}

static int topics_of_shard(const struct kafka_group *g,
                           const rd_kafka_topic_partition_list_t *parts, int32_t shard)
{
    int found = 0;
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        for (int i = 0; i < parts->cnt; i++)
            if (parts->elems[i].partition == shard &&
                strcmp(parts->elems[i].topic, g->options.topics[topic]) == 0)
                found++;
    }
    return found;
}

static void take_assignment(struct kafka_group *g, const rd_kafka_topic_partition_list_t *parts)
{
    int complete = 0;
    g->broken.text[0] = '\0';
    for (int32_t shard = 0; shard < g->options.shard_count; shard++) {
        if (topics_of_shard(g, parts, shard) != TOPIC_COUNT)
            continue;
        complete++;
        g->owned[shard] = true;
        add_duty(&g->fresh, DUTY_ASSIGNED, shard);
    }
    if (complete * TOPIC_COUNT == parts->cnt)
        return;
    reason_set(&g->broken,
               "the consumer group %s gave us %d partitions of %s, %s and %s, but not the same "
               "ones of all three (of %d each); all members must read the same topics with the "
               "range assignor, and the number of partitions must not change",
               g->options.kafka->group, parts->cnt, g->options.topics[TOPIC_ORDERS],
               g->options.topics[TOPIC_MESSAGES], g->options.topics[TOPIC_SHIPMENTS],
               (int)g->options.shard_count);
}

/* Returns whether we had any. */
static bool give_up_all(struct kafka_group *g, enum duty_kind kind)
{
    bool any = false;
    for (int32_t shard = 0; shard < g->options.shard_count; shard++) {
        if (!g->owned[shard])
            continue;
        any = true;
        g->owned[shard] = false;
        add_duty(&g->fresh, kind, shard);
    }
    return any;
}

static void answer(rd_kafka_t *handle, const rd_kafka_topic_partition_list_t *parts)
{
    const rd_kafka_resp_err_t error = rd_kafka_assign(handle, parts);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_write(LOG_WARN, "kafka_rebalance_unanswered", "error=%s", rd_kafka_err2name(error));
}

static void accept_assignment(struct kafka_group *g,
                              const rd_kafka_topic_partition_list_t *parts)
{
    rd_kafka_topic_partition_list_t *nothing = rd_kafka_topic_partition_list_new(1);
    answer(g->client.handle, nothing);
    rd_kafka_topic_partition_list_destroy(nothing);
    take_assignment(g, parts);
    kafka_lease_begin(g->lease);
}

static void drop_notes(struct kafka_group *g)
{
    if (g->notes != NULL)
        rd_kafka_topic_partition_list_destroy(g->notes);
    g->notes = NULL;
}

/* Called by librdkafka inside kafka_group_poll or kafka_group_close. */
static void on_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t error,
                         rd_kafka_topic_partition_list_t *parts, void *opaque)
{
    struct kafka_group *g = opaque;
    const bool assigned = error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    const bool lost = !assigned && rd_kafka_assignment_lost(handle);
    log_write(LOG_INFO, "kafka_rebalance", "change=%s partitions=%d group=%s",
              assigned ? "assigned" : (lost ? "lost" : "revoked"), parts->cnt,
              g->options.kafka->group);
    if (assigned && !g->leaving) {
        accept_assignment(g, parts);
        return;
    }
    /* Who commits with the name of a member that the group has dropped is fenced
     * for good, and another static member of that name takes its place. */
    if (lost && !g->leaving) {
        drop_notes(g);
        kafka_lease_end(g->lease);
    }
    const bool any = !assigned && give_up_all(g, lost ? DUTY_LOST : DUTY_REVOKED);
    if (any && !lost && !g->leaving)
        g->must_answer = true;
    else
        answer(handle, NULL);
}

/* ---- opening and closing ------------------------------------------------------- */

static bool subscribe(struct kafka_group *g, struct reason *why)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(TOPIC_COUNT);
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        (void)rd_kafka_topic_partition_list_add(topics, g->options.topics[topic],
                                                RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t error = rd_kafka_subscribe(g->client.handle, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    (void)kafka_client_blame(&g->client, error, "subscribing to the input topics", why);
    return false;
}

struct kafka_group *kafka_group_open(const struct kafka_group_options *options,
                                     struct reason *why)
{
    struct kafka_group *g = calloc(1, sizeof *g);
    CHECK(g != NULL);
    g->options = *options;
    g->owned = calloc((size_t)options->shard_count, sizeof *g->owned);
    CHECK(g->owned != NULL);
    const struct kafka_callbacks callbacks = { .rebalance = on_rebalance, .opaque = g };
    if (kafka_client_open(&g->client, options->kafka, KAFKA_MEMBER, &callbacks, why) !=
        STATUS_OK)
        goto fail;
    (void)rd_kafka_poll_set_consumer(g->client.handle);
    g->queue = rd_kafka_queue_get_consumer(g->client.handle);
    const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(g->queue, options->wake_fd, &one, sizeof one);
    g->lease = kafka_lease_open(&g->client, options->kafka);
    if (!subscribe(g, why))
        goto fail;
    return g;

fail:
    kafka_group_close(g);
    return NULL;
}

static void serve(struct kafka_group *g, int patience_ms)
{
    rd_kafka_message_t *m = rd_kafka_consumer_poll(g->client.handle, patience_ms);
    if (m != NULL)
        rd_kafka_message_destroy(m);
}

static bool is_member(const struct kafka_group *g)
{
    char *id = rd_kafka_memberid(g->client.handle);
    const bool member = id != NULL && id[0] != '\0';
    free(id);
    return member;
}

static void commit_notes(struct kafka_group *g)
{
    if (g->notes == NULL)
        return;
    (void)rd_kafka_commit(g->client.handle, g->notes, 1);
    drop_notes(g);
    g->noted_ms = kafka_client_clock_ms();
}

/* The broker is told; the member id is gone as soon as that was sent. */
static void leave(struct kafka_group *g)
{
    const int64_t deadline = kafka_client_clock_ms() + LEAVE_MS;
    g->leaving = true;
    commit_notes(g);
    if (g->must_answer)
        answer(g->client.handle, NULL);
    if (!is_member(g) || rd_kafka_unsubscribe(g->client.handle) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    while (is_member(g) && kafka_client_clock_ms() < deadline)
        serve(g, LEAVE_POLL_MS);
}

/* As rd_kafka_consumer_close, which would wait for ever. */
static void close_consumer(struct kafka_group *g)
{
    const int64_t deadline = kafka_client_clock_ms() + LEAVE_MS;
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(g->client.handle, g->queue);
    if (error != NULL) {
        rd_kafka_error_destroy(error);
        return;
    }
    while (!rd_kafka_consumer_closed(g->client.handle) && kafka_client_clock_ms() < deadline)
        serve(g, LEAVE_POLL_MS);
}

void kafka_group_close(struct kafka_group *g)
{
    if (g == NULL)
        return;
    kafka_lease_close(g->lease);
    g->lease = NULL;
    if (g->client.handle != NULL && g->queue != NULL) {
        leave(g);
        close_consumer(g);
    }
    if (g->queue != NULL) {
        rd_kafka_queue_io_event_enable(g->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(g->queue);
    }
    kafka_client_close(&g->client);
    drop_notes(g);
    free(g->fresh.at);
    free(g->taken.at);
    free(g->owned);
    free(g);
}

/* ---- serving --------------------------------------------------------------------- */

static enum status judge(struct kafka_group *g, const rd_kafka_message_t *m, struct reason *why)
{
    const enum status s = kafka_errors_status(m->err);
    if (m->err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED || s == STATUS_OK)
        return STATUS_OK; /* the group revokes what it took: that comes as a duty */
    (void)kafka_client_blame(&g->client, m->err, rd_kafka_message_errstr(m), why);
    return s;
}

static enum status check_membership(struct kafka_group *g, struct reason *why)
{
    if (g->client.fatal) {
        reason_set(why,
                   "Kafka at %s does not want this member of group %s any more (is another "
                   "process running with kafka.instance_id %s?): %s",
                   g->client.brokers, g->options.kafka->group,
                   g->options.kafka->instance_id == NULL ? "" : g->options.kafka->instance_id,
                   g->client.trouble.text);
        return STATUS_REFUSED;
    }
    if (g->broken.text[0] == '\0')
        return STATUS_OK;
    if (why != NULL)
        *why = g->broken;
    return STATUS_REFUSED;
}

enum status kafka_group_poll(struct kafka_group *g, struct reason *why)
{
    enum { EVENTS_MAX = 16 }; /* the rest is for the next poll */
    enum status s = STATUS_OK;
    g->taken.count = 0;
    for (int i = 0; i < EVENTS_MAX; i++) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(g->client.handle, 0);
        if (m == NULL)
            break;
        if (s == STATUS_OK)
            s = judge(g, m, why);
        rd_kafka_message_destroy(m);
    }
    if (g->notes != NULL && kafka_client_clock_ms() - g->noted_ms >= NOTE_PERIOD_MS)
        commit_notes(g);
    return s != STATUS_OK ? s : check_membership(g, why);
}

const struct duty *kafka_group_take_duties(struct kafka_group *g, int32_t *ret_count)
{
    const struct duty_list empty = g->taken;
    g->taken = g->fresh;
    g->fresh = empty;
    g->fresh.count = 0;
    *ret_count = g->taken.count;
    return g->taken.at;
}

void kafka_group_release(struct kafka_group *g)
{
    commit_notes(g);
    if (g->must_answer)
        answer(g->client.handle, NULL);
    g->must_answer = false;
}

void kafka_group_note(struct kafka_group *g, int32_t shard, const int64_t offsets[TOPIC_COUNT])
{
    if (g->notes == NULL)
        g->notes = rd_kafka_topic_partition_list_new(TOPIC_COUNT);
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        if (offsets[topic] == OFFSET_NONE)
            continue;
        const char *name = g->options.topics[topic];
        rd_kafka_topic_partition_t *part =
            rd_kafka_topic_partition_list_find(g->notes, name, shard);
        if (part == NULL)
            part = rd_kafka_topic_partition_list_add(g->notes, name, shard);
        part->offset = offsets[topic];
    }
}

int32_t kafka_group_lease_ms(const struct kafka_group *g)
{
    return kafka_lease_left_ms(g->lease);
}

struct kafka_client *kafka_group_client(struct kafka_group *g)
{
    return &g->client;
}
